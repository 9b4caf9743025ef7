"""The live window on a real screen: what is seen, keys, closing, and that it changes no number."""

import functools
import os
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, open_screen_that_nobody_sees, result_of, wait_for
from PIL import Image

from common import Accuracy, Biases, LivePlot, Logits, Loss, MaxActivations, TestImages, TrainImages
from common import Errors, UserError, Weights
from common import curves as curves_module
from common.curves import Curve, Records, Sample
from common.dashboard import Dashboard
from common.live_plot import NO_FLAGS, Pace
from common.screens import File

import keras
from keras import layers

RED = (200, 0, 30)


def small_model():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.fixture(scope="module")
def digits():
    from common.datasets import BUNDLED

    with np.load(BUNDLED / "mnist.npz") as archive:
        return (
            (archive["x_train"][:3000, ..., None], archive["y_train"][:3000]),
            (archive["x_test"][..., None], archive["y_test"]),
        )


class Act(keras.callbacks.Callback):
    """Does something, once, when some batches are done."""

    def __init__(self, action, after=20):
        super().__init__()
        self.action, self.after, self.count = action, after, 0

    def on_train_batch_end(self, batch, logs=None):
        self.count += 1
        time.sleep(0.002)
        if self.count == self.after:
            self.action()


def six_panes():
    return [Accuracy(), Loss(), TrainImages(), Weights(), Biases(), TestImages()]


def train(digits, plot, *actions, epochs=4, validated=True):
    (x, y), test = digits
    model = small_model()
    model.fit(
        x, y, batch_size=50, epochs=epochs, callbacks=[plot, *actions], verbose=0,
        validation_data=test if validated else None,
    )  # fmt: skip
    return model


def press(plot, *keys):
    """Press keys as the window's system would report them."""
    widget = plot._screen.figure.canvas.get_tk_widget()
    widget.focus_force()
    for key in keys:
        widget.event_generate(f"<KeyPress-{key}>")
        plot._screen.flush()


def visible(plot):
    return [i for i, axes in enumerate(plot._dashboard.axes, start=1) if axes.get_visible()]


def picture(plot):
    return np.asarray(plot._screen.figure.canvas.buffer_rgba())[..., :3].copy()


def share_of(colour, pixels, tolerance=12):
    return (np.abs(pixels.astype(int) - colour).max(axis=-1) <= tolerance).mean()


