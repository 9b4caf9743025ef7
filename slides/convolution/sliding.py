"""The slides on which a filter slides over an image: convolution, stride, padding."""

from slides.convolution.computing import convolve, margins, skipped, until
from slides.shapes import (
    DARK, GREY, INK, WHITE, YELLOW, draw_signed, draw_table, mark_cells, number, signed, whole_slide, write,
)  # fmt: skip

import numpy as np
from matplotlib.patches import Rectangle

MANY = 12  # rows or columns: a larger input and its feature map are drawn as images
LEFT, RIGHT, BOTTOM = 3, 131.4, 4.6  # the part of a slide that is drawn on, in tenths of an inch
READABLE = 4  # the length of a cell's edges


def is_picture(x):
    return max(x.shape) > MANY


def size_of(table):
    return "×".join(map(str, table.shape))


def darken_skipped(axes, x, y, cell, shape, size, stride):
    """Darken the rows and columns that the filter never covers. Returns a line that says so, or none."""
    (high, wide), (rows, columns) = shape, map(skipped, shape, size, (stride, stride))
    dark = [(x, y - cell * (row + 1), wide * cell, cell) for row in rows]
    dark += [(x + cell * column, y - cell * high, cell, high * cell) for column in columns]
    for left, below, width, height in dark:
        axes.add_patch(
            Rectangle((left, below), width, height, facecolor=DARK, hatch="//", alpha=0.6, zorder=6)
        )
    return "\ndark: never under the filter" if dark else ""


def draw_input(axes, left, top, cell, x, size, stride, padding, i, j, title):
    """Draw the padded input, yellow under the filter. Returns the numbers under the filter."""
    around = margins(x.shape, size, stride, padding)
    padded = np.pad(x, around)
    here = np.s_[stride * i : stride * i + size[0], stride * j : stride * j + size[1]]
    fill = np.pad(np.full(x.shape, WHITE, object), around, constant_values=GREY)
    fill[here] = YELLOW
    draw_table(axes, left, top, cell, padded, title, fill, picture=is_picture(x))
    if is_picture(x):
        mark_cells(axes, left, top, cell, around[0][0], around[1][0], *x.shape, edge="0.5")
    mark_cells(axes, left, top, cell, stride * i, stride * j, *size)
    return padded[here]


def products(here, kernel):
    """The products of a filter's numbers and those under it, written as a sum, a line for each row."""
    rows = [
        " + ".join(f"{signed(a)}·{signed(b)}" for a, b in zip(*pair, strict=True))
        for pair in zip(here, kernel, strict=True)
    ]
    return "\n+ ".join(rows)


class Way:
    """One convolution of a slide: the input on its left, the feature map on its right.

    `between` is what separates the words and the sizes in the titles.
    """

    def __init__(self, step, x, kernel, stride, padding, between=" "):
        self.x, self.kernel, self.stride, self.padding = x, kernel, stride, padding
        self.whole = convolve(x, kernel, stride, padding)
        self.y, (self.i, self.j) = until(self.whole, step)
        self.padded = np.pad(x, margins(x.shape, kernel.shape, stride, padding)).shape
        self.titles = f"input{between}{size_of(x)}", f"feature map{between}{size_of(self.y)}"

    def slots(self, cell):
        """The widths that the input and the feature map take."""
        tables = zip(self.titles, (self.padded[1], self.y.shape[1]), strict=True)
        return [slot(title, columns * cell) for title, columns in tables]

    def draw(self, axes, left, right, top, cell):
        """Draw both in the middle of their slots, which begin at `left` and `right`.

        Returns the sum of products as a text.
        """
        slots, size, place = self.slots(cell), self.kernel.shape, (self.i, self.j)
        left += (slots[0] - cell * self.padded[1]) / 2
        right += (slots[1] - cell * self.y.shape[1]) / 2
        here = draw_input(
            axes, left, top, cell, self.x, size, self.stride, self.padding, *place, self.titles[0]
        )
        dark = darken_skipped(axes, left, top, cell, self.padded, size, self.stride)
        draw_signed(axes, right, top, cell, self.y, self.titles[1], self.whole, is_picture(self.x))
        mark_cells(axes, right, top, cell, *place)
        return f"{products(here, self.kernel)}\n= {number(self.y[place])}{dark}"


def slot(title, width, size=18):
    """The width that a table (or more) of this width takes, with its title above it in bold."""
    return max(width, size * 0.1 * max(map(len, title.splitlines())))


def write_sum(axes, x, top, width, text):
    """Write a sum of products between `top` and the bottom, as large as it fits."""
    lines = text.splitlines()
    size = min(24, 11.5 * width / max(map(len, lines)), 7.2 * (top - BOTTOM) / (1.5 * len(lines)))
    write(axes, x, (top + BOTTOM) / 2, text, size, linespacing=1.4)


