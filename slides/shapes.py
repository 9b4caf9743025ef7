"""Drawing functions for slides: text, tables of numbers, images, neurons, volumes."""

import functools

from keras_window.style import SIGNED

import numpy as np
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.colors import to_rgba_array
from matplotlib.patches import Polygon, Rectangle
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D, IdentityTransform

WHITE, GREY, DARK, YELLOW = "white", "#E4E4E4", "#555555", "#FFE27A"
BLUE, RED = "#BFDDF2", "#F7C6BC"  # of numbers with signs, as in SIGNED: blue above 0, red below 0
GREEN, VIOLET, PEACH = "#C3E6CB", "#DDD0F0", "#FBD9B5"  # of things that belong together
INK, ORANGE = "#0072B2", "#D55E00"
SMALLEST = 6.5  # points: numbers that would be smaller are drawn as an image


def number(value, decimals=2):
    """A number formatted for a slide, with at most this many decimals: 3, 0.25, −1."""
    if abs(value - 1 / 9) < 1e-6:  # the blur of nine pixels
        return "1/9"
    return f"{round(float(value), decimals) + 0.0:g}".replace("-", "−")


def signed(value, decimals=2):
    """A number formatted for a sum or a product: 3, (−1)."""
    return number(value, decimals) if value >= 0 else f"({number(value, decimals)})"


def whole_slide(figure):
    """Axes in tenths of an inch, 134.4 × 75.6, as large as the figure allows."""
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 134.4), ylim=(0, 75.6), aspect="equal")
    axes.axis("off")
    return axes


def inset(axes, x, y, width, height, **options):
    """Axes inside those of the whole slide; (x, y) is their lower left corner."""
    return axes.inset_axes((x, y, width, height), transform=axes.transData, **options)


def write(target, x, y, text, size=20, **options):
    """Write a text centred at (x, y) of a figure or of axes; `size` is in points."""
    target.text(x, y, text, **{"fontsize": size, "ha": "center", "va": "center"} | options)


def draw_box(axes, x, y, width, height, fill="none", edge="0.4", line=1.5):
    """Draw a rectangle; (x, y) is its centre, `line` the width of its edge in points."""
    corner = x - width / 2, y - height / 2
    axes.add_patch(Rectangle(corner, width, height, facecolor=fill, edgecolor=edge, linewidth=line, zorder=2))


def draw_picture(axes, x, y, width, height, pixels, low, high, colours="gray_r"):
    """Draw pixels [rows, columns] as an image; (x, y) is its centre, `colours` the map from low to high."""
    extent = x - width / 2, x + width / 2, y - height / 2, y + height / 2
    axes.imshow(pixels, colours, extent=extent, interpolation="nearest", vmin=low, vmax=high)
    draw_box(axes, x, y, width, height)


def draw_neuron(axes, x, y, value, text, size=38, newest=False):
    """Draw a circle with a text, darker for a higher value (0 to 1); `size` is in points."""
    edge, width = (ORANGE, 6) if newest else ("0.4", 2)
    shade = str(1 - 0.9 * min(value, 1))
    axes.scatter(x, y, size**2, shade, edgecolor=edge, linewidth=width, zorder=3)
    write(axes, x, y, text, max(14, 0.27 * size), color="white" if value > 0.5 else "black", zorder=4)


def draw_neurons(axes, places, values, texts, size=38, newest=None):
    """Draw circles as `draw_neuron` does, but all at once, which is faster; `newest` is the number of one."""
    chosen = [n == newest for n in range(len(places))]
    shades = [str(1 - 0.9 * min(value, 1)) for value in values]
    edges, widths = [ORANGE if new else "0.4" for new in chosen], [6 if new else 2 for new in chosen]
    axes.scatter(*np.transpose(places), size**2, shades, edgecolor=edges, linewidth=widths, zorder=3)
    for (x, y), value, text in zip(places, values, texts, strict=True):
        colour = "white" if value > 0.5 else "black"
        write(axes, x, y, text, max(14, 0.27 * size), color=colour, zorder=4)


@functools.cache
def outline(text):
    """The outline of a text of size 1, with the middle of its digits at (0, 0)."""
    path = TextPath((0, 0), text, size=1)
    box, digit = path.get_extents(), TextPath((0, 0), "0", size=1).get_extents()
    return path.transformed(Affine2D().translate(-(box.x0 + box.x1) / 2, -(digit.y0 + digit.y1) / 2))


