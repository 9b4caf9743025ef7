"""The slide of a whole network, lit up by one digit after the other."""

import functools

from common.data.digits_and_clothes import bundled_mnist
from slides.neuron.trained import flat
from slides.shapes import draw_box, whole_slide, write

import keras
import matplotlib
import numpy as np
from keras import layers
from matplotlib.collections import LineCollection

NEURONS = 200, 100, 60, 30, 10
ROWS = 25, 20, 15, 10, 10  # of circles in which a layer is drawn
LEFT = 37, 66, 86, 104, 120  # of a layer
HIGH, MIDDLE, PIXELS = 51, 41, (4, 30, 28, 54)  # of the layers; left, low, right and high of the digit
DIGITS = 12  # of the test digits
LINES = 60  # between two layers: the largest terms


@functools.cache
def trained_network():
    """Train 784 → 200 → 100 → 60 → 30 → 10 neurons for one epoch: a `keras.Sequential`."""
    (images, labels), _ = bundled_mnist()
    model = keras.Sequential([keras.Input((784,))])
    for n, neurons in enumerate(NEURONS):
        start = keras.initializers.GlorotUniform(seed=n)
        model.add(layers.Dense(neurons, "relu" if neurons > 10 else "softmax", kernel_initializer=start))
    model.compile(keras.optimizers.Adam(0.002), "sparse_categorical_crossentropy", steps_per_execution=100)
    model.fit(flat(images), labels, batch_size=200, shuffle=False, verbose=0)
    return model


def outputs_of(model, images):
    """The input and each layer's outputs: a list of float32 [n, 784], [n, 200], … [n, 10]."""
    found = [flat(images)]
    for layer in model.layers:
        found.append(keras.ops.convert_to_numpy(layer(found[-1])))
    return found


def places(n):
    """Where the neurons of a layer are drawn, [neurons, 2]; of the input (0): the pixels."""
    if n == 0:
        left, low, right, high = PIXELS
        x, y = np.meshgrid(np.linspace(left, right, 28), np.linspace(high, low, 28))
        return np.stack((x, y), axis=-1).reshape(-1, 2)
    k, rows = np.arange(NEURONS[n - 1]), ROWS[n - 1]
    space = HIGH / rows
    return np.stack(
        (LEFT[n - 1] + k // rows * min(space, 3.4), MIDDLE + HIGH / 2 - space * (k % rows + 0.5)), 1
    )


def largest_terms(inputs, weights):
    """The `LINES` largest products of an output and a weight: from and to which neuron, and the products."""
    terms = inputs[:, None] * weights
    chosen = np.argsort(-np.abs(terms), axis=None)[:LINES]
    return *np.unravel_index(chosen, terms.shape), terms.flat[chosen]


def draw_network(figure, step, outputs, weights, labels):
    """Draw the first digit on its way, layer by layer (frames 0 to 5), then the next digits."""
    axes, digit, lit = whole_slide(figure), max(0, step - 5), min(step, 5)
    draw_box(axes, 67.2, 41, 131, 55, fill="0.08")
    left, low, right, high = PIXELS
    pixels = outputs[0][digit].reshape(28, 28)
    axes.imshow(pixels, "gray", extent=(left, right, low, high), interpolation="nearest", zorder=3, alpha=0.9)
    write(axes, (left + right) / 2, 26.5, "784 pixels", 18, color="white")
    for n, neurons in enumerate(NEURONS, start=1):
        here, values = places(n), outputs[n][digit] if n <= lit else np.zeros(neurons)
        if n <= lit:
            draw_terms(axes, places(n - 1), here, outputs[n - 1][digit], weights[n - 1])
        shades = [str(0.15 + 0.85 * value) for value in values / max(values.max(), 1e-9)]
        size = min(20, 5.6 * HIGH / ROWS[n - 1])
        axes.scatter(*here.T, size**2, shades, edgecolor="0.45", linewidth=1, zorder=4)
        write(axes, here[:, 0].mean(), 11.3, neurons, 19, weight="bold")
    write(axes, 16, 11.3, "784", 19, weight="bold")
    for k, (x, y) in enumerate(places(5)):
        p = outputs[5][digit, k] if lit == 5 else 0
        write(axes, x + 3.3, y, k, 20, color="white" if p < 0.5 else "#FFE27A", weight="bold")
        if p >= 0.01:
            write(axes, x + 5, y, f"{p:.2f}", 17, color="white", ha="left")
    write(figure, 0.5, 0.085, explanation(step, outputs[5][digit], labels[digit]), 24)


def draw_terms(axes, start, end, inputs, weights):
    """Draw a line for each of the largest terms, blue where it is positive, red where it is negative."""
    i, j, terms = largest_terms(inputs, weights)
    strength = np.abs(terms) / np.abs(terms).max()
    colours = np.where(
        terms[:, None] > 0, matplotlib.colors.to_rgba("#6CB4E8"), matplotlib.colors.to_rgba("#F0705A")
    )
    colours[:, 3] = 0.25 + 0.75 * strength
    lines = np.stack((start[i], end[j]), axis=1)
    axes.add_collection(LineCollection(lines, colors=colours, linewidth=1.2, zorder=3.5), False)


def explanation(step, probabilities, label):
    """The text for a frame."""
    texts = [
        "One digit: 784 pixels, the brighter the larger the number",
        "Each of 200 neurons lights up as far as its sum is above 0 (ReLU)",
        "Their outputs are the inputs of the next 100",
        "The lines are the largest terms: blue adds to the sum, red takes away",
        "30 numbers are left of 784",
    ]
    if step < len(texts):
        return texts[step]
    guess = probabilities.argmax()
    text = f"The brightest output is the prediction: {guess}, with probability {probabilities[guess]:.2f}"
    return text if guess == label else f"{text}; it is a {label}"
