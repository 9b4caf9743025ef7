"""A live window for Keras: one callback, its panes and its screens. It uses no other part of this project."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keras_window.live_plot import LivePlot
    from keras_window.panes.bands import Biases, Logits, MaxActivations, Weights
    from keras_window.panes.curves import Accuracy, Loss
    from keras_window.panes.pictures import TestImages, TrainImages
    from keras_window.screens import wait_until_closed

__all__ = [
    "Accuracy",
    "Biases",
    "LivePlot",
    "Logits",
    "Loss",
    "MaxActivations",
    "TestImages",
    "TrainImages",
    "Weights",
    "wait_until_closed",
]

_HOMES = "live_plot", "panes.bands", "panes.curves", "panes.pictures", "screens"


def __getattr__(name):
    """Import a public name when it is used: the page in the browser needs no Keras."""
    if name in __all__:
        for home in _HOMES:
            module = importlib.import_module(f"keras_window.{home}")
            if hasattr(module, name):
                return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
