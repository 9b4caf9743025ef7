"""A live window for Keras: one callback, its panes and its screens. It uses no other part of this project."""

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
