"""The friendly introduction: pictures of a few pixels.

After Luis Serrano, "A friendly introduction to convolutional neural networks and image recognition", 2017.
"""

from slides.convolution.computing import convolve, convolve_volume, max_pool
from slides.convolution.sliding import products
from slides.shapes import (
    INK, ORANGE, WHITE, draw_signed, draw_table, mark_cells, number, signed, whole_slide, write,
)  # fmt: skip

import numpy as np

# black is 1, white is −1
BACKSLASH = np.array([[1, -1], [-1, 1]])
SLASH = -BACKSLASH
CROSS = np.where(np.eye(5) + np.eye(5)[::-1] > 0, 1, -1)
RING = np.where(np.abs(np.add.outer(abs(np.arange(-2, 3)), abs(np.arange(-2, 3)))) == 2, 1, -1)
WEIGHTS = np.stack([BACKSLASH, SLASH])  # of the last layer: one for each number of the two pooled maps
GAP = np.full((5, 1), -1)
XO, OX = np.hstack([CROSS, GAP, RING]), np.hstack([RING, GAP, CROSS])
LAST = np.array([[1, 0, 0, -1]])  # the weights of the two letters' last layer
FILTERS = {"filter \\": BACKSLASH, "filter /": SLASH}


def draw_pixels(axes, x, y, cell, pixels, title=""):
    """Draw a picture of a few pixels, black and white, with its numbers."""
    draw_table(axes, x, y, cell, pixels, title, np.where(pixels > 0, "#777777", WHITE))


def draw_slashes(figure, step):
    """Draw two pictures of four pixels (frame 0), and one filter that tells them apart (1 to 4)."""
    axes, cell, top = whole_slide(figure), 8, 59
    wrong = np.array([[1, -1], [-1, -1]])
    pictures = [("\\", BACKSLASH), ("/", SLASH), ("\\, one pixel wrong", wrong)]
    for n, (name, pixels) in enumerate(pictures[: 2 + (step == 4)]):
        middle, newest = 27.2 + 40 * n, step == (n + 1 if n < 2 else 4)
        draw_pixels(axes, middle - cell, top, cell, pixels, name)
        if step > n:
            draw_signed(axes, middle - cell, 38, cell, BACKSLASH)
            text = f"{products(pixels, BACKSLASH)}\n= {number((pixels * BACKSLASH).sum())}"
            write(axes, middle, 13, text, 23, color=ORANGE if newest else "black", linespacing=1.4)
    if step:
        write(axes, 13, 30, "filter", weight="bold")
    texts = [
        "Two pictures of four pixels: black is 1, white is −1",
        "A filter: each pixel times a number; the sum of the products",
        "The same filter on the other picture",
        "Above 0: \\       below 0: /       That is a classifier",
        "With one wrong pixel the sum is smaller, and the answer still right",
    ]
    write(axes, 67.2, 67.5, texts[step], 23, color=INK)


def letter_numbers(pixels):
    """What each layer makes of a letter: maps [2, 4, 4], pooled [2, 2, 2], times the weights, and the sum."""
    maps = np.stack([convolve(pixels, kernel) for kernel in FILTERS.values()])
    pooled = np.stack([max_pool(y) for y in maps])
    terms = pooled * WEIGHTS
    return maps, pooled, terms, terms.sum()


