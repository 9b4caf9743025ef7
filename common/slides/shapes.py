"""What slides are drawn with: tables of numbers, volumes."""

import numpy as np
from matplotlib.patches import Polygon, Rectangle

WHITE, GREY, YELLOW = "white", "#E4E4E4", "#FFE27A"
BLUE, RED, GREEN = "#BFDDF2", "#F7C6BC", "#C3E6CB"
INK = "#0072B2"
SMALLEST = 6.5  # points: what would be written smaller is drawn as a picture


def number(value, decimals=2):
    """A number as it is written on a slide, with at most so many decimals: 3, 0.25, −1."""
    return f"{round(float(value), decimals) + 0.0:g}".replace("-", "−")


def draw_numbers(axes, table, title, fill=WHITE, full=None, picture=False):
    """Draw a table of numbers, or a picture of them, black where they are lowest.

    Args:
        axes: an empty `matplotlib.axes.Axes`.
        table: [rows, columns]; where it is NaN the cell is empty.
        title: stands above it.
        fill: the cells' colour, or the colour of each, [rows, columns].
        full: the table as it is when no cell is empty, so that what is drawn of it keeps its looks.
        picture: whether to draw a picture; where the numbers could not be read it is one anyway.
    """
    full = table if full is None else full
    rows, columns = table.shape
    axes.set_title(title, pad=12)
    axes.set(xlim=(-0.6, columns - 0.4), ylim=(rows - 0.4, -0.6), aspect="equal")
    axes.axis("off")
    axes.apply_aspect()
    cell = 72 / axes.figure.dpi * axes.bbox.width / (columns + 0.2)  # in points, as the size of text
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
        label: stands below it.
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
