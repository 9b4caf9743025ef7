"""Tests of the first lesson as a student meets it: the terminal output, the files."""

import csv

import numpy as np
import pytest
from helpers import result_of

QUICK = ("--train-size", 2000, "--epochs", 2, "--plot", "none")


def test_a_run_prints_our_lines_and_leaves_its_files_and_a_seed_fixes_everything(run, tmp_path, weights):
    done = run(*QUICK, new=True, KERAS_HOME="")
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        "MNIST:", "mnist_1_softmax:", "28×28×1", "epoch", "epoch", "The", "Test",
    ]  # fmt: skip
    assert "\n28×28×1 → Flatten 784 → Dense 10 (7,850)\n" in done.stdout
    folder = tmp_path / "runs" / "mnist_1_softmax"
    result = result_of(folder)
    assert f"{result['test']['accuracy']:.2%}" in done.stdout
    assert 0.75 < result["test"]["accuracy"] < 0.95
    assert (result["script"], result["step"], result["seed"]) == ("mnist_1_softmax", None, 0)
    assert (result["epochs"], result["batch_size"], result["train_size"], result["steps"]) == (
        2,
        100,
        2000,
        40,
    )
    assert result["data"]["origin"] == "bundled" and len(result["data"]["sha256"]) == 64
    assert 0 < result["seconds"]["fit"] < result["seconds"]["total"]
    with open(folder / "history.csv") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert list(rows[0]) == [
        "epoch", "accuracy", "loss", "val_accuracy", "val_loss", "learning_rate", "seconds",
    ]  # fmt: skip
    assert float(rows[-1]["val_accuracy"]) == pytest.approx(result["test"]["accuracy"], abs=1e-6)
    best = max(rows, key=lambda row: float(row["val_accuracy"]))
    assert result["best"] == {
        "metric": "accuracy", "value": float(best["val_accuracy"]), "epoch": int(best["epoch"]),
    }  # fmt: skip
    with open(folder / "curves.csv") as file:
        points = [row for row in csv.DictReader(file) if row["name"] == "accuracy"]
    assert [float(point["step"]) for point in points] == [20, 40]
    assert [float(point["value"]) for point in points] == [
        pytest.approx(float(row["accuracy"]), abs=1e-5) for row in rows
    ]
    for out, seed in (("again", 0), ("other", 6)):
        assert run(*QUICK, "--seed", seed, "--out", out).returncode == 0
    ours, again, other = (weights(path) for path in (folder, tmp_path / "again", tmp_path / "other"))
    assert all(map(np.array_equal, ours, again))
    assert ours[0].shape == (784, 10) and not np.array_equal(ours[0], other[0])
    assert sorted(path.name for path in folder.iterdir() if path.name != ".lock") == [
        "checkpoint.npz", "curves.csv", "history.csv", "model.keras", "result.json",
    ]  # fmt: skip
