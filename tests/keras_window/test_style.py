"""Tests that figures keep their design, whatever the user's matplotlibrc and the names contain."""

from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
from PIL import Image
from small_trainings import six_panes, train

from keras_window import LivePlot
from common.answers.predictions import show_predictions
from common.data.dataset import Data, Examples
from slides.show import Slide
from keras_window.dashboard import Dashboard
from keras_window.records import Records
from keras_window.sample import Sample
from keras_window.screens import File
from keras_window.style import as_designed

STUDENT_S = {
    "text.usetex": True, "figure.autolayout": True, "figure.facecolor": "black", "axes.facecolor": "black",
    "text.color": "white", "axes.labelcolor": "white", "font.size": 20.0, "font.family": ["serif"],
    "axes.unicode_minus": False, "axes.grid": True, "savefig.bbox": "tight", "savefig.dpi": 50.0,
    "lines.linewidth": 5.0, "xtick.direction": "in", "image.origin": "lower", "path.sketch": (1, 100, 2),
}  # fmt: skip


@pytest.fixture
def of_a_student():
    with matplotlib.rc_context(STUDENT_S):
        before = dict(matplotlib.rcParams.copy())
        yield
        assert dict(matplotlib.rcParams.copy()) == before  # the student's own program has them still


def pixels(figure):
    return np.array(figure.canvas.buffer_rgba())


def draw_dashboard(digits, path, name):
    (x, y), (x_test, y_test) = digits
    overlay = SimpleNamespace(name=name, races=False, curves={"accuracy": ([0, 300], [0.2, 0.9])})
    train, test = Sample(x[:60], y[:60]), Sample(x_test[:500], y_test[:500], np.eye(10)[9 - y_test[:500]])
    records = Records(train, test, overlays=[overlay])
    dashboard = Dashboard(File().figure, six_panes(), records)
    shown = []
    for step in (0, 5, 300):
        records.step = step
        records.add({"accuracy": 0.9, "loss": -3.5, "val_accuracy": 0.9, "val_loss": 3})
        records.curves["Weights"].add(step, np.linspace(-1, 1, 9))
        dashboard.draw(dashboard.update(records, f"step {step}"))
        shown.append(pixels(dashboard.figure))
    dashboard.save(path)
    return [*shown, np.asarray(Image.open(path))]


def draw_slide(digits, path, name):
    def draw(figure, step):
        figure.subplots().semilogy([1, 1000])
        figure.axes[0].set(xlabel=name, yticks=(1, 1000), yticklabels=("1", "−1"))

    figure = File().figure
    Slide("name", "title", 1, (draw,)).put_on(figure, 0)
    figure.canvas.draw()
    return [pixels(figure)]


def draw_predictions(digits, path, name):
    _, (x, y) = digits
    data = Data(None, None, test=Examples(x[:20], y[:20] % 2), classes=["a", name])
    model = SimpleNamespace(predict=lambda x, **options: np.eye(2)[np.arange(len(x)) % 2])
    show_predictions(model, data, SimpleNamespace(out=path.parent, plot="none", close=True))
    return [np.asarray(Image.open(path.parent / "predictions.png"))]


@pytest.mark.parametrize("draw", [draw_dashboard, draw_slide, draw_predictions])
def test_a_matplotlibrc_changes_no_picture(draw, digits, tmp_path, request):
    ours = draw(digits, tmp_path / "picture.png", "a name")
    request.getfixturevalue("of_a_student")
    theirs = draw(digits, tmp_path / "picture.png", "a name")
    assert all(map(np.array_equal, ours, theirs))


@pytest.mark.parametrize("draw", [draw_dashboard, draw_slide, draw_predictions])
def test_dollar_signs_in_a_name_are_no_formula(draw, digits, tmp_path):
    nameless, formula, broken = (
        draw(digits, tmp_path / "picture.png", name)[-1] for name in ("", "$5$", r"$5_$ $z^{$ b$\frac$")
    )
    assert not np.array_equal(nameless, formula) and not np.array_equal(nameless, broken)


def test_a_window_is_drawn_as_designed_also_by_its_toolkit(tk, of_a_student, digits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plot = LivePlot(six_panes(), digits, out=".")
    train(digits, plot, epochs=1)
    canvas = plot.display.screen.figure.canvas
    canvas.draw()
    ours = pixels(plot.display.screen.figure)
    canvas.draw_idle()
    plot.display.screen.flush()
    assert np.array_equal(ours, pixels(plot.display.screen.figure)) and (ours[0, 0, :3] == 255).all()


def test_within_a_block_of_ours_there_are_no_formulas(of_a_student):
    with as_designed({"font.size": 13}):
        assert not matplotlib.rcParams["text.parse_math"] and not matplotlib.rcParams["text.usetex"]
        assert matplotlib.rcParams["font.size"] == 13 and matplotlib.rcParams["lines.linewidth"] == 1.5
