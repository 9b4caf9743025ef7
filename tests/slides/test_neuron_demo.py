"""Tests that the neuron slides show what Keras' own layers compute."""

import functools
import re
from itertools import combinations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text
from PIL import Image

from common import UserError
from keras_window.style import fit_text
from keras_window.screens import File
from slides.neuron.activations import slopes
from slides.neuron.batch import ROWS
from slides.neuron.batch_norm import OFFSET, SCALE, stages
from slides.neuron.dropout import DIGITS, P_KEEP, factors
from slides.neuron.layer import INPUTS, WEIGHTS
from slides.neuron.network import NEURONS, largest_terms, trained_network
from slides.neuron.trained import flat, train
from slides.show import show_slides

import keras
from keras import layers, ops

from neuron_demo import make_slides, parse_args

NAMES = [
    "fields", "neuron", "layer", "network", "batch", "cross_entropy", "activations", "dropout", "batch_norm",
]  # fmt: skip


@functools.cache
def slides(*flags):
    return dict(zip(NAMES, make_slides(parse_args(flags)), strict=True))


def drawn(slide, step=-1, width=1344, height=756):
    """The slide on a window of this size, and the texts on it."""
    figure = File().figure
    figure.set_size_inches(width / 100, height / 100)
    fit_text(figure)
    slide.put_on(figure, step % slide.steps, "the keys")
    parts = figure.findobj(Axes)
    texts = [text for part in (figure, *parts) for text in part.texts] + [axes.title for axes in parts]
    return figure, [text for text in texts if text.get_text()]


def words(slide, step=-1):
    return [text.get_text() for text in drawn(slide, step)[1]]


def value(text):
    return float(text.replace("−", "-").strip("()"))


def rows_of_ten(slide, step=-1):
    """The rows of ten numbers on a slide, from top to bottom."""
    found = {}
    for text in drawn(slide, step)[1]:
        if re.fullmatch(r"−?\d+(\.\d+)?", text.get_text()):
            x, y = text.get_position()
            found.setdefault(y, {})[x] = value(text.get_text())
    rows = [[row[x] for x in sorted(row)] for _, row in sorted(found.items(), reverse=True)]
    return np.array([row for row in rows if len(row) == 10])


def dense(activation, weights, biases, x):
    """What Keras' own dense layer makes of x, with these weights."""
    layer = layers.Dense(weights.shape[1], activation)
    layer.build((None, len(weights)))
    layer.set_weights([weights, biases])
    return ops.convert_to_numpy(layer(np.asarray(x, "float32")))


def test_the_neuron_grows_product_by_product():
    slide = slides()["neuron"]
    for n, (x, w) in enumerate(zip(INPUTS, WEIGHTS, strict=True), start=1):
        (text,) = [text for text in words(slide, n) if "·" in text]
        x_, w_, product = map(value, re.search(r"= +(.+)·(.+?) += +(.+)", text).groups())
        assert (x_, w_) == (x, w) and product == pytest.approx(x * w)
    assert "2 + (−0.5) + 0.3 + 0.4  =  2.2" in words(slide, 5)
    assert "z  =  2.2 + (−1)  =  1.2" in words(slide, 6)
    assert slide.steps == 8 and "a\n0.769" not in words(slide, 6)


@pytest.mark.parametrize("activation, bias", [("sigmoid", 0), ("relu", -3), ("relu", 9)])
def test_the_neuron_s_output_is_keras(activation, bias):
    changed = slides("--activation", activation, "--bias", str(bias))
    (output,) = dense(activation, WEIGHTS[:, None], np.array([bias]), INPUTS[None])[0]
    (text,) = [text for text in words(changed["neuron"]) if text.startswith("a  = ")]
    assert value(text.split()[-1]) == pytest.approx(output, abs=6e-4)
    first, *_ = [text for text in words(changed["layer"], 1) if re.fullmatch(r"\d+\.\d\d", text)]
    assert value(first) == pytest.approx(output, abs=6e-3)  # the layer's first neuron is this one


@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
def test_the_layer_is_keras_dense_layer_column_by_column(activation):
    slide = slides("--activation", activation)["layer"]
    outputs, *weights, biases = rows_of_ten(slide)
    assert np.shape(weights) == (4, 10)
    assert outputs == pytest.approx(dense(activation, np.array(weights), biases, INPUTS[None])[0], abs=6e-3)
    assert {"[4] · [4, 10]\n+ [10]  =  [10]", "W\n[4, 10]", "b  [10]"} <= set(words(slide))
    texts = words(slide, 7)
    shown = [value(text) for text in texts if re.fullmatch(r"\d\.\d\d", text)]
    assert shown == outputs[:7].tolist()
    (total,) = [re.search(r"= (\S+),", text).group(1) for text in texts if " + " in text and "," in text]
    assert value(total) == pytest.approx(INPUTS @ np.array(weights)[:, 6] + biases[6])


