"""Tests of the values in the window's curves."""

import numpy as np
import pytest

from keras_window import LivePlot, Logits, MaxActivations
from keras_window import records as records_module
from keras_window.records import Curve

import keras
from keras import layers


def test_activations_and_logits_are_those_of_the_hidden_layers(digits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (x, y), test = digits
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(3, 5, strides=4, activation="relu"),
            layers.Flatten(),
            layers.Dense(7),
            layers.Activation("sigmoid"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    plot = LivePlot(
        [MaxActivations("conv."), MaxActivations("dense"), Logits()], [(x, y), test], plot="file", out="."
    )
    model.fit(x, y, verbose=0, callbacks=[plot], shuffle=False)
    shown = x[:60].astype(np.float32) / 255
    W, b = model.layers[1].get_weights()
    windows = np.lib.stride_tricks.sliding_window_view(shown[..., 0], (5, 5), axis=(1, 2))[:, ::4, ::4]
    maps = np.maximum(np.einsum("nijrs,rsc->nijc", windows, W[:, :, 0]) + b, 0)
    W, b = model.layers[3].get_weights()
    logits = maps.reshape(60, -1) @ W + b
    for title, numbers in (
        ("Max. activations, conv.", maps.max(axis=0)),
        ("Max. activations, dense", 1 / (1 + np.exp(-logits.max(axis=0)))),
        ("Logits", logits),
    ):
        expected = np.percentile(numbers, (0, 7, 16, 31, 50, 69, 84, 93, 100))
        assert plot.records.curves[title].latest == pytest.approx(expected, abs=1e-4)


def test_the_curve_keeps_its_shape_in_bounded_memory():
    curve = Curve()
    for step in range(100_000):
        curve.add(step, step)
    assert len(curve.steps) < records_module.LIMIT
    assert np.all(np.diff(curve.steps) > 0) and curve.steps[-1] > 99_000
    error = np.abs(np.array(curve.steps) - np.array(curve.values))
    assert error.max() <= 512  # each point is the mean of what came since the one before
