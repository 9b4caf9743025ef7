"""A user's mistake is one line and status 2; what stops a run loses nothing."""

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, result_of, wait_for
from hypothesis import given, settings
from hypothesis import strategies as st

from common import UserError, parse_args

RUN = ("--train-size", 10_000, "--plot", "none")


STEPS = {
    "5.0": {"epochs": 7, "activation": "sigmoid"},
    "5.1": {"dropout": 0.5, "activation": "relu"},
}


def flags(*argv, **lesson):
    lesson = {"epochs": 10, "batch_size": 100, "learning_rate": 0.5} | lesson
    return parse_args("", argv=[str(word) for word in argv], **lesson)


@pytest.mark.parametrize(
    "argv, message",
    [
        (["--epochs", 0], "--epochs: must be from 1 to 1000000, not 0"),
        (["--epochs", -3], "--epochs: must be from 1 to 1000000, not -3"),
        (["--epochs", "two"], "--epochs: 'two' is not a whole number"),
        (["--batch-size", 0], "--batch-size: must be from 1 to 1000000, not 0"),
        (["--learning-rate", 0], "--learning-rate: must be from 1e-12 to 1000000, not 0"),
        (["--learning-rate", "nan"], "--learning-rate: 'nan' is not a number"),
        (["--seed", -1], "--seed: must be from 0 to 4294967295"),
        (["--train-size", 0], "--train-size: must be from 1 to 1000000, not 0"),
        (["--plot", "screen"], "invalid choice: 'screen'"),
        (["--step", "9.9"], "unrecognized arguments: --step 9.9"),
        (["--epoch", 3], "unrecognized arguments: --epoch 3"),
        (["extra"], "unrecognized arguments: extra"),
        (["--data-dir", "nowhere"], "'nowhere' is not a folder"),
        (["--movie", "film.avi"], "'film.avi' must end in .gif or .mp4"),
        (["--movie", "nowhere/film.gif"], "'nowhere/film.gif' cannot be written"),
        (["--movie", "film.gif", "--plot", "none"], "--plot none draws nothing"),
        (["--resume"], "there is no run to go on with"),
        (["--epochs"], "expected one argument"),
    ],
)
def test_a_wrong_flag_is_named(argv, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as error:
        flags(*argv)
    assert message in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "argv, message",
    [
        (["--step", "9.9"], "--step: invalid choice: '9.9'"),
        (["--step", "5.0", "--dropout", 0.2], "--dropout means nothing to step 5.0"),
        (["--dropout", 1], "--dropout: must be from 0 to less than 1, not 1"),
        (["--dropout", "nan"], "--dropout: 'nan' is not a number"),
        (["--dropout", "much"], "--dropout: 'much' is not a number"),
        (["--no-batch-norm"], "unrecognized arguments: --no-batch-norm"),
        (["--no-decay", "yes"], "unrecognized arguments: yes"),
    ],
)
def test_a_wrong_flag_of_a_step_is_named(argv, message):
    with pytest.raises(UserError) as error:
        flags(*argv, steps=STEPS, decay=True)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_a_step_brings_its_settings():
    last, first = (
        flags(steps=STEPS, decay=True),
        flags("--step", "5.0", "--no-decay", steps=STEPS, decay=True),
    )
    assert (last.step, last.epochs, last.dropout, last.activation, last.decay) == (
        "5.1",
        10,
        0.5,
        "relu",
        True,
    )
    assert (first.step, first.epochs, first.dropout, first.decay) == ("5.0", 7, None, False)
    assert last.out.name.endswith("-5.1") and first.out.name.endswith("-5.0")
    assert flags("--epochs", 3, "--dropout", 0, steps=STEPS).dropout == 0


def test_a_home_folder_is_found_where_no_shell_does_it():
    assert flags("--out", "~/r").out == Path.home() / "r"


