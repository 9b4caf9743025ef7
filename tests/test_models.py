"""M1, M2, M3, cats and dogs: each network is the tutorial's or the slide's, and answers what it is asked."""

import functools
import io
import statistics
import sys

import numpy as np
import pytest
from conftest import ROOT, result_of
from PIL import Image

import boston_regression
import cats_dogs_cnn
import fashion_mnist
import imdb_text
import mnist_0_get_started
import mnist_1_softmax
import mnist_2_five_layers
import mnist_3_convolutional
import mnist_4_batchnorm

import keras

from common import UserError, classify_reviews, parse_args
from common.reviews import SPECIAL


def weighted(model):
    """(output shape, number of parameters) of the layers that have trainable parameters."""
    return [
        (layer.output.shape[1:], layer.count_params()) for layer in model.layers if layer.trainable_weights
    ]


def test_the_networks_of_fashion():
    assert weighted(fashion_mnist.build_model("dense")) == [
        ((128,), 784 * 128 + 128),
        ((10,), 128 * 10 + 10),
    ]
    assert weighted(fashion_mnist.build_model("conv")) == [
        ((28, 28, 32), 9 * 32 + 32),
        ((14, 14, 64), 9 * 32 * 64 + 64),
        ((128,), 7 * 7 * 64 * 128 + 128),
        ((10,), 128 * 10 + 10),
    ]


def test_the_network_of_imdb_is_the_tutorials():
    assert weighted(imdb_text.build_model()) == [
        ((None, 16), 160_000),
        ((16,), 16 * 16 + 16),
        ((1,), 16 + 1),
    ]


def test_the_network_of_boston_is_the_tutorials():
    model = boston_regression.build_model()
    assert weighted(model) == [((64,), 13 * 64 + 64), ((64,), 64 * 64 + 64), ((1,), 64 + 1)]


