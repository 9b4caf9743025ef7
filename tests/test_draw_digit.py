"""draw_digit.py: what is drawn with the mouse or stands on a picture is read as MNIST's digits are."""

import itertools
import json
import re
import runpy
import shutil
import signal
import time

import numpy as np
import pytest
from conftest import wait_for
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import draw_digit
from common import UserError
from common.datasets import BUNDLED
from common.drawing_pad import DrawingPad
from common.ink import SIDE, draw_stroke, read_ink

import keras
from keras import layers

SEVEN = [[(0.2, 0.2), (0.75, 0.2), (0.45, 0.85)]]  # strokes: (column, row), from 0 to 1


@pytest.fixture(scope="session")
def mnist():
    with np.load(BUNDLED / "mnist.npz") as archive:
        return {name: archive[name] for name in archive.files}


@pytest.fixture(scope="session")
def network(mnist, tmp_path_factory):
    """The file of a small convolutional network that reads 96 % of the digits."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(8, 5, strides=2, activation="relu"),
            layers.Conv2D(16, 5, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy")
    x, y = mnist["x_train"][:15_000, ..., None], mnist["y_train"][:15_000]
    model.fit(x, y, batch_size=100, epochs=3, verbose=0)
    path = tmp_path_factory.mktemp("network") / "small.keras"
    model.save(path)
    return path


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Run the script in this process, which is faster; returns its lines."""
    monkeypatch.chdir(tmp_path)

    def call(*flags):
        monkeypatch.setattr("sys.argv", ["draw_digit.py", *map(str, flags)])
        runpy.run_path(draw_digit.__file__, run_name="__main__")
        return capsys.readouterr().out.splitlines()

    return call


def larger(image, times=5):
    return np.kron(image, np.ones((times, times), image.dtype))


def save(pixels, path):
    Image.fromarray(np.asarray(pixels, np.uint8)).save(path)
    return path


def drawing(strokes):
    """The ink of strokes with the pen of the window."""
    ink = np.zeros((SIDE, SIDE), np.float32)
    for stroke in strokes:
        for start, end in itertools.pairwise(stroke):
            draw_stroke(ink, *(tuple(SIDE * place for place in point) for point in (start, end)))
    return ink


@pytest.mark.parametrize("top, left", [(0, 0), (300, 20), (150, 360)])
def test_an_enlarged_digit_anywhere_on_a_sheet_is_the_digit_again(mnist, top, left):
    for image in mnist["x_test"][:100]:
        ink = np.zeros((440, 500))
        ink[top : top + 140, left : left + 140] = larger(image) / 255
        again = draw_digit.as_mnist(ink)
        assert again.shape == (28, 28, 1) and again.dtype == np.uint8
        assert np.abs(again[..., 0].astype(int) - image).mean() < 2.5


points = st.tuples(st.floats(-0.1, 1.1), st.floats(-0.1, 1.1))


@settings(deadline=None, max_examples=200, derandomize=True, database=None)
@given(strokes=st.lists(st.lists(points, min_size=2, max_size=6), min_size=1, max_size=4))
def test_any_drawing_fills_the_box_and_has_its_mass_in_the_middle(strokes):
    ink = drawing(strokes)
    image = draw_digit.as_mnist(ink)
    assert image.shape == (28, 28, 1) and image.dtype == np.uint8
    if ink.max() <= 0.03:
        assert not image.any()
        return
    assert image.max() == 255
    for axis, length in enumerate(image.shape[:2]):
        there = np.flatnonzero(image.any(axis=(1 - axis, 2)))
        mass = image.sum(axis=(1 - axis, 2), dtype=float)
        middle = (np.arange(length) * mass).sum() / mass.sum()
        assert there[-1] - there[0] < 20
        assert abs(middle - 14) < 0.6 or there[0] == 0 or there[-1] == 27  # moved no further than the edge
    longest = max(np.ptp(np.flatnonzero(image.any(axis=(axis, 2)))) + 1 for axis in (0, 1))
    assert 18 <= longest <= 20  # the pen's soft edge may vanish


def test_an_empty_sheet_is_an_empty_image():
    assert not draw_digit.as_mnist(np.zeros((280, 280))).any()


def test_enlarged_test_digits_are_read_as_well_as_the_originals(call, mnist, network, tmp_path):
    images, labels = mnist["x_test"][:50], mnist["y_test"][:50]
    files = [save(255 - larger(image), tmp_path / f"{i}.png").name for i, image in enumerate(images)]
    lines = call("--plot", "none", "--model", network, "--image", *files)
    assert re.fullmatch(rf"0\.png: 7 \(\d+\.\d %\) by {re.escape(str(network))}", lines[0])
    read = [int(line.split()[1]) for line in lines]
    originals = keras.models.load_model(network).predict(images[..., None], verbose=0).argmax(axis=-1)
    assert len(read) == 50
    assert abs((read == labels).sum() - (originals == labels).sum()) <= 2
    assert (originals == labels).sum() >= 46


