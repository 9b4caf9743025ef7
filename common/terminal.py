"""What a student sees in the terminal: our own lines, and nothing from the libraries underneath.

Importing this module imports Keras quietly, turns a `UserError` into one line and exit status 2,
and lets Ctrl-C end a lesson with status 130.
"""

import contextlib
import os
import signal
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

BACKENDS = ("tensorflow", "jax", "torch")  # on which Keras can train
STARTED = time.perf_counter()  # as near to the command as we can get


class UserError(Exception):
    """A mistake that the user can mend. The message says what is wrong and what to do."""

    def _render_traceback_(self):
        """What IPython shows in a notebook: one line, too."""
        return [str(self)]


def _show_exception(kind, error, traceback):
    if not issubclass(kind, UserError):
        sys.__excepthook__(kind, error, traceback)
        return
    print(f"{Path(sys.argv[0]).name}: {error}", file=sys.stderr)
    raise SystemExit(2)


def _show_unraisable(trouble):
    """Python drops what is raised while it frees memory. Our SystemExit comes again in `deferred`."""
    if not (ctrl_c.requested and isinstance(trouble.exc_value, SystemExit)):
        sys.__unraisablehook__(trouble)


class _CtrlC:
    """Ends the program with status 130: at once, or when the training has been saved.

    A notebook's stop button ends the cell: at once, or when the training has been saved.
    """

    def __init__(self):
        self.importing = True  # until `parse_args`
        self.requested = False
        self.saving = False
        self._deferred = 0  # how many blocks of `deferred` we are in

    def __call__(self, signum=None, frame=None):
        if in_notebook() and (self.requested or not self.saving):
            raise KeyboardInterrupt
        if self.saving and not self.requested:
            print("\nStopping after this batch, and saving ...", file=sys.stderr)
        self.requested = True
        if self.importing:
            os._exit(130)  # some libraries catch a SystemExit while they are imported, and go on
        if not (self.saving or self._deferred):
            raise SystemExit(130)

    @contextlib.contextmanager
    def deferred(self):
        """Ctrl-C waits until this block ends. A window's toolkit needs it: it drops a SystemExit."""
        self._deferred += 1
        try:
            yield
        finally:
            self._deferred -= 1
            if self.requested and not (self.saving or self._deferred):
                raise SystemExit(130)


ctrl_c = _CtrlC()


@contextlib.contextmanager
def _silent_stderr():
    """Hold back what is written to stderr, by C++ code too; show it if the block fails."""
    try:
        stderr = os.dup(2)
    except OSError:  # there is none, as under pythonw
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        failed = False
        try:
            yield
        except Exception:
            failed = True
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            if failed:
                held.seek(0)
                sys.stderr.write(held.read().decode(errors="replace"))


def in_notebook():
    """Whether this program runs in the cells of a notebook."""
    find = getattr(sys.modules.get("IPython"), "get_ipython", None)  # None while it is being imported, too
    return find is not None and hasattr(find(), "kernel")


def _settle_in_notebook(shell):
    """Let the stop button reach `ctrl_c`, and let a SystemExit end a cell without a word."""

    def before_cell(info=None):
        ctrl_c.requested = False  # by a cell before
        in_main_thread = threading.current_thread() is threading.main_thread()
        if in_main_thread and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, ctrl_c)  # until the cell ends: the kernel sets its own for each

    def show_traceback(*args, exception_only=False, **options):
        if not exception_only:  # else it is a SystemExit
            shown(*args, **options)

    ctrl_c.importing = False
    shown, shell.showtraceback = shell.showtraceback, show_traceback
    warnings.filterwarnings("ignore", "To exit: use 'exit'")
    shell.events.register("pre_run_cell", before_cell)


def _import_keras():
    os.environ.setdefault(
        "TF_CPP_MIN_LOG_LEVEL", "3"
    )  # the C++ code of TensorFlow and JAX: fatal errors only
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if backend not in BACKENDS:
        raise UserError(f"KERAS_BACKEND is {backend!r}: it must be one of {', '.join(BACKENDS)}")
    try:
        with _silent_stderr():
            import keras

            if keras.config.backend() != "tensorflow" and "tensorflow" not in sys.modules:
                sys.modules["tensorflow"] = None  # Keras would import it here, if it is installed: 3 seconds
                keras.utils.set_random_seed(0)
                del sys.modules["tensorflow"]
    except ModuleNotFoundError as error:
        what = error.name if error.name in BACKENDS[1:] else "-r requirements.txt"
        raise UserError(f"the package {error.name!r} is not installed. Run: pip install {what}") from error


for stream in (sys.stdout, sys.stderr):
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")  # a terminal may not know → or ×
sys.excepthook = _show_exception
sys.unraisablehook = _show_unraisable
if threading.current_thread() is threading.main_thread() and not in_notebook():
    signal.signal(signal.SIGINT, ctrl_c)
_import_keras()
if in_notebook():
    _settle_in_notebook(sys.modules["IPython"].get_ipython())
