"""The terminal: Ctrl-C, closed outputs, what is missing. Never a traceback."""

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
from helpers import INSTALLED, ROOT, not_on_windows, on_linux

from common import terminal

QUICK = ["--plot", "none", "--epochs", "1", "--train-size", "600"]


def test_a_backend_that_is_unknown_or_missing_is_one_line(run):
    refused = run("--plot", "none", KERAS_BACKEND="theano", new=True)
    assert refused.returncode == 2 and "KERAS_BACKEND is 'theano'" in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize("encoding", ["cp950", pytest.param("ascii", marks=on_linux)])
def test_a_folder_with_letters_of_other_scripts(encoding, tmp_path, environment):
    folder = tmp_path / "資料 ü x"
    shutil.copytree(ROOT / "common", folder / "common", ignore=shutil.ignore_patterns("*.npz", "__pycache__"))
    shutil.copy(ROOT / "common" / "data" / "mnist.npz", folder / "common" / "data")
    shutil.copy(ROOT / "mnist_1_softmax.py", folder)
    variables = {"PYTHONIOENCODING": encoding, "LC_ALL": "C.UTF-8"}
    if encoding == "ascii":
        variables = {"LC_ALL": "C", "PYTHONUTF8": "0"}
    command = [sys.executable, "mnist_1_softmax.py", *QUICK, "--out", folder / "出"]
    done = subprocess.run(command, cwd=folder, env=environment | variables, capture_output=True)
    if encoding == "ascii":
        assert done.returncode == 2 and done.stderr.endswith(b"set PYTHONUTF8=1\n"), done.stderr
        assert done.stderr.count(b"\n") == 1
    else:
        assert done.returncode == 0, done.stderr
        assert (folder / "出" / "model.keras").is_file()


@pytest.mark.extras
@pytest.mark.parametrize("missing, backend", [("tensorflow", "jax"), ("tensorflow jax", "torch")])
def test_the_backend_is_the_first_that_is_installed(missing, backend, run_code, tmp_path):
    if backend not in INSTALLED:
        pytest.skip(f"needs {backend}")
    hide = "import importlib.util as u; find = u.find_spec"
    hide += f"; u.find_spec = lambda name, *rest: None if name in {missing.split()} else find(name, *rest)"
    code = f"{hide}\nimport common, keras\nprint(keras.config.backend())"
    done = run_code(code, new=True, KERAS_HOME=str(tmp_path))
    assert done.stdout == f"{backend}\n"


