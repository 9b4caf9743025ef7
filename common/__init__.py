"""The code that the lessons share. Import it before Keras, to hide what the libraries print."""

import sys

if sys.version_info < (3, 10):  # noqa: UP036  an old Python gets as far as this
    sys.stderr.write("Python {}.{} is too old: use Python 3.10 to 3.14\n".format(*sys.version_info))
    sys.exit(2)

from common import signals  # first: sets up Ctrl-C, errors and printing
from common import libraries  # noqa: F401  imports Keras and its backend
from common.answers.predictions import predict_clothes, show_predictions
from common.command_line import parse_args
from common.data.digits_and_clothes import load_fashion_mnist, load_mnist
from common.errors import UserError
from common.training.batches import in_batches
from common.training.models import trained_model
from common.training.run import Run
from common.window import LivePlot
from keras_window import (
    Accuracy, Biases, Logits, Loss, MaxActivations, TestImages, TrainImages, Weights, wait_until_closed,
)  # fmt: skip

signals.imported()

__all__ = [
    "Accuracy",
    "Biases",
    "LivePlot",
    "Logits",
    "Loss",
    "MaxActivations",
    "Run",
    "TestImages",
    "TrainImages",
    "UserError",
    "Weights",
    "in_batches",
    "load_fashion_mnist",
    "load_mnist",
    "parse_args",
    "predict_clothes",
    "show_predictions",
    "trained_model",
    "wait_until_closed",
]
