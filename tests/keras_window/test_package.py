"""Tests of the package: what its wheel holds, that it works elsewhere and changes nothing when imported."""

import ast
import importlib.metadata
import inspect
import re
import subprocess
import sys
import typing
from zipfile import ZipFile

import pytest
from helpers import ROOT
from packaging.requirements import Requirement

import keras_window

WINDOW = ROOT / "keras_window"
AS_IT_COMES = {"IPython", "jax", "tensorflow", "torch"}  # used where they are installed: no requirements


def pip(command, *options):
    command = [sys.executable, "-m", "pip", command, "-q", "--no-deps", *map(str, options)]
    subprocess.run(command, check=True, timeout=300)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The path of the wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-build-isolation", "--wheel-dir", folder, ROOT)
    (path,) = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A folder with the installed wheel."""
    folder = tmp_path_factory.mktemp("installed")
    pip("install", "--no-index", "--target", folder, wheel)
    return folder


def test_the_wheel_holds_the_window_and_nothing_else(wheel):
    assert wheel.name.startswith("keras_window-") and wheel.name.endswith("-py3-none-any.whl")
    held = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    ours = {path for path in WINDOW.rglob("*") if path.suffix in (".py", ".html", ".typed")}
    assert held == {path.relative_to(ROOT).as_posix() for path in ours}
    assert {"keras_window/web.html", "keras_window/py.typed"} < held


def test_it_requires_what_it_imports_as_the_lessons_do(installed):
    (package,) = importlib.metadata.distributions(path=[str(installed)])
    required = [Requirement(line) for line in package.requires]
    lessons = [Requirement(line) for line in (ROOT / "requirements.txt").read_text().splitlines()]
    assert {(each.name, each.specifier) for each in required} <= {
        (each.name, each.specifier) for each in lessons
    }
    of_extras = {each.name for each in required if each.marker}
    assert of_extras == {"imageio-ffmpeg", "segno", "tornado"}

    imported = set()
    for path in WINDOW.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            imported |= {name.partition(".")[0] for name in names}
    imported -= sys.stdlib_module_names | AS_IT_COMES | {"keras_window"}
    packages = importlib.metadata.packages_distributions()
    found = {packages[name][0].lower().replace("_", "-") for name in imported}
    assert found == {each.name for each in required}


@pytest.mark.parametrize("name", keras_window.__all__)
def test_a_type_checker_knows_every_argument(name):
    """As `py.typed` says."""
    public = getattr(keras_window, name)
    call = public.__init__ if inspect.isclass(public) else public
    hints = typing.get_type_hints(call) if inspect.isfunction(call) else {}  # else without arguments
    assert hints.keys() >= inspect.signature(public).parameters.keys()


@pytest.mark.extras
def test_the_program_of_the_page_runs_in_another_folder(installed, environment, tmp_path):
    page = (ROOT / "docs" / "own_network.md").read_text("utf-8")
    (program,) = re.findall("```python\n(import keras\n.+?)```", page, re.DOTALL)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    asked = "import keras_window\nprint()\nprint(keras_window.__file__, len(history.epoch))"
    (folder / "program.py").write_text(program.replace("epochs=60", "epochs=2") + asked, "utf-8")
    command = [sys.executable, "program.py"]
    settings = {"cwd": folder, "env": environment | {"PYTHONPATH": str(installed)}, "timeout": 240}
    done = subprocess.run(command, **settings, capture_output=True, encoding="utf-8")
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    where, epochs = done.stdout.splitlines()[-1].rsplit(maxsplit=1)
    assert where.startswith(str(installed)) and epochs == "2"
    assert "LivePlot: " not in done.stderr and "The window stops" not in done.stderr
    assert [path.name for path in folder.iterdir()] == ["program.py"]


IMPORT = """
import keras
import matplotlib
import atexit, gc, logging, os, random, signal, threading, warnings
import numpy as np
import PIL

def state():
    loggers = [logging.getLogger(name) for name in (None, "PIL", "matplotlib", "tensorflow", "tornado")]
    return {
        "signal handlers": [signal.getsignal(number) for number in signal.valid_signals()],
        "hooks": [sys.excepthook, sys.unraisablehook, threading.excepthook, sys.displayhook],
        "streams": [sys.stdin, sys.stdout, sys.stderr],
        "warning filters": [*warnings.filters],
        "garbage collection": [gc.get_freeze_count(), gc.isenabled(), gc.get_threshold()],
        "what runs at exit": atexit._ncallbacks(),
        "threads": threading.enumerate(),
        "environment": dict(os.environ),
        "folder and path": [os.getcwd(), *sys.path],
        "matplotlib's settings": matplotlib.rcParams.copy(),
        "logging": [(each.level, each.propagate, *each.handlers, *each.filters) for each in loggers],
        "NumPy's settings": [np.geterr(), np.get_printoptions()],
        "Keras' settings": [keras.config.backend(), keras.config.floatx(), keras.config.dtype_policy().name],
        "random numbers": [random.getstate(), np.random.get_state()[1].tolist()],
        "pyplot": "matplotlib.pyplot" in sys.modules,
    }

gc.unfreeze()  # what the process that forks the tests has frozen
before = state()
import keras_window
after = state()
print(*[name for name in before if before[name] != after[name]], "unchanged", len(before), sep="\\n")
"""


def test_importing_it_changes_nothing(run_code):
    done = run_code(IMPORT)
    assert done.stdout == "unchanged\n15\n", done.stdout + done.stderr
