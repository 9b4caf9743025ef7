"""Tests of the flags: each valid flag works, and each error is one line."""

import io
import os
import sys
from pathlib import Path

import pytest
from helpers import not_on_windows
from hypothesis import example, given, settings
from hypothesis import strategies as st

from common import UserError, parse_args

RUN = ("--train-size", 2000, "--plot", "none")

VARIANTS = {
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
        (["--train-size", 0], "--train-size: must be from 1 to 1000000000, not 0"),
        (["--plot", "screen"], "invalid choice: 'screen'"),
        (["--step", "9.9"], "unrecognized arguments: --step 9.9"),
        (["--epoch", 3], "unrecognized arguments: --epoch 3"),
        (["extra"], "unrecognized arguments: extra"),
        (["--movie", "film.avi"], "'film.avi' must end in .gif or .mp4"),
        (["--movie", "nowhere/film.gif"], "'nowhere/film.gif' cannot be written"),
        (
            ["--movie", "film.gif", "--plot", "none"],
            "--movie is about the picture, and --plot none draws none",
        ),
        (
            ["--x-axis", "epochs", "--plot", "none"],
            "--x-axis is about the picture, and --plot none draws none",
        ),
        (["--share", "--plot", "file"], "--share shows the window in browsers, and --plot file does not"),
        (["--resume"], "there is no run to continue"),
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
        (["--step", "5.0", "--dropout", 0.2], "--dropout does not apply to --step 5.0"),
        (["--dropout", 1], "--dropout: must be from 0 to less than 1, not 1"),
        (["--dropout", "nan"], "--dropout: 'nan' is not a number"),
        (["--dropout", "much"], "--dropout: 'much' is not a number"),
        (["--no-batch-norm"], "unrecognized arguments: --no-batch-norm"),
        (["--no-decay", "yes"], "unrecognized arguments: yes"),
    ],
)
def test_a_wrong_flag_of_a_step_is_named(argv, message):
    with pytest.raises(UserError) as error:
        flags(*argv, variants=VARIANTS, decay=True)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_data_are_downloaded_or_are_there(tmp_path):
    with pytest.raises(UserError, match="--full downloads the data, and --data-dir says where they are"):
        flags("--full", "--data-dir", tmp_path, full=False)


def test_a_step_brings_its_settings():
    last, first = (
        flags(variants=VARIANTS, decay=True),
        flags("--step", "5.0", "--no-decay", variants=VARIANTS, decay=True),
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
    assert flags("--epochs", 3, "--dropout", 0, variants=VARIANTS).dropout == 0


def test_a_home_folder_is_found_where_no_shell_does_it():
    assert flags("--out", "~/r").out == Path.home() / "r"


@not_on_windows
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


@example("--epochs", "--")
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
        (["--batch-size", 60_001], "--batch-size 60001 is more than the 6000 training examples"),
        (["--out", "file/run"], "--out: cannot write to file"),
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
