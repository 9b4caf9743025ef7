"""The slide of mini-batches: the gradients of 50 batches around the gradient of all training digits."""

from slides.shapes import INK, ORANGE, whole_slide, write

import numpy as np

BATCH_SIZE, BATCHES = 10, 50
TIMES = 1, 10, 100  # the batches of the three panels are so many times as large
WEIGHTS = (17, 14, 3), (6, 15, 7)  # two of them: from a pixel (row, column) to a digit's neuron


class Gradients:
    """The gradients of the cross-entropy in a layer with softmax whose weights and biases are all 0.

    They are ∂C/∂w of two weights.

    Args:
        images, labels: uint8 [n, 28, 28] and [n].

    Attributes:
        true: of all training digits, [2].
    """

    def __init__(self, images, labels):
        single = [(0.1 - (labels == digit)) * images[:, row, column] / 255 for row, column, digit in WEIGHTS]
        self.single = np.array(single).T  # each digit's
        self.true = self.single.mean(axis=0)

    def batches(self, batch_size):
        """Those of `BATCHES` batches of `batch_size` digits, and of 10 and 100 times as many: [3, 50, 2]."""
        random, n = np.random.default_rng(0), len(self.single)
        chosen = [random.integers(n, size=(BATCHES, times * batch_size)) for times in TIMES]
        return np.array([self.single[rows].mean(axis=1) for rows in chosen])


def draw_mini_batches(figure, step, found, batch_size):
    """Draw the gradient of all digits, then around it those of batches of three sizes."""
    axes, shown = whole_slide(figure), [0, 1, BATCHES]
    batches, sizes = found.batches(batch_size), [times * batch_size for times in TIMES]
    low, high = batches.min(axis=(0, 1)), batches.max(axis=(0, 1))
    scale = 40 / (high - low).max()
    for n, (size, batch) in enumerate(zip(sizes, batches, strict=True)):
        left, bottom = 3 + 44.2 * n, 21.5
        middle, (x, y) = left + 20, (left, bottom) - scale * low
        axes.plot(
            (left, left + 41), (y, y), (x, x), (bottom, bottom + 41), color="0.8", linewidth=1, zorder=1
        )
        count = shown[min(step, 2)] if n == 0 else BATCHES * (step >= n + 2)
        if count:
            arrow(axes, x, y, scale * batch[:count], INK, 0.0022, 2)
            write(axes, middle, 66, f"batches of {size:,}", 24, weight="bold")
        if count == BATCHES:
            away = np.linalg.norm(batch - found.true, axis=1).mean() / np.linalg.norm(found.true)
            write(axes, middle, 16.5, f"off by {away:.0%} on average".replace("%", " %"), 20)
            wrong = (batch @ found.true < 0).sum()
            write(axes, middle, 12.5, f"{wrong} of {BATCHES} point backwards", 20)
        arrow(axes, x, y, scale * found.true[None], ORANGE, 0.006, 3)
        write(axes, left + 41, y - 2, "∂C/∂w₁", 17, color="0.35", ha="right", zorder=1)
        write(axes, x + 1, bottom + 40, "∂C/∂w₂", 17, color="0.35", ha="left", zorder=1)
    many = {1: "one", 10: "ten"}.get(batch_size, batch_size)
    texts = [
        "Two of 7,850 weights: orange is the gradient of all 60,000 digits",
        f"A batch of {many}: its gradient is a noisy estimate",
        f"50 batches of {many}: each points another way",
        "Ten times as many digits: about 3 times less noise (√10)",
        f"100 times the work of a batch of {many}, for about a tenth of the noise",
    ]
    write(figure, 0.5, 0.085, texts[step], 24)


def arrow(axes, x, y, vectors, colour, width, zorder):
    """Draw arrows [n, 2] from one place."""
    u, v = vectors.T
    axes.quiver(
        *np.broadcast_arrays(x, y, u, v), color=colour, width=width, zorder=zorder,
        angles="xy", scale_units="xy", scale=1,
    )  # fmt: skip