def draw_convolution(figure, step, x, kernel, stride, padding):
    """Draw the input under the filter, the products and their sum, and the feature map so far."""
    axes, way, top, gap = whole_slide(figure), Way(step, x, kernel, stride, padding), 62, 9
    rows, columns = way.padded[0], way.padded[1] + way.y.shape[1]
    high = top - BOTTOM - min(24, 5 * len(kernel) + 5)
    wide = RIGHT - LEFT - 2 * gap
    cell = min(8, high / max(rows, len(kernel)), wide / (columns + kernel.shape[1]))
    own = max(cell, min(READABLE, 28 / max(kernel.shape)))  # stays readable beside a picture
    cell = min(cell, (wide - own * kernel.shape[1]) / columns)
    title = f"filter {size_of(kernel)}"
    middle = slot(title, kernel.shape[1] * own)
    left, right = way.slots(cell)
    start = (LEFT + RIGHT - left - middle - right - 2 * gap) / 2
    centre = start + left + gap
    text = way.draw(axes, start, centre + middle + gap, top, cell)
    draw_signed(axes, centre + (middle - kernel.shape[1] * own) / 2, top, own, kernel, title)
    write(axes, centre - gap / 2, top - 4, "∗", 34)
    write(axes, centre + middle + gap / 2, top - 4, "=", 34)
    write_sum(axes, 67.2, top - max(rows * cell, len(kernel) * own), 128, text)


def written(x, kernel, stride, padding):
    """The computation of a feature map's size, as on the slide: "(7 − 3) / 2 + 1 = 3"."""
    lines, same = [], padding == "same"
    for n, k, size in zip(x.shape, kernel.shape, convolve(x, kernel, stride, padding).shape, strict=True):
        quotient = f"{n} / {stride}" if same else f"({n} − {k}) / {stride}"
        if (n if same else n - k) % stride:
            quotient = f"⌈{quotient}⌉" if same else f"⌊{quotient}⌋"
        lines.append(f"{quotient} = {size}" if same else f"{quotient} + 1 = {size}")
    high, wide = lines
    return high if high == wide else f"{high} high,\n{wide} wide"


def draw_pair(figure, step, x, kernel, *ways):
    """Draw two convolutions side by side, each given as (title, stride, padding), all cells equally large."""
    axes, gap = whole_slide(figure), 4
    titles, ways = [way[0] for way in ways], [Way(step, x, kernel, *way[1:], "\n") for way in ways]
    top = 53.5 if any("\n" in title for title in titles) else 56.5
    rows = max(way.padded[0] for way in ways)
    columns = sum(way.padded[1] + way.y.shape[1] for way in ways)
    high, widest = top - BOTTOM - 5, (RIGHT - LEFT - 5 * gap) / columns
    cell = own = min(8, high / (rows + len(kernel)), widest)
    if cell < READABLE:  # the filter stays readable
        own = min(READABLE, 17 / len(kernel))
        cell = min(own, (high - own * len(kernel)) / rows, widest)

    def widths(cell):
        tables = zip(titles, (way.slots(cell) for way in ways), strict=True)
        return [slot(title, left + gap + right, 12.5) for title, (left, right) in tables]

    while cell > 1 and sum(widths(cell)) > RIGHT - LEFT - 3 * gap:  # titles are wider than their tables
        own, cell = 0.95 * cell if own == cell else own, 0.95 * cell
    wide = widths(cell)
    start, below = (LEFT + RIGHT - sum(wide) - 3 * gap) / 2, top - rows * cell - 5
    half = (RIGHT - LEFT - kernel.shape[1] * own) / 2 - 2
    for n, way in enumerate(ways):
        left, right = way.slots(cell)
        first = start + (wide[n] - left - gap - right) / 2
        text = way.draw(axes, first, first + left + gap, top, cell)
        write(axes, start + wide[n] / 2, top + 8, titles[n], 20, color=INK, va="bottom")
        write_sum(axes, (LEFT + half / 2, RIGHT - half / 2)[n], below, half, text)
        start += wide[n] + 3 * gap
    draw_signed(axes, 67.2 - kernel.shape[1] * own / 2, below, own, kernel, f"filter {size_of(kernel)}")


def draw_strides(figure, step, x, kernel, stride, padding):
    """Draw stride 1 beside a larger one, at least 2."""
    ways = [(f"stride {n}:  {written(x, kernel, n, padding)}", n, padding) for n in (1, stride)]
    draw_pair(figure, step, x, kernel, *ways)


def draw_paddings(figure, step, x, kernel, stride):
    valid = "valid: only where the filter fits", stride, "valid"
    same = "same: with zero padding", stride, "same"
    draw_pair(figure, step, x, kernel, valid, same)
