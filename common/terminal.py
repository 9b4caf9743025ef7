"""What a student sees in the terminal: our own lines, and nothing from the libraries underneath.

Importing this module imports Keras quietly, turns a `UserError` into one line and exit status 2, lets Ctrl-C
end a lesson with status 130 (SIGTERM with 143, SIGHUP with 129), and lets it go on where nobody reads what it
prints any more. In a program that is no lesson Ctrl-C raises a KeyboardInterrupt, as everywhere in Python.
"""

import _thread
import contextlib
import ctypes
import gc
import importlib.util
import io
import json
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
import warnings
from pathlib import Path

BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}  # on which Keras can train
STARTED = time.perf_counter()  # as near to the command as we can get


class UserError(Exception):
    """A mistake that the user can mend. The message says what is wrong and what to do."""

    def __str__(self):
        """One line, not too long, whatever is named in it."""
        line = " ".join(super().__str__().split())
        return line if len(line) <= 400 else f"{line[:200]} ... {line[-190:]}"

    def _render_traceback_(self):
        """What IPython shows in a notebook: one line, too."""
        return [str(self)]


def _show_exception(kind, error, where):
    if issubclass(kind, KeyboardInterrupt) and _before_a_lesson():
        raise SystemExit(128 + signal.SIGINT)
    if not issubclass(kind, UserError):
        sys.__excepthook__(kind, error, where)
        return
    print(f"{Path(sys.argv[0]).name}: {error}", file=sys.stderr)
    raise SystemExit(2)


def _before_a_lesson():
    """Whether the script has one of our command lines, and has perhaps not read it yet."""
    script = sys.modules["__main__"]
    return hasattr(script, "__file__") and any(
        getattr(value, "__module__", None) == "common.command_line" for value in [*vars(script).values()]
    )


def _show_unraisable(trouble):
    """Python drops what is raised while it frees memory. Our SystemExit comes again, a little later."""
    if not (interrupt.requested and isinstance(trouble.exc_value, SystemExit)):
        sys.__unraisablehook__(trouble)
        return
    again = threading.Timer(0.1, _thread.interrupt_main, [interrupt.status - 128])
    again.daemon = True
    again.start()


class _Interrupt:
    """Ends a lesson on Ctrl-C, SIGTERM or SIGHUP: at once, or when the training has been saved.

    A notebook's stop button ends the cell: at once, or when the training has been saved.

    Attributes:
        requested: whether a signal has come.
        status: the exit status that says which one.
        importing: whether `common`, and so the libraries, are still being imported.
        lesson: whether the program has read its command line, and so is a lesson.
        saving: whether there is a training, which stops at its next pause and saves.
    """

    SIGNALS = tuple(
        getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
    )

    def __init__(self):
        self.importing, self.lesson = True, False
        self.requested = self.saving = False
        self.status = None

    def __call__(self, number=signal.SIGINT, frame=None):
        if in_notebook() and (self.requested or not self.saving):
            raise KeyboardInterrupt
        if self.saving and not self.requested:
            with contextlib.suppress(RuntimeError):  # this very moment something else is being printed
                print("\nStopping after this batch, and saving ...", file=sys.stderr)
        if not self.requested:
            self.requested, self.status = True, 128 + number
        if self.importing:
            loading.end()
            os._exit(self.status)  # some libraries catch a SystemExit while they are imported, and go on
        if not self.saving:
            self._end()

    def _end(self):
        if self.lesson or self.status != 128 + signal.SIGINT:
            raise SystemExit(self.status)
        self.requested = False  # whoever catches it may go on
        raise KeyboardInterrupt

    def listen(self):
        """Take the signals, but not those that whoever started us wants ignored, as `nohup` does."""
        for number in self.SIGNALS:
            if number == signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self)


interrupt = _Interrupt()


class _Loading:
    """A line on the terminal that says what is loaded, until something else is printed."""

    def __init__(self):
        self._text = ""

    def begin(self, text):
        if on_terminal():
            self._text = text
            self._write(f"{text} ...")

    def end(self):
        text, self._text = self._text, ""
        if text:
            self._write(f"\r{' ' * len(f'{text} ...')}\r")

    def _write(self, text):
        with contextlib.suppress(OSError):
            os.write(1, text.encode())


