"""Tests that damaged or foreign files in a run's folder are named, and never half-used."""

import errno
import functools
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
from helpers import INSTALLED, not_on_windows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common import Run, UserError, parse_args, trained_model
from common.data.dataset import Data, DataFile, Examples
from common.files import replacing, user_errors
from common.signals import interrupt
from common.training import checkpoints, results
from keras_window.curves_file import read_curves, write_curves
from keras_window.records import Curve

import keras
from keras import layers

EXAMPLES = Examples(np.zeros((4, 3), np.int32), np.zeros(4, np.uint8))
DATA = Data(EXAMPLES, DataFile("words.npz", "abc", "bundled"), test=EXAMPLES)
LESSON = {"epochs": 9, "batch_size": 2, "learning_rate": 0.5, "decay": True, "dropout": 0.5, "review": []}
SETTINGS = {
    "script": "lesson", "step": None, "seed": 3, "epochs": 2, "batch_size": 2, "learning_rate": 0.25,
    "decay": False, "dropout": 0.0, "train_size": 4, "threads": None, "mixed_precision": False,
}  # fmt: skip
ROW = {"loss": 0.5, "val_loss": float("nan"), "learning_rate": 0.25, "seconds": 0.1}
STATE = {
    "settings": SETTINGS,
    "history": [{"epoch": epoch} | ROW for epoch in (1, 2)],
    "data": "abc",
    "stopping": {"wait": 1, "best": 0.5, "best_epoch": 0},
}
RESULT = SETTINGS | {
    "interrupted": False,
    "test": {"loss": 0.5},
    "classes": None,
    "data": {"file": "words.npz", "sha256": "abc", "origin": "bundled", "x": [3], "y": []},
}


