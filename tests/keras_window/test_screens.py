"""Tests that the first toolkit that opens a window is used, or else the figure is saved to a file."""

import time

import processes
import pytest
from helpers import on_linux, wait_for
from small_trainings import six_panes

from keras_window import LivePlot, screens


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
    "variables, first, why",
    [
        ({"DISPLAY": "nonsense"}, "", "there is no screen"),
        ({"MPLBACKEND": "TkAgg"}, "", "MPLBACKEND=TkAgg, there is no screen"),
        ({"MPLBACKEND": "wxAgg"}, "", "MPLBACKEND=wxAgg, No module named 'wx'"),
        ({}, "matplotlib.use('agg')", "matplotlib uses agg, whose windows cannot be animated"),
    ],
)
def test_without_a_window_it_says_why(variables, first, why, run_code):
    code = f"""
import matplotlib
{first}
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
ON_TK_AND_QT = pytest.mark.parametrize("hidden", [BINDINGS, ()], ids=["Tk", "Qt"])


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


# of a program that opens windows of its own and of ours: what happens later, and a click on a window's cross
CLICKS = """
def later(figure, seconds, action):
    timer = figure.canvas.new_timer(interval=int(1000 * seconds))
    timer.single_shot = True
    timer.add_callback(action)
    timer.start()
    timers.append(timer)
def click(figure):
    window = figure.canvas.manager.window
    if hasattr(window, "wm_protocol"):
        window.tk.eval(window.wm_protocol("WM_DELETE_WINDOW"))
    else:
        window.close()
timers = []
"""


@ON_TK_AND_QT
def test_pyplot_and_the_window_leave_each_other_alone(hidden, screen, run_code, tmp_path):
    code = f"""
import matplotlib
settings = dict(dict.items(matplotlib.rcParams))
from keras_window.screens import Window
window = Window("a window", print)
axes = window.figure.add_subplot()
axes.plot([1, 2])
window.figure.canvas.draw()
window.flush()
assert dict(dict.items(matplotlib.rcParams)) == settings
{CLICKS}
import matplotlib.pyplot as plt
plt.plot([1, 2])
plt.clf()
plt.ion()
plt.pause(0.1)
plt.ioff()
plt.close("all")
window.flush()
assert window.open and window.figure.axes == [axes] and len(axes.lines) == 1
figure = plt.figure()
later(figure, 0.2, lambda: click(figure))
later(window.figure, 5, lambda: (print("plt.show() does not return"), click(window.figure)))
plt.show()
window.flush()
assert window.open and not plt.get_fignums()
figure, closed = plt.figure(), []
figure.canvas.mpl_connect("close_event", closed.append)
later(window.figure, 0.2, lambda: click(window.figure))
later(figure, 0.6, lambda: (print(window.open, len(closed)), click(figure)))
plt.show()
"""
    done = run_code(code, DISPLAY=screen, PYTHONPATH=without(tmp_path / "hidden", *hidden))
    assert (done.returncode, done.stdout) == (0, "False 0\n"), done.stdout + done.stderr


@ON_TK_AND_QT
def test_a_training_in_a_thread_has_no_window_and_leaves_that_of_the_main_one(
    hidden, screen, run_code, tmp_path
):
    code = """
import gc, threading
from keras_window import screens
def train():
    print(screens.open_screen("auto", "another window", print)[1])
    for function in (screens.close_finished, screens.wait_until_closed, screens.close_windows, gc.collect):
        function()
window = screens.Window("a window", print)
window.finished = True
for _ in range(2):  # while the window is open, and when it is closed
    thread = threading.Thread(target=train)
    thread.start()
    while thread.is_alive():
        window.flush()
    print(window.open)
    window.close()
    window = screens.File()
