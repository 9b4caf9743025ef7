"""Tests that the gradient descent slides show what the formulas and Keras compute."""

import functools
import re
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.text import Text
from PIL import Image

from common import UserError
from keras_window.style import fit_text
from keras_window.screens import File
from slides.gradient_descent.backpropagation import CHAIN, NETWORK, backpropagate
from slides.gradient_descent.cost import COUNTS, SHOWN, STEPS, average_costs
from slides.gradient_descent.descent import (
    FAR_POINTS, FAR_VIEW, POINTS, START, VIEW, descend, in_picture, loss, slope, way_down,
)  # fmt: skip
from slides.gradient_descent.mini_batches import WEIGHTS
from slides.gradient_descent.numbers import sigmoid
from slides.gradient_descent.ways import MANY
from slides.show import show_slides

import keras
from keras import layers, ops
from keras.optimizers import SGD, Adam

from gradient_descent_demo import make_slides, parse_args

NAMES = [
    "cost",
    "average_cost",
    "surface",
    "learning_rates",
    "mini_batches",
    "decay",
    "optimizers",
    "backpropagation",
]


@functools.cache
def slides():
    return dict(zip(NAMES, make_slides(parse_args([])), strict=True))


def drawn(name, step, width=1344, height=756):
    """The slide on a window of this size, and the texts on it."""
    figure = File().figure
    figure.set_size_inches(width / 100, height / 100)
    fit_text(figure)
    slide = slides()[name]
    slide.put_on(figure, step % slide.steps, "the keys")
    return figure, [text.get_text() for text in texts_on(figure)]


def texts_on(figure):
    parts = [axes for axes in figure.findobj(Axes) if axes.get_visible()]
    texts = [text for part in (figure, *parts) for text in part.texts] + [axes.title for axes in parts]
    return [text for text in texts if text.get_text()]


def keras_gradients(function, *values):
    """What Keras' engine gives for the derivatives of function(*values) to each of the values."""
    values = [ops.convert_to_tensor(value, "float32") for value in values]
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(values)
            cost = function(*values)
        gradients = tape.gradient(cost, values)
    elif keras.backend.backend() == "jax":
        import jax

        gradients = jax.grad(function, argnums=tuple(range(len(values))))(*values)
    else:
        import torch

        for value in values:
            value.requires_grad_(True)
        gradients = torch.autograd.grad(function(*values), values)
    return [np.asarray(ops.convert_to_numpy(ops.stop_gradient(gradient))) for gradient in gradients]


def test_the_cost_is_the_lecture_s():
    costs = [float(next(filter(re.compile(r"\d\.\d{4}$").match, drawn("cost", n)[1]))) for n in range(11)]
    texts = drawn("cost", 10)[1]
    terms = [text for text in texts if "²  =  " in text]
    outputs, wanted, squares = np.array(
        [[float(n) for n in re.findall(r"\d\.?\d*", term.replace("²", ""))] for term in terms]
    ).T
    assert outputs.tolist() == [0.18, 0.29, 0.58, 0.77, 0.20, 0.36, 0.93, 1.00, 0.95, 0.35]
    assert wanted.tolist() == [0, 0, 0, 0, 0, 0, 0, 0, 1, 0] and "an 8" in texts
    assert squares == pytest.approx((outputs - wanted) ** 2, abs=1e-9)
    assert costs == pytest.approx([*np.cumsum(squares), 3.2053], abs=1e-9)
    assert "Utter trash" in texts and "Utter trash" not in drawn("cost", 9)[1]


def test_the_cost_s_picture_is_an_8_of_the_test_set(mnist):
    (picture,) = drawn("cost", 0)[0].axes[0].images
    found = np.flatnonzero((mnist["x_test"] == picture.get_array()).all(axis=(1, 2)))
    assert mnist["y_test"][found].tolist() == [8]


def on_average_cost(step):
    """What slide average_cost says: the costs of single digits, the average, and of how many."""
    texts = drawn("average_cost", step)[1]
    (average,) = [text for text in texts if "Σ Cₖ" in text]
    average, n = re.search(r"= +(\d\.\d{3}) +n = ([\d,]+)$", average).groups()
    costs = [float(text.split(" = ")[1]) for text in texts if re.match("C[₁-₈] = ", text)]
    return costs, float(average), int(n.replace(",", ""))


