"""The slides of the cost of one digit, and of the average of all."""

from slides import shapes
from slides.gradient_descent.numbers import SUBSCRIPTS, sigmoid
from slides.shapes import INK, ORANGE, YELLOW, draw_box, draw_neurons, draw_picture, whole_slide, write

import numpy as np

# The outputs of an untrained network for an 8, as on the lecture's slide
OUTPUTS = np.array([0.18, 0.29, 0.58, 0.77, 0.20, 0.36, 0.93, 1.00, 0.95, 0.35])
WANTED = np.eye(10)[8]
EIGHT = 110  # of the test digits

COUNTS = (
    *range(1, 9),
    100,
    1000,
    10_000,
    60_000,
)  # how many training digits are averaged
STEPS = (0, 2, 5, 10, 20, 40, 80, 120)  # of gradient descent, after which the average is shown
SHOWN = 8  # digits with a picture


def average_costs(images, labels, batch_size=500, learning_rate=0.3):
    """Train ten sigmoid neurons by gradient descent on the average cost of all training digits.

    Args:
        images, labels: uint8 [n, 28, 28] and [n].
        batch_size: the number of digits whose average cost gives the gradient of a step.

    Returns:
        The outputs for the first digits, float32 [len(STEPS), SHOWN, 10], and the cost of every digit,
        float32 [len(STEPS), n], after each of STEPS; the initial weights are random.
    """
    x = np.divide(images.reshape(len(images), -1), 255, dtype="float32")
    y = np.eye(10, dtype="float32")[labels]
    w = np.random.default_rng(0).normal(0, 0.1, (x.shape[1], 10)).astype("float32")
    b = np.zeros(10, "float32")
    outputs, costs = [], []
    for step in range(STEPS[-1] + 1):
        if step in STEPS:
            a = sigmoid(x @ w + b)
            outputs.append(a[:SHOWN])
            costs.append(((a - y) ** 2).sum(axis=1))
        here = np.arange(step * batch_size, (step + 1) * batch_size) % len(x)
        batch = x[here]
        a = sigmoid(batch @ w + b)
        dz = 2 * (a - y[here]) * a * (1 - a) / batch_size
        w -= learning_rate * batch.T @ dz
        b -= learning_rate * dz.sum(axis=0)
    return np.array(outputs), np.array(costs)


def draw_cost(figure, step, digit):
    """Draw ten outputs, their targets, the squared differences and their sum."""
    axes = figure.add_axes((0.03, 0.3, 0.2, 0.36), title="an 8", xticks=[], yticks=[])
    axes.imshow(digit, cmap="gray_r")
    axes.spines[:].set_visible(True)
    axes = figure.add_axes((0.26, 0.06, 0.72, 0.84), xlim=(-2, 98), ylim=(9.7, -1.4))
    axes.axis("off")
    terms = (OUTPUTS - WANTED) ** 2
    draw_neurons(axes, [(8, n) for n in range(10)], OUTPUTS, [f"{a:.2f}" for a in OUTPUTS])
    draw_neurons(axes, [(24, n) for n in range(10)], WANTED, [f"{y:.0f}" for y in WANTED])
    for x, title in ((8, "output a"), (24, "wanted y"), (51, "(a − y)²"), (85, "C = Σ (a − y)²")):
        write(axes, x, -1, title, 18, weight="bold")
    for n, (a, y, term) in enumerate(zip(OUTPUTS, WANTED, terms, strict=True)):
        write(axes, 0, n, n)
        if n <= step:
            box = {"facecolor": YELLOW if n == step else "none", "edgecolor": "none"}
            write(axes, 51, n, f"({a:.2f} − {y:.0f})²  =  {term:.4f}", bbox=box)
    write(axes, 85, 4, f"{terms[: step + 1].sum():.4f}", 44, color=INK)
    if step == len(terms):
        write(axes, 85, 6, "Utter trash", 28, weight="bold", color=ORANGE)


def draw_average_cost(figure, step, digits, labels, outputs, costs):
    """Draw training digits with outputs and costs, the average of more and more, and its descent."""
    axes = whole_slide(figure)
    n, measured = COUNTS[min(step, len(COUNTS) - 1)], max(0, step - len(COUNTS) + 1)
    for k in range(min(n, SHOWN)):
        x = 9.4 + 15.8 * k
        draw_picture(axes, x, 60, 14, 14, digits[k], 0, 255)
        draw_picture(axes, x, 50, 14, 3.4, outputs[measured, k][None], 0, 1)
        label = int(labels[k])
        for digit in {0, 9, label} - {label - 1, label + 1}:
            wanted = {"color": ORANGE, "weight": "bold"} if digit == label else {}
            write(axes, x + 1.4 * (digit - 4.5), 46.6, digit, 17, **wanted)
        draw_box(axes, x + 1.4 * (label - 4.5), 50, 1.4, 3.4, edge=ORANGE, line=4)
        write(axes, x, 42.6, f"C{SUBSCRIPTS[k]} = {costs[measured, k]:.2f}")
    if n > SHOWN:
        write(axes, 131, 60, "…", 36)
    averages = np.cumsum(costs[measured], dtype=float) / np.arange(1, costs.shape[1] + 1)
    falling = costs[: measured + 1].mean(axis=1, dtype=float)
    average = averages[n - 1]
    write(axes, 67.2, 35.5, f"C  =  1/n · Σ Cₖ  =  {average:.3f}        n = {n:,}", 32, color=INK)
    left, right = (shapes.inset(axes, x, 10.6, 54, 16.6, ylim=(0, 4.5), yticks=range(5)) for x in (8, 73))
    seen, ticks = np.unique(np.geomspace(1, n, 200).astype(int)), (1, 10, *COUNTS[-4:])
    left.plot(np.log10(seen), averages[seen - 1], color=INK, linewidth=3)
    left.plot(np.log10(n), averages[n - 1], "o", color=INK, markersize=12)
    left.set(xlim=np.log10((0.9, 9e4)), title=f"the average of n digits, step {STEPS[measured]}")
    left.set_xlabel("n", fontsize=16)
    left.set_xticks(np.log10(ticks), [f"{count:,}" for count in ticks])
    right.set_visible(n == COUNTS[-1])
    right.plot(STEPS[: measured + 1], falling, "o-", color=ORANGE, linewidth=3, markersize=10)
    right.set_xlim(-3, STEPS[-1] + 3)
    right.set_title(f"of all {n:,}: {falling[0]:.3f}" + (f" → {average:.3f}" if measured else ""))
    right.set_xlabel(f"gradient descent: step {STEPS[measured]}", fontsize=16)
    right.set_xticks(range(0, 121, 20))
