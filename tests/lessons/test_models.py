"""M1, M3, cats and dogs run from their commands. M2, and cats that are asked, are in tests/answers."""

import pytest
from helpers import dropout_of, learning_rates, result_of
from PIL import Image

QUICK = {
    "fashion_mnist": (("--train-size", 500, "--epochs", 2), "Fashion-MNIST:", ["Predictions:"]),
    "boston_regression": (("--epochs", 3), "Boston:", []),
}


@pytest.mark.parametrize("lesson", QUICK)
def test_a_run_prints_our_lines_and_leaves_its_pictures(lesson, run, tmp_path):
    flags, first, last = QUICK[lesson]
    done = run(*flags, "--plot", "file", "--out", "a", lesson=lesson)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split()[0] for line in done.stdout.splitlines()]
    epochs = ["epoch"] * flags[-1]
    assert lines == [
        first,
        lesson + ("" if lesson == "fashion_mnist" else ":"),
        *epochs,
        "The",
        "Test",
        *last,
    ]
    assert Image.open(tmp_path / "a" / "dashboard.png").size == (1344, 756)
    if lesson == "boston_regression":
        error = result_of(tmp_path / "a")["test"]["mae"]
        assert error > 5 and f"Test mae ${1000 * error:,.0f} after 3 epochs" in done.stdout
    if last:
        assert Image.open(tmp_path / "a" / "predictions.png").size == (1344, 756)


def test_boston_stops_by_itself_and_is_then_complete(run, tmp_path):
    flags = ("--plot", "none", "--out", "a", "--learning-rate", 0.01)
    assert run(*flags, lesson="boston_regression").returncode == 0
    before = result_of(tmp_path / "a")
    assert 20 < before["epochs"] < 500 and not before["interrupted"]
    history = (tmp_path / "a" / "history.csv").read_text("utf-8").splitlines()
    losses = [float(line.split(",")[history[0].split(",").index("val_loss")]) for line in history[1:]]
    assert losses.index(min(losses)) == len(losses) - 21
    done = run(*flags[:4], "--resume", lesson="boston_regression")
    assert done.returncode == 0 and result_of(tmp_path / "a")["test"] == before["test"]


def test_cats_and_dogs_may_do_without_dropout_and_decay(run, tmp_path):
    quick = ("--train-size", 96, "--image-size", 16, "--epochs", 1, "--plot", "none", "--out", "a")
    without = ("--no-augment", "--dropout", 0, "--no-decay")
    assert run(*quick, *without, lesson="cats_dogs_cnn").returncode == 0
    assert learning_rates(tmp_path / "a")[-1] == pytest.approx(0.001)
    assert dropout_of(tmp_path / "a") == [0]
