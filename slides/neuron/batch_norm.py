"""The slide of batch normalization: the sums of three neurons, centred, divided, scaled and shifted."""

from slides.neuron.cells import explain
from slides.neuron.trained import flat
from slides.shapes import GREY, INK, ORANGE, inset, number, whole_slide, write

import numpy as np

COLOURS = INK, "#009E73", "#CC79A7"
SCALE, OFFSET = np.array([1.5, 1, 2]), np.array([0, 1, -1])  # as a network might learn them
EPSILON = 1e-3  # Keras' own: no division by 0
FLAT = 2.9  # beyond it, sigmoid's slope is below 0.05
FAR = 12  # the largest sum drawn


def sums_of(images):
    """The sums of three neurons with random weights for a batch of images: float32 [n, 3]."""
    random = np.random.default_rng(7)
    weights = random.normal((0.03, -0.05, -0.02), (0.5, 0.12, 0.3), (784, 3))
    return (flat(images) @ weights).astype("float32")


def stages(z):
    """The sums [n, 3] as they are, minus their means, divided by their deviations, scaled and shifted."""
    centred = z - z.mean(axis=0)
    normalized = centred / np.sqrt(z.var(axis=0) + EPSILON)
    return [z, centred, normalized, SCALE * normalized + OFFSET]


def outline(values):
    """The outline of a histogram, as high as 1: where its bars begin and end, and how high they are."""
    counts, edges = np.histogram(values, bins=np.arange(-FAR, FAR + 0.1, 0.5))
    return edges.repeat(2)[1:-1], counts.repeat(2) / counts.max()


def draw_batch_norm(figure, step, z):
    """Draw the distribution of each neuron's sums, and behind it where the sigmoid is flat."""
    axes, found = whole_slide(figure), stages(z)[step]
    places = np.linspace(-FAR, FAR, 200)
    for n, colour in enumerate(COLOURS):
        y = 51.5 - 18.3 * n
        write(axes, 12, y + 6.5, f"neuron {n + 1}", 24, color=colour, weight="bold")
        values = found[:, n]
        curve = inset(axes, 24, y, 70, 13.5, xlim=(-FAR, FAR), ylim=(0, 1.05), yticks=())
        ticks = range(-FAR, FAR + 1, 4)
        curve.set_xticks(ticks, map(number, ticks) if n == 2 else [""] * len(ticks), fontsize=17)
        for side in (-FAR, FLAT):
            curve.axvspan(side, side + FAR - FLAT, color=GREY, zorder=0)
        if step:  # where they were
            curve.plot(*outline(z[:, n]), color=colour, linewidth=2, linestyle=":")
        curve.fill_between(*outline(values), color=colour, alpha=0.75, zorder=2)
        curve.plot(places, 1 / (1 + np.exp(-places)), color="black", linewidth=3, zorder=3)
        mean, deviation = round(float(values.mean()), 2), round(float(values.std()), 2)
        flat_share = (np.abs(values) > FLAT).mean()
        text = f"mean {number(mean)}\ndeviation {number(deviation)}"
        write(axes, 97, y + 8.6, text, 20, ha="left")
        write(axes, 97, y + 2.6, f"flat for {flat_share:.0%}".replace("%", " %"), 20, ha="left", color=ORANGE)
    means, deviations = z.mean(axis=0), np.sqrt(z.var(axis=0) + EPSILON)
    minus, over = (", ".join(map(number, row)) for row in (means, deviations))
    learned = f"scale {', '.join(map(number, SCALE))}; offset {', '.join(map(number, OFFSET))}"
    texts = [
        "1,000 digits: where sigmoid is flat (grey), hardly any gradient passes",
        f"Minus the mean of the batch: {minus}",
        f"Divided by the batch’s standard deviation: {over}",
        f"Times a scale, plus an offset, both learned: {learned}",
    ]
    explain(figure, texts[step], 22)