@functools.cache
def network():
    """A small model; those that are read from a folder take its weights."""
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.25, momentum=0.9), "mse")
    model.optimizer.build(model.trainable_variables)
    return model


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The folder of a run."""
    folder, model, curve = tmp_path_factory.mktemp("whole"), network(), Curve()
    for i in range(9):
        curve.add(i + 1, i / 7)
    model.save(folder / "model.keras")
    checkpoints.write_checkpoint(folder, checkpoints.snapshot(model), STATE)
    write_curves(folder, {"loss": curve, "val_loss": curve}, steps_per_epoch=2)
    results.write_result(folder, RESULT)
    return folder


@pytest.fixture(autouse=True)
def lesson(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["lesson.py"])
    monkeypatch.setattr("common.command_line.use_threads", lambda number, asked: True)


@pytest.fixture
def folder(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "run")


def ask(folder):
    """What --review takes from a folder: the weights, and the settings."""
    args = parse_args("", argv=["--review", "good", "--out", str(folder)], **LESSON)
    weights = trained_model(args).model.get_weights()
    return [*(value.tolist() for value in weights), args.learning_rate, args.decay]


def go_on(folder):
    """What --resume takes from it."""
    args = parse_args("", argv=["--resume", "--epochs", "9", "--out", str(folder)], **LESSON)
    model, state = network(), checkpoints.read_state(folder)
    best = checkpoints.restore(folder, model)
    return [*(value.tolist() for value in checkpoints.snapshot(model)), best, args.seed, str(state)]


def look(folder):
    """What --overlay takes from it."""
    with user_errors():
        curves = read_curves(folder)
    return {name: (x.tolist(), values.tolist()) for name, (x, values) in curves.items()}


READERS = {"result.json": ask, "model.keras": ask, "checkpoint.npz": go_on, "curves.csv": look}


def flags_of(folder):
    return parse_args("", argv=["--out", str(folder)], **LESSON)


def refusal(read, folder):
    """The line that refuses a folder, or None if it is read."""
    try:
        read(folder)
    except UserError as error:
        assert "\n" not in str(error) and len(str(error)) <= 400
        return str(error)
    return None


def write_state(folder, whole, state):
    with np.load(whole / "checkpoint.npz") as arrays:
        np.savez(folder / "checkpoint.npz", **(dict(arrays) | {"state": np.array(json.dumps(state))}))


def test_a_run_is_asked_and_goes_on_with_its_own_settings(folder):
    assert ask(folder)[-2:] == [0.25, False]
    assert go_on(folder)[-2] == 3 and look(folder)["loss"][0] == list(range(1, 10))
    results.write_result(folder, RESULT | {"epochs": 0, "interrupted": True})  # Ctrl-C in the first epoch
    assert ask(folder)[-2:] == [0.25, False]


ALL = {"epochs": 9, "batch_size": 2, "learning_rate": 0.5, "decay": True, "dropout": 0.5, "pooling": False,
       "batch_norm": True, "augment": True, "l1": 100.0, "threads": 1}  # fmt: skip
VARIANTS = {"small": {"image_size": 32, "input_half": "right"}, "large": {"decay": False, "units": 7}}


@pytest.mark.parametrize(
    "flags",
    [
        [],
        ["--no-decay", "--pooling", "--no-batch-norm", "--no-augment", "--image-size", "64", "--l1", "0",
         "--input-half", "left", "--step", "small", "--learning-rate", "1e-05", "--dropout", "0"],
        ["--step", "large", "--train-size", "3", "--threads", "2", "--seed", "4294967295", "--augment"],
    ],
)  # fmt: skip
def test_all_settings_that_a_run_writes_are_taken_back(flags, folder, whole):
    lesson = ALL | {"variants": VARIANTS}
    first = parse_args("", argv=flags, **lesson)
    pictures = Examples(np.zeros((4, first.image_size or 3)), EXAMPLES.y)
    data = Data(pictures, DATA.file, test=pictures)
    run = Run(Namespace(**vars(first) | {"out": folder}), data, network(), None)
    run._lock.release()
    interrupt.saving = False
    write_state(folder, whole, STATE | {"settings": run.settings})
    again = parse_args("", argv=["--resume", "--out", str(folder)], **lesson)
    different = {name for name, value in vars(first).items() if getattr(again, name) != value}
    assert different <= {"out", "resume", "train_size"} and again.train_size == 4


WRONG = (None, [], {}, "", "x", True, -4, 0, 2.5, 1_000_000_000, 10**400, float("nan"), [1], {"a": {}}, "\0")


def test_a_result_of_another_shape_is_named(folder):
    written = json.loads((folder / "result.json").read_text("utf-8"))
    shapes = [
        [],
        5,
        None,
        "x",
        True,
        {},
        {"data": 1},
        [written],
        written | {"data": RESULT["data"] | {"file": 1}},
    ]
    shapes += [{name: value for name, value in written.items() if name != left} for left in results.FORM]
    for shape in shapes:
        (folder / "result.json").write_text(json.dumps(shape), "utf-8")
        assert "result.json is damaged (" in refusal(ask, folder)
    (folder / "result.json").write_text("[" * 100_000)
    assert "result.json is damaged (" in refusal(ask, folder)
    for name in RESULT:
        for value in WRONG:
            (folder / "result.json").write_text(json.dumps(written | {name: value}), "utf-8")
            why = refusal(ask, folder)
            known = value in (written[name], LESSON.get(name)) or (name, value) in (
                ("test", {}),
                ("classes", []),
            )
            assert why or known or isinstance(value, (bool, int, float, str)), (name, value)
    for name, value, why in (
        ("threads", -4, "--threads: must be from 1 to 1000, not -4"),
        ("threads", 1_000_000_000, "--threads: must be from 1 to 1000, not 1000000000"),
        ("learning_rate", None, "--learning-rate: 'None' is not a number"),
        ("decay", "no", "unrecognized arguments: --decay=no"),
        ("train_size", [4], "--train-size: '[4]' is not a whole number"),
    ):
        (folder / "result.json").write_text(json.dumps(written | {name: value}), "utf-8")
        assert f"result.json has a setting that cannot be used: argument {why}" in refusal(
            ask, folder
        ).replace("used: unrec", "used: argument unrec")


def test_a_state_of_another_shape_is_named(folder, whole):
    def wrong(**changes):
        write_state(folder, whole, STATE | changes)
        return refusal(go_on, folder)

    row = STATE["history"][0]
    for changes in (
        {"settings": 5}, {"settings": {}}, {"settings": SETTINGS | {"verbose": 2}}, {"data": None},
        {"settings": SETTINGS | {"script": []}}, {"settings": SETTINGS | {"step": {}}},
        {"history": 5}, {"history": [5]}, {"history": [{"epoch": 1}]}, {"history": [row, row]},
        {"history": [row | {"loss": "x"}]}, {"history": [row | {"seconds": 10**400}]},
        {"stopping": 5}, {"stopping": {"wait": 1}}, {"stopping": STATE["stopping"] | {"on_epoch_end": 1}},
        {"stopping": STATE["stopping"] | {"best": "x"}},
    ):  # fmt: skip
        assert "checkpoint.npz is damaged (" in wrong(**changes), changes
    for name in SETTINGS:
        for value in WRONG:
            wrong(settings=SETTINGS | {name: value})
    assert "--threads: must be from 1 to 1000, not -4" in wrong(settings=SETTINGS | {"threads": -4})
    write_state(folder, whole, STATE | {"settings": SETTINGS | {"threads": -4}})
    args = parse_args("", argv=["--resume", "--threads", "2", "--out", str(folder)], **LESSON)
    assert args.threads == 2  # what is given anew need not be right


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([*RESULT, None]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*RESULT, "a"]), inner),
        max_leaves=8,
    ),
)
def test_whatever_stands_in_a_result_it_is_used_or_named(folder, name, value):
    content = value if name is None else RESULT | {name: value}
    (folder / "result.json").write_text(json.dumps(content), "utf-8")
    refusal(ask, folder)


@pytest.mark.parametrize("name", READERS)
def test_a_file_that_is_cut_is_named(name, folder):
    content = (folder / name).read_bytes()
    lengths = (
        range(len(content.rstrip())) if len(content) < 2000 else range(0, len(content), len(content) // 60)
    )
    for length in lengths:
        (folder / name).write_bytes(content[:length])
        assert f"{name} is damaged (" in refusal(READERS[name], folder), length


@pytest.mark.parametrize("name", READERS)
def test_where_a_bit_is_flipped_nothing_else_is_read(name, folder):
    content, rng = (folder / name).read_bytes(), random.Random(0)
    read = READERS[name]
    right, refused = read(folder), 0
    for _ in range(100):
        flipped = bytearray(content)
        flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
        (folder / name).write_bytes(flipped)
        if refusal(read, folder):
            refused += 1
        elif name == "curves.csv":
            assert {key: value for key, value in read(folder).items() if key in right} == right
        elif name != "result.json":  # which has no checksum: another number is another number
            assert read(folder) == right
    assert refused > (25 if name == "result.json" else 70)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.EMFILE, errno.ESTALE])
def test_what_cannot_be_read_is_not_called_damaged(name, number, folder, monkeypatch):
    opened = os.open

    def fail(path, *args, **options):
        if str(path).endswith(name):
            raise OSError(number, os.strerror(number))
        return opened(path, *args, **options)

    monkeypatch.setattr(os, "open", fail)
    assert f"{name} cannot be read: {os.strerror(number)}" in refusal(READERS[name], folder)


@pytest.mark.parametrize("error", [MemoryError(), OSError(errno.EIO, "Input/output error")])
def test_neither_is_what_fails_while_it_is_read(error, folder, monkeypatch):
    def fail(*args, **options):
        raise error

    why = "there is not enough memory" if isinstance(error, MemoryError) else "Input/output error"
    monkeypatch.setattr(checkpoints, "read_npz", fail)
    assert refusal(go_on, folder) == f"{folder / 'checkpoint.npz'} cannot be read: {why}"
    monkeypatch.setattr(keras.models, "load_model", fail)
    assert refusal(ask, folder) == f"{folder / 'model.keras'} cannot be read: {why}"


@pytest.mark.parametrize("read, message", [(ask, "no trained model"), (go_on, "no run"), (look, "not a run")])
def test_a_folder_that_cannot_be_entered_is_not_empty(read, message, folder, monkeypatch, capsys):
    def fail(function, path, *args, **options):
        if str(path).startswith(str(folder / "")):
            raise PermissionError(errno.EACCES, "Permission denied")
        return function(path, *args, **options)

    for name in ("lstat", "open"):
        monkeypatch.setattr(os, name, functools.partial(fail, getattr(os, name)))
    why = refusal(read, folder)
    assert "cannot be read: Permission denied" in why and message not in why + capsys.readouterr().out


@not_on_windows
def test_a_link_that_leads_nowhere_is_no_empty_folder(folder, tmp_path, monkeypatch):
    (folder / "checkpoint.npz").unlink()
    (folder / "checkpoint.npz").symlink_to(tmp_path / "away")
    assert "checkpoint.npz cannot be read: No such file" in refusal(go_on, folder)
    monkeypatch.chdir(tmp_path)
    Path("link").symlink_to("away")
    assert "'link' is a link that leads nowhere" in refusal(go_on, "link")


@not_on_windows
@pytest.mark.parametrize("name", READERS)
def test_a_pipe_is_not_waited_for(name, folder):
    def give_up(*args):
        raise TimeoutError

    (folder / name).unlink()
    os.mkfifo(folder / name)
    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(20)
    try:
        assert f"{name} cannot be read: it is not a regular file" in refusal(READERS[name], folder)
        with replacing(folder / name) as new:
            new.write_text("new")
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    assert (folder / name).read_text() == "new"


def test_a_run_on_another_backend_says_which(folder, whole):
    other = "jax" if keras.config.backend() == "tensorflow" else "tensorflow"
    write_state(folder, whole, STATE | {"backend": other})
    why = refusal(go_on, folder)
    assert why.endswith(f"was trained on {other}: set KERAS_BACKEND={other}")
    write_state(folder, whole, STATE)  # as earlier versions did
    assert refusal(go_on, folder) is None


@pytest.mark.extras
@pytest.mark.skipif("jax" not in INSTALLED, reason="needs JAX")
def test_a_run_of_jax_does_not_go_on_with_tensorflow(run):
    assert run("--train-size", 500, "--epochs", 1, "--plot", "none", KERAS_BACKEND="jax").returncode == 0
    done = run("--resume", "--epochs", 2, "--plot", "none")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "was trained on jax: set KERAS_BACKEND=jax" in done.stderr


class Own(layers.Layer):
    def call(self, x):
        return x


@pytest.mark.parametrize(
    "made, message",
    [
        ([keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10)], "is of another network"),
        ([keras.Input((3,), dtype="int32"), layers.Embedding(5, 2)], "is of another network"),
        ([keras.Input((3,)), layers.Lambda(lambda x: x)], "is not a model that can be loaded here"),
        ([keras.Input((3,)), Own(), layers.Dense(1)], "is not a model that can be loaded here"),
    ],
)
def test_a_model_of_another_kind_is_named(made, message, folder):
    keras.Sequential(made).save(folder / "model.keras")
    assert message in refusal(ask, folder)


def test_an_archive_that_is_no_model_is_named(folder):
    shutil.copy(folder / "checkpoint.npz", folder / "model.keras")
    assert "is not a model that can be loaded here" in refusal(ask, folder)


def test_a_network_without_all_its_best_weights_is_not_taken(folder):
    model = network()
    state = STATE | {"stopping": STATE["stopping"] | {"best_weights": model.get_weights()}}
    checkpoints.write_checkpoint(folder, checkpoints.snapshot(model), state)
    assert len(go_on(folder)[-3]) == 2
    state["stopping"]["best_weights"] = model.get_weights()[:1]
    checkpoints.write_checkpoint(folder, checkpoints.snapshot(model), state)
    assert "has no array 'best_1'" in refusal(go_on, folder)


@not_on_windows
def test_what_killed_runs_had_half_written_is_removed_and_nothing_else(tmp_path):
    ended = subprocess.Popen(["true"])
    ended.wait()
    with replacing(tmp_path / "history.csv") as ours:
        left = ours.with_name(ours.name.replace(f"-{os.getpid()}.", f"-{ended.pid}."))
        other = left.with_name(re.sub("-[0-9a-f]{8}-", "-00000000-", left.name))  # of another machine
        for path in (ours, left, other):
            path.write_text("half")
        Run(flags_of(tmp_path), DATA, network(), None)._lock.release()
        interrupt.saving = False
        assert ours.exists() and other.exists() and not left.exists()
