"""The slides that compare ways down: learning rates, a rate that decays, optimizers."""

from dataclasses import dataclass

from slides.gradient_descent.descent import FAR_POINTS, FAR_VIEW, VIEW, Landscape, descend, in_picture, loss
from slides.gradient_descent.numbers import number
from slides.shapes import INK, ORANGE, inset, whole_slide, write

import numpy as np
from keras.optimizers import SGD, Adam
from keras.optimizers.schedules import ExponentialDecay

# 200 points near the line y = x + 1; a mini-batch is 4 of them
MANY_X = np.linspace(0, 2, 200)
MANY = MANY_X, MANY_X + 1 + np.random.default_rng(0).normal(0, 0.5, 200)
BATCH, STEPS = 4, 80
BOTTOM = 0.2, 1.7, 0.1, 2.1  # the view of the valley's bottom
RATE, DECAY = 0.3, 0.97


@dataclass
class Way:
    """A title, a formula, the path of the weights, [steps + 1, 2], and the learning rate of each step."""

    title: str
    formula: str
    path: np.ndarray
    rates: np.ndarray = None


def noisy(title, formula, start, decay=1.0):
    """The way down with mini-batches, its learning rate `start`, times `decay` after each step."""
    rate = ExponentialDecay(start, decay_steps=1, decay_rate=decay)
    path = descend(SGD(rate), MANY, STEPS, BATCH)
    return Way(title, formula, path, start * decay ** np.arange(STEPS + 1))


def learning_rates():
    slower = f"η = {RATE} · {DECAY}ᵏ in step k"
    return [
        noisy("too small", "η = 0.01", 0.01),
        noisy("never settles", f"η = {RATE}", RATE),
        noisy("too large", "η = 0.6", 0.6),
        noisy("“Slow down!”", slower, RATE, DECAY),
    ]


def optimizers():
    def way(title, formula, optimizer):
        return Way(title, formula, descend(optimizer, FAR_POINTS, 60))

    heavy = SGD(0.05, momentum=0.9)
    return [
        way("gradient descent", "w ← w − 0.05 · ∂C/∂w", SGD(0.05)),
        way("momentum", "v ← 0.9·v − 0.05·∂C/∂w,  w ← w + v", heavy),
        way("Adam", "w ← w − 0.5 · m / √s", Adam(0.5)),
    ]


LANDSCAPE, VALLEY, FLOOR = Landscape(MANY, VIEW), Landscape(FAR_POINTS, FAR_VIEW), Landscape(MANY, BOTTOM)


def draw_costs(axes, way, points, shown, box, low, high):
    """Draw the loss of the steps so far, its axis logarithmic from `low` to `high`."""
    costs = loss(*way.path.T.astype(float), points)[:shown]
    curve = inset(axes, *box)
    curve.plot(np.log10(costs), color=ORANGE, linewidth=3)
    ticks = [tick for tick in (0.1, 0.3, 1, 10) if low <= tick <= high]
    curve.set(xlim=(0, len(way.path) - 1), ylim=np.log10((low, high)), xticks=())
    curve.set_yticks(np.log10(ticks), [f"{tick:g}" for tick in ticks])
    curve.set_xlabel(f"step {shown - 1}", fontsize=16)
    text = f"= {number(costs[-1])}" if costs[-1] < 10_000 else "> 10,000"
    curve.set_title(f"loss C {text}", fontsize=18)


def draw_map(axes, landscape, path, box):
    """Draw a path on its landscape in a box (left, right, low, high), with the names of the two weights."""
    landscape.draw(axes, path, box)
    write(axes, (box[0] + box[1]) / 2, box[2] - 1.6, "w", 16)
    write(axes, box[0] - 1.6, (box[2] + box[3]) / 2, "b", 16)


def draw_ways(figure, step, landscape, ways, low):
    """Draw several ways on the landscape, and their losses; a frame is two steps."""
    axes, shown = whole_slide(figure), 2 * step + 1
    width = 124 / len(ways)
    for n, way in enumerate(ways):
        x = 8 + n * width
        write(axes, x + width / 2 - 3, 66.5, way.title, 22, weight="bold")
        write(axes, x + width / 2 - 3, 62.6, way.formula, 17)
        box = x, x + width - 6, 29, 60
        draw_map(axes, landscape, in_picture(way.path[:shown], landscape.view), box)
        draw_costs(axes, way, landscape.points, shown, (x, 9, width - 6, 12), low, 30)


def draw_decay(figure, step, ways):
    """Draw a constant and a decaying rate side by side: the bottom of the valley, loss and rate."""
    axes, shown = whole_slide(figure), 2 * step + 1
    for n, way in enumerate(ways):
        x = 7 + 66 * n
        write(axes, x + 29, 66.3, way.title, 24, weight="bold")
        write(axes, x + 29, 62, way.formula, 20)
        draw_map(axes, FLOOR, way.path[:shown], (x, x + 34, 10, 59))
        draw_costs(axes, way, MANY, shown, (x + 41, 41, 17, 14), 0.2, 3)
        curve = inset(axes, x + 41, 12, 17, 14, xticks=(), yticks=(0, 0.1, 0.2, 0.3))
        curve.plot(way.rates[:shown], color=INK, linewidth=5, clip_on=False)
        curve.set(xlim=(0, STEPS), ylim=(0, 0.3))
        curve.set_xlabel(f"step {shown - 1}", fontsize=16)
        curve.set_title(f"rate η = {number(way.rates[shown - 1])}", fontsize=18, pad=10)