loading = _Loading()


class _Lasting(io.FileIO):
    """A file descriptor to print to. What nobody can read any more is dropped: the training goes on.

    So it is when a pipe is closed (`| head`), the disk is full or the terminal has gone.
    """

    def write(self, content):
        loading.end()
        try:
            return super().write(content)
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            return len(content)


def lasting_output(descriptor, unbuffered=False, **options):
    """A text stream to a file descriptor that never fails, and writes "?" for what it cannot show."""
    raw = _Lasting(descriptor, "w", closefd=False)
    buffer = raw if unbuffered else io.BufferedWriter(raw)
    return io.TextIOWrapper(buffer, errors="replace", write_through=unbuffered, **options)


def _settle_output():
    """Let printing never fail. What was closed (`>&-`) leads nowhere, lest a data file take its place."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # it gets the lowest number that is free
    if os.name == "nt":  # let older consoles understand the escapes of Keras' progress bar
        console, mode = ctypes.windll.kernel32, ctypes.c_uint32()
        output = console.GetStdHandle(-11)
        if console.GetConsoleMode(output, ctypes.byref(mode)):
            console.SetConsoleMode(output, mode.value | 4)
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, lasting_output(descriptor, encoding="utf-8"))
        elif stream is not getattr(sys, f"__{name}__") or (os.name == "nt" and stream.isatty()):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")  # a terminal may not know → or ×
        else:
            stream.flush()
            options = {"encoding": stream.encoding, "line_buffering": stream.line_buffering}
            setattr(sys, name, lasting_output(descriptor, stream.write_through, **options))


def on_terminal():
    """Whether a person sees what we print at once, and escapes move the cursor there; in IDLE they don't."""
    try:
        return os.isatty(sys.stdout.fileno())
    except (OSError, ValueError):
        return False


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
        except Exception as error:
            failed = not isinstance(error, UserError)
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            if failed:
                held.seek(0)
                sys.stderr.write(held.read().decode(errors="replace"))


@contextlib.contextmanager
def _kept_for_good():
    """What is imported in this block stays until the end, so that Python need not look for garbage in it.

    Else it would go through hundreds of thousands of objects again and again, in the block and later: of a
    run of one short epoch this takes a fifth.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextlib.contextmanager
def _hidden(package):
    """Let a package seem not to be installed, unless it has been imported already."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None
    try:
        yield
    finally:
        del sys.modules[package]


def in_notebook():
    """Whether this program runs in the cells of a notebook."""
    find = getattr(sys.modules.get("IPython"), "get_ipython", None)  # None while it is being imported, too
    return find is not None and hasattr(find(), "kernel")


def _settle_in_notebook(shell):
    """Let the stop button reach `interrupt`, and let a SystemExit end a cell without a word."""

    def before_cell(info=None):
        interrupt.requested = False  # by a cell before
        in_main_thread = threading.current_thread() is threading.main_thread()
        if in_main_thread and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, interrupt)  # until the cell ends: the kernel sets its own for each

    def show_traceback(*args, exception_only=False, **options):
        if not exception_only:  # else it is a SystemExit
            shown(*args, **options)

    shown, shell.showtraceback = shell.showtraceback, show_traceback
    warnings.filterwarnings("ignore", "To exit: use 'exit'")
    shell.events.register("pre_run_cell", before_cell)


def keras_home():
    """The folder in which Keras keeps its configuration and its cache, whether it is there or not."""
    if given := os.environ.get("KERAS_HOME"):
        return Path(given)
    home = os.path.expanduser("~")
    return Path(home if os.access(home, os.W_OK) else "/tmp", ".keras")


