"""Tests of the terminal: Ctrl-C, closed outputs, missing packages. Never a traceback."""

import ast
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
from helpers import INSTALLED, ROOT, not_on_windows, on_linux

from common import libraries
from common.errors import first_line

QUICK = ["--plot", "none", "--epochs", "1", "--train-size", "600"]


def test_a_backend_that_is_unknown_or_missing_is_one_line(run):
    refused = run("--plot", "none", KERAS_BACKEND="theano", new=True)
    assert refused.returncode == 2 and "KERAS_BACKEND is 'theano'" in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize("encoding", ["cp950", pytest.param("ascii", marks=on_linux)])
def test_a_folder_with_letters_of_other_scripts(encoding, tmp_path, environment):
    folder = tmp_path / "資料 ü x"
    for room in ("common", "inside", "keras_window", "subjects"):
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("*.npz", "__pycache__"))
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


def test_an_error_is_quoted_by_its_first_line():
    assert first_line(ValueError("\n  cut short.\nat byte 7")) == "cut short"
    assert first_line(TimeoutError()) == "TimeoutError"


def test_a_backend_that_keras_configuration_names_is_the_one(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    for content, backend in (('{"backend": "jax"}', "jax"), ("{}", "tensorflow"), ('{"back', "tensorflow")):
        (tmp_path / "keras.json").write_text(content, "utf-8")
        assert libraries._configured_backend() == backend


def test_the_user_s_settings_of_keras_do_not_change_a_lesson(run_code, tmp_path):
    settings = {"image_data_format": "channels_first", "floatx": "float16", "epsilon": 0.5}
    (tmp_path / "keras.json").write_text(json.dumps(settings), "utf-8")
    done = run_code(
        """
import common, keras
from keras import config
from mnist_3_convolutional import build_model
print(config.image_data_format(), config.floatx(), config.epsilon(), config.max_epochs())
common.parse_args("", argv=[], epochs=1, batch_size=9, learning_rate=1)
model = build_model("3.1")
print(model.count_params(), model.variables[0].dtype)
print(config.epsilon(), config.max_epochs(), config.max_steps_per_epoch())
""",
        new=True,
        KERAS_HOME=str(tmp_path),
        KERAS_MAX_EPOCHS="3",
        KERAS_MAX_STEPS_PER_EPOCH="3",
    )
    # what other programs have stays as it is
    lines = ["channels_first float16 0.5 3", "244076 float32", "1e-07 None None"]
    assert (done.stdout.splitlines(), done.stderr) == (lines, "")


@pytest.mark.parametrize(
    "content, variables, said",
    [
        (
            "[]",
            {},
            "keras.json is not what Keras writes there ('list' object has no",
        ),
        ('{"epsilon": "small"}', {}, "keras.json is not what Keras writes there ("),
        ("[" * 100_000, {}, "keras.json is not what Keras writes there ("),
        (None, {}, "keras.json is not a file, and Keras reads its settings there: move it away"),
        ("{}", {"KERAS_MAX_EPOCHS": "few"}, "Keras cannot use KERAS_MAX_EPOCHS (invalid literal"),
        ("{}", {"MATPLOTLIBRC": "rc"}, "your matplotlibrc is not in UTF-8: correct it, or move it away"),
    ],
)
def test_settings_that_a_library_cannot_use_are_one_line(content, variables, said, run_code, tmp_path):
    (tmp_path / "rc").write_bytes(b"# caf\xe9\n")
    path = tmp_path / "keras.json"
    if content is not None:
        path.write_text(content, "utf-8")
    elif hasattr(os, "mkfifo"):
        os.mkfifo(path)
    else:
        path.mkdir()
    done = run_code("import common", new=True, KERAS_HOME=str(tmp_path), **variables)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and said in done.stderr


@on_linux
def test_settings_of_keras_that_may_not_be_read_are_one_line(run_code, tmp_path):
    (tmp_path / "keras.json").write_text("{}", "utf-8")
    code = """
import builtins, os
real = builtins.open
def open(path, *rest, **options):
    if str(path).endswith("keras.json"):
        raise PermissionError(13, os.strerror(13), path)
    return real(path, *rest, **options)
builtins.open = open  # root may read all
import common
"""
    done = run_code(code, new=True, KERAS_HOME=str(tmp_path))
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "keras.json cannot be read (Permission denied): correct it, or move it away" in done.stderr


@pytest.mark.extras
@pytest.mark.skipif(not {"tensorflow", "jax"} <= INSTALLED, reason="needs TensorFlow and JAX")
def test_beside_tensorflow_jax_is_not_imported_but_could_be(run_code):
    code = "import common, importlib.util\nprint('jax' in sys.modules, bool(importlib.util.find_spec('jax')))"
    assert run_code(code, new=True, KERAS_BACKEND="tensorflow").stdout == "False True\n"


def test_on_python_3_15_it_is_said_what_is_waited_for(run_code):
    code = "sys.version_info = (3, 15, 0)\nsys.modules['filelock'] = None\nimport common"
    done = run_code(code, new=True)
    assert done.returncode == 2 and done.stderr.endswith("Use Python 3.10 to 3.14\n")
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
    assert done.stderr == f"Python {version} is too old: use Python 3.10 to 3.14\n"


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
    assert names >= {"convolution", "stride", "padding", "pooling", "filters", "channels", "volumes"}


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


def test_ctrl_c_ends_a_lesson_whose_library_would_go_on_with_being_imported(run_code, tmp_path):
    library = [
        "import signal",
        "try: signal.raise_signal(signal.SIGINT)",
        "except: print('caught', flush=True)",
    ]
    (tmp_path / "filelock.py").write_text("\n".join(library), "utf-8")
    done = run_code("sys.modules.pop('filelock', None)\nimport common\nprint('going on', flush=True)")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@not_on_windows
@pytest.mark.parametrize(
    "command_line",
    [
        "from common import parse_args",
        "from common.command_line import demo_parser",
        "from common.values import some_path",
    ],
)
def test_ctrl_c_ends_a_lesson_also_before_it_reads_its_command_line(command_line, run_code):
    code = f"import signal\n{command_line}\nsignal.raise_signal(signal.SIGINT)\nprint('going on', flush=True)"
    done = run_code(code, new=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


OWN_PROGRAM = """
import atexit, signal
import numpy as np
import common
from keras_window import Accuracy, LivePlot
import keras
atexit.register(print, "at the end", flush=True)
x, y = np.zeros((90, 4), np.float32), np.zeros(90)
model = keras.Sequential([keras.Input([4]), keras.layers.Dense(2, activation="softmax")])
model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
def press(batch, logs):
    signal.raise_signal(signal.SIGINT)
press = keras.callbacks.LambdaCallback(on_train_batch_end=press)
plot = LivePlot([Accuracy()], [(x, y), (x, y)])
"""
OWN_FIT = "model.fit(x, y, epochs=9, verbose=0, callbacks=[press, plot])"


def test_ctrl_c_in_a_program_of_one_s_own_is_what_it_is_in_python(run_code):
    done = run_code(f"""{OWN_PROGRAM}
for _ in range(2):
    try:
        {OWN_FIT}
    except KeyboardInterrupt:
        print("caught")
    finally:
        print("finally")
model.fit(x, y, verbose=0, callbacks=[plot])
print("saved")
""")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line for line in done.stdout.splitlines() if not line.startswith("No window")]
    assert lines == ["caught", "finally", "caught", "finally", "saved", "at the end"]


@not_on_windows
def test_ctrl_c_ends_a_program_of_one_s_own_as_python_ends_it(run_code):
    done = run_code(f"{OWN_PROGRAM}\n{OWN_FIT}", new=True)
    assert done.returncode == -signal.SIGINT and done.stdout.endswith("at the end\n")
    assert done.stderr.startswith("Traceback") and done.stderr.endswith("\nKeyboardInterrupt\n")


def test_ctrl_c_while_its_window_answers_reaches_a_program_of_one_s_own(run_code, screen):
    code = """
import signal
from keras_window.screens import Window
window = Window("a window", print)
window.figure.canvas.get_tk_widget().after(10, lambda: signal.raise_signal(signal.SIGINT))
try:
    while True:
        window.flush()
except KeyboardInterrupt:
    print("caught", window.open)
window.flush()
"""
    done = run_code(code, DISPLAY=screen, MPLBACKEND="TkAgg")
    assert (done.returncode, done.stdout, done.stderr) == (0, "caught True\n", "")


def test_ctrl_c_ends_a_lesson_that_a_library_would_let_go_on(run_code):
    code = """
import signal
import common, keras, numpy as np
args = common.parse_args("", epochs=1, batch_size=9, learning_rate=1)
try:
    signal.raise_signal(signal.SIGINT)
except:
    print("caught", flush=True)
model = keras.Sequential([keras.Input([1]), keras.layers.Dense(1)])
model.compile("sgd", "mse")
examples = common.data.dataset.Examples(np.zeros((9, 1)), np.zeros(9))
file = common.data.dataset.DataFile("none", "none", "made")
common.Run(args, common.data.dataset.Data(examples, file, test=examples), model, None)
print("going on", flush=True)
"""
    done = run_code(code)
    assert (done.returncode, done.stdout, done.stderr) == (130, done.stdout, "")
    assert "caught" in done.stdout and "going on" not in done.stdout
