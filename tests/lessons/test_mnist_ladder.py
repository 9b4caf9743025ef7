"""Tests that each step of the ladder's other lessons runs from its command."""

import numpy as np
import pytest
from helpers import ROOT, learning_rates, result_of
from PIL import Image

from common import UserError, parse_args
from common.training.checkpoints import write_checkpoint

import keras

import mnist_3_convolutional
import run_models

QUICK = ("--train-size", 500)
LAST = (None, "2.2", "3.1", "4.2")  # what runs without --step
DRAWN = (None, "4.0")  # each has other panes; those of 3.0 are below
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
    assert len((ROOT / f"{lesson}.py").read_text("utf-8").splitlines()) < longest


@pytest.mark.parametrize("lesson", ["mnist_2_five_layers", "mnist_4_batchnorm"])
def test_the_page_of_contrasts_has_the_commands_of_the_docstrings(lesson):
    page = (ROOT / "docs" / "contrasts.md").read_text("utf-8")
    lines = [line for line in (ROOT / f"{lesson}.py").read_text("utf-8").splitlines() if "--against" in line]
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
    epochs = EPOCHS.get(step, 1)
    plot = "file" if step in DRAWN else "none"
    done = run(*QUICK, "--epochs", epochs, "--plot", plot, *flags, lesson=lesson)
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
    return parse_args("", argv=argv, variants=mnist_3_convolutional.VARIANTS, **options)


def test_a_run_keeps_its_flags_and_can_have_the_picture_of_its_filters_later(run, tmp_path):
    """A network of five layers keeps its learning rate in test_resume_wants_the_same_step."""
    folder, lesson = tmp_path / "run", {"lesson": "mnist_3_convolutional"}
    flags = (*QUICK, "--step", "3.0", "--pooling", "--no-decay", "--epochs", 2)
    assert run(*flags, "--plot", "file", "--out", "run", **lesson).returncode == 0
    assert not (folder / "feature_maps.png").exists()
    before, picture = result_of(folder), (folder / "dashboard.png").read_bytes()
    assert len(picture) > 50_000
    assert (before["pooling"], before["decay"]) == (True, False)
    assert learning_rates(folder) == pytest.approx([0.006] * 2)
    kinds = [type(layer) for layer in keras.models.load_model(folder / "model.keras").layers]
    assert kinds.count(keras.layers.MaxPooling2D) == 2
    done = run("--resume", "--show-filters", "--plot", "file", "--out", "run", **lesson)
    assert (done.returncode, done.stderr) == (0, "") and "feature_maps.png" in done.stdout
    after = result_of(folder)
    assert [after[name] for name in ("pooling", "test")] == [True, before["test"]]
    assert (folder / "dashboard.png").read_bytes() == picture
    with Image.open(folder / "feature_maps.png") as picture:
        assert picture.size == (1344, 756)


def test_pooling_that_cannot_be_had_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["mnist_3_convolutional.py"])
    with pytest.raises(UserError, match="--pooling does not apply to --step lenet5"):
        flags_of_step_3("--step", "lenet5", "--pooling")
    settings = {"script": "mnist_3_convolutional", "step": "3.0", "pooling": False}
    write_checkpoint(tmp_path, [], {"settings": settings, "history": [], "data": "", "stopping": {}})
    with pytest.raises(UserError, match=r"the run in .+ is without --pooling"):
        flags_of_step_3("--resume", "--pooling", "--out", str(tmp_path))
