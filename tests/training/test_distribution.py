"""Tests of training on several devices and in several processes."""

import signal
import socket
import time

import numpy as np
import pytest
from helpers import INSTALLED, WINDOWS, result_of, wait_for

from common import UserError, parse_args

RUN = ("--epochs", 2, "--train-size", 500)
needs_jax = pytest.mark.skipif("jax" not in INSTALLED, reason="needs JAX")
needs_tensorflow = pytest.mark.skipif("tensorflow" not in INSTALLED, reason="needs TensorFlow")


def history(folder):
    return np.genfromtxt(folder / "history.csv", delimiter=",", names=True)


def curves(folder):
    names = ("accuracy", "loss", "val_accuracy", "val_loss")
    return np.array([np.atleast_1d(history(folder)[name]) for name in names])


@pytest.fixture
def pair(start):
    """Start two processes of one training on this machine."""
    if WINDOWS:
        pytest.skip("several processes need Linux or macOS")

    def pair(*flags, **variables):
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
        addresses = f"127.0.0.1:{port},127.0.0.1:{port + 1}"
        shared = ("--distribute", addresses, "--process")
        return [start(*flags, *shared, number, KERAS_BACKEND="jax", **variables) for number in (0, 1)]

    return pair


@pytest.mark.extras
@needs_jax
def test_two_processes_give_the_curves_of_one_and_go_on_until_ctrl_c(pair, run, tmp_path):
    settings = (*RUN, "--train-size", 490, "--plot", "file")  # the last batch is smaller
    processes = pair(*settings, "--out", "two")
    (first, errors), (second, more) = (process.communicate(timeout=120) for process in processes)
    assert [process.returncode for process in processes] == [0, 0] and errors == more == second == ""
    assert "2 devices in 2 processes" in first and "Test accuracy" in first
    assert run(*settings, "--plot", "none", "--out", "one", KERAS_BACKEND="jax").returncode == 0
    assert (tmp_path / "two" / "dashboard.png").is_file()
    assert np.allclose(curves(tmp_path / "one"), curves(tmp_path / "two"), rtol=1e-5)

    again = pair("--resume", "--epochs", 500, "--plot", "none", "--out", "two")
    wait_for(lambda: len(history(tmp_path / "two")) > 2, seconds=120)
    again[0].send_signal(signal.SIGINT)
    outputs = [process.communicate(timeout=60) for process in again]
    assert [process.returncode for process in again] == [130, 1]
    assert "--resume" in outputs[0][1] and "Traceback" not in outputs[0][1] + outputs[1][1]


@pytest.mark.extras
@needs_jax
@pytest.mark.parametrize("victim", [0, 1])
def test_when_a_process_dies_the_other_says_so_and_the_epochs_are_kept(victim, pair, tmp_path):
    processes = pair("--epochs", 500, "--train-size", 500, "--plot", "none", "--out", "a")
    wait_for((tmp_path / "a" / "history.csv").exists, seconds=120)
    processes[victim].send_signal(signal.SIGKILL)
    began = time.monotonic()
    _, stderr = processes[1 - victim].communicate(timeout=60)
    assert time.monotonic() - began < 60 and processes[1 - victim].returncode == 1
    assert stderr.count("\n") == 1 and "another process of this training has ended" in stderr
    with np.load(tmp_path / "a" / "checkpoint.npz") as checkpoint:
        assert "state" in checkpoint.files


@pytest.mark.extras
@needs_jax
def test_all_devices_of_the_machine_share_a_batch(run, tmp_path):
    two = {"KERAS_BACKEND": "jax", "XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    done = run(*RUN, "--plot", "file", "--distribute", "--out", "a", **two)
    assert (done.returncode, done.stderr) == (0, "") and "2 devices" in done.stdout
    assert run(*RUN, "--plot", "none", "--out", "b", KERAS_BACKEND="jax").returncode == 0
    assert np.allclose(curves(tmp_path / "a"), curves(tmp_path / "b"), rtol=1e-5)
    done = run(*RUN, "--train-size", 201, "--plot", "none", "--distribute", "--out", "c", **two)
    assert (done.returncode, done.stderr) == (0, "") and result_of(tmp_path / "c")["steps"] == 2 * 2
    refused = run(*RUN, "--batch-size", 25, "--distribute", **two)
    assert refused.returncode == 2 and "--batch-size 25 cannot be split evenly" in refused.stderr


@pytest.mark.parametrize(
    "argv, message",
    [
        pytest.param(["--distribute"], "on JAX, not on tensorflow", marks=needs_tensorflow),
        pytest.param(["--distribute", "a:1,b:2", "--process", "1"], "on JAX, not", marks=needs_tensorflow),
        (["--distribute", "a:1,b:2"], "needs --process 0"),
        (["--distribute", "a:1,b:2", "--process", "2"], "needs --process 0"),
        (["--process", "0"], "needs --process 0"),
        (["--distribute", "a:1"], "'a:1' must be HOST:PORT,HOST:PORT"),
        (["--distribute", "a:1,b"], "'a:1,b' must be HOST:PORT,HOST:PORT"),
    ],
)
def test_what_cannot_be_distributed_is_refused(argv, message):
    with pytest.raises(UserError, match=message):
        parse_args("", argv=argv, epochs=1, batch_size=100, learning_rate=0.1)