def test_each_row_of_the_batch_is_what_keras_computes():
    slide = slides()["batch"]
    images, labels, weights, biases = slide.drawing[1:]
    n, some = len(ROWS), images[list(ROWS)]
    products = rows_of_ten(slide, n)[1:]
    assert products == pytest.approx(dense(None, weights, np.zeros(10), some), abs=6e-3)
    _, b, *logits = rows_of_ten(slide, 2 * n + 1)
    assert b.tolist() == [round(float(number), 2) for number in biases]
    assert np.array(logits) == pytest.approx(products + b, abs=1e-9)  # to the last digit, in every row
    _, _, *probabilities = rows_of_ten(slide)
    assert np.array(probabilities) == pytest.approx(dense("softmax", weights, biases, some), abs=6e-3)
    assert np.sum(probabilities, axis=1) == pytest.approx(np.ones(n), abs=0.03)
    whole = dense("softmax", weights, biases, images)
    assert whole.sum(axis=1) == pytest.approx(np.ones(100), abs=1e-5)
    correct = (whole.argmax(axis=1) == labels).sum()
    assert f"correct for {correct} of these 100" in " ".join(words(slide)) and correct > 85


def test_the_batch_s_shapes_are_the_lecture_s():
    shapes = {"X  [100, 784]", "W  [784, 10]", "b  [10]", "L  [100, 10]", "Y  [100, 10]"}
    assert shapes <= set(words(slides()["batch"]))
    assert shapes - set(words(slides()["batch"], 0)) == {"L  [100, 10]", "Y  [100, 10]"}  # not computed yet


def test_the_batch_says_what_it_adds():
    slide, n = slides()["batch"], len(ROWS)
    said = [words(slide, step) for step in range(slide.steps)]
    for texts in said[n + 2 : 2 * n + 2]:
        (text,) = [text for text in texts if text.startswith("Row")]
        product, bias, logit = map(value, re.search(r": +(\S+) \+ (\S+) += +(\S+)$", text).groups())
        assert product + bias == pytest.approx(logit, abs=1e-9)
    assert any("broadcasting" in text for text in said[n + 1])
    assert sum(text.endswith(", misclassified") for texts in said for text in texts) == 1


def test_training_takes_the_steps_that_keras_takes(mnist):
    x, y = mnist["x_train"][:300], mnist["y_train"][:300]
    w, b = train(x, y, steps=4, batch_size=100, learning_rate=0.2)
    model = keras.Sequential([keras.Input((784,)), layers.Dense(10, "softmax", kernel_initializer="zeros")])
    model.compile(keras.optimizers.SGD(0.2), "sparse_categorical_crossentropy")
    model.fit(flat(x), y, batch_size=100, shuffle=False, verbose=0)
    model.fit(flat(x[:100]), y[:100], batch_size=100, shuffle=False, verbose=0)
    expected_w, expected_b = model.get_weights()
    assert w == pytest.approx(expected_w, abs=1e-4)
    assert b == pytest.approx(expected_b, abs=0.0051)  # it is rounded


def test_cross_entropy_is_keras_of_a_real_6(mnist):
    slide = slides()["cross_entropy"]
    _, image, computed = slide.drawing
    assert mnist["y_test"][(mnist["x_test"] == image).all(axis=(1, 2))].tolist() == [6]
    layer = slides()["batch"].drawing[3:]
    assert computed == pytest.approx(dense("softmax", *layer, flat(image[None]))[0], abs=1e-5)
    _, actual, probabilities, products = rows_of_ten(slide)
    assert actual.tolist() == [0, 0, 0, 0, 0, 0, 1, 0, 0, 0]
    assert probabilities == pytest.approx(computed, abs=6e-4) and (probabilities > 0).all()
    assert np.flatnonzero(products).tolist() == [6]
    loss = float(keras.losses.categorical_crossentropy(actual[None], computed[None])[0])
    (text,) = [text for text in words(slide) if "Σ" in text]
    assert value(text.split()[-1]) == pytest.approx(loss, abs=6e-4)
    assert -products.sum() == value(text.split()[-1]) == round(-np.log(probabilities[6]), 3)


def test_each_product_of_the_cross_entropy_comes_in_turn():
    slide = slides()["cross_entropy"]
    for step in range(1, 11):
        (text,) = [text for text in words(slide, step) if re.match(r"[01] · log ", text)]
        actual, probability, product = map(value, re.fullmatch(r"(.) · log (\S+)  =  (\S+)", text).groups())
        assert actual == (step == 7) and product == pytest.approx(actual * np.log(probability), abs=6e-4)


