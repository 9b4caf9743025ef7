"""What the neuron slides share: numbers with fixed decimals, rows of ten cells, the text of a frame."""

from slides.shapes import INK, WHITE, YELLOW, signed, write

import numpy as np
from matplotlib.collections import PolyCollection

LEFT, WIDTH = 32, 10  # of ten cells side by side, in tenths of an inch


def fixed(value, decimals=2):
    """A number with this many decimals, even if they are 0: −1.50."""
    return f"{round(float(value), decimals) + 0.0:.{decimals}f}".replace("-", "−")


def product(x, w):
    return f"{signed(x)}·{signed(w)}"


def column(n):
    """The x of the centre of the n-th of ten columns."""
    return LEFT + WIDTH * (n + 0.5)


def draw_cells(axes, y, title, texts, fill=WHITE, newest=None):
    """Draw ten cells side by side; the one in column `newest` is yellow."""
    write(axes, LEFT - 1.5, y, title, 19, color=INK, ha="right")
    left, high = np.arange(LEFT, LEFT + 100, WIDTH), (y - 2.7, y + 2.7)
    corners = [[(x, high[0]), (x, high[1]), (x + WIDTH, high[1]), (x + WIDTH, high[0])] for x in left]
    fills = [YELLOW if n == newest else fill for n in range(10)]
    axes.add_collection(
        PolyCollection(corners, facecolor=fills, edgecolor="0.4", linewidth=1.5, zorder=2), False
    )
    for n, text in enumerate(texts):
        write(axes, column(n), y, text, 17.5)


def explain(figure, text, size=24):
    """Write what happens in this frame below the drawing."""
    write(figure, 0.5, 0.1, text, size)
