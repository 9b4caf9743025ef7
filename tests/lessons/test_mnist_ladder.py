"""The other rungs of the ladder: each step runs from its command."""

import numpy as np
import pytest
from helpers import ROOT, learning_rates, result_of

from common import UserError, parse_args
from common.training.checkpoints import write_checkpoint

import keras

import mnist_3_convolutional
import run_models

QUICK = ("--train-size", 500)
LAST = (None, "2.2", "3.1", "4.2")  # what runs without --step
DRAWN = (None, "3.0", "4.0")  # each has other panes
FALLING = {
    "2.1": 0.003 * (1 / 30) ** (np.arange(1, 4) / 3),  # thirtyfold
    "3.1": [0.003 / 2, 0],  # along a cosine
    "4.1": [0.02 / 2, 0],
    "4.2": [0],
}
EPOCHS = {step: len(rates) for step, rates in FALLING.items()}


@pytest.mark.parametrize("lesson", run_models.LESSONS)
def test_it_can_be_read_on_two_screens(lesson):
    longest = 180 if lesson in ("nmt_attention", "pix2pix") else 100
    assert len((ROOT / f"{lesson}.py").read_text().splitlines()) < longest


@pytest.mark.parametrize("lesson", ["mnist_2_five_layers", "mnist_4_batchnorm"])
def test_the_page_of_contrasts_has_the_commands_of_the_docstrings(lesson):
    page = (ROOT / "docs" / "contrasts.md").read_text()
    lines = [line for line in (ROOT / f"{lesson}.py").read_text().splitlines() if "--against" in line]
    assert lines
    for line in lines:
        flags = line[line.index("--step") :]
        assert f"python3 {lesson}.py {flags}\n" in page


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
    flags = () if step in LAST else ("--step", step)
    new = lesson == "mnist_0_get_started"
    epochs = EPOCHS.get(step, 1)
    plot = "file" if step in DRAWN else "none"
    done = run(*QUICK, "--epochs", epochs, "--plot", plot, *flags, lesson=lesson, new=new)
    assert (done.returncode, done.stderr) == (0, "")
    name = f"{lesson}-{step}" if step else lesson
    folder = tmp_path / "runs" / name
    result = result_of(folder)
    assert (result["script"], result["step"], result["train_size"]) == (lesson, step, 500)
    assert any(line.startswith(f"{name.replace('-', ' ')}: ") for line in done.stdout.splitlines())
    assert f"(the lecture: {lecture})" in done.stdout
    assert step not in DRAWN or (folder / "dashboard.png").stat().st_size > 50_000
    layers = keras.models.load_model(folder / "model.keras").layers
    functions = {layer.activation.__name__ for layer in layers if hasattr(layer, "activation")}
    assert functions - {"linear"} == {activation, "softmax"}
    rates = {layer.rate for layer in layers if isinstance(layer, keras.layers.Dropout)}
    assert rates == (set() if dropout is None else {dropout})
    if step in FALLING:
        assert learning_rates(folder) == pytest.approx(FALLING[step], rel=1e-4, abs=1e-9)
        assert result["decay"]


def flags_of_step_3(*argv):
    options = {"batch_size": 100, "decay": True, "show_filters": False}
    return parse_args("", argv=argv, steps=mnist_3_convolutional.STEPS, **options)


def test_a_run_with_pooling_stays_one_with_pooling(run, tmp_path, monkeypatch):
    flags = (*QUICK, "--epochs", 1, "--plot", "none", "--out", "run")
    assert run("--step", "3.0", "--pooling", *flags, lesson="mnist_3_convolutional").returncode == 0
    assert result_of(tmp_path / "run")["pooling"] is True
    kinds = [type(layer) for layer in keras.models.load_model(tmp_path / "run" / "model.keras").layers]
    assert kinds.count(keras.layers.MaxPooling2D) == 2
    monkeypatch.setattr("sys.argv", ["mnist_3_convolutional.py"])
    assert flags_of_step_3("--resume", "--out", str(tmp_path / "run")).pooling


def test_pooling_that_cannot_be_had_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["mnist_3_convolutional.py"])
    with pytest.raises(UserError, match="--pooling does not apply to --step lenet5"):
        flags_of_step_3("--step", "lenet5", "--pooling")
    settings = {"script": "mnist_3_convolutional", "step": "3.0", "pooling": False}
    write_checkpoint(tmp_path, [], {"settings": settings, "history": [], "data": "", "stopping": {}})
    with pytest.raises(UserError, match=r"the run in .+ is without --pooling"):
        flags_of_step_3("--resume", "--pooling", "--out", str(tmp_path))


def test_the_learning_rate_falls_or_not_at_all(run, tmp_path):
    """It falls above. A network of five layers keeps it in test_resume_wants_the_same_step."""
    flags = ("--step", "3.0", "--epochs", 2, "--plot", "none", "--no-decay")
    done = run(*QUICK, *flags, lesson="mnist_3_convolutional")
    folder = tmp_path / "runs" / "mnist_3_convolutional-3.0"
    assert done.returncode == 0 and not result_of(folder)["decay"]
    assert learning_rates(folder) == pytest.approx([0.006] * 2)
