"""The slide of a batch: X · W + b and softmax for a hundred digits."""

from slides.neuron.cells import WIDTH, column, draw_cells, explain, fixed
from slides.neuron.trained import softmax
from keras_window.style import SIGNED
from slides.shapes import (
    BLUE, GREEN, INK, ORANGE, WHITE, YELLOW, draw_box, draw_picture, signed, whole_slide, write,
)  # fmt: skip

LONG, HIGH, MIDDLE = 14, 10, 61.8  # 784 pixels, 100 images: one length in all matrices; and their middle
ROWS = (0, 1, 2, 8)  # of the batch that are written out


def draw_batch(figure, step, images, labels, weights, biases):
    """Draw X · W + b and softmax for a batch: the matrices as images, and some rows as numbers."""
    axes, n = whole_slide(figure), len(ROWS)
    products = images @ weights
    logits = products + biases
    probabilities = softmax(logits)
    guesses = probabilities.argmax(axis=1)
    added, finished = step - n - 1, step - 2 * n - 1  # how many rows are
    shown = [("X", 22, LONG, HIGH, images, 0, 1), ("W", 46, 8, LONG, weights, -0.3, 0.3, SIGNED)]
    shown += [("b", 66, 8, 2, biases[None], -0.3, 0.3, SIGNED)]
    shown += [("L", 88, 8, HIGH, logits, -8, 8, SIGNED)] if added >= n else []
    shown += [("Y", 118, 8, HIGH, probabilities, 0, 1)] if finished >= n else []
    for name, x, width, height, matrix, *looks in shown:
        draw_picture(axes, x, MIDDLE, width, height, matrix, *looks)
        write(axes, x, 52.7, f"{name}  {[*matrix.squeeze().shape]}", 19, color=INK)
    for x, text in ((36, "·"), (56, "+"), (77, "="), (103, "→")):
        write(axes, x, 61.2, text, 34, weight="bold")
    write(axes, 103, 66, "softmax", 19)
    row = newest_row(step)
    for k in range(10):
        write(axes, column(k), 48.7, k, weight="bold")
    if 0 < step <= n:  # a row of X times a column of W
        draw_box(axes, 22, MIDDLE + HIGH * (0.5 - (row + 0.5) / 100), LONG, 0.1, edge=ORANGE, line=3)
        draw_box(axes, 42 + 0.8 * (guesses[row] + 0.5), MIDDLE, 0.8, LONG, edge=ORANGE, line=3)
    if added >= 0:
        newest = guesses[row] if 0 < added <= n else None
        draw_cells(axes, 44, "b", map(fixed, biases), YELLOW if added == 0 else WHITE, newest)
    for r, one in enumerate(ROWS):
        y, guess = 36.8 - 7.2 * r, guesses[one]
        write(axes, 9, y, f"row {one + 1}", 19, color=INK)
        draw_picture(axes, 21, y, 6.2, 6.2, images[one].reshape(28, 28), 0, 1)
        sums, colour = (logits, BLUE) if r < added else (products, WHITE)
        if r < finished:
            sums, colour = probabilities, GREEN
        if r < step:
            draw_cells(axes, y, "", map(fixed, sums[one]), colour, guess if one == row else None)
        if r < finished:
            edge = INK if guess == labels[one] else ORANGE
            draw_box(axes, column(guess), y, WIDTH, 5.4, edge=edge, line=5)
    explain(figure, batch_text(step, products, logits, biases, probabilities, labels))


def newest_row(step):
    """The row of the batch that this frame adds, or None: for X · W, then for + b, then for softmax."""
    n = len(ROWS)
    return None if step in (0, n + 1, 3 * n + 2) else ROWS[(step - 1 - (step > n)) % n]


def batch_text(step, products, logits, biases, probabilities, labels):
    """The text for a frame of slide batch: what is computed, in the column of the prediction."""
    n, row, guesses = len(ROWS), newest_row(step), probabilities.argmax(axis=1)
    if step == 0:
        return "X: 100 images of 28 × 28 pixels, each a row of 784 numbers"
    if step == n + 1:
        return "There is one row b: it is added to all 100 rows (broadcasting)"
    if row is None:
        correct = (guesses == labels).sum()
        return f"The largest probability is the prediction: correct for {correct} of these 100 digits"
    k = guesses[row]
    where = f"Row {row + 1}, column {k}:"
    if step <= n:
        return f"{where}  784 products of a pixel and a weight add up to {fixed(products[row, k])}"
    if step <= 2 * n + 1:
        return f"{where}  {fixed(products[row, k])} + {signed(biases[k])}  =  {fixed(logits[row, k])}"
    powers = f"exp({fixed(logits[row, 0])}) + … + exp({fixed(logits[row, 9])})"
    text = f"Row {row + 1}:  exp({fixed(logits[row, k])}) / ({powers})  =  {fixed(probabilities[row, k])}"
    return text if k == labels[row] else f"{text}, misclassified"
