"""Tests of the picture of kernels and feature maps."""

from argparse import Namespace

import numpy as np
import pytest
from PIL import Image

from keras_window.screens import File, to_be_closed
from subjects.digits import show_feature_maps
from subjects.digits.feature_maps import _draw

import keras
from keras import layers

import mnist_3_convolutional
import mnist_4_batchnorm

DIGIT = np.zeros((28, 28, 1), np.uint8)
DIGIT[4:24, 13:16] = 255  # a one


def pictures(model):
    """For each part of the picture its title and its pixels."""
    figure = File().figure
    _draw(figure, model, DIGIT)
    return figure, [
        (axes.get_title(), axes.images[0].get_array() if axes.images else None) for axes in figure.axes
    ]


@pytest.mark.parametrize(
    "model, titles",
    [
        (
            mnist_3_convolutional.build_model("3.1"),
            ["28 × 28 × 1", "6 kernels 6×6", "28 × 28 × 6", "14 × 14 × 12", "7 × 7 × 24", "200", "10"],
        ),
        (
            mnist_3_convolutional.build_model("3.0", pooling=True),
            ["28 × 28 × 1", "4 kernels 5×5", "28 × 28 × 4", "28 × 28 × 8", "14 × 14 × 8", "14 × 14 × 12",
             "7 × 7 × 12", "200", "10"],
        ),
        (
            mnist_3_convolutional.build_model("lenet5"),
            ["32 × 32 × 1", "6 kernels 5×5", "28 × 28 × 6", "14 × 14 × 6", "10 × 10 × 16", "5 × 5 × 16",
             "1 × 1 × 120", "84", "10"],
        ),
        (
            mnist_4_batchnorm.build_model("4.2"),
            ["28 × 28 × 1", "24 kernels 6×6", "28 × 28 × 24", "14 × 14 × 48", "7 × 7 × 64", "200", "10"],
        ),
    ],
)  # fmt: skip
def test_every_layer_is_shown_inside_the_picture(model, titles):
    last = [layer for layer in model.layers if isinstance(layer, layers.Dense)][-1]
    kernel, _ = last.get_weights()
    last.set_weights([0 * kernel, 99 * np.eye(10)[7]])  # sure of it: 100.0%, the longest label
    figure, parts = pictures(model)
    assert [title.splitlines()[-1] for title, _ in parts] == titles
    nothing_is_cut_off_or_overlaps(figure)


def test_the_names_that_a_model_gives_its_layers_are_shown_and_keras_s_are_not():
    for step, names in ("lenet5", ["C1", "S2", "C3", "S4", "C5", "F6"]), ("3.0", [""] * 6):
        for _ in range(2):  # Keras numbers the names of the second
            figure, _ = pictures(mnist_3_convolutional.build_model(step, pooling=True))
            assert [text.get_text() for axes in figure.axes[2:-1] for text in axes.texts] == names


def test_the_input_is_shown_with_its_zero_padding():
    _, ((_, pixels), *_) = pictures(mnist_3_convolutional.build_model("lenet5"))
    assert np.allclose(pixels, np.pad(DIGIT[..., 0] / 255 * 1.275, 2) - 0.1, atol=1e-6)  # as in the paper


def nothing_is_cut_off_or_overlaps(figure):
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    boxes = [axes.get_tightbbox(renderer) for axes in figure.axes]
    for box in boxes:
        assert box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y0 >= 0 and box.y1 <= figure.bbox.y1
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])


def test_the_window_fits_small_screens_and_closes_with_q(tk, tmp_path):
    show_feature_maps(
        mnist_3_convolutional.build_model("lenet5"),
        DIGIT,
        Namespace(out=tmp_path, plot="window", close=False),
    )
    (window,) = to_be_closed
    for size in (None, (1024, 576), (640, 480)):
        if size:
            window.figure.canvas.manager.window.wm_geometry("{}x{}".format(*size))
        for _ in range(5):
            window.flush()
        nothing_is_cut_off_or_overlaps(window.figure)
    widget = window.figure.canvas.get_tk_widget()
    widget.focus_force()
    widget.event_generate("<KeyPress-q>")
    window.flush()
    assert not window.open and not to_be_closed
    with Image.open(tmp_path / "feature_maps.png") as picture:
        assert picture.size == (1344, 756)


def test_a_map_is_what_the_kernel_finds():
    convolution = layers.Conv2D(2, 3, padding="same", activation="relu")
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            convolution,
            layers.Flatten(),
            layers.Dense(10, "softmax"),
        ]
    )
    kernel = np.zeros((3, 3, 1, 2), np.float32)
    kernel[1, 1, 0, 0] = 1  # the pixel itself
    kernel[1, :, 0, 1] = -1, 0, 1  # an edge: dark on the right, light on the left
    convolution.set_weights([kernel, np.zeros(2)])
    _, parts = pictures(model)
    pixels = np.ma.filled(parts[2][1], np.nan)
    one, edge = pixels[:28], pixels[30:58]
    if pixels.shape[0] == 28:  # side by side
        one, edge = pixels[:, :28], pixels[:, 30:58]
    assert np.array_equal(one, DIGIT[..., 0] / 255)
    assert np.array_equal(np.argwhere(edge.any(axis=0))[:, 0], [12, 13])
