"""The slides on max pooling: of numbers, of a real feature map, and beside a stride."""

from slides.convolution.computing import POOL, convolve, max_pool, until
from slides.convolution.sliding import BOTTOM, darken_skipped, is_picture, size_of, slot
from slides.shapes import (
    GREEN, INK, ORANGE, PEACH, VIOLET, WHITE, YELLOW, draw_signed, draw_table, mark_cells, number,
    whole_slide, write,
)  # fmt: skip

import numpy as np

BLOCK = 4  # rows and columns of a feature map that are written out


def colours_of(rows, columns):
    """Colours for squares side by side, [rows, columns]: neighbours differ."""
    colours = np.tile(np.array([[YELLOW, GREEN], [PEACH, VIOLET]], object), (rows, columns))
    return colours[:rows, :columns]


def square(i, j, stride=POOL):
    return np.s_[stride * i : stride * i + POOL, stride * j : stride * j + POOL]


def draw_pooling(figure, step, x, stride):
    """Draw max pooling, which keeps the largest number of each square."""
    axes, top, gap = whole_slide(figure), 61, 16
    whole = max_pool(x, stride)
    y, here = until(whole, step)
    colours = colours_of(*y.shape)
    fill = np.full(x.shape, WHITE, object)
    for place in np.ndindex(y.shape) if stride >= POOL else [here]:  # of overlapping squares only this one
        fill[square(*place, stride)] = colours[place]
    cell = min(
        11, (top - BOTTOM - 9) / len(x), (128 - gap) / (x.shape[1] + y.shape[1]), (98 - gap) / x.shape[1]
    )
    title = f"max pooling {POOL}×{POOL},\nstride {stride}: {size_of(y)}"
    width = slot(title, y.shape[1] * cell)
    left = 67.2 - (x.shape[1] * cell + gap + width) / 2
    right = left + x.shape[1] * cell + gap + (width - y.shape[1] * cell) / 2
    draw_table(axes, left, top, cell, x, f"input {size_of(x)}", fill, picture=is_picture(x))
    dark = darken_skipped(axes, left, top, cell, x.shape, (POOL, POOL), stride)
    draw_table(axes, right, top, cell, y, title, colours, whole, is_picture(x))
    mark_cells(axes, left, top, cell, *(stride * n for n in here), POOL, POOL)
    mark_cells(axes, right, top, cell, *here)
    write(axes, left + x.shape[1] * cell + gap / 2, top - 5, "→", 44)
    text = f"max({', '.join(map(number, x[square(*here, stride)].flat))}) = {number(y[here])}"
    write(axes, 67.2, 8, text + dark.replace("filter", "square").replace("\n", "     "), 24)


def draw_block(axes, x, top, cell, y, place, size, fill):
    """Mark a block in a feature map whose upper left corner is (x, top), and write its numbers out below.

    `place` is the (row, column) of the block's upper left corner, `size` its rows and columns.
    """
    (i, j), large = place, 4.2
    mark_cells(axes, x, top, cell, i, j, size, size, ORANGE, 3)
    left = x + (cell * len(y) - large * size) / 2
    draw_table(axes, left, 22.5, large, y[i : i + size, j : j + size], fill=fill)


def busiest(y):
    """The place of the block with most different numbers, (row, column), both even."""
    places = np.ndindex(*(np.array(y.shape) // 2 - 1))
    return max(
        ((2 * i, 2 * j) for i, j in places),
        key=lambda place: len(np.unique(y[place[0] :, place[1] :][:BLOCK, :BLOCK])),
    )


def draw_pooled_map(figure, step, x, kernel):
    """Draw a feature map before and after pooling (frames 0 to 2), and of the digit one pixel further (3)."""
    axes, cell, top, places = whole_slide(figure), 1.12, 62, (42, 83, 112)

    def maps_of(image):
        y = np.maximum(convolve(image, kernel, padding="same"), 0)
        return [y, max_pool(y), max_pool(max_pool(y))]

    moved = np.roll(x, 1, axis=1)
    before, after = maps_of(x), maps_of(moved)
    maps = after if step == 3 else before[: step + 1]
    draw_table(axes, 3, top, cell, moved if step == 3 else x, f"input {size_of(x)}", picture=True)
    draw_signed(axes, 12, 22.5, 4.2, kernel, "filter")
    for y, name, left in zip(maps, ("feature map", "pooled", "again"), places, strict=False):
        draw_signed(axes, left, top, cell, y, f"{name} {size_of(y)}", maps[0], picture=True)
    if step < 3:
        i, j = busiest(before[0])
        squares = colours_of(2, 2)
        large = squares.repeat(POOL, 0).repeat(POOL, 1)
        draw_block(axes, places[0], top, cell, before[0], (i, j), BLOCK, large)
        if step:
            draw_block(axes, places[1], top, cell, before[1], (i // POOL, j // POOL), POOL, squares)
    else:
        for old, new, left in zip(before, after, places, strict=True):
            change = f"{100 * abs(new - old).sum() / old.sum():.0f} %"
            write(axes, left + len(new) * cell / 2, 26, change, 34, weight="bold", color=ORANGE)
    texts = [
        "The filter's map of a digit, with ReLU: dark blue is where it finds what it looks for",
        "The largest of each 2×2 square stays: a quarter of the numbers",
        "And again: 49 of 784 numbers, each for a square of 4×4",
        "The digit moves one pixel to the right: so much of each map changes",
    ]
    write(axes, 67.2, 68, texts[step], 21, color=INK)


def draw_pool_or_stride(figure, step, x, kernel):
    """Draw one map (frame 0), what stride 2 keeps of it (1), what max pooling keeps (2); the cost (3)."""
    axes, cell, top = whole_slide(figure), 1.35, 61
    y = np.maximum(convolve(x, kernel), 0)
    strided, pooled = np.maximum(convolve(x, kernel, POOL), 0), max_pool(y)
    i, j = busiest(y)
    squares, kept = colours_of(2, 2), np.full((BLOCK, BLOCK), WHITE, object)
    if step == 1:
        kept[::POOL, ::POOL] = YELLOW
    elif step > 1:
        kept = squares.repeat(POOL, 0).repeat(POOL, 1)
    shown = [("stride 1", y, 12, (i, j), BLOCK, kept)]
    shown += [("stride 2", strided, 64, (i // POOL, j // POOL), POOL, YELLOW)]
    shown += [("max pooling", pooled, 103, (i // POOL, j // POOL), POOL, squares)]
    for name, values, left, *block in shown[: step + 1]:
        draw_signed(axes, left, top, cell, values, f"{name}: {size_of(values)}", y, picture=True)
        draw_block(axes, left, top, cell, values, *block)
    texts = [
        "One feature map, with ReLU: the filter at all positions",
        "Stride 2: the filter only at every second position, whatever is beside it",
        "Max pooling: the filter at all positions; the largest of each 2×2 square stays",
        f"Stride computes {strided.size} sums; its largest is {number(strided.max())}.     "
        f"Pooling needs all {y.size}, and keeps {number(pooled.max())}",
    ]
    write(axes, 67.2, 68, texts[step], 21, color=INK)
