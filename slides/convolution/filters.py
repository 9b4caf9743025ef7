"""The slides on what filters find: several of them on one image, and two of them at four places."""

from slides.convolution.computing import convolve
from slides.convolution.sliding import is_picture, size_of
from slides.shapes import draw_signed, draw_table, mark_cells, number, whole_slide, write

import numpy as np
from matplotlib.lines import Line2D

LEGEND = "blue: above 0     white: 0     red: below 0"
# four places of the first test digit, a 7: row, column, colour (none of a sign)
PLACES = (2, 5, "#E69F00"), (8, 5, "#009E73"), (7, 9, "#CC79A7"), (10, 1, "#8C6BB1")


def draw_filters(figure, step, x, kernels, stride, padding):
    """Draw several filters on one image: each finds something different, in its own feature map.

    kernels is a dictionary from the filters' names to their numbers.
    """
    axes, picture, width = whole_slide(figure), is_picture(x), 24
    maps = {name: convolve(x, kernel, stride, padding) for name, kernel in kernels.items()}
    rows, columns = (max(sizes) for sizes in zip(x.shape, *(y.shape for y in maps.values()), strict=True))
    cell = min(width / columns, 28 / rows)
    left, top = 3 + (width - cell * x.shape[1]) / 2, 39
    draw_table(axes, left, top, cell, x, f"input {size_of(x)}", picture=picture)
    for n, (name, kernel) in enumerate(list(kernels.items())[: step + 1], start=1):
        y, centre = maps[name], 3 + width / 2 + 26 * n
        draw_signed(axes, centre - 8.7, 62, 5.8, kernel, name)
        draw_signed(axes, centre - cell * y.shape[1] / 2, top, cell, y, size_of(y), picture=picture)
    write(axes, 67.2, 7.5, LEGEND, 22)


def draw_places(figure, step, x, kernels):
    """Draw two filters at four places of an image, each place in its colour; then their whole feature maps.

    kernels is a dictionary from the filters' names to their numbers, 3×3 each.
    """
    axes, cell, top, size, left = whole_slide(figure), 2.6, 62, 3, 6
    visited = PLACES[:step]
    draw_table(axes, left, top, cell, x, f"input {size_of(x)}", picture=True)
    for i, j, colour in visited:
        mark_cells(axes, left, top, cell, i, j, size, size, colour)
    for n, (name, kernel) in enumerate(kernels.items()):
        right, y = 54 + 43 * n, convolve(x, kernel)
        shown = y if step > len(PLACES) else np.full(y.shape, np.nan)
        for k, (i, j, colour) in enumerate(visited):
            shown[i, j] = y[i, j]
            mark_cells(axes, right, top, cell, i, j, edge=colour)
            write(
                axes,
                right + 19 + 10 * (k % 2),
                22.5 - 6 * (k // 2),
                number(y[i, j]),
                22,
                color=colour,
                weight="bold",
            )
        draw_signed(axes, right, top, cell, shown, f"{name} {size_of(y)}", y, True)
        draw_signed(axes, right, 26, 4, kernel)
        if 0 < step <= len(PLACES):
            i, j, colour = visited[-1]
            ends = (
                (left + cell * (j + size), right + cell * j),
                (top - cell * (i + 1.5), top - cell * (i + 0.5)),
            )
            axes.add_line(Line2D(*ends, color=colour, linewidth=2, zorder=7))
    write(
        axes,
        left + cell * len(x) / 2,
        19,
        "The same filters at every place:\neach makes one number there",
        18,
    )
    write(axes, 67.2, 7.5, LEGEND, 22)