def test_the_average_cost_is_that_of_more_and_more_digits_until_it_is_that_of_all():
    *_, costs = slides()["average_cost"].drawing
    for step, n in enumerate(COUNTS):
        shown, average, count = on_average_cost(step)
        assert count == n and average == pytest.approx(costs[0, :n].mean(), abs=0.001)
        assert shown == pytest.approx(costs[0, : min(n, SHOWN)], abs=0.006)
    assert n == costs.shape[1] == 60_000
    assert on_average_cost(2)[1] == pytest.approx(np.mean(on_average_cost(2)[0]), abs=0.01)


def test_gradient_descent_lowers_the_average_cost_of_all_training_digits():
    first = len(COUNTS) - 1
    seen = [on_average_cost(step) for step in range(first, first + len(STEPS))]
    assert slides()["average_cost"].steps == first + len(STEPS)
    assert {n for _, _, n in seen} == {60_000}
    averages = [average for _, average, _ in seen]
    assert (np.diff(averages) < 0).all() and averages[-1] < averages[0] / 5
    assert np.mean(seen[-1][0]) < np.mean(seen[0][0]) / 5  # so it is for the digits that are drawn
    assert f"of all 60,000: {averages[0]:.3f} → {averages[-1]:.3f}" in drawn("average_cost", -1)[1]


def test_the_steps_on_the_average_cost_are_those_of_keras(mnist):
    batch = 40
    x, y = mnist["x_train"][: 2 * batch], mnist["y_train"][: 2 * batch]
    outputs, costs = average_costs(x, y, batch_size=batch)
    x, y = x.reshape(len(x), 784).astype("float32") / 255, np.eye(10, dtype="float32")[y]
    w, b = np.random.default_rng(0).normal(0, 0.1, (784, 10)).astype("float32"), np.zeros(10, "float32")
    layer = layers.Dense(10, "sigmoid")
    layer.build((None, 784))

    def cost(w, b, x=x, y=y):
        return 10 * ops.mean(keras.losses.mean_squared_error(y, layer.stateless_call([w, b], [], x)[0]))

    for step in range(STEPS[2] + 1):
        if step in STEPS:
            found = ops.convert_to_numpy(layer.stateless_call([w, b], [], x)[0])
            assert outputs[STEPS.index(step)] == pytest.approx(found[:SHOWN], abs=1e-4)
            assert costs[STEPS.index(step)].mean() == pytest.approx(float(cost(w, b)), abs=1e-4)
        half = np.s_[:batch] if step % 2 == 0 else np.s_[batch:]
        dw, db = keras_gradients(functools.partial(cost, x=x[half], y=y[half]), w, b)
        w, b = w - 0.3 * dw, b - 0.3 * db


def numbers_of(**changed):
    return {name: float(value) for name, value in backpropagate(**NETWORK | changed).items()}


def keras_network():
    hidden, output = layers.Dense(2, "sigmoid"), layers.Dense(1, "sigmoid")
    return keras.Sequential([keras.Input((2,)), hidden, output]), hidden, output


def check_against_keras(n):
    """Every derivative of the slide beside what Keras' layers and gradients give."""
    model, hidden, output = keras_network()
    x, y = np.array([[n["x1"], n["x2"]]], "float32"), n["y"]
    weights = (
        [[n["w1"], n["w3"]], [n["w2"], n["w4"]]], [n["b1"], n["b2"]], [[n["w5"]], [n["w6"]]], [n["b3"]],
    )  # fmt: skip
    h, z = [[n["h1"], n["h2"]]], np.array([[n["h1"], n["h2"], n["a"]]])
    z = np.log(z / (1 - z))

    def cost(a):
        return ops.sum((a - y) ** 2)

    found = keras_gradients(lambda *w: cost(model.stateless_call(list(w), [], x)[0]), *weights)
    (w1, w3), (w2, w4) = found[0]
    (b1, b2), ((w5,), (w6,)), (b3,) = found[1:]
    last = [ops.convert_to_tensor(weight, "float32") for weight in weights[2:]]
    (h1, h2) = keras_gradients(lambda h: cost(output.stateless_call(last, [], h)[0]), h)[0][0]
    (z1, z2) = keras_gradients(
        lambda z: cost(output.stateless_call(last, [], keras.activations.sigmoid(z))[0]), z[:, :2]
    )[0][0]
    (z3,) = keras_gradients(lambda z: cost(keras.activations.sigmoid(z)), z[:, 2:])[0][0]
    (a,) = keras_gradients(cost, [n["a"]])[0]
    found = {name: value for name, value in locals().items() if f"d{name}" in n}
    assert len(found) == 15
    for name, value in found.items():
        assert n[f"d{name}"] == pytest.approx(float(value), abs=1e-6), name


