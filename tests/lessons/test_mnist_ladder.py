"""The other rungs of the ladder: each step runs from its command."""

import numpy as np
import pytest
from helpers import ROOT, result_of

import keras

import run_models


@pytest.mark.parametrize("lesson", run_models.LESSONS)
def test_it_can_be_read_on_two_screens(lesson):
    longest = 180 if lesson in ("nmt_attention", "pix2pix") else 100
    assert len((ROOT / f"{lesson}.py").read_text().splitlines()) < longest


@pytest.mark.parametrize(
    "lesson, step, activation, dropout, lecture",
    [
        ("mnist_0_get_started", None, "relu", 0.2, "98%"),
        ("mnist_2_five_layers", "2.0", "sigmoid", 0, "97.9%"),
        ("mnist_2_five_layers", "2.1", "relu", 0, "98.2%"),
        ("mnist_2_five_layers", "2.2", "relu", 0.25, "98.2%"),
        ("mnist_3_convolutional", "3.0", "relu", None, "98.9%"),
        ("mnist_3_convolutional", "3.1", "relu", 0.5, "99.3%"),
        ("mnist_3_convolutional", "lenet5", "tanh", None, "99.05%"),
        ("mnist_4_batchnorm", "4.0", "sigmoid", None, "98.1%"),
        ("mnist_4_batchnorm", "4.1", "relu", None, "98.4%"),
        ("mnist_4_batchnorm", "4.2", "relu", 0.5, "99.5%"),
    ],
)
def test_a_step_is_the_slides_network_and_says_so(lesson, step, activation, dropout, lecture, run, tmp_path):
    flags = ("--step", step) if step else ()
    done = run("--train-size", 1000, "--epochs", 1, "--plot", "file", *flags, lesson=lesson)
    assert (done.returncode, done.stderr) == (0, "")
    name = f"{lesson}-{step}" if step else lesson
    folder = tmp_path / "runs" / name
    result = result_of(folder)
    assert (result["script"], result["step"], result["train_size"]) == (lesson, step, 1000)
    assert any(line.startswith(f"{name.replace('-', ' ')}: ") for line in done.stdout.splitlines())
    assert f"(the lecture: {lecture})" in done.stdout
    assert (folder / "dashboard.png").stat().st_size > 50_000
    layers = keras.models.load_model(folder / "model.keras").layers
    functions = {layer.activation.__name__ for layer in layers if hasattr(layer, "activation")}
    assert functions - {"linear"} == {activation, "softmax"}
    rates = {layer.rate for layer in layers if isinstance(layer, keras.layers.Dropout)}
    assert rates == (set() if dropout is None else {dropout})


def learning_rates(folder):
    lines = (folder / "history.csv").read_text().splitlines()
    column = lines[0].split(",").index("learning_rate")
    return [float(line.split(",")[column]) for line in lines[1:]]


def test_the_learning_rate_falls_along_a_cosine_or_not_at_all(run, tmp_path):
    """And without --step, the last step is run."""
    flags = ("--train-size", 500, "--epochs", 2, "--plot", "none")
    for lesson, step, rate in (("mnist_4_batchnorm", "4.2", 0.01), ("mnist_3_convolutional", "3.1", 0.003)):
        assert run(*flags, "--out", step, lesson=lesson).returncode == 0
        assert result_of(tmp_path / step)["step"] == step
        assert learning_rates(tmp_path / step) == pytest.approx([rate / 2, 0], abs=1e-9)
    assert run(*flags, "--out", "constant", "--no-decay", lesson=lesson).returncode == 0
    assert learning_rates(tmp_path / "constant") == pytest.approx([rate] * 2)


def test_the_learning_rate_falls_thirtyfold_or_not_at_all(run, tmp_path):
    flags = ("--step", "2.1", "--train-size", 1000, "--epochs", 3, "--plot", "none")
    assert run(*flags, "--out", "a", lesson="mnist_2_five_layers").returncode == 0
    assert run(*flags, "--out", "b", "--no-decay", lesson="mnist_2_five_layers").returncode == 0
    falling = 0.003 * (1 / 30) ** (np.arange(1, 4) / 3)
    assert learning_rates(tmp_path / "a") == pytest.approx(falling, rel=1e-4)
    assert learning_rates(tmp_path / "b") == pytest.approx([0.003] * 3)
    assert (result_of(tmp_path / "a")["decay"], result_of(tmp_path / "b")["decay"]) == (True, False)


@pytest.mark.parametrize("lesson", ["mnist_2_five_layers", "mnist_4_batchnorm"])
def test_the_page_of_contrasts_has_the_commands_of_the_docstrings(lesson):
    page = (ROOT / "docs" / "contrasts.md").read_text()
    lines = [
        line for line in (ROOT / f"{lesson}.py").read_text().splitlines() if "--out" in line or "--ov" in line
    ]
    assert len(lines) >= 2
    for line in lines:
        flags = line[line.index("--step") :]
        assert f"python3 {lesson}.py {flags}\n" in page
