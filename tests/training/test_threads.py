"""Tests of the number of threads that a lesson uses."""

import os

import pytest
from helpers import INSTALLED, on_linux, result_of

from common import UserError, parse_args

import keras

QUICK = ("--train-size", 600, "--plot", "none", "--out", "run")
COUNT = """
import os
import common, keras
common.parse_args("", argv={flags}, threads={threads}, epochs=1, batch_size=1, learning_rate=1)
a = keras.ops.ones((500, 500))
keras.ops.convert_to_numpy(keras.ops.matmul(a, a))
print(len(os.listdir("/proc/self/task")))
"""


@on_linux
@pytest.mark.parametrize(
    "backend", ["tensorflow", *(pytest.param(name, marks=pytest.mark.extras) for name in ("jax", "torch"))]
)
def test_there_are_as_many_threads_as_asked_for(backend, run_code):
    if backend not in INSTALLED:
        pytest.skip(f"needs {backend}")
    few, many = (
        int(run_code(COUNT.format(threads=7, flags=["--threads", n]), KERAS_BACKEND=backend).stdout)
        for n in ("1", "12")
    )
    assert many - few >= 11


@on_linux
@pytest.mark.extras
@pytest.mark.skipif("jax" not in INSTALLED, reason="needs jax")
def test_with_jax_for_gpus_a_lesson_leaves_the_threads_alone(run_code, tmp_path):
    """JAX compiles on them, too, and on one of them for most of a minute."""
    (tmp_path / "gpu" / "jax_plugins").mkdir(parents=True)
    (tmp_path / "gpu" / "jax_plugins" / "__init__.py").touch()
    options = {"KERAS_BACKEND": "jax", "PYTHONPATH": str(tmp_path / "gpu")}
    many = os.cpu_count() + 10
    own, asked = (
        int(run_code(COUNT.format(threads=many, flags=flags), **options).stdout)
        for flags in ([], ["--threads", str(many)])
    )
    assert asked - own >= 10


def test_a_small_network_has_one_thread_unless_told_otherwise(run, tmp_path):
    assert run(*QUICK, "--epochs", 1).returncode == 0
    assert result_of(tmp_path / "run")["threads"] == 1
    assert run(*QUICK[2:], "--resume", "--epochs", 2, "--threads", 2).returncode == 0
    assert result_of(tmp_path / "run")["threads"] == 2
    assert run(*QUICK[2:], "--resume", "--epochs", 3).returncode == 0
    assert result_of(tmp_path / "run")["threads"] == 2


def test_threads_that_cannot_be_had_any_more_are_refused():
    """As in a notebook: this process has computed something already."""
    keras.ops.ones(1)
    lesson = {"epochs": 1, "batch_size": 1, "learning_rate": 1}
    with pytest.raises(UserError, match="--threads: this notebook has computed on others already"):
        parse_args("", argv=["--threads", "7"], **lesson)
    assert parse_args("", argv=[], threads=7, **lesson).threads == 7  # it is only slower


@pytest.mark.extras
@pytest.mark.skipif("jax" not in INSTALLED, reason="needs jax")
def test_so_they_are_on_jax(run_code):
    read = "common.parse_args('', argv=['--threads', '1'], epochs=1, batch_size=1, learning_rate=1)"
    done = run_code(f"import common, keras\n{read}\nkeras.ops.ones(1) + 1\n{read}", KERAS_BACKEND="jax")
    assert done.returncode == 2 and "--threads: this notebook has computed on others already" in done.stderr