def test_every_derivative_of_the_slide_is_what_keras_gives():
    check_against_keras(numbers_of())


@given(st.lists(st.floats(-2, 2), min_size=11, max_size=11))
@settings(max_examples=10, deadline=None)
def test_so_it_is_for_other_weights_and_inputs(values):
    names = [name for name in NETWORK if name != "y"]
    check_against_keras(numbers_of(**dict(zip(names, values, strict=True))))


def test_the_chain_that_is_written_gives_the_numbers_that_are_drawn():
    numbers = numbers_of()
    for name, links in CHAIN.items():
        code = re.sub(r"\{(\w+)\}", r"\1", links).replace("σ", "sigmoid").replace("·", "*")
        code = code.replace("²", "**2").replace("−", "-")
        assert eval(code, {"sigmoid": sigmoid}, numbers) == pytest.approx(numbers[name], abs=1e-12), name


def test_backpropagation_goes_forward_then_back_edge_by_edge():
    for step, name in enumerate(CHAIN, start=1):
        texts = drawn("backpropagation", step)[1]
        value = f"{round(numbers_of()[name], 3):g}".replace("-", "−")
        assert any(text.endswith(f"=  {value}") for text in texts), name
        assert sum("∂" in text and "=" in text and "  " not in text for text in texts) == max(step - 4, 0)
    texts = drawn("backpropagation", 16)[1]
    for name in ["a", "h₁", "h₂", *(f"w{n}" for n in "₁₂₃₄₅₆"), *(f"b{n}" for n in "₁₂₃")]:
        assert any(f"∂C/∂{name} = " in text for text in texts), name


def test_the_step_at_the_end_lowers_the_cost():
    before = numbers_of()
    names = [name for name in NETWORK if f"d{name}" in before]
    assert len(names) == 9
    after = numbers_of(**{name: before[name] - before[f"d{name}"] for name in names})
    assert after["C"] < before["C"]
    text = f"the cost falls from {before['C']:.3g} to {after['C']:.3g}"
    assert text in drawn("backpropagation", -1)[1]


@given(st.floats(-3, 3), st.floats(-3, 5), st.sampled_from([POINTS, FAR_POINTS]))
@settings(max_examples=20, deadline=None)
def test_the_slope_is_that_of_the_loss(w, b, points):
    tiny = 1e-4
    found = [
        (loss(w + tiny, b, points) - loss(w - tiny, b, points)) / (2 * tiny),
        (loss(w, b + tiny, points) - loss(w, b - tiny, points)) / (2 * tiny),
    ]
    assert slope((w, b), points) == pytest.approx(found, abs=1e-6)


def test_loss_and_slope_are_keras_mean_squared_error():
    x, y = (ops.convert_to_tensor(values, "float32") for values in POINTS)
    found = keras_gradients(
        lambda w, b: ops.mean(keras.losses.mean_squared_error(y[None], (w * x + b)[None])), 0.5, 2.0
    )
    assert slope((0.5, 2), POINTS) == pytest.approx(np.array(found, float), abs=1e-5)
    error = keras.losses.mean_squared_error(y, 0.5 * x + 2)
    assert loss(0.5, 2, POINTS) == pytest.approx(float(error), abs=1e-5)
    assert loss(np.full((2, 3), 0.5), np.full((2, 3), 2), POINTS).shape == (2, 3)


def losses(name):
    """For each panel of a slide its title and the loss after each step."""
    _, landscape, ways, *_ = slides()[name].drawing
    return {way.title: loss(*way.path.T.astype(float), landscape.points) for way in ways}