def draw_letter(figure, step, pixels, name, verdict):
    """Draw a letter on its way through a small network: a convolution, pooling, and a dense layer.

    Frames 1 to 4 fill the first map, 5 the second; then pooling (6), the weights (7) and the verdict (8).
    """
    axes, cell, columns = whole_slide(figure), 5.2, (3, 35, 51.5, 79, 95.5)
    maps, pooled, terms, score = letter_numbers(pixels)
    draw_pixels(axes, columns[0], 47, cell, pixels, name)
    shown = maps.copy()
    shown[0].flat[4 * step :] = np.nan
    shown[1] = np.nan if step < 5 else shown[1]
    tops = 59.5, 30
    for n, (title, kernel) in enumerate(FILTERS.items()):
        top, middle = tops[n], tops[n] - cell
        draw_signed(axes, columns[1], middle, cell, kernel, title)
        draw_signed(axes, columns[2], top, cell, shown[n], "map 4×4", maps[n])
        if step >= 6:
            draw_signed(axes, columns[3], middle, cell, pooled[n], "pooled")
        if step >= 7:
            draw_signed(axes, columns[4], middle, cell, WEIGHTS[n], "weights")
            text = f"{products(pooled[n], WEIGHTS[n])}\n= {number(terms[n].sum())}"
            write(axes, 120.5, middle - cell, text, 20, linespacing=1.4)
    if 0 < step < 5:
        mark_cells(axes, columns[0], 47, cell, step - 1, 3, 2, 2, ORANGE)
        mark_cells(axes, columns[2], tops[0], cell, step - 1, 3, edge=ORANGE)
    if step == 6:
        for top in tops:
            mark_cells(axes, columns[2], top, cell, 0, 0, 2, 2, ORANGE)
        for top in tops:
            mark_cells(axes, columns[3], top - cell, cell, 0, 0, edge=ORANGE)
    row = min(step, 4) - 1
    last = products(pixels[row:][:2, 3:], BACKSLASH).replace("\n", " ") if 0 < step < 5 else ""
    sums = " + ".join([number(terms[0].sum()), signed(terms[1].sum())])
    texts = [
        "Black is 1, white is −1. Two filters look for \\ and for /",
        *[f"{last} = {number(maps[0][row, 3])}"] * 4,
        "The second filter: 4 where it finds /, −4 where it finds the other stroke",
        "Pooling: the largest number of each 2×2 square, so only roughly where",
        "Fully connected: each of the eight numbers has a weight of its own",
        f"{sums} = {number(score)}:  {verdict}",
    ]
    write(
        axes,
        67.2,
        67.5,
        texts[step],
        30 if step == 8 else 22,
        color=INK,
        weight="bold" if step == 8 else "normal",
    )


def two_letters_numbers(pixels):
    """What each layer makes of two letters: maps [2, 4, 10], pooled [2, 2, 5], the second layer's map [1, 4].

    The second layer's filter, 2×2×2, is the last layer for one letter.
    """
    maps = np.stack([convolve(pixels, kernel) for kernel in FILTERS.values()])
    pooled = np.stack([max_pool(y) for y in maps])
    deep = np.moveaxis(WEIGHTS, 0, -1)[..., None]
    return maps, pooled, convolve_volume(np.moveaxis(pooled, 0, -1), deep, np.zeros(1))[:, :, 0]


def draw_two_letters(figure, step):
    """Draw two letters on their way through one more layer (frames 0 to 4), and in the other order (5)."""
    axes, cell, low = whole_slide(figure), 3.8, 5
    pixels = OX if step == 5 else XO
    maps, pooled, letters = two_letters_numbers(pixels)
    draw_pixels(axes, 3, 55, cell, pixels, "OX" if step == 5 else "XO")
    for n, (title, kernel) in enumerate(FILTERS.items()):
        top = (60.5, 41)[n]
        draw_signed(axes, 52, top - cell, cell, kernel, title)
        if step >= 1:
            draw_signed(axes, 67, top, cell, maps[n], "map 4×10")
        if step >= 2:
            draw_signed(axes, 112, top - cell, cell, pooled[n], "pooled 2×5")
        if step >= 3:
            draw_signed(axes, 6 + 12 * n, 16, low, WEIGHTS[n])
        if step == 3:
            mark_cells(axes, 112, top - cell, cell, 0, 0, 2, 2, ORANGE)
    if step >= 3:
        write(axes, 17, 17.2, "filter 2×2×2", 18, weight="bold", va="bottom")
        draw_signed(axes, 39, 13.5, low, letters, "X, or not: 1×4")
    if step == 3:
        mark_cells(axes, 39, 13.5, low, 0, 0, edge=ORANGE)
    if step >= 4:
        draw_signed(axes, 67, 13.5, low, LAST, "weights")
        score = number((letters * LAST).sum())
        write(axes, 111, 11.5, f"{products(letters, LAST)}\n= {score}", 18, linespacing=1.4)
    verdict = f"{number((letters * LAST).sum())}: "
    texts = [
        "One more layer: which letter comes first?",
        "The first layer finds strokes, as before",
        "Pooling: roughly where each stroke is",
        "The second layer looks for an X, with the eight weights from before",
        f"{verdict} above 0, X comes first",
        f"{verdict} below 0, O comes first",
    ]
    last = step >= 4
    write(axes, 67.2, 67.8, texts[step], 28 if last else 22, color=INK, weight="bold" if last else "normal")
