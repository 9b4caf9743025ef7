"""Import of Keras and its backend, without the messages that they print."""

import contextlib
import gc
import importlib.util
import json
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

from common.errors import UserError, first_line
from common.output import in_notebook, loading

BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}  # Keras can train on these
STARTED = time.perf_counter()  # as near as possible to the start of the program


@contextlib.contextmanager
def _silent_stderr():
    """Capture what is written to stderr, also by C++ code, and print it if the block fails."""
    try:
        stderr = os.dup(2)
    except OSError:  # there is no stderr, as under pythonw
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
    """Exclude all objects created in this block from garbage collection, now and later.

    The collector would scan hundreds of thousands of objects again and again, which takes a fifth of a run of
    one short epoch.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextlib.contextmanager
def _hidden(package):
    """Make a package appear not installed inside the block, unless it is already imported."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None
    try:
        yield
    finally:
        del sys.modules[package]


def keras_home():
    """The folder of Keras' configuration and cache, a `Path`; it need not exist."""
    if given := os.environ.get("KERAS_HOME"):
        return Path(given)
    home = os.path.expanduser("~")
    return Path(home if os.access(home, os.W_OK) else "/tmp", ".keras")


def _configured_backend():
    """The backend that Keras uses if KERAS_BACKEND is not set."""
    path, settings = keras_home() / "keras.json", None
    if os.path.exists(path) and not path.is_file():
        raise UserError(f"{path} is not a file, and Keras reads its settings there: move it away")
    with contextlib.suppress(OSError, ValueError, RecursionError):  # Keras reports them
        settings = json.loads(path.read_text("utf-8"))
    return settings.get("backend", "tensorflow") if isinstance(settings, dict) else "tensorflow"


@contextlib.contextmanager
def _settings_named():
    """Raise UserError if a library fails because of the user's settings."""
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
        why = f"is not what Keras writes there ({first_line(error)})"
        if isinstance(error, OSError):
            why = f"cannot be read ({error.strerror})"
        raise UserError(f"{keras_home() / 'keras.json'} {why}: correct it, or move it away") from error


def _import_libraries():
    try:
        __file__.encode()
    except UnicodeEncodeError:  # Python runs with ASCII file names; TensorFlow would fail later
        message = "this Python cannot read the name of the project's folder: set PYTHONUTF8=1"
        raise UserError(message) from None
    # TensorFlow's and JAX's C++ code prints fatal errors only
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # oneDNN's convolutions are twice as fast; TensorFlow leaves them off on processors without AVX-512
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
        del os.environ["MPLBACKEND"]  # set by the notebook or IDE that started this lesson
    loading.begin(f"Loading Keras and {BACKENDS[backend]}")
    try:
        with _silent_stderr(), _kept_for_good(), _settings_named():
            import filelock  # noqa: F401
            import matplotlib  # noqa: F401

            # Keras on JAX or PyTorch would import TensorFlow, which takes 3 seconds; TensorFlow would import
            # JAX for its Lite converter
            with _hidden("jax" if backend == "tensorflow" else "tensorflow"):
                import keras

                if backend != "tensorflow":
                    keras.utils.set_random_seed(0)
    except ModuleNotFoundError as error:
        if sys.version_info >= (3, 15):
            wait = "Python 3.15 is too new: Keras waits for h5py, which has no package for it yet"
            raise UserError(f"{wait}. Use Python 3.10 to 3.14") from error
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
            loading.end()  # writes to the terminal do not pass through `_Lasting` there


_import_libraries()
