"""The GUI toolkit that can open a window; if none can, what is missing and the command that installs it."""

import ctypes
import ctypes.util
import functools
import importlib.util
import os
import re
import subprocess
import sys

import matplotlib

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
WITHOUT_QT = "Qt is not installed: pip install pyside6"
WITHOUT_TK = {
    "darwin": "Tk is not installed: brew install python-tk",
    "win32": "Tk is not installed: run Python's installer again, and choose tcl/tk",
}


_why_none = []  # why no toolkit opened a window, once all were tried


def new_figure(size):
    """Return an empty figure in a window that is not shown yet, of a toolkit that supports animation.

    The toolkit is the one named by MPLBACKEND (or matplotlib's own settings), otherwise the first of
    `TOOLKITS` that opens a window.

    Args:
        size: width and height in inches, at 100 dots per inch.

    Raises:
        RuntimeError: there is no such toolkit. The message is one line.
    """
    import matplotlib.pyplot as plt

    if _why_none:
        raise RuntimeError(_why_none[0])
    given = matplotlib.get_backend(auto_select=False)
    if given is not None:  # by the user, or by an earlier call
        try:
            return _figure(given, size)
        except Exception as error:  # every toolkit fails in its own way
            raise RuntimeError(f"MPLBACKEND={given}, {_what_is_missing(given, error)}") from error
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise RuntimeError(NO_SCREEN)
    missing = []
    for toolkit in TOOLKITS:
        try:
            _try_qt(toolkit)
            plt.switch_backend(toolkit)
            return _figure(toolkit, size)
        except Exception as error:
            missing.append(_what_is_missing(toolkit, error))
    _why_none.append(NO_SCREEN if NO_SCREEN in missing else "; ".join(missing))
    raise RuntimeError(_why_none[0])


def _figure(toolkit, size):
    import matplotlib.pyplot as plt

    _try_qt(toolkit)
    with as_designed({"toolbar": "None"}):
        figure = plt.figure(figsize=size, dpi=100, FigureClass=DesignedFigure)
    if figure.canvas.required_interactive_framework and figure.canvas.supports_blit:
        return figure
    plt.close(figure)
    raise RuntimeError("whose windows cannot be animated")


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
    """The message says what a toolkit lacks, and the command that installs it."""


@functools.cache
def _try_qt(toolkit):
    """Try Qt in another process, because it aborts the program if its platform plugin does not load."""
    if not toolkit.lower().startswith("qt"):
        return
    if not any(map(importlib.util.find_spec, ("PyQt6", "PySide6", "PyQt5", "PySide2"))):
        raise _Missing(WITHOUT_QT)
    test = "from matplotlib.backends.qt_compat import QtWidgets; QtWidgets.QApplication([])"
    environment = os.environ | {"MPLBACKEND": toolkit, "QT_DEBUG_PLUGINS": "1"}
    command = [sys.executable, "-c", test]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, errors="replace", timeout=60
        )
    except subprocess.TimeoutExpired:
        raise _Missing("Qt does not answer") from None
    if not done.returncode:
        return
    said = done.stderr or f"status {done.returncode}"
    if "Failed to import any" in said:
        raise _Missing(WITHOUT_QT)
    platform = os.environ.get("QT_QPA_PLATFORM")
    if platform and f'find the Qt platform plugin "{platform}"' in said:
        raise _Missing(f"Qt does not know QT_QPA_PLATFORM={platform}: unset it")
    if "connect to display" in said:
        raise _Missing(NO_SCREEN)
    library = re.search(r"or (libxcb-cursor0) is needed|(lib[\w.+-]+[.]so[.0-9]*): cannot open shared", said)
    if not library:
        raise _Missing(f"Qt cannot open a window: {said.strip().splitlines()[-1][:100]}")
    package = library[1] or _debian_package(library[2])
    raise _Missing(f"Qt needs {library[1] or library[2]}: sudo apt install {package}")


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