class Numbers(PathCollection):
    """Numbers drawn as outlines; as texts, they would take most of a frame's time.

    Args:
        axes: those of `whole_slide`.
        values: the numbers.
        places: the centre of each, (x, y).
        size: of the digits, in points.

    Attributes:
        texts: what is written.
    """

    def __init__(self, axes, values, places, size):
        self.texts = list(map(number, values))
        look = {"facecolors": "black", "linewidths": 0, "zorder": 5}
        outlines = list(map(outline, self.texts))
        super().__init__(outlines, [size**2], offsets=places, offset_transform=axes.transData, **look)
        self.set_transform(IdentityTransform())


def signs(table):
    """The colour of each cell of a table: pale red below 0, white at 0 and where empty, pale blue above 0."""
    return np.select([table < 0, table > 0], [RED, BLUE], WHITE)


def draw_table(axes, x, y, cell, table, title="", fill=WHITE, full=None, picture=False, colours="gray"):
    """Draw a table of numbers, or an image of them if they would be too small to read.

    Args:
        axes: those of `whole_slide`.
        x, y: the upper left corner.
        cell: the length of a cell's edges.
        table: [rows, columns]; a cell with NaN is empty.
        title: the text above it.
        fill: the colour of all cells, or of each, [rows, columns].
        full: the table without empty cells; it fixes the size of the text and the range of the colours.
        picture: whether to draw an image anyway.
        colours: the image's colour map, from the lowest number to the highest; SIGNED has 0 in its middle.
    """
    full = table if full is None else full
    rows, columns = table.shape
    texts = map(number, np.unique(full))
    longest = max(len(text) - text.count(".") / 2 for text in texts)
    size = min(26, 4.3 * cell, 7.6 * cell / longest)
    middle, width, height = x + columns * cell / 2, columns * cell, rows * cell
    if title:
        write(axes, middle, y + 1.2, title, 18, weight="bold", va="bottom")
    if picture or size < SMALLEST:
        low, high = full.min(), full.max()
        if colours == SIGNED:
            high = max(high, -low) or 1
            low = -high
        pixels = np.ma.masked_invalid(table)
        draw_picture(axes, middle, y - height / 2, width, height, pixels, low, high, colours)
        return
    i, j = np.indices(table.shape).reshape(2, -1)
    corners = (j, i), (j + 1, i), (j + 1, i + 1), (j, i + 1)
    cells = np.array([(x + cell * right, y - cell * down) for right, down in corners]).transpose(2, 0, 1)
    fill = to_rgba_array(np.broadcast_to(np.array(fill, object), table.shape).ravel().tolist())
    drawn = PolyCollection(cells, facecolors=fill, edgecolors="0.4", label=title, zorder=2)
    axes.add_collection(drawn, autolim=False)
    filled = ~np.isnan(table.astype(float).ravel())
    axes.add_collection(Numbers(axes, table.ravel()[filled], cells.mean(axis=1)[filled], size), autolim=False)


def draw_signed(axes, x, y, cell, table, title="", full=None, picture=False):
    """Draw a table of weights, or a feature map: red is below 0, blue above 0."""
    draw_table(axes, x, y, cell, table, title, signs(table), full, picture, SIGNED)


def mark_cells(axes, x, y, cell, row, column, rows=1, columns=1, edge=INK, line=4):
    """Draw a frame around cells of a table whose upper left corner is (x, y); `line` is in points."""
    place = x + cell * column, y - cell * (row + rows)
    size = cell * columns, cell * rows
    axes.add_patch(Rectangle(place, *size, facecolor="none", edgecolor=edge, linewidth=line, zorder=4))


def draw_volume(axes, place, shape, label="", fill=BLUE):
    """Draw a volume of numbers as a box.

    Args:
        axes: a `matplotlib.axes.Axes` with equal aspect.
        place: (x, y) of the lower left corner of its front.
        shape: (height, width, depth) in the units of the axes; the depth goes to the right.
        label: the text below it.
        fill: its colour.
    """
    x, y = place
    height, slant, depth = shape[0], 0.35 * shape[1], shape[2]
    front = np.array([(x, y), (x + depth, y), (x + depth, y + height), (x, y + height)])
    back = np.array([slant, slant])
    side = [front[1], front[1] + back, front[2] + back, front[2]]
    top = [front[3], front[2], front[2] + back, front[3] + back]
    for corners in (front, side, top):
        axes.add_patch(Polygon(corners, facecolor=fill, edgecolor="0.3", linewidth=1.5))
    axes.text(x + (depth + slant) / 2, y - 1.5, label, fontsize=17, ha="center", va="top")