def test_confident_and_wrong_costs_much():
    texts = words(slides()["cross_entropy"])
    assert texts[texts.index("confident and right:") + 1] == "−log 0.9 = 0.105"
    assert texts[texts.index("confident and wrong:") + 1] == "−log 0.01 = 4.605"
    assert "−log 0.1 = 2.303" in texts and any("natural logarithm" in text for text in texts)


def test_a_matrix_has_one_length_where_the_next_one_has_it():
    figure, _ = drawn(slides()["batch"])
    sizes = {}
    for image in figure.axes[0].images[:5]:
        left, right, low, high = image.get_extent()
        rows, columns = image.get_array().shape
        sizes.setdefault(rows, set()).add(round(high - low, 6))
        sizes.setdefault(columns, set()).add(round(right - left, 6))
    assert set(sizes) == {100, 784, 10, 1}
    assert all(len(lengths) == 1 for lengths in sizes.values()), sizes


def test_the_network_is_keras_and_its_brightest_output_is_the_prediction(mnist):
    slide, model = slides()["network"], trained_network()
    _, outputs, weights, labels = slide.drawing
    images = mnist["x_test"][: len(labels)]
    assert [found.shape for found in outputs] == [(len(labels), n) for n in (784, *NEURONS)]
    expected = ops.convert_to_numpy(model(flat(images)))
    assert outputs[-1] == pytest.approx(expected, abs=1e-5)
    for digit, step in enumerate(range(5, slide.steps)):
        (text,) = [text for text in words(slide, step) if "prediction" in text]
        guess, probability = re.search(r"prediction: (\d), with probability (\S+?)(?:;|$)", text).groups()
        assert int(guess) == expected[digit].argmax()
        assert float(probability) == pytest.approx(expected[digit].max(), abs=6e-3)
        assert ("it is a" in text) == (int(guess) != labels[digit])
    assert (expected.argmax(axis=1) == labels).mean() > 0.8
    i, j, terms = largest_terms(outputs[1][0], weights[1])
    assert terms == pytest.approx(outputs[1][0][i] * weights[1][i, j])
    assert np.abs(terms).min() >= np.sort(np.abs(outputs[1][0][:, None] * weights[1]), axis=None)[-60]


def test_brightness_flows_layer_by_layer():
    slide = slides()["network"]
    for step in range(6):
        figure, _ = drawn(slide, step)
        layers_ = [c for c in figure.axes[0].collections if len(c.get_offsets()) in NEURONS]
        lit = [bool(c.get_facecolor()[:, 0].max() > 0.5) for c in layers_]
        assert lit == [n < step for n in range(5)]


def test_the_slopes_are_keras():
    z = np.linspace(-4, 4, 9) + 0.05
    for name, found in slopes(z).items():
        function, tiny = getattr(keras.activations, name), 1e-2
        ends = (ops.convert_to_numpy(function((z + side).astype("float32"))) for side in (tiny, -tiny))
        assert found == pytest.approx(np.subtract(*ends) / (2 * tiny), abs=1e-3)
    assert slopes(np.zeros(1))["sigmoid"] ** 4 == 1 / 256
    assert slopes(np.linspace(-9, 9, 99))["sigmoid"].max() == 1 / 4


def test_dropout_is_keras_with_other_neurons_for_every_digit():
    slide = slides()["dropout"]
    _, _, outputs, p_keep = slide.drawing
    assert p_keep == P_KEEP == 0.75
    multiplied = factors(p_keep)
    assert outputs.shape[1] == multiplied.shape[1] == 10
    gone = [tuple(np.flatnonzero(row == 0)) for row in multiplied]
    assert len(set(gone)) == DIGITS and all(gone)
    assert multiplied[multiplied > 0] == pytest.approx(1 / 0.75)
    for step in range(1, DIGITS + 1):
        rows = rows_of_ten(slide, step)
        assert rows[-1] == pytest.approx(outputs[step - 1] * multiplied[step - 1], abs=6e-3)
        (total,) = [text for text in words(slide, step) if text.startswith("sum of the ten")]
        before, after = (value(number) for number in re.findall(r"\d+\.\d\d", total))
        assert before == pytest.approx(outputs[step - 1].sum(), abs=6e-3)
        assert after == pytest.approx((outputs[step - 1] * multiplied[step - 1]).sum(), abs=6e-3)
    tested = rows_of_ten(slide)
    assert tested[0] == pytest.approx(outputs[DIGITS], abs=6e-3)  # without dropout, all go on
    assert tested[-1] == pytest.approx(tested[0])


