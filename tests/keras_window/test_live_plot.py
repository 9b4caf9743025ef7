"""Tests of the live window on a screen: its contents, keys, closing."""

import os
from pathlib import Path

import numpy as np
import pytest
from helpers import on_linux
from PIL import Image
from small_trainings import RED, Act, share_of, six_panes, small_model, train

from keras_window import Accuracy, Biases, LivePlot, Loss, TestImages, TrainImages, Weights
from keras_window import records as records_module

import keras
from keras import layers


def press(plot, *keys):
    """Press keys as the window's system would report them."""
    widget = plot.display.screen.figure.canvas.get_tk_widget()
    widget.focus_force()
    for key in keys:
        widget.event_generate(f"<KeyPress-{key}>")
        plot.display.screen.flush()


def visible(plot):
    return [i for i, axes in enumerate(plot.display.dashboard.axes, start=1) if axes.get_visible()]


def picture(plot):
    return np.asarray(plot.display.screen.figure.canvas.buffer_rgba())[..., :3].copy()


def test_keys_choose_panes_freeze_save_and_close(tk, digits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plot = LivePlot(six_panes(), digits, out=".")
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
        seen["step"] = plot.records.step
        press(plot, "space")

    train(digits, plot, Act(act), Act(still_frozen, after=90))
    assert seen["all"] == seen["0"] == seen["escape"] == [1, 2, 3, 4, 5, 6]
    assert seen["3"] == [3]
    assert np.array_equal(seen["frozen"], seen["later"]) and seen["step"] >= 90
    assert not np.array_equal(seen["later"], picture(plot))
    (saved,) = tmp_path.glob("dashboard-*.png")
    assert Image.open(saved).size == Image.open("dashboard.png").size == (1344, 756)
    press(plot, "q")
    assert not plot.display.screen.open


def test_a_frozen_picture_stays_until_it_is_released_and_keys_are_listed(tk, digits, tmp_path, monkeypatch):
    """Also when the training is over; the picture that is saved is of its end."""
    monkeypatch.chdir(tmp_path)
    plot = LivePlot(six_panes(), digits, out=".")
    seen = {}

    def act():
        press(plot, "h")
        seen["keys"] = picture(plot)
        press(plot, "h", "space")
        seen["frozen"] = picture(plot)

    train(digits, plot, Act(act))
    assert plot.display.frozen and np.array_equal(seen["frozen"], picture(plot))
    high, wide, _ = seen["keys"].shape
    middle = np.s_[high // 3 : 2 * high // 3, wide // 3 : 2 * wide // 3]
    assert not np.array_equal(seen["keys"][middle], seen["frozen"][middle])
    press(plot, "space")
    released = picture(plot)
    plot.save()
    kept = np.asarray(Image.open("dashboard.png").convert("RGB"))
    assert not np.array_equal(seen["frozen"], released)
    plot.display.frozen = True
    plot.save()
    assert np.array_equal(kept, np.asarray(Image.open("dashboard.png").convert("RGB")))
    plot.display.screen.close()


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
    plot = LivePlot(panes, [(x, y), (x, y)], out=".")
    for fits in (1, 2) if len(x) == 30 else (1,):  # the curves go on
        model.fit(x, y, epochs=2, verbose=0, callbacks=[plot], validation_data=(x, y))
        assert plot.records.step == plot.records.total_steps == fits * 2 * -(-len(x) // 32)
    accuracy = model.evaluate(x, y, verbose=0, return_dict=True)["accuracy"]
    assert plot.records.curves["val_accuracy"].latest == pytest.approx(accuracy, abs=1e-6)
    assert Image.open("dashboard.png").size == (1344, 756)


def test_a_picture_of_no_image_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    x, y = np.zeros((50, 20)), np.zeros(50)
    model = keras.Sequential([keras.Input((20,)), layers.Dense(10, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match=r"shows images .* inputs are \[n, 20\], not images"):
        model.fit(x, y, verbose=0, callbacks=[LivePlot([TestImages()], [(x, y), (x, y)])])


def test_closing_the_window_ends_the_drawing_not_the_training(tk, digits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plot = LivePlot(six_panes(), digits, out=".")
    closed_at = []

    def close():
        window = plot.display.screen.figure.canvas.manager.window
        window.tk.eval(window.protocol("WM_DELETE_WINDOW"))  # the button in the window's frame
        closed_at.append(len(plot.display.times))

    model = train(digits, plot, Act(close))
    assert int(model.optimizer.iterations) == 120
    assert len(plot.display.times) == closed_at[0]
    pixels = np.asarray(Image.open("dashboard.png").convert("RGB"))
    assert share_of(RED, pixels) > 0.01  # the picture at the end is whole all the same


def test_the_window_is_large_and_nothing_is_cut_off(tk, digits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plot = LivePlot(six_panes(), digits, out=".")
    train(digits, plot, epochs=1)
    figure = plot.display.screen.figure
    for width, height in (None, None), (1280, 720), (1920, 1080), (640, 480):
        if width:
            figure.canvas.manager.window.wm_geometry(f"{width}x{height}")
        for _ in range(5):
            plot.display.screen.flush()
        figure.draw_without_rendering()
        assert min(figure.get_size_inches() / (13.44, 7.56)) == pytest.approx(1, abs=0.01)
        frame, renderer = figure.bbox, figure.canvas.get_renderer()
        for axes in figure.axes:
            box = axes.get_tightbbox(renderer)
            assert box.x0 >= frame.x0 and box.x1 <= frame.x1
            assert box.y0 >= frame.y0 and box.y1 <= frame.y1
        assert width is None or frame.width == pytest.approx(width, abs=3)
    plot.display.screen.close()


class Memory(keras.callbacks.Callback):
    """Notes the resident memory of this process, in MB, every 500 iterations."""

    def __init__(self):
        super().__init__()
        self.sizes = []

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.optimizer.iterations) % 500 == 0:
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            self.sizes.append(pages * os.sysconf("SC_PAGE_SIZE") / 2**20)


@on_linux
def test_memory_is_flat_over_3_000_iterations(tk, digits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (x, y), _ = digits
    model = small_model()
    model.steps_per_execution = 50
    memory, plot = Memory(), LivePlot(six_panes(), digits, out=".")
    model.fit(x[:2500], y[:2500], batch_size=5, epochs=6, callbacks=[plot, memory], verbose=0)
    assert int(model.optimizer.iterations) == 3000
    assert max(memory.sizes[3:]) - memory.sizes[2] < 15
    assert all(len(curve.steps) < records_module.LIMIT for curve in plot.records.curves.values())
