"""Tests of the commands of M1, M3, cats and dogs. M2, predictions: tests/subjects."""

import pytest
from helpers import dropout_of, learning_rates, result_of
from PIL import Image


def test_fashion_mnist_prints_our_lines_and_leaves_its_pictures(run, tmp_path):
    flags = ("--train-size", 500, "--epochs", 2, "--plot", "file", "--out", "a")
    done = run(*flags, lesson="fashion_mnist")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        "Fashion-MNIST:", "fashion_mnist", "28×28×1", "epoch", "epoch", "The", "Test", "Predictions:",
    ]  # fmt: skip
    for picture in ("dashboard.png", "predictions.png"):
        assert Image.open(tmp_path / "a" / picture).size == (1344, 756)


def test_boston_stops_by_itself_and_is_then_complete(run, tmp_path):
    flags = ("--out", "a", "--learning-rate", 0.01)
    done = run(*flags, "--plot", "file", lesson="boston_regression")
    assert (done.returncode, done.stderr) == (0, "")
    before = result_of(tmp_path / "a")
    epochs, error = before["epochs"], before["test"]["mae"]
    assert 20 < epochs < 500 and not before["interrupted"]
    first = [line.split()[0] for line in done.stdout.splitlines()]
    assert first == ["Boston:", "boston_regression:", "13", *["epoch"] * epochs, "The", "Test"]
    assert 1 < error < 10 and f"Test mae ${1000 * error:,.0f} after {epochs} epochs" in done.stdout
    assert Image.open(tmp_path / "a" / "dashboard.png").size == (1344, 756)
    history = (tmp_path / "a" / "history.csv").read_text("utf-8").splitlines()
    losses = [float(line.split(",")[history[0].split(",").index("val_loss")]) for line in history[1:]]
    assert losses.index(min(losses)) == len(losses) - 21
    done = run(*flags, "--plot", "none", "--resume", lesson="boston_regression")
    assert done.returncode == 0 and result_of(tmp_path / "a")["test"] == before["test"]


def test_cats_and_dogs_may_do_without_dropout_and_decay(run, tmp_path):
    quick = ("--train-size", 96, "--image-size", 16, "--epochs", 1, "--plot", "none", "--out", "a")
    without = ("--no-augment", "--dropout", 0, "--no-decay")
    assert run(*quick, *without, lesson="cats_dogs_cnn").returncode == 0
    assert learning_rates(tmp_path / "a")[-1] == pytest.approx(0.001)
    assert dropout_of(tmp_path / "a") == [0]