@pytest.mark.parametrize("size, side", [(150, 9), (32, 2)])
def test_the_network_of_cats_and_dogs_is_the_slide(size, side):
    model = cats_dogs_cnn.build_model(size)
    assert weighted(model) == [
        ((size, size, 32), 27 * 32 + 32),
        ((size // 2, size // 2, 64), 9 * 32 * 64 + 64),
        ((size // 4, size // 4, 128), 9 * 64 * 128 + 128),
        ((size // 8, size // 8, 128), 9 * 128 * 128 + 128),
        ((512,), side * side * 128 * 512 + 512),
        ((128,), 512 * 128 + 128),
        ((1,), 128 + 1),
    ]
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == [0.5]


def test_augmentation_changes_training_pictures_only():
    model = cats_dogs_cnn.build_model(32, augment=True)
    changes = keras.Sequential(model.layers[:5])  # rescaling, and four changes
    picture = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3)).astype("float32")
    shown = [keras.ops.convert_to_numpy(changes(picture, training=True)) for _ in range(3)]
    assert not np.allclose(shown[0], shown[1]) and not np.allclose(shown[1], shown[2])
    np.testing.assert_allclose(changes(picture, training=False), picture / 127.5 - 1, atol=1e-5)


@pytest.mark.parametrize(
    "build",
    [
        mnist_0_get_started.build_model,
        mnist_1_softmax.build_model,
        mnist_2_five_layers.build_model,
        *(functools.partial(mnist_3_convolutional.build_model, step) for step in mnist_3_convolutional.STEPS),
        *(functools.partial(mnist_4_batchnorm.build_model, step) for step in mnist_4_batchnorm.STEPS),
        *(functools.partial(fashion_mnist.build_model, step) for step in fashion_mnist.STEPS),
        imdb_text.build_model,
        boston_regression.build_model,
        functools.partial(cats_dogs_cnn.build_model, 32, augment=True),
    ],
)
def test_in_mixed_precision_the_last_layer_has_32_bits_and_the_others_have_not(build):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = build()
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.outputs[0].dtype == "float32"
    assert model.layers[-1].compute_dtype == "float32" and model.layers[1].compute_dtype == "bfloat16"


def test_cats_and_dogs_take_dropout_and_decay(run, tmp_path):
    flags = ("--train-size", 96, "--epochs", 2, "--plot", "none", "--no-augment")
    for name, more in (("usual", ()), ("changed", ("--dropout", 0, "--no-decay"))):
        assert run(*flags, *more, "--out", name, lesson="cats_dogs_cnn").returncode == 0
    rates = [(tmp_path / name / "history.csv").read_text().splitlines()[-1] for name in ("usual", "changed")]
    usual, changed = (float(row.split(",")[-2]) for row in rates)
    assert usual < 1e-6 and changed == pytest.approx(0.001)
    model = keras.models.load_model(tmp_path / "changed" / "model.keras", compile=False)
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == [0]


QUICK = {
    "fashion_mnist": (("--train-size", 2000, "--epochs", 2), "Fashion-MNIST:", ["Predictions:"]),
    "imdb_text": (("--train-size", 2048, "--epochs", 2), "IMDB:", []),
    "boston_regression": (("--epochs", 3), "Boston:", []),
    "cats_dogs_cnn": (("--train-size", 200, "--epochs", 1), "Cat", ["Predictions:"]),
}


@pytest.mark.parametrize("lesson", QUICK)
def test_a_run_prints_our_lines_and_leaves_its_pictures(lesson, run, tmp_path):
    flags, first, last = QUICK[lesson]
    done = run(*flags, "--plot", "file", "--out", "a", lesson=lesson)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split()[0] for line in done.stdout.splitlines()]
    epochs = ["epoch"] * flags[-1]
    middle = ["The"] if lesson == "imdb_text" else []
    assert lines == [
        first,
        lesson + ("" if lesson == "fashion_mnist" else ":"),
        *epochs,
        *middle,
        "The",
        "Test",
        *last,
    ]
    assert Image.open(tmp_path / "a" / "dashboard.png").size == (1344, 756)
    if lesson == "boston_regression":
        error = result_of(tmp_path / "a")["test"]["mae"]
        assert error > 5 and f"Test mae ${1000 * error:,.0f} after 3 epochs" in done.stdout
    if last:
        assert Image.open(tmp_path / "a" / "predictions.png").size == (1344, 756)


def test_boston_stops_by_itself_and_is_then_complete(run, tmp_path):
    flags = ("--plot", "none", "--out", "a", "--learning-rate", 0.01)
    assert run(*flags, lesson="boston_regression").returncode == 0
    before = result_of(tmp_path / "a")
    assert 20 < before["epochs"] < 500 and not before["interrupted"]
    history = (tmp_path / "a" / "history.csv").read_text().splitlines()
    losses = [float(line.split(",")[history[0].split(",").index("val_loss")]) for line in history[1:]]
    assert losses.index(min(losses)) == len(losses) - 21
    done = run(*flags[:4], "--resume", lesson="boston_regression")
    assert done.returncode == 0 and result_of(tmp_path / "a")["test"] == before["test"]


def test_a_review_is_classified_and_unknown_words_are_named(run, tmp_path, monkeypatch):
    texts = ["A great, wonderful, perfect film", "An awful, boring waste of tyme", "xyzzy"]
    asked = [word for text in texts for word in ("--review", text)]
    quick = ("--epochs", 4, "--learning-rate", 0.01)
    first = run(*quick, "--plot", "none", *asked, lesson="imdb_text")
    assert first.returncode == 0 and "training one first" in first.stdout
    again = run(*asked, lesson="imdb_text")
    assert (again.returncode, again.stderr) == (0, "")
    answers = [line.strip() for line in again.stdout.splitlines() if line.startswith("  ")]
    assert answers == [line.strip() for line in first.stdout.splitlines() if line.startswith("  ")]
    assert answers[0].startswith("positive, ") and answers[1].startswith("negative, ")
    assert answers[2:] == ["unknown words: tyme", "none of its words is known: nothing can be said"]
    assert "epoch" not in again.stdout
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["imdb_text.py"])
    for flags, message in (
        (("--review", "  "), "the text is empty"),
        (("--review", "good", "--epochs", "3"), "has --epochs 4, not 3"),
    ):
        with pytest.raises(UserError, match=message):
            parse_args("", argv=flags, epochs=40, review=[])


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
def test_the_default_run_reaches_its_target(lesson, flags, metric, target, start, tmp_path):
    values = []
    for seed in (0, 1, 2):
        process = start("--plot", "none", "--seed", seed, "--out", seed, *flags, lesson=lesson)
        assert process.wait() == 0
        values.append(result_of(tmp_path / str(seed))["test"][metric])
    reached = statistics.median(values)
    assert reached <= target if metric == "mae" else reached >= target


def test_the_readme_of_the_data_has_each_file_and_its_sha256():
    from common.datasets import BUNDLED_SHA256

    text = (ROOT / "common" / "data" / "README.md").read_text()
    for name, sha256 in BUNDLED_SHA256.items():
        assert f"## {name}" in text and sha256 in text
    assert sum(path.stat().st_size for path in (ROOT / "common" / "data").glob("*.npz")) < 65_000_000


@pytest.mark.parametrize(
    "written, encoding",
    [("utf-8", "cp950"), ("utf-8-sig", "utf-8"), ("cp1252", "cp1252"), ("utf-8", "cp1252")],
)
def test_reviews_are_read_in_utf_8_or_as_the_terminal_has_it(written, encoding, monkeypatch, capsys):
    content = io.BytesIO("a café I liked\n\nnaïve\n".encode(written))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(content, encoding=encoding))
    classify_reviews(None, ["-"], [*SPECIAL, "good"])
    said = capsys.readouterr().out.splitlines()
    assert said[::2] == ['"a café I liked"', '"naïve"']
