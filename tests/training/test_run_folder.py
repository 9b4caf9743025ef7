"""Tests of a run's folder: its contents, and what prevents a run from using it."""

import pytest
from helpers import result_of, wait_for

RUN = ("--train-size", 1000, "--plot", "none")


def test_a_disk_without_room_is_named_before_the_training(small_disk, run):
    disk = small_disk(300_000)
    done = run("--plot", "none", "--out", disk / "run", lesson="mnist_2_five_layers")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "--out: cannot write" in done.stderr and "checkpoint.npz: No space left" in done.stderr
    assert "epoch" not in done.stdout
    assert [path for path in (disk / "run").iterdir() if path.name != ".lock"] == []


def test_on_a_disk_that_fills_up_the_model_is_kept(small_disk, start, weights, tmp_path):
    """Something else takes all that is left: first the checkpoint does not fit, the model still does."""
    disk = small_disk(20_000_000)
    flags = ("--plot", "file", "--epochs", 3, "--train-size", 6000, "--out", disk / "run")
    with open(tmp_path / "said", "w") as said:
        process = start(*flags, lesson="mnist_2_five_layers", stdout=said.fileno())
    wait_for(lambda: "parameters" in (tmp_path / "said").read_text("utf-8"))
    with open(disk / "other", "wb", buffering=0) as other, pytest.raises(OSError):
        while True:
            other.write(bytes(100_000))
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    assert "checkpoint.npz: No space left" in stderr and "Traceback" not in stderr
    assert result_of(disk / "run")["epochs"] == 3 and len(weights(disk / "run")) == 10


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


def test_two_runs_do_not_share_a_folder(start, run, tmp_path):
    process = start(*RUN, "--epochs", 500)
    wait_for((tmp_path / "runs" / "mnist_1_softmax" / "history.csv").exists)
    second = run(*RUN)
    assert second.returncode == 2 and "another run is writing to" in second.stderr
    assert process.poll() is None
