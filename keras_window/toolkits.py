"""The GUI toolkit that can open a window; if none can, what is missing and the command that installs it."""

import contextlib
import ctypes
import ctypes.util
import functools
import importlib.util
import os
import re
import subprocess
import sys
import threading

import matplotlib
from matplotlib import cbook
from matplotlib.backends import backend_registry

from keras_window.style import DesignedFigure, as_designed

ON_MAC = sys.platform == "darwin"
# matplotlib's names of the platform's own toolkit, Qt, Tk, GTK
TOOLKITS = (
    *["macosx"] * ON_MAC,
    "qtagg",
    "tkagg",
    *["gtk4agg", "gtk3agg"] * bool(importlib.util.find_spec("gi")),
)
NO_SCREEN = "there is no screen"
IN_A_THREAD = "this training runs in a thread, and a window needs the main thread"
WITHOUT_QT = "Qt is not installed: pip install pyside6"
WITHOUT_TK = {
    "darwin": "Tk is not installed: brew install python-tk",
    "win32": "Tk is not installed: run Python's installer again, and choose tcl/tk",
}


_missing = {}  # why a toolkit opened no window, by its name


def new_figure(size):
    """Return an empty figure in a window that is not shown yet, of a toolkit that supports animation.

    The toolkit is the one that the user has chosen for matplotlib, or that pyplot has, otherwise the first of
    `TOOLKITS` that opens a window. pyplot does not know the figure: it neither draws on it nor closes it.

    Args:
        size: width and height in inches, at 100 dots per inch.

    Raises:
        RuntimeError: there is no such toolkit, or this is not the main thread. The message is one line.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError(IN_A_THREAD)
    given = matplotlib.get_backend(auto_select=False)
    if given is not None:
        try:
            return _figure(given, size)
        except Exception as error:  # every toolkit fails in its own way
            by_variable = given.lower() == os.environ.get("MPLBACKEND", "").lower()
            named = f"MPLBACKEND={given}" if by_variable else f"matplotlib uses {given}"
            raise RuntimeError(f"{named}, {_what_is_missing(given, error)}") from error
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise RuntimeError(NO_SCREEN)
    for toolkit in TOOLKITS:
        try:
            if toolkit not in _missing:
                return _figure(toolkit, size)
        except Exception as error:
            _missing[toolkit] = _what_is_missing(toolkit, error)
    reasons = _missing.values()
    raise RuntimeError(NO_SCREEN if NO_SCREEN in reasons else "; ".join(reasons))


def _figure(toolkit, size):
    if toolkit.lower().startswith("qt") and (lack := _what_qt_lacks(toolkit)):
        raise _Missing(lack)
    canvas_class = backend_registry.load_backend_module(toolkit).FigureCanvas
    framework = canvas_class.required_interactive_framework
    if not (framework and canvas_class.supports_blit):
        raise RuntimeError("whose windows cannot be animated")
    running = cbook._get_running_interactive_framework()  # private; pyplot asks the same
    if running not in (None, framework):
        raise RuntimeError(f"which needs {framework}, but {running} is running")
    figure = _Figure(figsize=size, dpi=100)
    with as_designed({"toolbar": "None"}):
        manager = canvas_class.new_manager(figure, 0)
    _set_apart(getattr(manager, "window", None))
    shell = ipython_shell()
    if shell and not getattr(shell, "active_eventloop", None):
        with contextlib.suppress(Exception):  # not every shell can; then only the program moves the window
            shell.enable_gui(framework)
    return figure


class _Figure(DesignedFigure):
    """A figure that holds its window by its canvas only, so that a closed window can be freed."""

    def add_axobserver(self, func):
        """Ignore the observer, the window's manager: it would tell the toolbar, and there is none."""


