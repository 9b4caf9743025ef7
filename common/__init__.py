"""What the lessons share. Import it before Keras: it keeps the libraries quiet."""

from common import terminal  # noqa: F401  first of all
from common.batches import ShuffledBatches
from common.command_line import parse_args
from common.datasets import load_mnist
from common.feature_maps import show_feature_maps
from common.live_plot import LivePlot
from common.panes import (
    Accuracy,
    Biases,
    Logits,
    Loss,
    MaxActivations,
    TestImages,
    TrainImages,
    Weights,
)
from common.run_folder import Run
from common.terminal import UserError

__all__ = [
    "Accuracy",
    "Biases",
    "LivePlot",
    "Logits",
    "Loss",
    "MaxActivations",
    "Run",
    "ShuffledBatches",
    "TestImages",
    "TrainImages",
    "UserError",
    "Weights",
    "load_mnist",
    "parse_args",
    "show_feature_maps",
]