def test_where_a_terminal_is_none_there_is_no_progress_bar(monkeypatch):
    """IDLE says that it is a terminal, but shows the escapes of a progress bar as they are."""

    class Idle(io.TextIOBase):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdout", Idle())
    assert flags().verbose == 0
    terminal, _ = os.openpty()
    with open(terminal, "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        assert flags().verbose == 1


def test_an_mp4_needs_ffmpeg(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match="ffmpeg"):
        flags("--movie", "film.mp4")


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from(["--epochs", "--batch-size", "--learning-rate", "--seed", "--train-size"]),
    st.one_of(
        st.text(max_size=8),
        st.text(max_size=2000),
        st.integers().map(str),
        st.floats().map(str),
        st.text("٠９7", min_size=1),
    ),
)
def test_a_number_is_usable_or_refused(flag, value):
    try:
        args = flags(f"{flag}={value}")
    except UserError as error:
        assert "\n" not in str(error) and len(str(error)) < 350
    else:
        number = getattr(args, flag[2:].replace("-", "_"))
        assert 0 <= number < 2**32 and (number > 0 or flag == "--seed") and value.isascii()


@pytest.mark.parametrize(
    "argv, message",
    [
        (["--batch-size", 60_001], "--batch-size 60001 is more than the 60000 training examples"),
        (["--out", "file/run"], "--out: cannot write to file/run"),
        (["--out", "file"], "--out: cannot write to file"),
        (["--overlay", "file"], "file is not a run"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(argv, message, run, tmp_path):
    (tmp_path / "file").write_text("mine")
    done = run(*RUN, *argv) if "--batch-size" not in argv else run("--plot", "none", *argv)
    assert done.returncode == 2
    assert message in done.stderr and done.stderr.count("\n") == 1
    assert done.stderr.startswith("mnist_1_softmax.py: ")
    assert (tmp_path / "file").read_text() == "mine"


def refusal_to_resume(*argv, **lesson):
    with pytest.raises(UserError) as error:
        flags("--resume", "--out", "a", "--plot", "none", *argv, **lesson)
    return str(error.value)


def test_resume_wants_the_same_lesson_and_settings(run, tmp_path, monkeypatch):
    assert run(*RUN, "--epochs", 1, "--out", "a").returncode == 0
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["mnist_1_softmax.py"])
    before = (tmp_path / "a" / "result.json").read_text()
    assert "has --seed 0, not 3" in refusal_to_resume("--seed", 3)
    checkpoint = tmp_path / "a" / "checkpoint.npz"
    content = checkpoint.read_bytes()
    checkpoint.write_bytes(content[: len(content) // 2])
    assert "checkpoint.npz is damaged" in refusal_to_resume()
    checkpoint.write_bytes(content)
    monkeypatch.setattr(sys, "argv", ["mnist_7_other.py"])
    assert "holds a run of mnist_1_softmax, not of mnist_7_other" in refusal_to_resume()
    assert (tmp_path / "a" / "result.json").read_text() == before


@pytest.mark.parametrize(
    "lesson, stop, train_size, epochs, variables",
    [
        ("mnist_1_softmax", signal.SIGINT, 10_000, 40, 2),
        # with dropout, moving averages and decay
        ("mnist_4_batchnorm", signal.SIGTERM, 300, 3, 3 * 4 + 4 + 2),
        ("boston_regression", signal.SIGHUP, 300, 40, 3 * 2),  # with early stopping
        ("imdb_text", signal.SIGTERM, 4000, 12, 1 + 2 * 2),  # with the best epoch's weights kept
        ("cats_dogs_cnn", signal.SIGINT, 100, 8, 7 * 2),  # with dropout and augmentation
        # with epochs of whole batches
        pytest.param("nmt_attention", signal.SIGINT, 500, 3, 20, marks=pytest.mark.slow),
        ("pix2pix", signal.SIGHUP, 200, 3, 10 + 2 + 7 * 4),  # with two networks and changed pictures
    ],
)
def test_a_signal_saves_and_resume_goes_on_to_the_same_numbers(
    lesson, stop, train_size, epochs, variables, start, run, tmp_path, weights
):
    settings = ("--train-size", train_size, "--plot", "none", "--epochs", epochs, "--batch-size", 100)
    assert run(*settings, "--out", "whole", lesson=lesson).returncode == 0
    process = start(*settings, "--out", "parts", lesson=lesson)
    history = tmp_path / "parts" / "history.csv"
    wait_for(history.exists)
    time.sleep(0.3)
    process.send_signal(stop)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 128 + stop
    assert "Traceback" not in stderr and "--resume" in stderr
    stopped = result_of(tmp_path / "parts")
    assert stopped["interrupted"] and 0 < stopped["epochs"] < epochs
    assert len(weights(tmp_path / "parts")) == variables

    assert run("--resume", "--out", "parts", "--plot", "none", lesson=lesson).returncode == 0
    whole, parts = result_of(tmp_path / "whole"), result_of(tmp_path / "parts")
    assert parts["test"] == whole["test"] and parts["best"] == whole["best"]
    assert (parts["steps"], parts["epochs"], parts["interrupted"]) == (
        epochs * train_size // 100,
        epochs,
        False,
    )
    assert all(map(np.array_equal, weights(tmp_path / "whole"), weights(tmp_path / "parts")))


def test_resume_wants_the_same_step(run, tmp_path, monkeypatch):
    lesson, quick = "mnist_2_five_layers", ("--train-size", 1000, "--plot", "none", "--out", "a")
    assert run(*quick, "--epochs", 1, "--step", "2.1", "--no-decay", lesson=lesson).returncode == 0
    before = result_of(tmp_path / "a")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [f"{lesson}.py"])
    steps = {"2.1": {"dropout": 0.0}, "2.2": {"dropout": 0.25}}
    for argv, message in (
        (("--step", "2.2"), "has --step 2.1, not 2.2"),
        (("--dropout", 0.25), "has --dropout 0.0, not 0.25"),
    ):
        assert message in refusal_to_resume(*argv, steps=steps, decay=True)
    assert result_of(tmp_path / "a") == before
    assert run("--resume", "--out", "a", "--epochs", 2, "--plot", "none", lesson=lesson).returncode == 0
    after = result_of(tmp_path / "a")
    assert (after["step"], after["decay"], after["epochs"]) == ("2.1", False, 2)


@pytest.mark.parametrize("seconds", [0.3, 3])
def test_ctrl_c_is_never_a_traceback(seconds, start):
    process = start(*RUN, "--epochs", 500)
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    if seconds > 1:  # before our first line Python itself answers
        ours = ("Stopping", "To go on")
        assert [line for line in stderr.splitlines() if line and not line.startswith(ours)] == []
    assert process.returncode in ((130, -signal.SIGINT) if seconds < 1 else (130,))


@pytest.mark.parametrize("before", ["", "args = common.parse_args('', **settings)"])
def test_ctrl_c_ends_a_lesson_that_a_library_would_let_go_on(before, environment, tmp_path):
    script = f"""
import os, signal, sys
sys.path.insert(0, {str(ROOT)!r})
import common, keras
settings = dict(epochs=1, batch_size=9, learning_rate=1)
{before}
try:
    os.kill(os.getpid(), signal.SIGINT)
except:
    print("caught", flush=True)
model = keras.Sequential([keras.Input([1]), keras.layers.Dense(1)])
model.compile("sgd", "mse")
common.Run(args, model)
print("going on", flush=True)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 130 and "going on" not in done.stdout and done.stderr == ""
    assert ("caught" in done.stdout) == bool(before)


@pytest.mark.parametrize(
    "moment",
    [
        "canvas._tkphoto.tk.createcommand(_backend_tk._blit_tcl_name, interrupt); canvas.draw()",
        "canvas._tkphoto.tk.createcommand(_backend_tk._blit_tcl_name, interrupt); canvas.draw_idle()",
        "gc.callbacks.append(lambda *_: gc.callbacks.pop() and interrupt()); gc.collect()",
    ],
    ids=["drawing at once", "drawing when the window asks for it", "while Python frees memory"],
)
def test_ctrl_c_in_a_window_is_not_lost(moment, environment, screen):
    script = f"""
import gc, os, signal, sys
sys.path.insert(0, {str(ROOT)!r})
from common.terminal import interrupt
from common.screens import Window, wait_until_closed
from matplotlib.backends import _backend_tk
interrupt.importing = False
canvas = Window("a window", print).figure.canvas
def interrupt(*_):
    os.kill(os.getpid(), signal.SIGINT)
    sum(range(10))
{moment}
wait_until_closed()
"""
    window = environment | {"DISPLAY": screen, "MPLBACKEND": "TkAgg"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=window, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (130, "")


def test_a_training_that_has_died_says_so_and_stops(run, tmp_path):
    done = run("--epochs", 9, "--learning-rate", 1e6, "--plot", "file", lesson="boston_regression")
    assert done.returncode == 0 and done.stderr.count("\n") == 1
    assert "The training has died: after epoch " in done.stderr and "the loss is nan" in done.stderr
    folder = tmp_path / "runs" / "boston_regression"
    assert (folder / "dashboard.png").exists() and result_of(folder)["epochs"] < 9


def test_a_training_that_learns_nothing_says_so_and_stops(run):
    """So it was with photos of cats and dogs while probabilities had 16 bits: 40 epochs at the same loss."""
    flags = ("--step", "2.0", "--learning-rate", "1e-12", "--train-size", 2000, "--epochs", 9)
    done = run(*flags, "--plot", "none", lesson="mnist_2_five_layers")
    assert done.returncode == 0 and done.stderr.count("\n") == 1
    assert "The training has died: in epoch 2 the loss was " in done.stderr and "guessing" in done.stderr
    assert "after 2 epochs" in done.stdout


def test_what_cannot_be_written_on_the_way_does_not_end_the_training(run, tmp_path):
    folder = tmp_path / "runs" / "mnist_1_softmax"
    (folder / "history.csv").mkdir(parents=True)  # as if another program held it
    done = run(*RUN, "--epochs", 1)
    assert done.returncode == 0 and "cannot write" in done.stderr and done.stderr.count("\n") == 2
    assert result_of(folder)["epochs"] == 1


def test_kill_leaves_whole_files_and_resume_goes_on(start, run, tmp_path, weights):
    settings = (*RUN, "--epochs", 20)
    fresh = start(*settings, "--seed", 9, "--out", "fresh")
    wait_for((tmp_path / "fresh" / "checkpoint.npz").exists)
    fresh.kill()
    fresh.wait()
    assert run("--resume", "--out", "fresh", "--plot", "none").returncode == 0
    assert run(*RUN, "--epochs", 2, "--out", "a").returncode == 0
    before = weights(tmp_path / "a")
    process = start(*settings, "--seed", 9, "--out", "a")
    checkpoint = tmp_path / "a" / "checkpoint.npz"
    written = checkpoint.stat().st_mtime_ns
    wait_for(lambda: checkpoint.stat().st_mtime_ns != written)
    process.kill()
    process.wait()
    assert all(map(np.array_equal, before, weights(tmp_path / "a")))
    assert result_of(tmp_path / "a")["seed"] == 0
    assert run("--resume", "--out", "a", "--plot", "none").returncode == 0
    assert run(*settings, "--seed", 9, "--out", "b").returncode == 0
    for folder in ("fresh", "a"):
        assert result_of(tmp_path / folder)["test"] == result_of(tmp_path / "b")["test"]


def test_two_runs_do_not_share_a_folder(start, run, tmp_path):
    process = start("--plot", "none", "--epochs", 500)
    wait_for((tmp_path / "runs" / "mnist_1_softmax" / "history.csv").exists)
    second = run(*RUN)
    assert second.returncode == 2 and "another run is writing to" in second.stderr
    assert run(*RUN, "--out", "other", "--epochs", 1).returncode == 0
    assert process.poll() is None
