"""Tests of the picture of kernels and feature maps."""

from argparse import Namespace

import numpy as np
import pytest
from PIL import Image

from inside.interaction import Inside
from inside.tracing import Network
from keras_window.screens import File, to_be_closed
from subjects.digits import show_feature_maps

import keras
from keras import layers

import mnist_3_convolutional
import mnist_4_batchnorm

DIGIT = np.zeros((28, 28, 1), np.uint8)
DIGIT[4:24, 13:16] = 255  # a one


def picture_of(model):
    network = Network(model)
    network.see(DIGIT)
    return Inside(File().figure, network)


@pytest.mark.parametrize(
    "model, titles",
    [
        (
            mnist_3_convolutional.build_model("3.1"),
            ["28×28×1", "28×28×6", "14×14×12", "7×7×24", "200", "10"],
        ),
        (
            mnist_3_convolutional.build_model("3.0", pooling=True),
            ["28×28×1", "28×28×4", "28×28×8", "14×14×8", "14×14×12", "7×7×12", "200", "10"],
        ),
        (
            mnist_3_convolutional.build_model("lenet5"),
            ["32×32×1", "28×28×6", "14×14×6", "10×10×16", "5×5×16", "120", "84", "10"],
        ),
        (mnist_4_batchnorm.build_model("4.2"), ["28×28×1", "28×28×24", "14×14×48", "7×7×64", "200", "10"]),
    ],
)
def test_every_layer_is_shown_inside_the_picture(model, titles):
    last = [layer for layer in model.layers if isinstance(layer, layers.Dense)][-1]
    kernel, _ = last.get_weights()
    last.set_weights([0 * kernel, 99 * np.eye(10)[7]])  # sure of it: 100.0%, the longest label
    inside = picture_of(model)
    written = [text.get_text() for text in inside.columns.page.texts]
    assert [text.split("\n")[1] for text in written if "×" in text.partition("\n")[2] or "dense\n" in text
            or text.startswith(("C5", "F6"))] == titles  # fmt: skip
    nothing_is_cut_off_or_overlaps(inside)


def test_a_kernel_and_its_map_are_side_by_side_and_numbered():
    inside = picture_of(mnist_3_convolutional.build_model("3.1"))
    kernels = [tile for tile in inside.columns.tiles if tile.kernel]
    maps = [tile for tile in inside.columns.tiles if tile.stage == 1 and not tile.kernel]
    assert len(kernels) == len(maps) == 6
    for kernel, shown in zip(kernels, maps, strict=True):
        assert kernel.channel == shown.channel and kernel.y == shown.y
        assert 0 < shown.x - (kernel.x + kernel.width) < 0.5 * kernel.width
    numbers = [text.get_text() for text in inside.columns.page.texts if text.get_ha() == "right"]
    assert [n for n in numbers if n in "123456"][:6] == list("123456")


def test_the_names_that_a_model_gives_its_layers_are_shown_and_keras_s_are_not():
    for _ in range(2):  # Keras numbers the names of the second
        stages = Network(mnist_3_convolutional.build_model("lenet5")).stages
        assert [stage.own_name for stage in stages] == ["", "C1", "S2", "C3", "S4", "C5", "F6", ""]
        stages = Network(mnist_3_convolutional.build_model("3.0", pooling=True)).stages
        assert not any(stage.own_name for stage in stages)


def test_the_input_is_shown_with_its_zero_padding():
    network = picture_of(mnist_3_convolutional.build_model("lenet5")).network
    wanted = np.pad(DIGIT[..., 0] / 255 * 1.275, 2) - 0.1  # as in the paper
    assert np.allclose(network.values[0][..., 0], wanted, atol=1e-6)


def nothing_is_cut_off_or_overlaps(inside):
    figure = inside.figure
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    texts = [text for text in inside.columns.page.texts if text.get_text()]
    boxes = [text.get_window_extent(renderer) for text in texts]
    for box in boxes:
        assert box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y0 >= 0 and box.y1 <= figure.bbox.y1
    for i, box in enumerate(boxes):
        overlapped = [texts[j].get_text() for j in range(i) if box.overlaps(boxes[j])]
        assert not overlapped, (texts[i].get_text(), overlapped)


def test_the_window_fits_small_screens_answers_and_closes_with_q(tk, tmp_path):
    show_feature_maps(
        mnist_3_convolutional.build_model("lenet5"),
        DIGIT,
        Namespace(out=tmp_path, plot="window", close=False),
    )
    (window,) = to_be_closed
    widget = window.figure.canvas.get_tk_widget()
    for size in (None, (1024, 576), (640, 480)):
        if size:
            window.figure.canvas.manager.window.wm_geometry("{}x{}".format(*size))
        for _ in range(5):
            window.flush()
        before = np.array(window.figure.canvas.buffer_rgba())
        across, down = window.figure.bbox.size
        at = {"x": round((0.69 if size == (1024, 576) else 0.455) * across), "y": round(0.17 * down)}
        widget.event_generate("<Button-1>", **at)
        widget.event_generate("<ButtonRelease-1>", **at)
        window.flush()
        assert (
            np.array(window.figure.canvas.buffer_rgba())[-int(down / 3) :] != before[-int(down / 3) :]
        ).any()
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
    inside = picture_of(model)
    one, edge = inside.network.values[1].transpose(2, 0, 1)
    assert np.allclose(one, DIGIT[..., 0] / 255)
    assert np.array_equal(np.argwhere(edge.any(axis=0))[:, 0], [12, 13])
    inside.figure.canvas.draw()
    pixels = np.array(inside.figure.canvas.buffer_rgba())[..., :3]
    tile = next(
        tile for tile in inside.columns.tiles if tile.stage == 1 and tile.channel == 0 and not tile.kernel
    )
    for (row, column), value in (((14, 14), 0), ((14, 3), 255)):  # black where the digit is, white elsewhere
        (x, y), width, height = inside.columns.frame(tile, row, column, 1, 1)
        assert (pixels[round(756 - 100 * (y + height / 2)), round(100 * (x + width / 2))] == value).all()