def test_learning_rates_do_what_is_written_above_them():
    costs = losses("learning_rates")
    small, constant, large, slower = costs.values()
    assert list(costs) == ["too small", "never settles", "too large", "“Slow down!”"]
    assert len({len(cost) for cost in costs.values()}) == 1
    least = loss(*np.polyfit(*MANY, 1), MANY)
    assert small[-1] > 3 * least and small[-1] < small[0] / 3  # it goes down, but hardly gets there
    assert large[-1] > 1000 * large[0]
    assert slower[1] == constant[1]  # they begin with the same step
    assert slower[-20:].max() < 1.25 * least  # and only the one that decays settles
    assert constant[-20:].max() > 2 * least and constant[-20:].mean() > 1.4 * least


def test_the_decaying_rate_is_the_one_that_keras_uses():
    _, (constant, slower) = slides()["decay"].drawing
    assert set(constant.rates) == {0.3}
    (text,) = [text for text in drawn("decay", -1)[1] if "η = 0.3 · " in text]
    assert text == "η = 0.3 · 0.97ᵏ in step k"
    x, y = MANY
    random = np.random.default_rng(2)
    for k, (before, after) in enumerate(pairwise(slower.path.astype(float))):
        chosen = random.choice(len(x), 4)
        down = slope(before, (x[chosen], y[chosen]))
        assert slower.rates[k] == pytest.approx(0.3 * 0.97**k)
        assert after == pytest.approx(before - slower.rates[k] * down, abs=1e-4)


def test_the_gradients_of_batches_are_keras_and_scatter_around_the_true_one(mnist):
    x, y = mnist["x_train"], mnist["y_train"]
    _, found, size = slides()["mini_batches"].drawing
    batches = found.batches(size)
    layer = layers.Dense(10, "softmax", kernel_initializer="zeros")
    layer.build((None, 784))

    x = x.reshape(-1, 784).astype("float32") / 255

    def cost(w, b):
        outputs = layer.stateless_call([w, b], [], x)[0]
        return ops.mean(keras.losses.sparse_categorical_crossentropy(y, outputs))

    gradient, _ = keras_gradients(cost, np.zeros((784, 10)), np.zeros(10))
    expected = [gradient[28 * row + column, digit] for row, column, digit in WEIGHTS]
    assert found.true == pytest.approx(expected, abs=1e-5)
    noise = np.linalg.norm(batches - found.true, axis=2).mean(axis=1)
    assert noise[:-1] / noise[1:] == pytest.approx([10**0.5] * 2, rel=0.35)
    texts = drawn("mini_batches", -1)[1]
    for batch, away in zip(batches, noise / np.linalg.norm(found.true), strict=True):
        assert f"off by {away:.0%} on average".replace("%", " %") in texts
        assert f"{(batch @ found.true < 0).sum()} of 50 point backwards" in texts


def test_momentum_and_adam_get_through_the_long_valley():
    costs = losses("optimizers")
    assert list(costs) == ["gradient descent", "momentum", "Adam"]
    plain, momentum, adam = costs.values()
    least = loss(*np.polyfit(*FAR_POINTS, 1), FAR_POINTS)
    assert plain[-1] > 10 * least
    assert momentum[-1] < 1.2 * least and adam[-1] < 1.2 * least


def test_plain_steps_are_learning_rate_times_slope():
    path = descend(SGD(0.1), POINTS, 5)
    assert path.shape == (6, 2) and tuple(path[0]) == START
    for before, after in pairwise(path):
        assert after == pytest.approx(before - 0.1 * slope(before, POINTS), abs=1e-5)


@pytest.mark.parametrize("rate", [0.01, 0.3, 0.43, 0.5, 1.0])
def test_the_way_down_is_that_of_keras_sgd(rate):
    assert way_down(rate) == pytest.approx(in_picture(descend(SGD(rate), POINTS, 24), VIEW), abs=1e-4)


def test_momentum_is_polyak_s():
    path, v = descend(SGD(0.05, momentum=0.9), FAR_POINTS, 10).astype(float), 0
    for before, after in pairwise(path):
        v = 0.9 * v - 0.05 * slope(before, FAR_POINTS)
        assert after == pytest.approx(before + v, abs=1e-4)