def test_light_on_dark_uneven_light_and_specks_change_nothing(mnist, tmp_path):
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[:600, :800] / 800
    for image in mnist["x_test"][:10]:
        ink = np.zeros((600, 800))
        ink[250:530, 400:680] = larger(image, 10) / 255
        plain = read_ink(save(255 * (1 - ink), tmp_path / "plain.png"))
        assert plain.shape == (SIDE, SIDE) and plain.dtype == np.float32
        seen = draw_digit.as_mnist(plain).astype(int)
        assert np.abs(seen[..., 0] - image).mean() < 5
        negative = read_ink(save(np.rint(255 * ink), tmp_path / "negative.png"))
        assert np.abs(draw_digit.as_mnist(negative) - seen).mean() < 1

        light = 0.3 + 0.3 * columns + 0.4 * rows  # 0.3 in one corner, 0.9 in the other
        light[:, :300] *= 0.6  # and the shadow of a hand
        ink[50:60, 700:710] = ink[100:105, 100:105] = 1
        photo = light * (1 - 0.8 * ink) + random.normal(0, 0.01, ink.shape)
        Image.fromarray((255 * photo.clip(0, 1)).astype(np.uint8)).save(tmp_path / "photo.jpg", quality=85)
        assert np.abs(draw_digit.as_mnist(read_ink(tmp_path / "photo.jpg")) - seen).mean() < 10


def test_a_thin_pen_is_read_as_a_thick_one(tmp_path, network):
    _, read = draw_digit.load_network(network)
    page = np.full((1200, 900), 235)
    for row in range(400, 700):
        column = 500 - (row - 400) // 3
        page[row, column : column + 4] = 40
    page[398:402, 300:504] = 40
    assert read(draw_digit.as_mnist(read_ink(save(page, tmp_path / "thin.png")))).argmax() == 7


def test_a_photo_taken_on_its_side_and_a_transparent_drawing(tmp_path):
    ink = drawing(SEVEN)
    upright = draw_digit.as_mnist(ink).astype(int)
    picture = Image.fromarray((255 * (1 - ink[:, 30:])).astype(np.uint8))
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "side.png", exif=exif)
    assert np.abs(draw_digit.as_mnist(read_ink(tmp_path / "side.png")) - upright).mean() < 5
    clear = Image.new("RGBA", (SIDE, SIDE), (0, 0, 0, 0))
    clear.putalpha(Image.fromarray((255 * ink).astype(np.uint8)))
    clear.save(tmp_path / "clear.png")
    assert np.abs(draw_digit.as_mnist(read_ink(tmp_path / "clear.png")) - upright).mean() < 5


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 200), (2000, 10)])
@pytest.mark.parametrize("grey", [0, 120, 255])
def test_an_empty_picture_is_named(size, grey, tmp_path):
    Image.new("L", size, grey).save(tmp_path / "empty.png")
    with pytest.raises(UserError, match=r"there is nothing drawn on .*empty\.png"):
        read_ink(tmp_path / "empty.png")


def pad_with(network, tmp_path):
    pad = DrawingPad("window", "test", draw_digit.as_mnist, draw_digit.BOX, tmp_path / "out")
    pad.put_readers([draw_digit.load_network(network)] * 2)
    for _ in range(5):
        pad.flush()
    return pad


def draw(pad, strokes):
    """Move the mouse as the window's system would report it."""
    widget = pad.figure.canvas.get_tk_widget()
    box, height = pad._paper.bbox, widget.winfo_height()

    def at(kind, column, row):
        x, y = int(box.x0 + column * box.width), int(height - box.y1 + row * box.height)
        widget.event_generate(kind, x=x, y=y)
        pad.flush()

    for stroke in strokes:
        at("<ButtonPress-1>", *stroke[0])
        for (x0, y0), (x1, y1) in itertools.pairwise(stroke):
            for share in np.linspace(0, 1, 12)[1:]:
                at("<B1-Motion>", x0 + share * (x1 - x0), y0 + share * (y1 - y0))
        at("<ButtonRelease-1>", *stroke[-1])
    pad.flush()


def press(pad, key):
    widget = pad.figure.canvas.get_tk_widget()
    widget.focus_force()
    widget.event_generate(f"<KeyPress-{key}>")
    pad.flush()


def shown(pad):
    """The digit and the bars of the first network."""
    _, bars, digit, _ = pad._readers[0]
    return digit.get_text(), [bar.get_width() for bar in bars]


def pixels(pad):
    return np.asarray(pad.figure.canvas.buffer_rgba())[..., :3].copy()


def test_a_digit_drawn_with_the_mouse_is_read_and_c_clears(tk, network, tmp_path):
    pad = pad_with(network, tmp_path)
    empty = pixels(pad)
    assert shown(pad) == ("", [0] * 10)
    draw(pad, SEVEN)
    digit, bars = shown(pad)
    assert digit == "7" and max(bars) == bars[7] > 0.5 and abs(sum(bars) - 1) < 1e-3
    full = pixels(pad)
    left, right = np.array_split((full != empty).any(axis=-1), 2, axis=1)
    assert left.mean() > 0.03 and right.mean() > 0.03  # the stroke, and what is read
    assert np.abs(pad.ink - drawing(SEVEN)).mean() < 0.02
    press(pad, "c")
    assert shown(pad) == ("", [0] * 10) and not pad.ink.any()
    assert (pixels(pad) == empty).all()
    draw(pad, [[(0.5, 0.15), (0.5, 0.9)]])
    assert shown(pad)[0] == "1"


