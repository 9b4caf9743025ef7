"""The slide of dropout: neurons left out, others with every digit."""

import functools

from slides.neuron.cells import column, draw_cells, explain, fixed
from slides.shapes import BLUE, GREEN, INK, ORANGE, draw_neurons, draw_picture, number, whole_slide, write

import keras
import numpy as np
from matplotlib.collections import LineCollection

P_KEEP = 0.75
DIGITS = 4


@functools.cache
def factors(p_keep):
    """What Keras' Dropout multiplies ten outputs with: 0 or 1 / p_keep, float32 [DIGITS, 10]."""
    ones, left_out = np.ones((DIGITS, 10), "float32"), 1 - p_keep
    return keras.ops.convert_to_numpy(keras.layers.Dropout(left_out, seed=33)(ones, training=True))


def most_active(outputs):
    """The ten neurons of a layer that are on most: [n, neurons] to [n, 10]."""
    chosen = np.sort(np.argsort(-(outputs > 0).mean(axis=0) - 1e-3 * outputs.mean(axis=0))[:10])
    return outputs[:, chosen]


def draw_dropout(figure, step, images, outputs, p_keep):
    """Draw ten neurons without dropout (frame 0), with it for four digits, and in the test (last)."""
    axes, testing = whole_slide(figure), step == DIGITS + 1
    digit = 0 if step == 0 else DIGITS if testing else step - 1
    by = np.ones(10) if step == 0 or testing else factors(p_keep)[digit]
    values, kept = outputs[digit], by > 0
    kept_share, left_out = number(p_keep, 3), number(1 - p_keep, 3)
    draw_picture(axes, 13, 54, 18, 18, images[digit], 0, 255)
    x = np.array([column(k) for k in range(10)])
    for ends in (67, 41):
        lines = [((a, ends), (b, 54)) for a in x for b in x[kept]]
        axes.add_collection(LineCollection(lines, color="0.8", linewidth=1, zorder=1), False)
        axes.plot(x, np.full(10, ends), "o", color="white", markeredgecolor="0.4", markersize=14, zorder=3)
    texts = [fixed(value) if on else "" for value, on in zip(values * by, kept, strict=True)]
    draw_neurons(axes, [(place, 54) for place in x], values * by / outputs.max(), texts, 56)
    for place in x[~kept]:
        axes.plot(
            (place - 3.4, place + 3.4, np.nan, place - 3.4, place + 3.4), (50.6, 57.4, np.nan, 57.4, 50.6),
            color=ORANGE, linewidth=6, zorder=5,
        )  # fmt: skip
    draw_cells(axes, 33.5, "output a", map(fixed, values), BLUE)
    if step:
        texts = ["1" if testing else "0" if factor == 0 else f"÷ {kept_share}" for factor in by]
        draw_cells(axes, 27, "dropout", texts)
        draw_cells(axes, 20.5, "what goes on", map(fixed, values * by), GREEN)
    totals = f"sum of the ten:  {fixed(values.sum())}"
    if 0 < step <= DIGITS:
        totals += f",  with dropout  {fixed((values * by).sum())}"
    write(axes, column(4.5), 14.5, totals, 20, color=INK)
    texts = {
        0: "Ten neurons of a hidden layer, without dropout",
        1: f"p_keep = {kept_share}: in training, each neuron is left out with probability {left_out}",
        2: "The next digit: other neurons are left out",
        3: "The kept outputs are divided by p_keep: on average, the sum stays the same",
        4: "No neuron can rely on any other",
        5: "In the test, all neurons return, and nothing is divided",
    }
    explain(figure, texts[step])
