"""Tests that the first toolkit that opens a window is used, or else the figure is saved to a file."""

import time

import processes
import pytest
from helpers import on_linux, wait_for


@pytest.mark.parametrize(
    "moment",
    [
        "canvas._tkphoto.tk.createcommand(_backend_tk._blit_tcl_name, interrupt); canvas.draw()",
        "canvas._tkphoto.tk.createcommand(_backend_tk._blit_tcl_name, interrupt); canvas.draw_idle()",
        "gc.callbacks.append(lambda *_: gc.callbacks.pop() and interrupt()); gc.collect()",
    ],
    ids=["drawing at once", "drawing when the window asks for it", "while Python frees memory"],
)
def test_ctrl_c_in_a_window_is_not_lost(moment, run_code, screen):
    code = f"""
import gc, os, signal
from common.signals import interrupt
from keras_window.screens import Window, wait_until_closed
from matplotlib.backends import _backend_tk
interrupt.lesson = True
canvas = Window("a window", print).figure.canvas
def interrupt(*_):
    os.kill(os.getpid(), signal.SIGINT)
    sum(range(10))
{moment}
wait_until_closed()
"""
    done = run_code(code, DISPLAY=screen, MPLBACKEND="TkAgg")
    assert (done.returncode, done.stderr) == (130, "")


def test_the_window_stays_until_it_is_closed(screen, start, tmp_path):
    process = start("--train-size", 600, "--epochs", 1, DISPLAY=screen, MPLBACKEND="TkAgg")
    wait_for((tmp_path / "runs" / "mnist_1_softmax" / "result.json").exists)
    time.sleep(1)
    assert process.poll() is None
    process.terminate()


@on_linux
def test_a_window_that_cannot_open_becomes_a_file(run, tmp_path):
    done = run("--train-size", 600, "--epochs", 1, "--plot", "window", DISPLAY=":77")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    (line,) = [line for line in done.stdout.splitlines() if "No window" in line]
    assert "dashboard.png" in line
    assert (tmp_path / "runs" / "mnist_1_softmax" / "dashboard.png").exists()


@on_linux
@pytest.mark.parametrize(
    "variables, why",
    [
        ({"DISPLAY": "nonsense"}, "there is no screen"),
        ({"MPLBACKEND": "TkAgg"}, "MPLBACKEND=TkAgg, there is no screen"),
        ({"MPLBACKEND": "wxAgg"}, "MPLBACKEND=wxAgg, No module named 'wx'"),
    ],
)
def test_without_a_window_it_says_why(variables, why, run_code):
    code = """
from keras_window.screens import open_screen
shown, why = open_screen("window", "a window", print)
print(type(shown).__name__, why)
"""
    done = run_code(code, **variables)
    assert done.stdout == f"File {why}\n", done.stderr


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
        ((), {"MPLBACKEND": "QtAgg", "QT_QPA_PLATFORM": "bogus"}, "Qt does not know QT_QPA_PLATFORM=bogus"),
        ((), {"MPLBACKEND": "agg"}, "MPLBACKEND=agg, whose windows cannot be animated"),
        ((), {"MPLBACKEND": "nonsense"}, "MPLBACKEND is 'nonsense', unknown to matplotlib"),
    ],
)
def test_the_first_toolkit_that_opens_is_taken_or_what_is_missing_named(
    hidden, variables, expected, screen, run_code, tmp_path
):
    code = """
import common
from keras_window.screens import open_screen, to_be_closed, wait_until_closed
for _ in range(2):
    shown, why = open_screen("auto", "a window", print)
    print(why or shown.figure.canvas.manager.__class__.__module__, len(to_be_closed))
    shown.close()
wait_until_closed()
"""
    path = without(tmp_path / "hidden", *hidden)
    new = variables.get("MPLBACKEND") not in (None, "TkAgg", "QtAgg", "agg")
    done = run_code(code, new=new, DISPLAY=screen, PYTHONPATH=path, **variables)
    if expected in ("qtagg", "tkagg"):
        module = {"qtagg": "backend_qt ", "tkagg": "_backend_tk "}[expected]
        assert done.stdout.count(module) == 2 and done.stdout.count(" 1") == 2, done.stdout + done.stderr
    else:
        assert (done.stdout + done.stderr).count(expected) == (1 if done.returncode else 2)
        assert done.returncode in (0, 2) and (done.stdout + done.stderr).count("\n") <= 2


@pytest.mark.parametrize("dpi", [96, 192])
def test_on_a_scaled_screen_the_window_has_three_quarters_of_it(dpi, run_code):
    code = """
from keras_window.style import HEIGHT, WIDTH, fit_text
from keras_window.screens import Window
window = Window("a window", print)
for _ in range(5):
    window.flush()
toplevel, figure = window.figure.canvas.manager.window, window.figure
fit_text(figure)
print(toplevel.winfo_width(), toplevel.winfo_height(), *map(round, figure.bbox.size))
print(*figure.get_size_inches() / (WIDTH, HEIGHT))
"""
    screen = processes.open_screen_that_nobody_sees("-dpi", str(dpi))
    done = run_code(code, DISPLAY=screen, MPLBACKEND="TkAgg")
    sizes, inches = done.stdout.splitlines()
    assert list(map(int, sizes.split())) == [1440, 809, 1440, 809]
    assert list(map(float, inches.split())) == pytest.approx([1, 1], abs=0.01)
