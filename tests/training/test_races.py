"""Tests of races: a second run of the lesson, with other flags, in its own process."""

import contextlib
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from helpers import not_on_windows, on_linux, result_of, wait_for

from common import UserError, parse_args
from common.training.race import Race, Rival
from keras_window.curves_file import read_curves

pytestmark = not_on_windows
SIZE = ("--train-size", 4000, "--plot", "file")
ENDLESS = (*SIZE, "--epochs", 100_000)
VARIANTS = {"5.0": {"epochs": 7}, "5.1": {"dropout": 0.5}}


def rival(*argv, **lesson):
    defaults = {"epochs": 10, "batch_size": 100, "learning_rate": 0.5, "decay": True, "variants": VARIANTS}
    return parse_args("", argv=[str(word) for word in argv], **defaults | lesson).against


def test_the_other_run_has_our_flags_and_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    flags = ("--step", "5.0", "--seed", 3, "--learning-rate", 0.1, "--movie", "film.gif", "--out", "ours")
    other = rival(*flags, "--against", "--step 5.1 --learning-rate 0.2", "--close")
    assert other.flags == "--step 5.1 --learning-rate 0.2"
    words = ["--step=5.1", "--seed=3", "--learning-rate=0.2", "--out=ours-against", "--plot=file"]
    assert sorted(other.words) == sorted(words)
    assert "--no-decay" in rival("--against", "--no-decay").words
    assert r"--out=C:\runs\my run" in rival("--against", r'--out "C:\runs\my run"').words
    left_out = rival("--step", "5.1", "--dropout", 0.1, "--against", "--step 5.0").words
    assert not [word for word in left_out if "dropout" in word]  # 5.0 has none
    assert rival() is None


@pytest.mark.parametrize(
    "argv, message",
    [
        (["--against", "--step 9.9"], "--step: invalid choice: '9.9'"),
        (["--against", "--step 5.0 --dropout 0.2"], "--dropout does not apply to --step 5.0"),
        (["--against", "--epochs none"], "--epochs: 'none' is not a whole number"),
        (["--against", "--plot window"], "--plot is for this run, not for the one beside it"),
        (["--against", "--share"], "--share is for this run, not for the one beside it"),
        (["--against", "--against --no-decay"], "--against is for this run"),
        (["--against", "--resume"], "--resume is for this run"),
        (["--against", "--out runs/x", "--out", "runs/x"], "--out runs/x is the folder of this run"),
        (["--against", "'"], "No closing quotation"),
        (["--against", " "], "the text is empty"),
        (["--against"], "expected one argument"),
        (["--against", "--"], "--against: expected one argument"),
        (
            ["--against", "--no-decay", "--distribute"],
            "--against and --distribute do not go together",
        ),
    ],
)
def test_what_cannot_race_is_refused_in_one_line(argv, message):
    with pytest.raises(UserError) as error:
        rival(*argv)
    assert message in str(error.value) and "\n" not in str(error.value) and "--against" in str(error.value)


def test_both_have_the_weights_that_they_have_alone(run, tmp_path, weights):
    flags = (*SIZE, "--epochs", 2, "--seed", 5)
    done = run(*flags, "--out", "ours", "--against", "--learning-rate 0.01")
    assert (done.returncode, done.stderr) == (0, "")
    last = done.stdout.splitlines()[-1]
    assert last.startswith("Beside it, --learning-rate 0.01: Test accuracy") and "after 2 epochs" in last
    for name, rate in (("ours", 0.3), ("ours-against", 0.01)):
        assert run(*flags, "--plot", "none", "--learning-rate", rate, "--out", "alone").returncode == 0
        pairs = zip(weights(tmp_path / name), weights(tmp_path / "alone"), strict=True)
        assert all(np.array_equal(raced, alone) for raced, alone in pairs)
    assert read_curves(tmp_path / "ours-against")["val_accuracy"][0][-1] == 80
    assert not result_of(tmp_path / "ours-against")["interrupted"]


def begun(folder):
    """Whether the training in this folder is going on."""
    return lambda: (folder / "curves.csv").exists() and "loss" in (folder / "curves.csv").read_text("utf-8")


def processes_of(folder):
    """The processes whose command line names this folder."""
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has ended
            found += [int(line.parent.name)] * (f"--out={folder}" in line.read_text())
    return found


@on_linux
@pytest.mark.parametrize("name", ["SIGINT", "SIGKILL"])  # Windows has no SIGKILL
def test_a_signal_stops_and_saves_both(name, start, tmp_path):
    ours, other = tmp_path / "ours", tmp_path / "ours-against"
    process = start(*ENDLESS, "--out", ours, "--against", "--learning-rate 0.01")
    wait_for(begun(other))
    wait_for(begun(ours))
    number = signal.Signals[name]
    process.send_signal(number)
    _, stderr = process.communicate(timeout=60)
    killed = name == "SIGKILL"
    assert process.returncode == (-number if killed else 128 + number)
    wait_for(lambda: not processes_of(other), 30)
    for folder in (other,) if killed else (ours, other):
        assert result_of(folder)["interrupted"] and (folder / "model.keras").exists()
    assert "Traceback" not in stderr


@on_linux
def test_when_the_other_run_is_killed_this_one_says_so_and_goes_on(start, tmp_path):
    ours, other = tmp_path / "ours", tmp_path / "ours-against"
    process = start(*SIZE, "--epochs", 5, "--out", ours, "--against", "--learning-rate 0.01 --epochs 100000")
    wait_for(begun(other))
    os.kill(*processes_of(other), signal.SIGKILL)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 0 and result_of(ours)["epochs"] == 5
    assert stderr.strip() == (
        "mnist_1_softmax.py: --against '--learning-rate 0.01 --epochs 100000': it was ended by signal 9"
    )


def test_a_mistake_of_the_other_run_is_said_in_one_line(tmp_path, monkeypatch, capsys):
    script = tmp_path / "mnist_9.py"
    script.write_text("import sys\nprint('mnist_9.py: --out: no room', file=sys.stderr)\nsys.exit(2)\n")
    monkeypatch.setattr("sys.argv", [str(script)])
    race = Race(Rival("--out file", ["--out=file"], tmp_path / "file"))
    wait_for(lambda: not race.running())
    race.end()
    assert capsys.readouterr().err.strip() == "mnist_9.py: --against '--out file': --out: no room"


def test_a_result_on_the_validation_examples_is_said_too(tmp_path, monkeypatch, capsys):
    lesson = tmp_path / "lesson.py"
    lesson.write_text('print("Validation accuracy 79.90% after 2 epochs")', "utf-8")
    monkeypatch.setattr("sys.argv", [str(lesson)])
    Race(Rival("--seed 1", [], tmp_path)).end()
    assert capsys.readouterr().out == "Beside it, --seed 1: Validation accuracy 79.90% after 2 epochs\n"
