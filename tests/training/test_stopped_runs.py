"""Tests that a stopped run loses nothing, whatever stops it, and that --resume continues it."""

import signal
import sys

import numpy as np
import pytest
from helpers import ROOT, learning_rates, not_on_windows, result_of, wait_for

from common import UserError, parse_args


def flags(*argv, **lesson):
    lesson = {"epochs": 10, "batch_size": 100, "learning_rate": 0.5} | lesson
    return parse_args("", argv=[str(word) for word in argv], **lesson)


def refusal_to_resume(*argv, **lesson):
    with pytest.raises(UserError) as error:
        flags("--resume", "--out", "a", "--plot", "none", *argv, **lesson)
    return str(error.value)


def test_resume_wants_the_same_lesson_settings_and_network(run, tmp_path, monkeypatch):
    assert run("--train-size", 2000, "--epochs", 1, "--plot", "none", "--out", "a").returncode == 0
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["mnist_1_softmax.py"])
    before = (tmp_path / "a" / "result.json").read_text("utf-8")
    assert "has --seed 0, not 3" in refusal_to_resume("--seed", 3)
    checkpoint = tmp_path / "a" / "checkpoint.npz"
    content = checkpoint.read_bytes()
    checkpoint.write_bytes(content[: len(content) // 2])
    assert "checkpoint.npz is damaged" in refusal_to_resume()
    checkpoint.write_bytes(content)
    monkeypatch.setattr(sys, "argv", ["mnist_7_other.py"])
    assert "holds a run of mnist_1_softmax, not of mnist_7_other" in refusal_to_resume()
    with np.load(checkpoint) as archive:
        bomb = {**archive, "variable_0": np.zeros((50_000_000,), np.float32)}
    np.savez_compressed(checkpoint, **bomb)
    done = run("--resume", "--plot", "none", "--out", "a")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "a holds a run of another network" in done.stderr and "variable_0" in done.stderr
    assert (tmp_path / "a" / "result.json").read_text("utf-8") == before


def test_resume_wants_the_same_step(run, tmp_path, monkeypatch):
    lesson, quick = "mnist_2_five_layers", ("--train-size", 1000, "--plot", "none", "--out", "a")
    assert run(*quick, "--epochs", 1, "--step", "2.1", "--no-decay", lesson=lesson).returncode == 0
    before = result_of(tmp_path / "a")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [f"{lesson}.py"])
    variants = {"2.1": {"dropout": 0.0}, "2.2": {"dropout": 0.25}}
    for argv, message in (
        (("--step", "2.2"), "has --step 2.1, not 2.2"),
        (("--dropout", 0.25), "has --dropout 0.0, not 0.25"),
    ):
        assert message in refusal_to_resume(*argv, variants=variants, decay=True)
    assert result_of(tmp_path / "a") == before
    assert run("--resume", "--out", "a", "--epochs", 2, "--plot", "none", lesson=lesson).returncode == 0
    after = result_of(tmp_path / "a")
    assert (after["step"], after["decay"], after["epochs"]) == ("2.1", False, 2)
    assert learning_rates(tmp_path / "a") == pytest.approx([0.003] * 2)


# Keras tells its callbacks another number of the batch than ours does, or an epoch is stopped somewhere
COUNTS = """
import runpy, signal
import common, keras
from common.signals import interrupt
calls, told = 0, keras.callbacks.CallbackList.on_train_batch_end

def tell(callbacks, batch, logs=None):
    global calls
    if isinstance(callbacks, common.Run):  # which is a list of its own
        return told(callbacks, batch, logs)
    calls += 1
    {then}
    told(callbacks, {batch}, logs)

keras.callbacks.CallbackList.on_train_batch_end = tell
sys.argv = ["mnist_1_softmax.py", "--epochs", "2", "--plot", "none", "--out", "a"]
runpy.run_path({lesson!r}, run_name="__main__")
"""


def run_counted(run_code, batch="batch", then="pass"):
    """60 batches an epoch, in executions of 50 and 10."""
    return run_code(COUNTS.format(batch=batch, then=then, lesson=str(ROOT / "mnist_1_softmax.py")))


@pytest.mark.parametrize("batch", ["0", "batch - 49", "10 * batch"])  # the second: Keras before 3.11
def test_whatever_number_keras_gives_a_batch_each_epoch_counts(batch, run_code, tmp_path):
    done = run_counted(run_code, batch=batch)
    assert (done.returncode, done.stderr) == (0, "") and "after 2 epochs" in done.stdout
    assert (tmp_path / "a" / "checkpoint.npz").is_file() and epochs_of(tmp_path / "a") == 2
    curves = (tmp_path / "a" / "curves.csv").read_text("utf-8").splitlines()
    assert [line.split(",")[0] for line in curves if ",loss," in line] == ["50", "60", "110", "120"]


@not_on_windows
@pytest.mark.parametrize("calls, epochs", [(3, 1), (4, 2)])
def test_an_epoch_counts_unless_it_is_stopped_before_its_last_batch(calls, epochs, run_code, tmp_path):
    done = run_counted(run_code, then=f"calls == {calls} and signal.raise_signal(signal.SIGTERM)")
    assert done.returncode == 143 and f"after {epochs} of 2 epochs" in done.stdout
    assert result_of(tmp_path / "a")["steps"] == (110 if calls == 3 else 120)
    assert epochs_of(tmp_path / "a") == epochs


def test_a_training_without_a_complete_epoch_says_so(run_code, tmp_path):
    done = run_counted(run_code, then="callbacks.model.stop_training = True")
    assert done.returncode == 0 and "after 0 epochs" in done.stdout
    assert done.stderr == "No epoch is complete: there is nothing to continue with --resume.\n"


def epochs_of(folder):
    """How many epochs are complete."""
    history = folder / "history.csv"
    return len(history.read_text("utf-8").splitlines()) - 1 if history.exists() else 0


def send(process, folder, name):
    """Send a signal when one more epoch is complete; returns the exit status and what is on stderr."""
    before = epochs_of(folder)
    wait_for(lambda: epochs_of(folder) > before)
    process.send_signal(signal.Signals[name])  # Windows has no SIGHUP
    _, stderr = process.communicate(timeout=60)
    return process.returncode, stderr


def stop(process, folder, name):
    """Stop a run by a signal; returns its result so far."""
    status, stderr = send(process, folder, name)
    assert status == 128 + signal.Signals[name]
    assert "Traceback" not in stderr and "--resume" in stderr
    result = result_of(folder)
    assert result["interrupted"] and result["epochs"] > 0
    return result


SAME = "test", "best", "steps", "epochs", "interrupted"


def check_that_both_are_the_same(whole, parts, weights):
    one, other = result_of(whole), result_of(parts)
    assert [one[name] for name in SAME] == [other[name] for name in SAME] and not other["interrupted"]
    assert all(map(np.array_equal, weights(whole), weights(parts)))


@not_on_windows
def test_a_signal_saves_kill_loses_one_epoch_and_resume_goes_on_to_the_same_numbers(
    start, run, tmp_path, weights
):
    lesson = {"lesson": ROOT / "tests" / "training" / "small_lesson", "PYTHONPATH": str(ROOT)}
    quick = ("--train-size", 500, "--plot", "none")
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert run(*quick, "--out", whole, **lesson).returncode == 0
    resume = ("--resume", "--out", parts, "--plot", "none")
    stopped = stop(start(*quick, "--out", parts, **lesson), parts, "SIGHUP")
    assert stopped["epochs"] < 9
    assert send(start(*resume, **lesson), parts, "SIGKILL")[0] == -signal.SIGKILL
    assert result_of(parts) == stopped
    assert run(*resume, **lesson).returncode == 0
    check_that_both_are_the_same(whole, parts, weights)
    result, kept = result_of(parts), weights(parts)
    assert result["steps"] == 9 * 5
    (parts / "history.csv").unlink()  # `send` waits for the new one
    process = start(*quick, "--out", parts, **lesson)  # in a folder that holds an earlier run
    assert send(process, parts, "SIGKILL")[0] == -signal.SIGKILL
    assert result_of(parts) == result and all(map(np.array_equal, weights(parts), kept))


@not_on_windows
@pytest.mark.parametrize(
    "lesson, flags, name, epochs, steps, variables",
    [
        # with two networks, moving averages and changed pictures
        ("pix2pix", ("--step", "facades", "--image-size", 32), "SIGINT", 6, 3, 10 + 2 + 7 * 4),
        *(
            pytest.param(*lesson, marks=pytest.mark.slow)
            for lesson in (
                ("boston_regression", ("--train-size", 300), "SIGHUP", 40, 3, 6),
                ("imdb_text", ("--train-size", 4000), "SIGTERM", 4, 40, 1 + 2 * 2),
                ("cats_dogs_cnn", ("--train-size", 100, "--image-size", 16), "SIGINT", 4, 1, 7 * 2),
                ("nmt_attention", ("--train-size", 500), "SIGINT", 3, 5, 20),
                ("mnist_4_batchnorm", ("--train-size", 300), "SIGTERM", 3, 3, 18),
                ("pix2pix", ("--train-size", 200), "SIGHUP", 3, 2, 40),
            )
        ),
    ],
)
def test_so_it_is_in_the_lessons(
    lesson, flags, name, epochs, steps, variables, start, run, tmp_path, weights, pairs_of_pictures
):
    data = ("--data-dir", pairs_of_pictures) if "facades" in flags else ()
    settings = (*flags, *data, "--epochs", epochs, "--batch-size", 2 if data else 100)
    script = {"lesson": lesson}
    if data:  # the paper's networks would take long
        source = (ROOT / "pix2pix.py").read_text("utf-8")
        (tmp_path / "pix2pix.py").write_text(source.replace('"filters": 64', '"filters": 4'), "utf-8")
        script = {"lesson": tmp_path / "pix2pix", "PYTHONPATH": str(ROOT)}
    whole = run(*settings, "--plot", "file" if data else "none", "--out", "whole", **script)
    assert (whole.returncode, whole.stderr) == (0, "")
    assert (tmp_path / "whole" / "dashboard.png").is_file() == bool(data)
    if lesson == "pix2pix":
        assert f"Test l1 {result_of(tmp_path / 'whole')['test']['l1']:.4f}" in whole.stdout
    process = start(*settings, "--plot", "none", "--out", "parts", **script)
    assert stop(process, tmp_path / "parts", name)["epochs"] < epochs
    assert len(weights(tmp_path / "parts")) == variables
    assert run("--resume", *data, "--out", "parts", "--plot", "none", **script).returncode == 0
    check_that_both_are_the_same(tmp_path / "whole", tmp_path / "parts", weights)
    assert result_of(tmp_path / "parts")["steps"] == epochs * steps