def test_s_saves_space_turns_resizing_keeps_the_pen_and_q_closes(tk, network, tmp_path, capsys):
    pad = pad_with(network, tmp_path)
    pad.show_in_turn([drawing(SEVEN), drawing([[(0.5, 0.1), (0.5, 0.9)]])])
    pad.flush()
    assert shown(pad)[0] == "7"
    press(pad, "space")
    assert shown(pad)[0] == "1"
    press(pad, "space")
    press(pad, "s")
    press(pad, "s")
    assert capsys.readouterr().out.count("Saved ") == 2
    saved = np.asarray(Image.open(tmp_path / "out" / "drawing-2.png").convert("L"))
    assert (saved[:, : saved.shape[1] // 3] < 50).mean() > 0.03  # the stroke is on it
    shutil.rmtree(tmp_path / "out")
    (tmp_path / "out").write_text("a file, no folder")
    press(pad, "s")
    assert "cannot write" in capsys.readouterr().err

    width = pad.figure.canvas.get_width_height()[0]
    pad.figure.canvas.manager.window.wm_geometry(f"{width // 2}x{width // 2}")
    wait_for(lambda: pad.flush() or pad.figure.canvas.get_width_height()[0] < 0.6 * width, 10)
    press(pad, "c")
    draw(pad, SEVEN)
    assert shown(pad)[0] == "7" and np.abs(pad.ink - drawing(SEVEN)).mean() < 0.02
    press(pad, "q")
    assert not pad.screen.open
    pad.run()  # returns at once


def test_without_a_screen_or_a_good_model_there_is_one_line(run, call, network, tmp_path):
    save(255 * (1 - drawing(SEVEN)), tmp_path / "seven.png")
    (tmp_path / "cut.keras").write_bytes(network.read_bytes()[:2000])
    keras.Sequential([keras.Input((5,)), layers.Dense(10)]).save(tmp_path / "other.keras")
    done = run("--model", network, lesson="draw_digit")
    assert (done.returncode, done.stdout) == (2, "") and done.stderr.count("\n") == 1
    assert "no window (there is no screen): name a picture" in done.stderr
    for flags, message in (
        ((), "--plot none needs a picture to read: --image FILE"),
        (("--image", "cut.keras"), "'cut.keras' is no picture"),
        (("--image", "seven.png", "--model", "cut.keras"), "cut.keras is missing, damaged or no Keras model"),
        (("--image", "seven.png", "--model", "other.keras"), "does not make 10 probabilities"),
        (("--image", "seven.png", "--model", *"abc"), "--model takes one or two networks"),
    ):
        with pytest.raises(UserError, match=message):
            call("--plot", "none", *flags)


def test_without_a_run_softmax_is_trained_and_then_found(run, call, network, tmp_path):
    save(255 * (1 - drawing(SEVEN)), tmp_path / "seven.png")
    first = run("--plot", "none", "--image", "seven.png", lesson="draw_digit")
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith("There is no trained network in runs/: training mnist_1_softmax first.\n")
    assert "Test accuracy 92." in first.stdout
    assert re.search(r"seven.png: 7 \(.* %\) by runs.mnist_1_softmax\n$", first.stdout)

    def leave_run(name, script, accuracy, model=True):
        folder = tmp_path / "runs" / "deeper" / name
        folder.mkdir(parents=True)
        result = {"script": script, "step": "9", "test": {"accuracy": accuracy}}
        (folder / "result.json").write_text(json.dumps(result))
        if model:
            shutil.copy(network, folder / "model.keras")
        return folder

    leave_run("better", "mnist_9", 0.96)
    leave_run("best", "mnist_9", 0.99, model=False)
    leave_run("clothes", "fashion_mnist", 0.999)
    (leave_run("cut", "mnist_9", 0.97) / "result.json").write_text('{"script": "mn')
    lines = call("--plot", "file", "--image", "seven.png", "--out", "out")
    lines = [line.replace("\\", "/") for line in lines]
    assert lines[0] == "Left out: runs/deeper/cut holds no complete run"
    assert lines[1].startswith("Left out: runs/deeper/best/model.keras is missing")
    assert [line.rpartition(" ")[2] for line in lines[-3:-1]] == [
        "runs/deeper/better",
        "runs/mnist_1_softmax",
    ]
    assert lines[-1] == "Saved out/seven-1.png"
    picture = np.asarray(Image.open(tmp_path / "out" / "seven-1.png").convert("L"))
    assert picture.shape == (756, 1344) and (picture < 50).mean() > 0.01


def test_ctrl_c_ends_the_window(start, screen, network):
    process = start("--model", network, lesson="draw_digit", DISPLAY=screen, MPLBACKEND="TkAgg")
    time.sleep(6)  # the window is open by then; before it is, Ctrl-C does the same
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (130, "")
