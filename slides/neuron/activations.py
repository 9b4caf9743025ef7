"""The slide of the activation functions and their slopes, sigmoid and ReLU side by side."""

from slides.neuron.cells import explain
from slides.neuron.layer import ACTIVATIONS
from slides.shapes import BLUE, INK, ORANGE, draw_box, inset, whole_slide, write

import numpy as np


def slopes(z):
    """The slopes of sigmoid and ReLU at z."""
    a = 1 / (1 + np.exp(-z))
    return {"sigmoid": a * (1 - a), "relu": (z > 0) * 1.0}


def draw_activations(figure, step):
    """Draw each function (frames 0 and 3), its slope, and what four slopes make of a gradient."""
    axes, z = whole_slide(figure), np.linspace(-6, 6, 401)
    largest = {"sigmoid": ("¼", "1/256 ≈ 0.004"), "relu": ("1", "1")}
    for x, since, name in ((7, 0, "sigmoid"), (75, 3, "relu")):
        function, short, formula = ACTIVATIONS[name]
        if step < since:
            continue
        write(axes, x + 26, 66.5, f"{short}(z) = {formula}", 24, weight="bold")
        looks = {"xlim": (-6, 6), "ylim": (0, 1.1), "xticks": (-6, 0, 6)}
        above = inset(axes, x, 46.5, 52, 16.5, yticks=(0, 0.5, 1), **looks)
        above.plot(z, function(z), color=INK, linewidth=5)
        above.tick_params(labelsize=16)
        below = inset(axes, x, 23, 52, 16.5, yticks=(0, 0.25, 1), **looks)
        below.tick_params(labelsize=16)
        below.set_title("its slope", fontsize=18)
        if step > since or name == "relu":
            slope = slopes(z)[name]
            below.plot(z, slope, color=ORANGE, linewidth=5)
            below.fill_between(z, slope, color=ORANGE, alpha=0.25)
        if step >= since + (2 if name == "sigmoid" else 1):
            each, product = largest[name]
            for n in range(4):
                draw_box(axes, x + 5 + 7.5 * n, 16, 5, 4.6, BLUE)
                write(axes, x + 5 + 7.5 * n, 16, each, 22)
                if n:
                    write(axes, x + 1.25 + 7.5 * n, 16, "·", 24)
            write(axes, x + 32, 16, f"=  {product}", 24, color=ORANGE, weight="bold", ha="left")
    texts = [
        "Sigmoid: from 0 to 1, flat at both ends",
        "Its slope is at most ¼, in the middle, and nearly 0 at the ends",
        "The slopes of four sigmoids leave at most 1/256 of the gradient",
        "ReLU: its slope is 1 where it is on, 0 where it is off",
        "Through four that are on, the gradient passes unchanged",
        "Without activation functions, five layers are one:  x · W₁ · W₂ = x · (W₁ · W₂)",
    ]
    explain(figure, texts[step])
