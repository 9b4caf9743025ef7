"""Tests of the lessons on JAX and PyTorch, and with mixed precision."""

import numpy as np
import pytest
from helpers import INSTALLED, result_of

RUN = ("--epochs", 2, "--train-size", 2000)


@pytest.fixture(params=["jax", "torch"])
def backend(request):
    if request.param not in INSTALLED:
        pytest.skip(f"needs {request.param}")
    return request.param


@pytest.mark.extras
def test_a_lesson_runs_unchanged_and_finds_much_the_same(run, tmp_path, screen):
    found = []
    for backend in INSTALLED:
        shown = {"DISPLAY": screen, "MPLBACKEND": "TkAgg", "KERAS_BACKEND": backend}
        flags = ("--step", "4.1", "--close", "--out", backend)
        done = run(*RUN, *flags, lesson="mnist_4_batchnorm", **shown)
        assert (done.returncode, done.stderr) == (0, "")
        assert f" on {backend}, " in done.stdout
        result = result_of(tmp_path / backend)
        assert result["backend"] == backend and (tmp_path / backend / "window.json").is_file()
        found.append(result["test"]["accuracy"])
    assert max(found) - min(found) < 0.03


@pytest.mark.extras
def test_a_picture_changes_no_number_and_resume_goes_on(backend, run, tmp_path, weights):
    lesson = {"lesson": "mnist_0_get_started", "KERAS_BACKEND": backend}  # with dropout
    quick = ("--train-size", 320, "--epochs")
    assert run(*quick, 2, "--plot", "file", "--out", "a", **lesson).returncode == 0
    assert run(*quick, 1, "--plot", "none", "--out", "b", **lesson).returncode == 0
    assert run("--resume", "--epochs", 2, "--plot", "none", "--out", "b", **lesson).returncode == 0
    assert all(map(np.array_equal, weights(tmp_path / "a"), weights(tmp_path / "b")))


def test_mixed_precision_finds_much_the_same_and_is_kept_for_resume(run, tmp_path, weights):
    lesson = "mnist_2_five_layers"
    quick = (*RUN, "--step", "2.1")
    assert run(*quick, "--plot", "none", "--out", "a", lesson=lesson).returncode == 0
    mixed = run(*quick, "--plot", "file", "--mixed-precision", "--out", "b", lesson=lesson)
    assert (mixed.returncode, mixed.stderr) == (0, "")
    assert result_of(tmp_path / "b")["mixed_precision"]
    a, b = (result_of(tmp_path / name)["test"]["accuracy"] for name in "ab")
    assert a == pytest.approx(b, abs=0.03) and a != b
    assert weights(tmp_path / "b")[0].dtype == np.float32
    assert run("--resume", "--epochs", 3, "--plot", "none", "--out", "b", lesson=lesson).returncode == 0
    assert result_of(tmp_path / "b")["mixed_precision"]
