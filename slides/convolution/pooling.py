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


def draw_maps(axes, maps, left, top, cell, block, filled):
    """Draw feature maps side by side with equal cells, and a frame around a block of each.

    Args:
        maps: a list of (title, map).
        left: the left edge of each.
        block: (row, column) of the upper left corner of the block in the first map; both are even.
        filled: for each map the colours of the block's cells, which are written out below it.
    """
    for n, ((title, y), x, fill) in enumerate(zip(maps, left, filled, strict=True)):
        draw_signed(axes, x, top, cell, y, title, maps[0][1], picture=True)
        corner, size = (block, BLOCK) if n == 0 else ([k // POOL for k in block], BLOCK // POOL)
        mark_cells(axes, x, top, cell, *corner, size, size, ORANGE, 3)
        here = y[corner[0] : corner[0] + size, corner[1] : corner[1] + size]
        draw_table(axes, x + (len(y) * cell - size * 4.2) / 2, 22.5, 4.2, here, fill=fill)


def busiest(y):
    """The place of the block with most different numbers, (row, column), both even."""
    places = [(i, j) for i in range(0, len(y) - BLOCK + 1, 2) for j in range(0, len(y) - BLOCK + 1, 2)]
    return max(places, key=lambda place: len(np.unique(y[place[0] :][:BLOCK, place[1] :][:, :BLOCK])))


def draw_pooled_map(figure, step, x, kernel):
    """Draw a feature map before and after pooling (frames 0 to 2), and of the digit one pixel further (3)."""
    axes, cell, top = whole_slide(figure), 1.12, 62

    def maps_of(image):
        y = np.maximum(convolve(image, kernel, padding="same"), 0)
        return [y, max_pool(y), max_pool(max_pool(y))]

    before, after = maps_of(x), maps_of(np.roll(x, 1, axis=1))
    shown = before if step < 3 else after
    titles = [
        f"{name} {size_of(y)}" for name, y in zip(("feature map", "pooled", "again"), shown, strict=True)
    ]
    left = 42, 83, 112
    draw_table(
        axes,
        3,
        top,
        cell,
        x if step < 3 else np.roll(x, 1, axis=1),
        f"input {size_of(x)}",
        picture=True,
        colours="gray_r",
    )
    draw_signed(axes, 12, 22.5, 4.2, kernel)
    if step < 3:
        count = min(step, 1) + 1
        squares = np.repeat(np.repeat(colours_of(2, 2), POOL, 0), POOL, 1)
        draw_maps(
            axes,
            list(zip(titles, shown, strict=True))[:count],
            left[:count],
            top,
            cell,
            busiest(before[0]),
            [squares, colours_of(2, 2)][:count],
        )
        if step == 2:
            draw_signed(axes, left[2], top, cell, shown[2], titles[2], shown[0], picture=True)
    else:
        for title, old, y, place in zip(titles, before, after, left, strict=True):
            draw_signed(axes, place, top, cell, y, title, after[0], picture=True)
            change = abs(y - old).sum() / old.sum()
            write(
                axes, place + len(y) * cell / 2, 26, f"{change * 100:.0f} %", 34, weight="bold", color=ORANGE
            )
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
    maps = [(f"stride 1: {size_of(y)}", y), (f"stride 2: {size_of(strided)}", strided)]
    maps += [(f"max pooling: {size_of(pooled)}", pooled)]
    block = busiest(y)
    kept = np.full((BLOCK, BLOCK), WHITE, object)
    if step == 1:
        kept[::POOL, ::POOL] = YELLOW
    if step >= 2:
        kept[:] = np.repeat(np.repeat(colours_of(2, 2), POOL, 0), POOL, 1)
    fills, count = [kept, YELLOW, colours_of(2, 2)], min(step, 2) + 1
    draw_maps(axes, maps[:count], (12, 64, 103)[:count], top, cell, block, fills[:count])
    texts = [
        "One feature map, with ReLU: the filter at all positions",
        "Stride 2: the filter only at every second position, whatever is beside it",
        "Max pooling: the filter at all positions; the largest of each 2×2 square stays",
        f"Stride computes {strided.size} sums; its largest is {number(strided.max())}.     "
        f"Pooling needs all {y.size}, and keeps {number(pooled.max())}",
    ]
    write(axes, 67.2, 68, texts[step], 21, color=INK)
