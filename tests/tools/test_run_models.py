"""Tests of run_models.py: a row for each lesson, including one that fails."""

import json

from helpers import WINDOWS, not_on_windows, wait_for
from PIL import Image

import run_models


def test_each_lesson_is_a_row(run, tmp_path):
    flags = ("--epochs", 1, "--plot", "none", "--train-size", 300)
    done = run("mnist_2_five_layers:2.0", "M2", "--", *flags, lesson="run_models")
    assert done.returncode == 1  # 512 a batch are more than 300 reviews
    rows = json.loads((tmp_path / "runs" / "run_models" / "results.json").read_text("utf-8"))
    assert [row["model"] for row in rows] == ["mnist_2_five_layers:2.0", "M2"]
    assert [row["status"] for row in rows] == [0, 2]
    assert rows[0]["step"] == "2.0" and rows[1]["lecture_seconds"] == 46
    assert "--batch-size 512 is more than the 300" in rows[1]["error"]
    assert all(row["seconds"] > 1 and (WINDOWS or row["memory"] > 100 * 2**20) for row in rows)
    table = done.stdout[done.stdout.index("model ") :].splitlines()
    assert table[1].startswith("mnist_2_five_layers:2.0") and rows[0]["shown"]["test"] in table[1]
    assert table[2].startswith("M2 imdb_text") and "failed" in table[2] and "--batch-size 512" in table[2]
    Image.open(tmp_path / "runs" / "run_models" / "results.png").load()


def test_the_lessons_are_found():
    assert run_models.LESSONS == [
        "boston_regression", "cats_dogs_cnn", "fashion_mnist", "imdb_text", "mnist_0_get_started",
        "mnist_1_softmax", "mnist_2_five_layers", "mnist_3_convolutional", "mnist_4_batchnorm",
        "nmt_attention", "pix2pix",
    ]  # fmt: skip


def test_a_lesson_that_is_not_there_is_named(run):
    done = run("M1", "mnist_7_other", lesson="run_models")
    assert done.returncode == 2 and "there is no lesson 'mnist_7_other'" in done.stderr
    assert done.stderr.count("\n") == 1
    refused = run("M1", "--epochs", 3, lesson="run_models")
    assert refused.returncode == 2 and "flags for the lessons go after --" in refused.stderr


@not_on_windows
def test_all_of_the_lecture_s_models_are_known_and_a_signal_reaches_the_lesson(start, tmp_path):
    assert {name: lesson for name, (lesson, _) in run_models.MODELS.items()} == {
        "M1": "fashion_mnist",
        "M2": "imdb_text",
        "M3": "boston_regression",
        "M4": "pix2pix",
        "M5": "nmt_attention",
    }
    flags = ("--train-size", 500, "--epochs", 500, "--plot", "none")
    process = start("mnist_1_softmax", "M5", "--", *flags, lesson="run_models")
    wait_for((tmp_path / "runs" / "run_models" / "mnist_1_softmax" / "history.csv").exists)
    process.terminate()
    stdout, _ = process.communicate(timeout=60)
    assert process.returncode == 143 and "--- M5" not in stdout
    (row,) = json.loads((tmp_path / "runs" / "run_models" / "results.json").read_text("utf-8"))
    assert (row["model"], row["status"]) == ("mnist_1_softmax", 143)