def _configured_backend():
    """What Keras takes if KERAS_BACKEND is not set."""
    path, settings = keras_home() / "keras.json", None
    if os.path.exists(path) and not path.is_file():
        raise UserError(f"{path} is not a file, and Keras reads its settings there: move it away")
    with contextlib.suppress(OSError, ValueError, RecursionError):  # what these mean Keras decides
        settings = json.loads(path.read_text("utf-8"))
    return settings.get("backend", "tensorflow") if isinstance(settings, dict) else "tensorflow"


@contextlib.contextmanager
def _settings_named():
    """Settings of the user's that a library cannot use are a mistake that the user can mend."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise UserError("your matplotlibrc is not in UTF-8: correct it, or move it away") from error
    except Exception as error:
        frames = traceback.walk_tb(error.__traceback__)
        if all(frame.f_globals.get("__name__") != "keras.src.backend.config" for frame, _ in frames):
            raise
        if names := [name for name in os.environ if name.startswith(("KERAS_MAX_", "KERAS_NNX_"))]:
            raise UserError(f"Keras cannot use {' or '.join(names)} ({error}): unset it") from error
        why = f"is not what Keras writes there ({error})"
        if isinstance(error, OSError):
            why = f"cannot be read ({error.strerror})"
        raise UserError(f"{keras_home() / 'keras.json'} {why}: correct it, or move it away") from error


def _import_libraries():
    try:
        __file__.encode()
    except UnicodeEncodeError:  # an English-only Python has read it; TensorFlow would fail in the middle
        message = "this Python cannot read the name of the project's folder: set PYTHONUTF8=1"
        raise UserError(message) from None
    # the C++ code of TensorFlow and JAX: fatal errors only
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # oneDNN's convolutions, twice as fast; on processors without AVX-512 TensorFlow would leave them out
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    given, configured = os.environ.get("KERAS_BACKEND"), _configured_backend()
    backend = given or configured
    installed = [name for name in BACKENDS if importlib.util.find_spec(name)]
    if not given and installed and backend not in installed:
        backend = os.environ["KERAS_BACKEND"] = installed[0]
    if backend not in BACKENDS:
        raise UserError(f"KERAS_BACKEND is {backend!r}: it must be one of {', '.join(BACKENDS)}")
    toolkit = os.environ.get("MPLBACKEND", "")
    if toolkit.startswith("module://") and not in_notebook():
        del os.environ["MPLBACKEND"]  # that of a notebook or an IDE which started this lesson
    loading.begin(f"Loading Keras and {BACKENDS[backend]}")
    try:
        with _silent_stderr(), _kept_for_good(), _settings_named():
            import filelock  # noqa: F401
            import matplotlib  # noqa: F401

            # Keras on JAX or PyTorch would import TensorFlow here, if it is installed: 3 seconds; TensorFlow
            # imports JAX for its Lite converter
            with _hidden("jax" if backend == "tensorflow" else "tensorflow"):
                import keras

                if backend != "tensorflow":
                    keras.utils.set_random_seed(0)
    except ModuleNotFoundError as error:
        if sys.version_info >= (3, 15):
            wait = "Python 3.15 is too new: Keras waits for h5py, which has no package for it yet"
            raise UserError(f"{wait}. Take Python 3.10 to 3.14") from error
        what = error.name if error.name in ("jax", "torch") else "-r requirements.txt"
        raise UserError(f"the package {error.name!r} is not installed. Run: pip install {what}") from error
    except ImportError as error:
        if os.name != "nt" or "DLL" not in str(error):
            raise
        what = "Microsoft's C++ runtime is missing: install https://aka.ms/vs/17/release/vc_redist.x64.exe"
        raise UserError(what) from error
    except ValueError as error:
        if "backend" not in str(error):
            raise
        raise UserError(f"MPLBACKEND is {toolkit!r}, unknown to matplotlib: unset it") from error
    finally:
        if os.name == "nt":
            loading.end()  # its terminals have a stream of their own


_settle_output()
sys.excepthook = _show_exception
sys.unraisablehook = _show_unraisable
if threading.current_thread() is threading.main_thread() and not in_notebook():
    interrupt.listen()
_import_libraries()
if in_notebook():
    _settle_in_notebook(sys.modules["IPython"].get_ipython())