def test_adam_is_kingma_s_and_ba_s():
    path, m, s = descend(Adam(0.5), FAR_POINTS, 10).astype(float), 0, 0
    assert abs(path[1] - path[0]) == pytest.approx([0.5, 0.5], abs=1e-4)  # the first step: the learning rate
    for n, (before, after) in enumerate(pairwise(path), start=1):
        down = slope(before, FAR_POINTS)
        m, s = 0.9 * m + 0.1 * down, 0.999 * s + 0.001 * down**2
        step = 0.5 * (m / (1 - 0.9**n)) / np.sqrt(s / (1 - 0.999**n))
        assert after == pytest.approx(before - step, abs=1e-3)


def test_the_way_ends_where_it_leaves_the_picture():
    path = np.array([(0, 4), (1, 1), (9, 9), (0, 0)])
    assert in_picture(path, VIEW).tolist() == [[0, 4], [1, 1], [9, 9]]
    assert len(in_picture(path[:2], VIEW)) == 2
    for view, points in ((VIEW, POINTS), (FAR_VIEW, FAR_POINTS)):
        w, b = np.polyfit(*points, 1)
        assert view[0] < w < view[1] and view[2] < b < view[3]
    steps = [len(in_picture(descend(SGD(rate), POINTS, 24), VIEW)) for rate in (0.43, 0.5, 1.0)]
    assert steps == [25, 6, 2]


def test_the_surface_writes_the_next_step():
    texts = drawn("surface", 2)[1]
    after = drawn("surface", 3)[1]
    w, b = re.findall(r"= (\S+)(?: |$)", next(text for text in texts if text.startswith("w ←")))
    assert any(text == f"y = ({w})·x + {b}" or text == f"y = {w}·x + {b}" for text in after)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size, every", [((1344, 756), 12), ((1920, 1010), 25)])
def test_all_can_be_read_and_nothing_is_cut_off(name, size, every):
    for step in range(-1, slides()[name].steps - 1, every):
        figure, _ = drawn(name, step, *size)
        figure.draw_without_rendering()
        edge, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
        assert min(edge.x0, edge.y0, width - edge.x1, height - edge.y1) > -0.001
        assert all(text.get_fontsize() >= 13 for text in figure.findobj(Text) if text.get_text().strip())
        boxes = [(text.get_window_extent(), text) for text in texts_on(figure)]
        for (one, text), (other, another) in combinations(boxes, 2):
            beside = one.x1 <= other.x0 or other.x1 <= one.x0 or one.y1 <= other.y0 or other.y1 <= one.y0
            assert beside, (step, text, another)


@pytest.mark.extras
def test_pictures_without_a_screen_on_jax(run, tmp_path):
    pytest.importorskip("jax")
    flags = ("--plot", "file", "--out", "o", "--learning-rate", "0.5")
    result = run(*flags, lesson="gradient_descent_demo", KERAS_BACKEND="jax")
    assert (result.returncode, result.stderr) == (0, "")
    assert {path.name for path in (tmp_path / "o").iterdir()} == {f"{name}.png" for name in NAMES}
    assert Image.open(tmp_path / "o" / "cost.png").size == (1344, 756)


@pytest.mark.parametrize(
    "flags, complaint",
    [
        (("--slide", "nonsense"), "there are cost, average_cost, surface, learning_rates"),
        (("--learning-rate", "0"), "must be from 1e-12 to 1000000"),
        (("--learning-rate", "7"), "0.5 is too large already"),
        (("--learning-rate", "fast"), "is not a number"),
        (("--slide", "cost", "--learning-rate", "0.1"), "does not change slide cost (only surface)"),
        (("--slide", "surface", "--batch-size", "5"), "change slide surface (only mini_batches)"),
        (("--batch-size", "0"), "must be from 1 to 100, not 0"),
        (("--batch-size", "101"), "must be from 1 to 100, not 101"),
        (("--epochs", "3"), "--help lists the flags"),
        (("--movie", "film.avi"), "must end in .gif or .mp4"),
    ],
)
def test_a_mistake_is_one_line(flags, complaint):
    with pytest.raises(UserError) as error:
        show_slides(list(slides().values()), parse_args(flags))
    assert complaint in str(error.value) and "\n" not in str(error.value)