"""
    done = run_code(code, DISPLAY=screen, PYTHONPATH=without(tmp_path / "hidden", *hidden))
    why = "this training runs in a thread, and a window needs the main thread"
    assert (done.stdout, done.stderr) == (f"{why}\nTrue\n{why}\nTrue\n", "")


@pytest.mark.parametrize("plot", ["window", "web"])
def test_the_next_training_closes_the_windows_of_those_that_are_over(plot, tk, digits, tmp_path, monkeypatch):
    monkeypatch.setattr(screens.webbrowser, "get", lambda: screens.webbrowser.GenericBrowser(""))
    displays = [LivePlot(six_panes(), digits, plot=plot, out=tmp_path).display for _ in range(4)]
    for display in displays:
        display.open()
        display.screen.finished = display is not displays[1]  # this training goes on
    assert [display.screen.open for display in displays] == [False, True, False, True]


CTRL_C_SOON = "signal.setitimer(signal.ITIMER_REAL, 0.3)"


@pytest.mark.parametrize(
    "ending, stays, closed",
    [
        ("", True, True),
        ("raise SystemExit", True, True),
        (CTRL_C_SOON, True, False),
        ("window.finished = False", False, False),
        ("sys.ps1 = '>>> '", False, False),
        ("window.close()", False, True),
        (f"{CTRL_C_SOON}\nwith suppress(KeyboardInterrupt):\n wait()", False, False),
        ("1 / 0", False, False),
    ],
    ids=["end", "exit", "Ctrl-C then", "training goes on", "prompt", "closed", "waited", "exception"],
)
def test_at_the_end_of_a_program_the_window_stays(ending, stays, closed, screen, run_code):
    code = f"""
import atexit, signal
from contextlib import suppress
atexit.register(print, "saved")
from keras_window.screens import Window, wait_until_closed as wait
signal.signal(signal.SIGALRM, signal.default_int_handler)
window = Window("a window", print)
window.finished = True
window.figure.canvas.mpl_connect("close_event", lambda event: print("closed"))
{CLICKS}
later(window.figure, 1, lambda: click(window.figure))
{ending}
"""
    variables = {"DISPLAY": screen, "MPLBACKEND": "TkAgg"}
    failed = ending == "1 / 0"  # Python itself says so, which a fork does not
    done = run_code(code, **variables | ({"new": True, "KERAS_BACKEND": "numpy"} if failed else {}))
    line = "The window stays open: close the window to end the program, or press Ctrl-C"
    assert done.stdout.splitlines() == [*[line] * stays, *["closed"] * closed, "saved"]
    assert done.returncode == failed and ("ZeroDivisionError" in done.stderr) == failed
    assert failed or not done.stderr


def test_ctrl_c_in_a_window_reaches_a_program_of_one_s_own(screen, run_code):
    code = """
import atexit, os, signal
from keras_window.screens import Window, wait_until_closed
signal.signal(signal.SIGINT, signal.default_int_handler)
atexit.register(print, "atexit")
window = Window("a window", print)
window.figure.canvas.mpl_connect("draw_event", lambda event: os.kill(os.getpid(), signal.SIGINT))
try:
    window.figure.canvas.draw_idle()
    wait_until_closed()
except KeyboardInterrupt:
    print("except")
finally:
    print("finally", window.open)
"""
    done = run_code(code, DISPLAY=screen, MPLBACKEND="TkAgg")
    assert (done.stdout, done.stderr) == ("except\nfinally True\natexit\n", "")


@pytest.mark.extras
def test_ipython_s_prompt_keeps_the_window_alive(screen, run_code):
    code = """
from IPython.terminal.interactiveshell import TerminalInteractiveShell
shell = TerminalInteractiveShell.instance()
shell.enable_gui = lambda toolkit: print("its event loop:", toolkit)
from keras_window.screens import Window
window = Window("a window", print)
"""
    done = run_code(code, DISPLAY=screen, MPLBACKEND="TkAgg")
    assert done.stdout.splitlines()[-1:] == ["its event loop: tk"], done.stderr
