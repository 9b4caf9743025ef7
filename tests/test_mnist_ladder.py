"""The other rungs of the ladder: each network is the slide's, and each step runs from its command."""

import itertools
import statistics

import keras
import numpy as np
import pytest
from conftest import ROOT, result_of

import mnist_0_get_started
import mnist_2_five_layers
import mnist_3_convolutional
import mnist_4_batchnorm
import run_models


def weighted(model):
    """(output shape, number of parameters) of the layers that have parameters."""
    return [(layer.output.shape[1:], layer.count_params()) for layer in model.layers if layer.weights]


def test_get_started_is_the_page():
    model = mnist_0_get_started.build_model()
    assert weighted(model) == [((512,), 784 * 512 + 512), ((10,), 512 * 10 + 10)]
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == [0.2]


def test_five_layers_are_the_slide():
    model = mnist_2_five_layers.build_model("sigmoid", 0.25)
    assert weighted(model) == [
        ((200,), 157_000),  # 784·200 + 200
        ((100,), 20_100),  # 200·100 + 100
        ((60,), 6_060),  # 100·60 + 60
        ((30,), 1_830),  # 60·30 + 30
        ((10,), 310),  # 30·10 + 10
    ]
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    assert [layer.activation.__name__ for layer in dense] == ["sigmoid"] * 4 + ["softmax"]
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == [0.25] * 4


@pytest.mark.parametrize(
    "step, expected",
    [
        (
            "3.0",
            [
                ((28, 28, 4), 104),  # 5·5·1·4 + 4
                ((14, 14, 8), 808),  # 5·5·4·8 + 8
                ((7, 7, 12), 1_548),  # 4·4·8·12 + 12
                ((200,), 117_800),  # 7·7·12·200 + 200
                ((10,), 2_010),  # 200·10 + 10
            ],
        ),
        (
            "3.1",
            [
                ((28, 28, 6), 222),  # 6·6·1·6 + 6
                ((14, 14, 12), 1_812),  # 5·5·6·12 + 12
                ((7, 7, 24), 4_632),  # 4·4·12·24 + 24
                ((200,), 235_400),  # 7·7·24·200 + 200
                ((10,), 2_010),
            ],
        ),
        (
            "lenet5",
            [
                ((28, 28, 6), 156),  # C1, 156 in the paper: 5·5·1·6 + 6
                ((10, 10, 16), 2_416),  # C3 with all connections: 5·5·6·16 + 16
                ((1, 1, 120), 48_120),  # C5, 48,120 in the paper: 5·5·16·120 + 120
                ((84,), 10_164),  # F6, 10,164 in the paper: 120·84 + 84
                ((10,), 850),  # 84·10 + 10
            ],
        ),
    ],
)
def test_convolutional_networks_are_the_slides(step, expected):
    assert weighted(mnist_3_convolutional.build_model(step)) == expected


def test_lenet5_halves_its_maps_twice():
    layers = mnist_3_convolutional.build_model("lenet5").layers
    pools = [layer for layer in layers if isinstance(layer, keras.layers.AveragePooling2D)]
    assert [(pool.input.shape[1:], pool.output.shape[1:]) for pool in pools] == [
        ((28, 28, 6), (14, 14, 6)),  # S2
        ((10, 10, 16), (5, 5, 16)),  # S4
    ]


def trainable(model):
    """The shapes of the trainable variables, layer by layer."""
    return [
        [tuple(variable.shape) for variable in layer.trainable_variables]
        for layer in model.layers
        if layer.weights
    ]


@pytest.mark.parametrize("step, norm", [("4.0", 2), ("4.1", 1)])
def test_five_layers_with_batch_norm(step, norm):
    """Scale and offset with sigmoid, offset only with relu; no bias but the last."""
    sizes = [784, 200, 100, 60, 30]
    expected = []
    for inputs, neurons in itertools.pairwise(sizes):
        expected += [[(inputs, neurons)], [(neurons,)] * norm]
    assert trainable(mnist_4_batchnorm.build_model(step)) == [*expected, [(30, 10), (10,)]]


def test_convolutional_network_with_batch_norm_is_the_slide():
    model = mnist_4_batchnorm.build_model("4.2")
    assert trainable(model) == [
        [(6, 6, 1, 24)], [(24,)],
        [(5, 5, 24, 48)], [(48,)],
        [(4, 4, 48, 64)], [(64,)],
        [(3136, 200)], [(200,)],
        [(200, 10), (10,)],
    ]  # fmt: skip
    maps = [layer.output.shape[1:] for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert maps == [(28, 28, 24), (14, 14, 48), (7, 7, 64)]
    # 864 + 28,800 + 49,152 + 627,200 weights, 24 + 48 + 64 + 200 offsets, 2,010, and twice as many
    # moving averages as offsets
    assert model.count_params() == 706_016 + 336 + 2_010 + 2 * 336


def test_without_batch_norm_there_are_biases_instead():
    model = mnist_4_batchnorm.build_model("4.0", batch_norm=False)
    assert [shape for shape, _ in weighted(model)] == [(200,), (100,), (60,), (30,), (10,)]
    assert model.count_params() == mnist_2_five_layers.build_model().count_params() == 185_300


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
