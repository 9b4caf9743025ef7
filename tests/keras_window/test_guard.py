"""Tests that training continues and saves its results when drawing fails."""

import pytest
from helpers import ROOT, result_of

from keras_window.guard import Guard

FAILING = {
    "the first picture": "from keras_window.panes.curves import Loss\nLoss.build = fail",
    "a later picture": """
from keras_window.panes.curves import Loss
update = Loss.update
Loss.update = lambda self, records: fail() if records.step else update(self, records)
""",
    "the last picture": """
from keras_window.panes.curves import Loss
update = Loss.update
Loss.update = lambda self, records: fail() if records.step == records.total_steps else update(self, records)
""",
    "what it shows": "from keras_window.panes.bands import Weights\nWeights.record = fail",
    "a font": "from PIL import ImageFont\nImageFont.truetype = fail",
    "the canvas": "from matplotlib.backends.backend_agg import FigureCanvasAgg\nFigureCanvasAgg.draw = fail",
    "the file": "from matplotlib.figure import Figure\nFigure.savefig = fail",
}


@pytest.fixture
def run_failing(run_code):
    """Runs a lesson in which something of the picture fails."""

    def run(what, *flags, lesson="mnist_1_softmax", **variables):
        script = str(ROOT / f"{lesson}.py")
        return run_code(
            f"""
import runpy
import common
def fail(*_, **options):
    raise KeyError("of glass,\\nbroken")
{FAILING[what]}
sys.argv = [{script!r}, "--train-size", "600", "--out", "run", *{list(map(str, flags))}]
runpy.run_path({script!r}, run_name="__main__")
""",
            **variables,
        )

    return run


WHOLE = "the canvas", "the file"  # without these nothing can be drawn
LOST = {
    "what it shows": ("Weights",),
    "a font": ("Training digits", "What each neuron looks for"),
} | dict.fromkeys(("the first picture", "a later picture", "the last picture"), ("Cross-entropy loss",))


def all_but_what_fails_is_saved(what, done, folder):
    assert done.returncode == 0
    lines = done.stderr.splitlines()[1::2]  # each after an empty one
    if what in WHOLE:
        assert lines == [r"The window stops here (KeyError: 'of glass,\nbroken'): everything else goes on"]
    else:
        assert lines == [rf"LivePlot: no {lost}: KeyError: 'of glass,\nbroken'" for lost in LOST[what]]
    assert result_of(folder)["epochs"] == 2
    assert {"model.keras", "history.csv", "curves.csv"} < {path.name for path in folder.iterdir()}
    assert (folder / "dashboard.png").exists() == (what not in WHOLE)


@pytest.mark.parametrize("what", FAILING)
def test_what_fails_in_a_picture_does_not_end_the_training(what, run_failing, tmp_path):
    done = run_failing(what, "--epochs", 2, "--plot", "file", "--movie", "film.gif")
    all_but_what_fails_is_saved(what, done, tmp_path / "run")
    assert (tmp_path / "film.gif").exists() == (what != "the canvas")


@pytest.mark.parametrize("what", ["a later picture", "the canvas"])
def test_what_fails_in_a_window_does_not_end_the_training(what, run_failing, screen, tmp_path):
    done = run_failing(what, "--epochs", 2, "--close", DISPLAY=screen, MPLBACKEND="TkAgg")
    if what == "the canvas":  # it fails while the window opens
        assert "No window" in done.stdout
    all_but_what_fails_is_saved(what, done, tmp_path / "run")


def test_a_window_whose_toolkit_cannot_draw_it_any_more_closes(run_code, screen):
    done = run_code(
        """
from keras_window.guard import Guard
from keras_window.screens import Window
window = Window("a window", print)
def fail(renderer):
    raise KeyError("broken")
window.figure.draw = fail
window.figure.canvas.draw_idle()  # as after its size has changed
with Guard("The window stops here", lambda why: window.close()):
    while True:
        window.flush()
print(window.open)
""",
        DISPLAY=screen,
        MPLBACKEND="TkAgg",
    )
    assert done.stdout == "False\n"
    assert done.stderr == "\nThe window stops here (KeyError: 'broken'): everything else goes on\n"


def test_a_picture_at_the_end_that_cannot_be_drawn_is_said(run_failing, tmp_path):
    flags = "--step", "3.0", "--epochs", 1, "--plot", "none", "--show-filters"
    done = run_failing("the file", *flags, lesson="mnist_3_convolutional")
    assert done.returncode == 0 and done.stderr.startswith("\nKernels and feature maps cannot be shown (KeyE")
    assert (tmp_path / "run" / "model.keras").exists() and (tmp_path / "run" / "result.json").exists()


def test_the_model_is_saved_before_the_picture(run, tmp_path):
    done = run("--train-size", 600, "--epochs", 1, "--plot", "file", "--out", "run")
    assert (done.returncode, done.stderr) == (0, "")
    times = [(tmp_path / "run" / name).stat().st_mtime_ns for name in ("model.keras", "dashboard.png")]
    assert times == sorted(times)


def test_a_movie_on_a_full_disk_is_said_and_all_else_saved(run, small_disk, tmp_path):
    film = small_disk("20k") / "film.gif"
    done = run("--train-size", 600, "--epochs", 1, "--plot", "file", "--out", "run", "--movie", film)
    assert done.returncode == 0 and done.stderr == f"\ncannot write {film}: No space left on device\n"
    saved = {path.name for path in (tmp_path / "run").iterdir()}
    assert {"model.keras", "result.json", "dashboard.png"} < saved


def test_a_signal_passes(run_code):
    done = run_code("""
from keras_window.guard import Guard
with Guard("The window stops here"):
    raise SystemExit(5)
""")
    assert (done.returncode, done.stderr) == (5, "")


def test_braces_in_a_title_are_no_placeholders(errors_are_shown, capsys):
    with Guard("LivePlot: no recall {of cats}: {why}"):
        raise KeyError("{x}")
    assert capsys.readouterr().err == "\nLivePlot: no recall {of cats}: KeyError: '{x}'\n"
