"""The slides on volumes: channels and filters number by number, sizes, and whole networks to scale."""

from slides.convolution.computing import convolve_volume, until
from slides.convolution.sliding import draw_input, products
from slides.shapes import (
    GREEN, GREY, INK, ORANGE, YELLOW, draw_signed, draw_volume, mark_cells, number, signed, whole_slide,
    write,
)  # fmt: skip

import numpy as np
from keras import ops

# each network: its name, its input, and its layers: (name, output, weights and biases)
LENET = "LeNet-5 (1998)", [
    ("input", (32, 32, 1), 0),
    ("C1: 5×5", (28, 28, 6), 156),
    ("S2: pool", (14, 14, 6), 0),
    ("C3: 5×5", (10, 10, 16), 2416),
    ("S4: pool", (5, 5, 16), 0),
    ("C5: 5×5", (1, 1, 120), 48120),
    ("F6", (84,), 10164),
    ("output", (10,), 850),
]  # fmt: skip
LARGER = "mnist_3, step 3.1", [
    ("input", (28, 28, 1), 0),
    ("6×6, stride 1", (28, 28, 6), 222),
    ("5×5, stride 2", (14, 14, 12), 1812),
    ("4×4, stride 2", (7, 7, 24), 4632),
    ("dense", (200,), 235400),
    ("output", (10,), 2010),
]  # fmt: skip


def draw_channels(figure, step, x, kernels, biases, stride, padding):
    """Draw how a filter, a receptive field with all channels, and the bias make one number."""
    axes, cell, top = whole_slide(figure), 4, 64
    whole = convolve_volume(x, kernels, biases, stride, padding)
    rows, columns, filters = whole.shape
    n, i, j = (int(place) for place in np.unravel_index(step, (filters, rows, columns)))
    sums, (high, wide) = [], kernels.shape[:2]
    look = {"va": "top", "linespacing": 1.4}
    for c in range(x.shape[2]):
        left, kernel = 3 + 31.5 * c, kernels[:, :, c, n]
        here = draw_input(
            axes, left, top, cell, x[:, :, c], (high, wide), stride, padding, i, j, f"input x[:,:,{c}]"
        )
        draw_signed(axes, left + 8, 30.5, cell, kernel, f"filter w{n}[:,:,{c}]")
        sums.append((here * kernel).sum())
        write(axes, left + 14, 17, f"{products(here, kernel)}\n= {number(sums[-1])}", 16, **look)
    for m in range(filters):
        y, _ = until(whole[:, :, m], step - m * rows * columns)
        left = 100 + 17 * m
        draw_signed(axes, left, top, cell, y, f"o[:,:,{m}]", whole[:, :, m])
        if m == n:
            mark_cells(axes, left, top, cell, i, j)
    field = f"yellow: the receptive field\nof o[{i},{j},{n}], {high}×{wide}×{x.shape[2]} numbers"
    write(axes, 114.5, 49.5, f"{field}\nstride {stride}; grey: zero padding", 16, **look)
    draw_signed(axes, 112.5, 30.5, cell, biases[n].reshape(1, 1), f"bias b{n}")
    first, *others = sums
    total = " + ".join([number(first), *map(signed, [*others, biases[n]])])
    write(axes, 114.5, 17, f"{total}\n= {number(whole[i, j, n])}", 20, **look)


def draw_volumes(figure, step):
    """Draw the depth of a layer's input (colours at first) and output (one feature map for each filter).

    A filter is as deep as its input.
    """
    axes = whole_slide(figure)
    filters = step + 1
    maps = ops.conv(ops.zeros((1, 32, 32, 3)), ops.zeros((5, 5, 3, filters)), padding="same").shape[1:]
    draw_volume(axes, (6, 42), (18, 18, 2), "32×32×3", GREY)
    write(axes, 26, 52, "∗", 40)
    for n in range(filters):
        draw_volume(axes, (33 + 8 * (n % 5), 56 - 11 * (n // 5)), (4, 4, 2), fill=YELLOW)
    text = f"{filters} filter{'s' * (filters > 1)} of 5×5×3, as deep\nas the input; zero padding 2"
    write(axes, 52, 40.5, text, 19, va="top")
    write(axes, 82, 52, "=", 40)
    draw_volume(axes, (92, 42), (18, 18, 1.5 * filters), "×".join(map(str, maps)), GREEN)
    pooled = ops.max_pool(ops.zeros((1, 224, 224, 64)), 2, strides=2).shape[1:]
    draw_volume(axes, (6, 8), (20, 20, 10), "224×224×64", GREY)
    axes.annotate("", (84, 18), (34, 18), arrowprops={"arrowstyle": "-|>", "linewidth": 3, "color": INK})
    write(axes, 59, 22, "max pooling 2×2, stride 2", 19)
    draw_volume(axes, (92, 12), (10, 10, 10), "×".join(map(str, pooled)), GREEN)


def draw_networks(figure, step):
    """Draw the outputs of the layers of two networks to scale, a layer of each in every frame.

    A row of numbers, as of a dense layer, stands upright at a fifth of the scale.
    """
    axes, scale, gap = whole_slide(figure), 0.5, 10
    for (name, steps), base in ((LENET, 42.5), (LARGER, 10)):
        write(axes, 3, base + 24.6, name, 22, weight="bold", color=INK, ha="left")
        total = sum(weights for *_, weights in steps[: step + 1])
        write(axes, 131.4, base + 24.6, f"{total:,} weights and biases", 19, color=ORANGE, ha="right")
        left = 5
        for n, (layer, shape, _) in enumerate(steps[: step + 1]):
            *square, deep = shape
            box = (scale * deep / 5, 1, 1) if max(square, default=1) == 1 else scale * np.array(shape)
            width, label = box[2] + 0.35 * box[1], "×".join(map(str, shape))
            colour = ORANGE if n == step else GREEN if n else GREY
            draw_volume(axes, (left, base), box, label, colour)
            write(axes, left + width / 2, base - 5, layer, 16)
            left += width + gap