def _set_apart(window):
    """Let the user's `plt.show()` return when the user's windows are closed, although this one is open."""
    if hasattr(window, "set_application"):  # GTK
        window.set_application(None)
    elif hasattr(window, "setAttribute"):  # Qt
        from matplotlib.backends.qt_compat import QtCore, QtWidgets

        window.setAttribute(QtCore.Qt.WidgetAttribute.WA_QuitOnClose, False)
        application = QtWidgets.QApplication.instance()
        if application.quitOnLastWindowClosed():  # to quit, Qt 6 closes all windows, also this one
            application.setQuitOnLastWindowClosed(False)
            application.lastWindowClosed.connect(lambda: QtWidgets.QApplication.exit(0))


def ipython_shell():
    """Return IPython's shell if the program runs in one, else None."""
    find = getattr(sys.modules.get("IPython"), "get_ipython", None)  # None while it is being imported, too
    return find and find()


def _what_is_missing(toolkit, error):
    if isinstance(error, _Missing):
        return str(error)
    first_line = str(error).partition("\n")[0].rstrip(".")
    if "headless" in first_line or "display" in first_line:
        return NO_SCREEN
    if toolkit.lower() == "tkagg" and isinstance(error, ImportError):
        return WITHOUT_TK.get(sys.platform, "Tk is not installed: sudo apt install python3-tk")
    return first_line


class _Missing(RuntimeError):
    """The message says what Qt lacks, and the command that installs it."""


@functools.cache
def _what_qt_lacks(toolkit):
    """Try Qt in another process, because it aborts the program if its platform plugin does not load.

    Returns what is missing, or None.
    """
    if not any(map(importlib.util.find_spec, ("PyQt6", "PySide6", "PyQt5", "PySide2"))):
        return WITHOUT_QT
    test = "from matplotlib.backends.qt_compat import QtWidgets; QtWidgets.QApplication([])"
    environment = os.environ | {"MPLBACKEND": toolkit, "QT_DEBUG_PLUGINS": "1"}
    command = [sys.executable, "-c", test]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, errors="replace", timeout=60
        )
    except subprocess.TimeoutExpired:
        return "Qt does not answer"
    if not done.returncode:
        return None
    said = done.stderr or f"status {done.returncode}"
    if "Failed to import any" in said:
        return WITHOUT_QT
    platform = os.environ.get("QT_QPA_PLATFORM")
    if platform and f'find the Qt platform plugin "{platform}"' in said:
        return f"Qt does not know QT_QPA_PLATFORM={platform}: unset it"
    if "connect to display" in said:
        return NO_SCREEN
    library = re.search(r"or (libxcb-cursor0) is needed|(lib[\w.+-]+[.]so[.0-9]*): cannot open shared", said)
    if not library:
        return f"Qt cannot open a window: {said.strip().splitlines()[-1][:100]}"
    package = library[1] or _debian_package(library[2])
    return f"Qt needs {library[1] or library[2]}: sudo apt install {package}"


def _debian_package(library):
    """Return the package of a library: libegl1 for libEGL.so.1, libdbus-1-3 for libdbus-1.so.3."""
    name, _, version = library.lower().partition(".so.")
    return name + "-" * name[-1].isdigit() + version


def screen_size(manager, otherwise):
    """Return width and height of the screen that shows a window, in the unit of its toolkit's window sizes.

    Args:
        manager: the figure's manager.
        otherwise: the value to return if the toolkit does not tell.
    """
    window = getattr(manager, "window", None)
    if hasattr(window, "winfo_screenwidth"):  # Tk
        return window.winfo_screenwidth(), window.winfo_screenheight()
    if hasattr(window, "screen"):  # Qt
        size = window.screen().availableGeometry()
        return size.width(), size.height()
    if ON_MAC and window is None:
        graphics = ctypes.CDLL(ctypes.util.find_library("CoreGraphics"))
        display = graphics.CGMainDisplayID()
        scale = manager.canvas.device_pixel_ratio  # matplotlib divides the size of a window by this
        return scale * graphics.CGDisplayPixelsWide(display), scale * graphics.CGDisplayPixelsHigh(display)
    return otherwise