def test_keys_choose_panes_freeze_save_and_close(tk, digits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plot = LivePlot(six_panes(), *digits)
    seen = {}

    def act():
        seen["all"] = visible(plot)
        press(plot, "3")
        seen["3"] = visible(plot)
        press(plot, "0")
        seen["0"] = visible(plot)
        press(plot, "6", "Escape")
        seen["escape"] = visible(plot)
        press(plot, "s", "space")
        seen["frozen"] = picture(plot)

    def still_frozen():
        seen["later"] = picture(plot)
        seen["step"] = plot._records.step
        press(plot, "space")

    train(digits, plot, Act(act), Act(still_frozen, after=180))
    assert seen["all"] == seen["0"] == seen["escape"] == [1, 2, 3, 4, 5, 6]
    assert seen["3"] == [3]
    assert np.array_equal(seen["frozen"], seen["later"]) and seen["step"] >= 180
    assert not np.array_equal(seen["later"], picture(plot))
    (saved,) = tmp_path.glob("dashboard-*.png")
    assert Image.open(saved).size == Image.open("dashboard.png").size == (1344, 756)
    press(plot, "q")
    assert not plot._screen.open


@pytest.mark.parametrize("misread", [0, 260, 740, 1000, 4000])
def test_the_red_of_the_test_pane_ends_at_the_accuracy(misread, digits):
    (x, y), (x_test, y_test) = digits
    read = y_test.copy()
    read[np.random.default_rng(0).permutation(10_000)[:misread]] += 1
    records = Records(Sample(x[:60], y[:60]), Sample(x_test, y_test, np.eye(11)[read]))
    dashboard = Dashboard(File().figure, six_panes(), records)
    dashboard.update(records, "")
    dashboard.draw()
    left, bottom, right, top = np.rint(dashboard.axes[5].bbox.extents).astype(int)
    pixels = np.asarray(dashboard.figure.canvas.buffer_rgba())[::-1, :, :3][bottom:top, left:right]
    red = [share_of(RED, row, 60) > 0.15 for row in pixels]
    assert np.mean(red) == pytest.approx(min(misread / 1000, 1), abs=0.05)
    assert np.count_nonzero(np.diff(red)) <= 4  # one edge, and at it the ruler's line


@pytest.mark.parametrize(
    "shape, labels, panes",
    [
        ((300, 28, 28), "numbers", [Accuracy(), Loss(), TrainImages(), TestImages()]),
        ((300, 28, 28), "column", [TrainImages(), TestImages()]),
        ((2000, 27, 31, 1), "one-hot", [Loss(), TestImages(), TrainImages()]),
        ((300, 20), "numbers", [Accuracy(), Loss(), Weights(), Biases()]),
        ((30, 8, 8, 1), "numbers", [TestImages()]),
    ],
)
def test_the_window_serves_networks_of_ones_own(shape, labels, panes, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    x = np.random.default_rng(0).random(shape, dtype=np.float32)
    y = np.arange(len(x)) % 10
    y = {"numbers": y, "column": y[:, None], "one-hot": np.eye(10)[y]}[labels]
    model = keras.Sequential(
        [keras.Input(shape[1:]), layers.Flatten(), layers.Dense(10, "softmax", use_bias=False)]
    )
    loss = "categorical_crossentropy" if labels == "one-hot" else "sparse_categorical_crossentropy"
    model.compile("sgd", loss, metrics=["accuracy"])
    plot = LivePlot(panes, (x, y), (x, y))
    for _ in range(2):  # as when a notebook's cell is run again
        model.fit(x, y, epochs=2, verbose=0, callbacks=[plot], validation_data=(x, y))
        assert plot._records.step == plot._records.total_steps == 2 * -(-len(x) // 32)
    accuracy = model.evaluate(x, y, verbose=0, return_dict=True)["accuracy"]
    assert plot._records.curves["val_accuracy"].latest == pytest.approx(accuracy, abs=1e-6)
    assert Image.open("dashboard.png").size == (1344, 756)


def test_a_picture_of_no_image_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    x, y = np.zeros((50, 20)), np.zeros(50)
    model = keras.Sequential([keras.Input((20,)), layers.Dense(10, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(UserError, match=r"need images .* not \[50, 20\]"):
        model.fit(x, y, verbose=0, callbacks=[LivePlot([TestImages()], (x, y), (x, y))])


@pytest.mark.parametrize("number", [None, 1, 5])
def test_what_changed_is_drawn_as_if_all_were_drawn_anew(number, digits):
    """The wiped and redrawn part of the picture equals the same part of a whole drawing."""
    (x, y), (x_test, y_test) = digits
    records = Records(Sample(x[:60], y[:60]), Sample(x_test, y_test))
    records.total_steps = 6000
    dashboard = Dashboard(File().figure, six_panes(), records)
    dashboard.update(records, "first")
    dashboard.show(number)
    for step, value in ((10, 0.2), (2000, 0.97), (3000, 0.97), (6000, 0.97)):
        records.step = step
        records.add({"accuracy": value, "loss": 3 - 3 * value, "val_accuracy": value, "val_loss": 1 - value})
        records.curves["Weights"].add(step, np.linspace(-1, 1, 9) * step / 3000)
        dashboard.draw(dashboard.update(records, f"step {step}"))
    dashboard.draw()
    dashboard.draw()  # one of two draws the lower row
    pieced = np.array(dashboard.figure.canvas.buffer_rgba())
    dashboard.figure.canvas.draw()
    assert np.array_equal(pieced, np.asarray(dashboard.figure.canvas.buffer_rgba()))


def test_ticks_that_reach_over_the_edge_of_the_last_pane_leave_nothing_behind():
    y = np.array([10.0, 50.0])
    pane = Errors(np.zeros((2, 13)), np.repeat(y, 300), "$1,000")
    records = Records(Sample(np.zeros((2, 13)), y), Sample(np.zeros((2, 13)), y))
    dashboard = Dashboard(File().figure, [Accuracy(), Loss(), pane], records)
    dashboard.draw(dashboard.update(records, "first"))
    pane._read = np.repeat(y, 300) + 3  # so that the axis must reach higher
    dashboard.draw(dashboard.update(records, "second"))
    pieced = np.array(dashboard.figure.canvas.buffer_rgba())
    dashboard.figure.canvas.draw()
    assert np.array_equal(pieced, np.asarray(dashboard.figure.canvas.buffer_rgba()))


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
    plot = LivePlot([MaxActivations("conv."), MaxActivations("dense"), Logits()], (x, y), test)
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
        assert plot._records.curves[title].latest == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("validated", [True, False])
def test_a_network_that_reads_slowly_still_has_a_dense_test_curve(validated, digits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Pace, "READING", 1e-9)  # as if every reading took very long
    plot = LivePlot(six_panes(), *digits, Namespace(**NO_FLAGS | {"plot": "file"}))
    model = train(digits, plot, epochs=2, validated=validated)
    assert plot._pace.stride == 20
    steps = plot._records.curves["val_accuracy"].steps
    assert len([step for step in steps if 0 < step < 60]) >= 5
    assert steps[-1] == plot._records.test.read_at == 120
    accuracy = model.evaluate(*digits[1], verbose=0, return_dict=True)["accuracy"]
    assert 1 - plot._records.test.read_wrong().mean() == pytest.approx(accuracy, abs=1e-6)
    assert plot._records.curves["val_accuracy"].values[-1] == pytest.approx(accuracy, abs=1e-6)


def test_the_window_shows_what_the_validation_read(digits, tmp_path, monkeypatch):
    """One reading of the test set serves both, and Keras' numbers stay the same to the last digit."""
    monkeypatch.chdir(tmp_path)
    x_test = digits[1][0]
    read, histories = [], []
    for shown in ("none", "file"):
        plot = LivePlot(six_panes(), *digits, Namespace(**NO_FLAGS | {"plot": shown}))
        monkeypatch.setattr(plot, "_read_test_set", lambda *args, **settings: None)
        note = functools.partial(lambda test: read.append(test.read_at), plot._records.test)
        act = Act(note, after=61)  # after the first epoch
        model = train(digits, plot, act, epochs=3)
        histories.append(model.history.history)
    assert histories[0] == histories[1]
    assert read == [0, 60] and plot._records.test.read_at == 180
    assert plot._records.test.outputs == pytest.approx(model.predict(x_test, verbose=0), abs=1e-5)


def test_other_examples_than_the_window_shows_are_not_mistaken_for_them(digits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (x, y), (x_test, y_test) = digits
    plot = LivePlot([Accuracy(), TestImages()], *digits, Namespace(**NO_FLAGS | {"plot": "file"}))
    model = small_model()
    other = x_test[::-1], y_test[::-1]
    model.fit(x[:500], y[:500], verbose=0, callbacks=[plot], validation_data=other)
    assert plot._records.test.outputs == pytest.approx(model.predict(x_test, verbose=0), abs=1e-5)


def test_the_last_picture_is_of_the_network_that_is_kept(digits, tmp_path, monkeypatch):
    """A callback may change the weights when the last validation is over."""
    monkeypatch.chdir(tmp_path)
    (x, y), test = digits
    plot = LivePlot([Accuracy(), TestImages()], *digits, Namespace(**NO_FLAGS | {"plot": "file"}))
    model = small_model()
    earlier = [np.zeros((784, 10)), np.eye(10)[3]]  # reads a 3 in all of them
    change = keras.callbacks.LambdaCallback(on_train_end=lambda logs: model.set_weights(earlier))
    model.fit(x[:500], y[:500], verbose=0, callbacks=[change, plot], validation_data=test)
    assert set(plot._records.test.read_classes()) == {3}


def test_a_sample_of_the_test_set_has_all_its_classes(digits, tmp_path, monkeypatch):
    """Also where the classes take turns."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Pace, "READING", 1e-9)
    (x, y), (x_test, y_test) = digits
    turns = np.argsort(np.argsort(y_test, kind="stable") % 1000, kind="stable")
    plot = LivePlot(
        six_panes(), (x, y), (x_test[turns], y_test[turns]), Namespace(**NO_FLAGS | {"plot": "file"})
    )
    seen = []
    read = LivePlot._test_metrics
    monkeypatch.setattr(
        LivePlot, "_test_metrics", lambda plot, sample: seen.append(sample.y) or read(plot, sample)
    )
    train(digits, plot, epochs=1)
    samples = [labels for labels in seen if len(labels) == 500]
    assert samples and all(np.bincount(labels, minlength=10).min() > 25 for labels in samples)


@pytest.mark.alone
def test_a_network_that_reads_slowly_still_moves(tk, digits, tmp_path, monkeypatch):
    """The first reading of the test set takes long, and no picture has to wait for it to be paid back."""
    monkeypatch.chdir(tmp_path)
    read = LivePlot._read

    def read_slowly(plot, images):
        time.sleep(len(images) / 2000)
        return read(plot, images)

    monkeypatch.setattr(LivePlot, "_read", read_slowly)
    plot = LivePlot(six_panes(), *digits)
    seen = []
    train(digits, plot, Act(lambda: seen.append(len(plot._picture_times)), after=5),
          Act(lambda: seen.append(len(plot._picture_times)), after=55), Slow(), epochs=1)  # fmt: skip
    assert seen[1] - seen[0] >= 5  # in 5 seconds


class Slow(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        time.sleep(0.1)


def test_closing_the_window_ends_the_drawing_not_the_training(tk, digits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plot = LivePlot(six_panes(), *digits)
    closed_at = []

    def close():
        window = plot._screen.figure.canvas.manager.window
        window.tk.eval(window.protocol("WM_DELETE_WINDOW"))  # the button in the window's frame
        closed_at.append(len(plot._picture_times))

    model = train(digits, plot, Act(close))
    assert int(model.optimizer.iterations) == 240
    assert len(plot._picture_times) == closed_at[0]
    pixels = np.asarray(Image.open("dashboard.png").convert("RGB"))
    assert share_of(RED, pixels) > 0.01  # the picture at the end is whole all the same


def test_the_window_is_large_and_nothing_is_cut_off(tk, digits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plot = LivePlot(six_panes(), *digits)
    train(digits, plot, epochs=1)
    figure = plot._screen.figure
    for width, height in (None, None), (1280, 720), (1920, 1080), (640, 480):
        if width:
            figure.canvas.manager.window.wm_geometry(f"{width}x{height}")
        for _ in range(5):
            plot._screen.flush()
        figure.canvas.draw()
        assert min(figure.get_size_inches() / (13.44, 7.56)) == pytest.approx(1, abs=0.01)
        frame, renderer = figure.bbox, figure.canvas.get_renderer()
        for axes in figure.axes:
            box = axes.get_tightbbox(renderer)
            assert box.x0 >= frame.x0 and box.x1 <= frame.x1
            assert box.y0 >= frame.y0 and box.y1 <= frame.y1
        assert width is None or frame.width == pytest.approx(width, abs=3)
    plot._screen.close()


def test_the_curve_keeps_its_shape_in_bounded_memory():
    curve = Curve()
    for step in range(100_000):
        curve.add(step, step)
    assert len(curve.steps) < curves_module.LIMIT
    assert np.all(np.diff(curve.steps) > 0) and curve.steps[-1] > 99_000
    error = np.abs(np.array(curve.steps) - np.array(curve.values))
    assert error.max() <= 512  # each point is the mean of what came since the one before


class Memory(keras.callbacks.Callback):
    """Notes the resident memory of this process, in MB, every 1,000 iterations."""

    def __init__(self):
        super().__init__()
        self.sizes = []

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.optimizer.iterations) % 1000 == 0:
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            self.sizes.append(pages * os.sysconf("SC_PAGE_SIZE") / 2**20)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_is_flat_over_10_000_iterations(tk, digits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (x, y), _ = digits
    model = small_model()
    model.steps_per_execution = 50
    memory, plot = Memory(), LivePlot(six_panes(), *digits)
    model.fit(x[:2500], y[:2500], batch_size=50, epochs=200, callbacks=[plot, memory], verbose=0)
    assert int(model.optimizer.iterations) == 10_000
    assert max(memory.sizes[3:]) - memory.sizes[2] < 15
    assert all(len(curve.steps) < curves_module.LIMIT for curve in plot._records.curves.values())


@pytest.mark.alone
@pytest.mark.parametrize(
    "lesson, flags, backend, pictures",  # a second; on an idle machine 3
    [
        ("mnist_1_softmax", ("--epochs", 3), "TkAgg", 2),
        ("mnist_1_softmax", ("--epochs", 3), "QtAgg", 2),
        ("mnist_3_convolutional", ("--epochs", 1, "--train-size", 20_000), "TkAgg", 1.5),
        ("mnist_4_batchnorm", ("--epochs", 1, "--train-size", 2500), "TkAgg", 1),
    ],
)
def test_the_window_changes_no_number_and_moves(
    lesson, flags, backend, pictures, screen, run, tmp_path, weights
):
    assert run(*flags, "--plot", "none", "--out", "none", lesson=lesson).returncode == 0
    window = {"DISPLAY": screen, "MPLBACKEND": backend}
    done = run(*flags, "--plot", "window", "--close", "--out", "window", lesson=lesson, **window)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    if "No window" in done.stdout:
        pytest.skip(done.stdout)
    assert all(map(np.array_equal, weights(tmp_path / "none"), weights(tmp_path / "window")))
    plain, shown = result_of(tmp_path / "none"), result_of(tmp_path / "window")
    assert shown["test"] == plain["test"]
    assert plain["window"] is None
    assert shown["window"]["pictures_per_second_at_first"] >= pictures


def test_the_window_stays_until_it_is_closed(screen, start, tmp_path):
    process = start("--train-size", 2000, "--epochs", 1, DISPLAY=screen, MPLBACKEND="TkAgg")
    wait_for((tmp_path / "runs" / "mnist_1_softmax" / "result.json").exists)
    time.sleep(1)
    assert process.poll() is None
    process.terminate()


@pytest.mark.parametrize(
    "variables",
    [{"DISPLAY": ":77"}, {"DISPLAY": "nonsense"}, {"MPLBACKEND": "TkAgg"}, {"MPLBACKEND": "wxAgg"}],
)
def test_a_window_that_cannot_open_becomes_a_file(variables, run, tmp_path):
    done = run("--train-size", 2000, "--epochs", 1, "--plot", "window", **variables)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    (line,) = [line for line in done.stdout.splitlines() if "No window" in line]
    assert "dashboard.png" in line
    assert (tmp_path / "runs" / "mnist_1_softmax" / "dashboard.png").exists()


def without(folder, *packages):
    """A folder for PYTHONPATH in which these packages cannot be imported, as if they were not installed."""
    for name in packages:
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text(f"raise ModuleNotFoundError('no {name}', name='{name}')")
    return str(folder)


BINDINGS = "PyQt6", "PySide6", "PyQt5", "PySide2"


@pytest.mark.parametrize(
    "hidden, variables, expected",
    [
        ((), {}, "qtagg"),
        ((), {"QT_QPA_PLATFORM": "bogus"}, "tkagg"),
        ((), {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}, "qtagg"),
        (BINDINGS, {}, "tkagg"),
        (["tkinter"], {}, "qtagg"),
        (
            ["tkinter", *BINDINGS],
            {},
            "Qt is not installed: pip install pyside6; Tk is not installed: sudo apt install python3-tk",
        ),
        (["tkinter"], {"MPLBACKEND": "TkAgg"}, "MPLBACKEND=TkAgg, Tk is not installed: sudo apt install"),
        ((), {"MPLBACKEND": "QtAgg", "QT_QPA_PLATFORM": "bogus"}, "Qt knows no QT_QPA_PLATFORM=bogus"),
        ((), {"MPLBACKEND": "agg"}, "MPLBACKEND=agg, which has no windows with moving pictures"),
        ((), {"MPLBACKEND": "nonsense"}, "MPLBACKEND is 'nonsense', which matplotlib does not know"),
    ],
)
def test_the_first_toolkit_that_opens_is_taken_or_what_is_missing_named(
    hidden, variables, expected, screen, environment, tmp_path
):
    script = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from common.screens import Window, open_screen, wait_until_closed
for _ in range(2):
    shown, why = open_screen("auto", "a window", print)
    print(why or shown.figure.canvas.manager.__class__.__module__, len(Window.windows))
    shown.close()
wait_until_closed()
"""
    path = {"PYTHONPATH": without(tmp_path / "hidden", *hidden)}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment | {"DISPLAY": screen} | path | variables, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    if expected in ("qtagg", "tkagg"):
        module = {"qtagg": "backend_qt ", "tkagg": "_backend_tk "}[expected]
        assert done.stdout.count(module) == 2 and done.stdout.count(" 1") == 2, done.stdout + done.stderr
    else:
        assert (done.stdout + done.stderr).count(expected) == (1 if done.returncode else 2)
        assert done.returncode in (0, 2) and (done.stdout + done.stderr).count("\n") <= 2


@pytest.mark.parametrize("dpi", [96, 192])
def test_on_a_scaled_screen_the_window_has_three_quarters_of_it(dpi, environment):
    script = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from common.dashboard import HEIGHT, WIDTH, fit_text
from common.screens import Window
window = Window("a window", print)
for _ in range(5):
    window.flush()
toplevel, figure = window.figure.canvas.manager.window, window.figure
fit_text(figure)
print(toplevel.winfo_width(), toplevel.winfo_height(), *map(round, figure.bbox.size))
print(*figure.get_size_inches() / (WIDTH, HEIGHT))
"""
    tk = {"DISPLAY": open_screen_that_nobody_sees("-dpi", str(dpi)), "MPLBACKEND": "TkAgg"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment | tk, capture_output=True, text=True, timeout=60
    )
    sizes, inches = done.stdout.splitlines()
    assert list(map(int, sizes.split())) == [1440, 809, 1440, 809]
    assert list(map(float, inches.split())) == pytest.approx([1, 1], abs=0.01)


def test_a_movie_is_recorded_and_earlier_runs_are_drawn(run, tmp_path):
    assert run("--train-size", 5000, "--epochs", 2, "--plot", "none", "--out", "early").returncode == 0
    done = run("--train-size", 5000, "--epochs", 6, "--plot", "file", "--movie", "film.gif", "--out", "b",
               "--overlay", "early")  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    with Image.open(tmp_path / "film.gif") as film:
        assert film.n_frames >= 2 and film.size == (1344, 756)
    pixels = np.asarray(Image.open(tmp_path / "b" / "dashboard.png").convert("RGB"))
    assert share_of((115, 204, 183), pixels, 25) > 1e-4  # the earlier run's green


def test_an_mp4_is_recorded(run, tmp_path):
    if subprocess.run(["which", "ffmpeg"], capture_output=True).returncode:
        pytest.skip("needs ffmpeg")
    done = run("--train-size", 5000, "--epochs", 3, "--plot", "file", "--movie", "film.mp4")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "film.mp4").read_bytes()[4:8] == b"ftyp"