def test_a_backend_that_keras_configuration_names_is_the_one(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    for content, backend in (('{"backend": "jax"}', "jax"), ("{}", "tensorflow"), ('{"back', "tensorflow")):
        (tmp_path / "keras.json").write_text(content, "utf-8")
        assert terminal._configured_backend() == backend


@pytest.mark.extras
@pytest.mark.skipif(not {"tensorflow", "jax"} <= INSTALLED, reason="needs TensorFlow and JAX")
def test_beside_tensorflow_jax_is_not_imported_but_could_be(run_code):
    code = "import common, importlib.util\nprint('jax' in sys.modules, bool(importlib.util.find_spec('jax')))"
    assert run_code(code, new=True, KERAS_BACKEND="tensorflow").stdout == "False True\n"


def test_on_python_3_15_it_is_said_what_is_waited_for(run_code):
    code = "sys.version_info = (3, 15, 0)\nsys.modules['filelock'] = None\nimport common"
    done = run_code(code, new=True)
    assert done.returncode == 2 and done.stderr.endswith("Take Python 3.10 to 3.14\n")
    assert "Python 3.15 is too new" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("version", ["3.6", "3.9"])
def test_every_script_is_readable_for_an_old_python_which_is_named(version):
    numbers = tuple(map(int, version.split(".")))
    scripts = [*ROOT.glob("*.py"), ROOT / "common" / "__init__.py"]
    for script in scripts:
        ast.parse(script.read_text("utf-8"), feature_version=numbers)
    pretend = (
        f"import sys; sys.version_info = {(*numbers, 0)}; sys.path.insert(0, {str(ROOT)!r}); import common"
    )
    done = subprocess.run([sys.executable, "-c", pretend], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"Python {version} is too old: take one from 3.10 to 3.14\n"


@not_on_windows
def test_a_lesson_without_an_output_goes_on(run_code, tmp_path):
    """As Python begins where the shell has closed all three: >&- 2>&- <&-."""
    script = str(ROOT / "mnist_1_softmax.py")
    done = run_code(f"""
import os, runpy
os.closerange(0, 3)
sys.stdin = sys.stdout = sys.stderr = None
sys.argv = [{script!r}, *{QUICK}, "--out", "run"]
runpy.run_path({script!r}, run_name="__main__")
""")
    assert done.returncode == 0
    assert (tmp_path / "run" / "result.json").is_file() and (tmp_path / "run" / "model.keras").is_file()


@on_linux
@pytest.mark.parametrize("flags, first", [(QUICK, "MNIST:"), (["--help"], "usage:"), (["--no"], "")])
def test_a_terminal_says_what_is_loaded_until_something_else_is_printed(flags, first, start):
    shown, ours = os.openpty()
    process = start(*flags, stdout=ours)
    os.close(ours)
    stderr = process.communicate(timeout=60)[1]
    text = os.read(shown, 100_000).decode()
    os.close(shown)
    begin, blank, rest = text.split("\r", 2)
    assert re.fullmatch(r"Loading Keras and (TensorFlow|JAX|PyTorch) \.\.\.", begin)
    assert blank == " " * len(begin)
    assert rest.lstrip("\r").startswith(first) and "Loading" not in rest
    assert "\r" not in stderr


def test_a_pipe_is_told_nothing_about_loading(run):
    done = run("--help")
    assert done.returncode == 0 and done.stdout.startswith("usage:")


@pytest.fixture
def closed_pipe():
    """A file descriptor to print to, as before `| true`: nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@on_linux
@pytest.mark.parametrize("reader", ["that has gone", "a disk that is full"])
def test_a_lesson_goes_on_when_nobody_reads_what_it_prints(reader, closed_pipe, run, tmp_path):
    with open("/dev/full", "w") as full:
        done = run(*QUICK, "--out", "run", stdout=closed_pipe if "gone" in reader else full.fileno())
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "run" / "result.json").is_file() and (tmp_path / "run" / "model.keras").is_file()


@on_linux
def test_slides_are_saved_without_a_screen_and_when_nobody_reads_what_is_printed(closed_pipe, run, tmp_path):
    flags = ("--padding", "same", "--out", "slides")
    done = run(*flags, lesson="convolution_demo", stdout=closed_pipe, KERAS_HOME="")
    assert (done.returncode, done.stderr) == (0, "")
    names = {path.stem for path in (tmp_path / "slides").iterdir()}
    assert names == {"convolution", "stride", "padding", "pooling", "filters", "channels", "volumes"}


def test_reviews_from_an_input_that_is_closed_are_refused(run_code):
    script = str(ROOT / "imdb_text.py")
    done = run_code(f"""
import os, runpy
os.close(0)
sys.stdin, sys.argv = None, [{script!r}, "--review", "-"]
runpy.run_path({script!r}, run_name="__main__")
""")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "--review: - reads reviews from the standard input, which is closed" in done.stderr


@not_on_windows
@pytest.mark.parametrize("seconds", [0.3, 1.5])
def test_ctrl_c_is_never_a_traceback(seconds, start):
    process = start("--plot", "none", "--epochs", 500, new=True)
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    if seconds > 1:  # before our first line Python itself answers
        ours = ("Stopping", "To continue")
        assert [line for line in stderr.splitlines() if line and not line.startswith(ours)] == []
    assert process.returncode in ((130, -signal.SIGINT) if seconds < 1 else (130,))


@pytest.mark.parametrize("before", ["", "args = common.parse_args('', **settings)"])
def test_ctrl_c_ends_a_lesson_that_a_library_would_let_go_on(before, run_code):
    code = f"""
import signal
import common, keras, numpy as np
settings = dict(epochs=1, batch_size=9, learning_rate=1)
{before}
try:
    signal.raise_signal(signal.SIGINT)
except:
    print("caught", flush=True)
model = keras.Sequential([keras.Input([1]), keras.layers.Dense(1)])
model.compile("sgd", "mse")
examples = common.data.dataset.Examples(np.zeros((9, 1)), np.zeros(9))
file = common.data.dataset.DataFile("none", "none", "made")
common.Run(args, common.data.dataset.Data(examples, file, test=examples), model)
print("going on", flush=True)
"""
    done = run_code(code)
    assert done.returncode == 130 and "going on" not in done.stdout and done.stderr == ""
    assert ("caught" in done.stdout) == bool(before)
