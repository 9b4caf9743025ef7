"""Drawing functions for slides: text, tables of numbers, images, neurons, volumes."""

import numpy as np
from matplotlib.patches import Polygon, Rectangle

WHITE, GREY, YELLOW = "white", "#E4E4E4", "#FFE27A"
BLUE, RED, GREEN = "#BFDDF2", "#F7C6BC", "#C3E6CB"
INK, ORANGE = "#0072B2", "#D55E00"
SIGNS = "RdBu"  # colours of numbers with a sign, on all slides: negative is red, positive blue
SMALLEST = 6.5  # points: numbers that would be smaller are drawn as an image


def number(value, decimals=2):
    """A number formatted for a slide, with at most this many decimals: 3, 0.25, −1."""
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


def draw_numbers(axes, table, title, fill=WHITE, full=None, picture=False):
    """Draw a table of numbers, or an image of them, black where they are lowest.

    Args:
        axes: an empty `matplotlib.axes.Axes`.
        table: [rows, columns]; a cell with NaN is empty.
        title: the text above it.
        fill: the colour of all cells, or of each, [rows, columns].
        full: the table without empty cells; it fixes the size of the text and the range of the grey values.
        picture: whether to draw an image; numbers too small to read are drawn as an image anyway.
    """
    full = table if full is None else full
    rows, columns = table.shape
    axes.set_title(title, pad=12)
    axes.set(xlim=(-0.6, columns - 0.4), ylim=(rows - 0.4, -0.6), aspect="equal")
    axes.axis("off")
    axes.apply_aspect()
    cell = 72 / axes.figure.dpi * axes.bbox.width / (columns + 0.2)  # in points, like the size of text
    longest = max(len(number(value)) for value in full.flat)
    size = min(26, 0.6 * cell, 1.35 * cell / longest)
    if picture or size < SMALLEST:
        shown, low, high = np.ma.masked_invalid(table), full.min(), full.max()
        axes.imshow(shown, "gray", interpolation="nearest", vmin=low, vmax=high)
        mark(axes, 0, 0, rows, columns, edge="0.5")
        return
    fill = np.broadcast_to(np.array(fill, object), table.shape)
    for (i, j), value in np.ndenumerate(table):
        axes.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, facecolor=fill[i, j], edgecolor="0.4"))
        if not np.isnan(value):
            axes.text(j, i, number(value), fontsize=size, ha="center", va="center", zorder=5)


def mark(axes, row, column, rows=1, columns=1, edge=INK):
    """Draw a frame around cells of a table."""
    place = (column - 0.5, row - 0.5)
    axes.add_patch(Rectangle(place, columns, rows, facecolor="none", edgecolor=edge, linewidth=4, zorder=4))


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
