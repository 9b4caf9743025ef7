"""Tests that each lesson, trained in full, reaches the result of the lecture or the tutorial."""

import statistics

import pytest
from helpers import result_of


@pytest.mark.slow
def test_the_default_run_reaches_the_lecture(run, tmp_path):
    for seed in (0, 1, 2):
        assert run("--plot", "none", "--seed", seed, "--out", seed).returncode == 0
    assert statistics.median(result_of(tmp_path / str(n))["test"]["accuracy"] for n in range(3)) >= 0.923


@pytest.mark.slow
@pytest.mark.parametrize(
    "lesson, step, at_the_end, best",
    [
        ("mnist_0_get_started", None, 0.978, None),
        ("mnist_2_five_layers", "2.0", 0.973, None),
        ("mnist_2_five_layers", "2.1", 0.981, None),
        ("mnist_2_five_layers", "2.2", 0.981, None),
        ("mnist_3_convolutional", "3.0", 0.990, None),
        ("mnist_3_convolutional", "3.1", 0.9925, 0.993),
        ("mnist_3_convolutional", "lenet5", 0.988, None),
        ("mnist_4_batchnorm", "4.0", 0.982, None),
        ("mnist_4_batchnorm", "4.1", 0.984, None),
        ("mnist_4_batchnorm", "4.2", 0.9945, 0.995),
    ],
)
def test_the_default_run_reaches_its_target(lesson, step, at_the_end, best, start, tmp_path):
    results = []
    for seed in (0, 1, 2):
        flags = ("--step", step) if step else ()
        process = start("--plot", "none", "--seed", seed, "--out", seed, *flags, lesson=lesson)
        assert process.wait() == 0
        results.append(result_of(tmp_path / str(seed)))
    assert statistics.median(result["test"]["accuracy"] for result in results) >= at_the_end
    if best:
        assert statistics.median(result["best"]["value"] for result in results) >= best


@pytest.mark.slow
@pytest.mark.parametrize(
    "lesson, flags, metric, target",
    [
        ("fashion_mnist", (), "accuracy", 0.875),
        ("fashion_mnist", ("--step", "conv"), "accuracy", 0.91),
        ("imdb_text", (), "accuracy", 0.86),
        ("boston_regression", (), "mae", 3.0),
        ("cats_dogs_cnn", (), "accuracy", 0.76),
    ],
)
def test_the_default_run_reaches_the_tutorial_s_target(lesson, flags, metric, target, start, tmp_path):
    values = []
    for seed in (0, 1, 2):
        process = start("--plot", "none", "--seed", seed, "--out", seed, *flags, lesson=lesson)
        assert process.wait() == 0
        values.append(result_of(tmp_path / str(seed))["test"][metric])
    reached = statistics.median(values)
    assert reached <= target if metric == "mae" else reached >= target
