"""Tests of the picture that answers: what a click on a map brings up, in a window and in the browser."""

import re
import runpy
import time

import numpy as np
import pytest
from PIL import Image

from common import UserError
from common.screens import open_screen
from inside.interaction import Inside
from inside.tracing import Network
from keras_window.screens import File
from keras_window.style import HEIGHT, WIDTH, fit_text

import keras
from keras import layers

import cats_dogs_cnn
import look_inside
import mnist_3_convolutional
import mnist_4_batchnorm


@pytest.fixture(scope="module")
def network(mnist):
    """3.1, not trained, which has seen a 7."""
    keras.utils.set_random_seed(0)
    network = Network(mnist_3_convolutional.build_model("3.1"))
    network.see(mnist["x_test"][0][..., None])
    return network


def place_of(inside, unit):
    """The middle of a unit on its map, in pixels from the lower left corner."""
    stage, row, column, channel = unit
    tile = next(
        tile
        for tile in inside.columns.tiles
        if (tile.stage, tile.channel, tile.kernel) == (stage, channel, False)
    )
    (x, y), width, height = inside.columns.frame(tile, row, column, 1, 1)
    dpi = inside.figure.dpi
    return (x + width / 2) * dpi, (y + height / 2) * dpi


def texts(inside):
    return [artist.get_text() for artist in inside.panel.artists if hasattr(artist, "get_text")]


def shown_value(inside):
    """The large number at the end."""
    bold = [
        artist.get_text()
        for artist in inside.panel.artists
        if hasattr(artist, "get_text") and artist.get_fontweight() == "bold" and artist.get_ha() == "right"
    ]
    (text,) = bold
    return float(text.replace("−", "-").rstrip("%")) / (100 if "%" in text else 1)


def click(inside, place):
    """As Tk sends it, counted from above."""
    widget, height = inside.figure.canvas.get_tk_widget(), inside.figure.bbox.height
    at = {"x": round(place[0]), "y": round(height - place[1])}
    widget.event_generate("<Button-1>", **at)
    widget.event_generate("<ButtonRelease-1>", **at)


def test_a_click_in_a_window_shows_the_sum_that_makes_the_unit(tk, network):
    screen, _ = open_screen("window", "Inside", lambda key: None)
    fit_text(screen.figure)
    inside = Inside(screen.figure, network)
    screen.figure.canvas.draw()
    screen.flush()
    seconds = []
    for unit in [(1, 9, 14, 2), (1, 27, 27, 5), (2, 6, 7, 11), (3, 0, 0, 20), (4, 0, 0, 150), (5, 0, 0, 3)]:
        before = np.array(screen.figure.canvas.buffer_rgba())
        click(inside, place_of(inside, unit))
        began = time.process_time()
        screen.flush()
        seconds.append(time.process_time() - began)
        assert inside.unit == unit
        found = inside.found
        total = found.products.sum() + keras.ops.convert_to_numpy(network.stages[unit[0]].layer.bias)[unit[3]]
        value = network.values[unit[0]][unit[1:]]
        if unit[0] < 5:
            assert max(0, total) == pytest.approx(value, abs=1e-5)
        assert shown_value(inside) == pytest.approx(value, abs=0.006)
        assert (np.array(screen.figure.canvas.buffer_rgba()) != before).any()
    assert np.median(seconds) < 0.1
    widget = screen.figure.canvas.get_tk_widget()
    click(inside, place_of(inside, (2, 6, 7, 11)))
    widget.focus_force()
    widget.event_generate("<Right>")
    widget.event_generate("<Up>")
    screen.flush()
    assert inside.unit == (2, 5, 8, 11)
    tile, *_ = inside.panel.parts[4]  # the bar of another map before
    click(inside, ((tile.x + tile.width / 2) * inside.figure.dpi, (tile.y - 0.6) * inside.figure.dpi))
    screen.flush()
    assert "what it sees (map 5)" in texts(inside) and inside.unit == (2, 5, 8, 11)
    click(inside, place_of(inside, (5, 0, 0, 3)))
    tile, *_ = inside.panel.parts[0]  # the largest term of an output
    largest = np.abs(inside.found.products).argmax()
    click(inside, ((tile.x + 1) * inside.figure.dpi, (tile.y - tile.height / 2) * inside.figure.dpi))
    screen.flush()
    assert inside.unit == (4, 0, 0, largest)


