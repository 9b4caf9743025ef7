"""Whatever stops a run, it loses nothing, and --resume goes on."""

import signal
import sys

import numpy as np
import pytest
from helpers import ROOT, learning_rates, not_on_windows, result_of, wait_for

from common import UserError, parse_args

RUN = ("--train-size", 2000, "--plot", "none")


def flags(*argv, **lesson):
    lesson = {"epochs": 10, "batch_size": 100, "learning_rate": 0.5} | lesson
    return parse_args("", argv=[str(word) for word in argv], **lesson)


def refusal_to_resume(*argv, **lesson):
    with pytest.raises(UserError) as error:
        flags("--resume", "--out", "a", "--plot", "none", *argv, **lesson)
    return str(error.value)


def test_resume_wants_the_same_lesson_settings_and_network(run, tmp_path, monkeypatch):
    assert run(*RUN, "--epochs", 1, "--out", "a").returncode == 0
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
    steps = {"2.1": {"dropout": 0.0}, "2.2": {"dropout": 0.25}}
    for argv, message in (
        (("--step", "2.2"), "has --step 2.1, not 2.2"),
        (("--dropout", 0.25), "has --dropout 0.0, not 0.25"),
    ):
        assert message in refusal_to_resume(*argv, steps=steps, decay=True)
    assert result_of(tmp_path / "a") == before
    assert run("--resume", "--out", "a", "--epochs", 2, "--plot", "none", lesson=lesson).returncode == 0
    after = result_of(tmp_path / "a")
    assert (after["step"], after["decay"], after["epochs"]) == ("2.1", False, 2)
    assert learning_rates(tmp_path / "a") == pytest.approx([0.003] * 2)


@not_on_windows
@pytest.mark.parametrize(
    # a signal by its name: Windows has no SIGHUP
    "lesson, flags, stop, epochs, steps, variables",
    [
        # with the best epoch's weights kept
        ("imdb_text", ("--train-size", 4000), "SIGTERM", 4, 40, 1 + 2 * 2),
        # with dropout, augmentation and decay
        ("cats_dogs_cnn", ("--train-size", 100, "--image-size", 16), "SIGINT", 4, 1, 7 * 2),
        # with two networks, moving averages and changed pictures
        ("pix2pix", ("--step", "facades", "--image-size", 32), "SIGHUP", 9, 3, 10 + 2 + 7 * 4),
        # with early stopping
        pytest.param("boston_regression", ("--train-size", 300), "SIGHUP", 40, 3, 6, marks=pytest.mark.slow),
        # with epochs of whole batches
        pytest.param("nmt_attention", ("--train-size", 500), "SIGINT", 3, 5, 20, marks=pytest.mark.slow),
        # with all that the networks above have
        pytest.param("mnist_4_batchnorm", ("--train-size", 300), "SIGTERM", 3, 3, 18, marks=pytest.mark.slow),
        pytest.param("pix2pix", ("--train-size", 200), "SIGHUP", 3, 2, 40, marks=pytest.mark.slow),
    ],
)
def test_a_signal_saves_and_resume_goes_on_to_the_same_numbers(
    lesson, flags, stop, epochs, steps, variables, start, run, tmp_path, weights, pairs_of_pictures
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
    wait_for((tmp_path / "parts" / "history.csv").exists)  # the first epoch is complete
    process.send_signal(signal.Signals[stop])
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.Signals[stop]
    assert "Traceback" not in stderr and "--resume" in stderr
    stopped = result_of(tmp_path / "parts")
    assert stopped["interrupted"] and 0 < stopped["epochs"] < epochs
    assert len(weights(tmp_path / "parts")) == variables

    assert run("--resume", *data, "--out", "parts", "--plot", "none", **script).returncode == 0
    whole, parts = result_of(tmp_path / "whole"), result_of(tmp_path / "parts")
    assert parts["test"] == whole["test"] and parts["best"] == whole["best"]
    assert (parts["steps"], parts["epochs"], parts["interrupted"]) == (epochs * steps, epochs, False)
    assert all(map(np.array_equal, weights(tmp_path / "whole"), weights(tmp_path / "parts")))


def test_kill_leaves_whole_files_and_resume_goes_on(start, run, tmp_path, weights):
    folder = tmp_path / "a"
    checkpoint = folder / "checkpoint.npz"

    def begin_and_kill():
        before = checkpoint.stat().st_mtime_ns if checkpoint.exists() else None
        process = start(*RUN, "--epochs", 12, "--out", "a")
        wait_for(lambda: checkpoint.exists() and checkpoint.stat().st_mtime_ns != before)
        process.kill()
        process.wait()

    begin_and_kill()
    assert run("--resume", "--out", "a", "--plot", "none").returncode == 0
    result, kept = result_of(folder), weights(folder)
    assert result["epochs"] == 12
    begin_and_kill()  # in a folder that holds an earlier run
    assert result_of(folder) == result and all(map(np.array_equal, weights(folder), kept))
    assert run("--resume", "--out", "a", "--plot", "none").returncode == 0
    again = result_of(folder)
    assert (again["epochs"], again["test"]) == (12, result["test"]) and again["seconds"] != result["seconds"]