def test_dropout_keeps_the_share_that_is_asked_for():
    slide = slides("--p-keep", "0.5")["dropout"]
    for step in range(1, DIGITS + 1):
        outputs, kept = rows_of_ten(slide, step)[0], factors(0.5)[step - 1]
        assert set(kept) == {0, 2} and words(slide, step).count("÷ 0.5") == (kept == 2).sum()
        assert rows_of_ten(slide, step)[-1] == pytest.approx(outputs * kept, abs=0.011)
    assert any("p_keep = 0.5: " in text and "probability 0.5" in text for text in words(slide, 1))
    assert words(slides("--p-keep", "1")["dropout"], 2).count("÷ 1") == 10


def test_batch_normalization_is_keras():
    _, z = slides()["batch_norm"].drawing
    layer = layers.BatchNormalization()
    layer.build(z.shape)
    layer.set_weights([SCALE, OFFSET, np.zeros(3), np.ones(3)])
    expected = ops.convert_to_numpy(layer(z, training=True))
    _, centred, normalized, last = stages(z)
    assert last == pytest.approx(expected, abs=1e-4)
    assert centred.mean(axis=0) == pytest.approx(0, abs=1e-4) and normalized.std(axis=0) == pytest.approx(
        1, abs=1e-3
    )
    texts = " ".join(words(slides()["batch_norm"], 0))
    for n in range(3):
        assert f"mean {round(float(z[:, n].mean()), 2):g}".replace("-", "−") in texts
        assert f"flat for {(np.abs(z[:, n]) > 2.9).mean():.0%}".replace("%", " %") in texts


def test_each_field_lies_in_the_one_before():
    figure, _ = drawn(slides()["fields"])
    ai, learning, *_ = boxes = [patch.get_extents() for patch in figure.axes[0].patches]
    deep = boxes[6]
    for outer, inner in ((ai, learning), (learning, deep)):
        assert outer.x0 < inner.x0 and inner.x1 < outer.x1 and outer.y0 < inner.y0 and inner.y1 < outer.y1
    texts = words(slides()["fields"])
    assert {"CNN", "RNN", "GAN", "supervised", "unsupervised", "semi-supervised", "reinforcement"} <= set(
        texts
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size, every", [((1344, 756), 4), ((1024, 768), 20)])
def test_all_can_be_read_and_nothing_is_cut_off(name, size, every):
    flags = ["--activation", "relu", "--bias", "-9"] if size == (1024, 768) else []
    slide = slides(*flags)[name]
    for step in range(-1, slide.steps - 1, every):
        figure, texts = drawn(slide, step, *size)
        figure.draw_without_rendering()
        edge, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
        assert min(edge.x0, edge.y0, width - edge.x1, height - edge.y1) > -0.001
        assert all(text.get_fontsize() >= 13 for text in figure.findobj(Text) if text.get_text().strip())
        boxes = [(text.get_window_extent(), text) for text in texts]
        for (one, text), (other, another) in combinations(boxes, 2):
            beside = one.x1 <= other.x0 or other.x1 <= one.x0 or one.y1 <= other.y0 or other.y1 <= one.y0
            assert beside, (step, text, another)


def test_pictures_without_a_screen(run, tmp_path):
    result = run("--plot", "file", "--out", "o", lesson="neuron_demo")
    assert (result.returncode, result.stderr) == (0, "")
    assert {path.name for path in (tmp_path / "o").iterdir()} == {f"{name}.png" for name in NAMES}
    assert Image.open(tmp_path / "o" / "batch.png").size == (1344, 756)


@pytest.mark.parametrize(
    "flags, complaint",
    [
        (("--slide", "nonsense"), "there are fields, neuron, layer, network"),
        (("--slide", "batch", "--bias", "2"), "--bias does not change slide batch (only neuron and layer)"),
        (("--slide", "dropout", "--bias", "2"), "--bias does not change slide dropout"),
        (("--slide", "batch", "--activation", "relu"), "--activation does not change slide batch"),
        (("--slide", "cross_entropy", "--bias", "0"), "--bias does not change slide cross_entropy"),
        (("--slide", "cross_entropy", "--activation", "sigmoid"), "does not change slide cross_entropy"),
        (("--bias", "10"), "must be from -9 to 9"),
        (("--bias", "0.5"), "is not a whole number"),
        (("--activation", "softmax"), "choose from"),
        (("--slide", "neuron", "--p-keep", "0.5"), "--p-keep does not change slide neuron (only dropout)"),
        (("--p-keep", "0"), "--p-keep: must be from"),
        (("--p-keep", "0.01"), "--p-keep must be from 0.1 to 1, not 0.01"),
        (("--p-keep", "1.5"), "--p-keep must be from 0.1 to 1, not 1.5"),
    ],
)
def test_a_mistake_is_one_line(flags, complaint):
    with pytest.raises(UserError) as error:
        show_slides(list(slides().values()), parse_args(flags))
    assert complaint in str(error.value) and "\n" not in str(error.value)