def test_max_pooling_batch_norm_and_an_output_say_what_they_do(mnist):
    for model, unit, says in [
        (mnist_3_convolutional.build_model("3.0", pooling=True), (3, 4, 4, 1), "the largest of them"),
        (mnist_4_batchnorm.build_model("4.2"), (2, 0, 0, 3), "batch norm"),
        (mnist_4_batchnorm.build_model("4.2"), (5, 0, 0, 7), "the largest of 200 terms"),
        (mnist_3_convolutional.build_model("lenet5"), (2, 3, 3, 0), "the mean of 4 numbers passes"),
    ]:
        network = Network(model)
        network.see(mnist["x_test"][0][..., None])
        inside = Inside(File().figure, network)
        inside.choose(unit)
        assert says in texts(inside)
        assert inside.found.value == pytest.approx(network.values[unit[0]][unit[1:]], rel=1e-3, abs=1e-5)


@pytest.mark.parametrize(
    "shape, hidden",
    [
        ((28, 28), [layers.Flatten(), layers.Dense(300)]),
        ((28, 28, 1), [layers.AveragePooling2D(7), layers.Flatten()]),
        ((60, 12, 1), [layers.Conv2D(100, (7, 3)), layers.MaxPooling2D(), layers.Flatten()]),
        ((32, 32, 3), [layers.Conv2D(16, 3, padding="same") for _ in range(14)] + [layers.Flatten()]),
    ],
)
def test_networks_of_any_shape_are_drawn(shape, hidden):
    network = Network(keras.Sequential([keras.Input(shape), *hidden, layers.Dense(30)]))
    network.see(np.random.default_rng(0).random(shape, np.float32))
    inside = Inside(File().figure, network)
    for number, stage in enumerate(network.stages[1:], start=1):
        inside.choose((number, 0, 0, stage.shape[2] - 1))
        inside.figure.canvas.draw()
        assert inside.found.value == pytest.approx(network.values[number][0, 0, -1], rel=1e-3, abs=1e-5)


def test_a_network_with_many_maps_shows_the_first_of_each_layer_inside_the_figure():
    network = Network(cats_dogs_cnn.build_model(32))
    network.see(np.zeros((32, 32, 3), np.uint8))
    inside = Inside(File().figure, network, ["cat", "dog"])
    for tile in inside.columns.tiles:
        assert tile.x >= 0 and tile.x + tile.width <= WIDTH and 3.7 < tile.y - tile.height < tile.y < HEIGHT
    inside.figure.canvas.draw()
    renderer = inside.figure.canvas.get_renderer()
    written = [text.get_window_extent(renderer) for text in inside.columns.page.texts]
    titles = [box for box in written if box.y0 > 6.5 * 100 and box.y1 < 7.1 * 100]
    assert len(titles) >= 12
    assert not any(a.overlaps(b) for i, a in enumerate(titles) for b in titles[:i])


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Run the script in this process; returns what it prints."""
    monkeypatch.chdir(tmp_path)

    def call(*flags):
        monkeypatch.setattr("sys.argv", ["look_inside.py", *map(str, flags)])
        runpy.run_path(look_inside.__file__, run_name="__main__")
        return capsys.readouterr().out

    return call


def test_the_user_s_own_model_and_picture_without_a_screen(call, tmp_path):
    model = keras.Sequential(
        [keras.Input((20, 30, 3)), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(3)]
    )
    model.save("own.keras")
    with pytest.raises(UserError, match=r"reads pictures of 20 × 30 × 3.*--image FILE"):
        call("--model", "own.keras", "--plot", "file")
    Image.new("RGB", (60, 40), (255, 0, 51)).save("red.png")
    said = call("--model", "own.keras", "--image", "red.png", "--plot", "file", "--out", "out")
    assert re.search(r"Saved out.look_inside\.png", said)
    with Image.open("out/look_inside.png") as picture:
        assert picture.size == (1344, 756)
    _, _, pictures = look_inside.open_network(tmp_path / "own.keras", [tmp_path / "red.png"])
    assert pictures.shape == (1, 20, 30, 3) and np.allclose(pictures[0, 5, 5], [1, 0, 0.2])


def test_a_file_that_is_no_such_model_gives_one_line(call, tmp_path):
    (tmp_path / "text.keras").write_text("no model")
    inputs = keras.Input((28, 28, 1))
    keras.Model(inputs, layers.Dense(2)(layers.Flatten()(inputs))).save("functional.keras")
    for flags, why in [
        (["--model", "text.keras"], "text.keras"),
        (["--model", "nowhere.keras"], "nowhere.keras cannot be read"),
        (["--model", "functional.keras"], "functional.keras is no keras.Sequential"),
        ([], "no run in runs has a network of images"),
    ]:
        with pytest.raises(UserError, match=why):
            call(*flags, "--plot", "file")
