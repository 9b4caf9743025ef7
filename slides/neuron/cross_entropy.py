"""The slide of the cross-entropy, term by term."""

from slides.neuron.cells import column, draw_cells, fixed
from slides.shapes import BLUE, GREEN, INK, ORANGE, YELLOW, draw_picture, inset, number, whole_slide, write

import numpy as np

SIX = 98  # index of a 6 in the test digits
EXAMPLES = {"confident and right": 0.9, "untrained": 0.1, "confident and wrong": 0.01}


def draw_cross_entropy(figure, step, image, probabilities):
    """Draw the ten terms of the cross-entropy, and the cost of other predicted probabilities."""
    axes, actual = whole_slide(figure), np.eye(10)[6]
    products = actual * np.log(probabilities)
    loss, examples = -products.sum(), list(EXAMPLES.items())[: max(0, step - 11)]
    for n in range(10):
        write(axes, column(n), 65.7, n, weight="bold")
    texts = [number(value, 3) if n < step else "" for n, value in enumerate(products)]
    draw_cells(axes, 61, "actual Y′ (one-hot)", map(number, actual), BLUE)
    draw_cells(axes, 54, "computed Y", [fixed(p, 3) for p in probabilities], GREEN)
    draw_cells(axes, 47, "Y′ · log Y", texts, newest=step - 1)
    draw_picture(axes, 13, 27, 20, 20, image, 0, 255)
    write(axes, 13, 13.5, "a 6")
    if step > 10:
        write(axes, 31, 37, f"−Σ Y′ · log Y  =  {fixed(loss, 3)}", 30, color=INK, ha="left")
    elif step:
        n, box = step - 1, {"facecolor": YELLOW, "edgecolor": "none"}
        text = f"{number(actual[n])} · log {fixed(probabilities[n], 3)}  =  {number(products[n], 3)}"
        write(axes, 31, 37, text, 28, ha="left", bbox=box)
    for n, (text, p) in enumerate(examples):
        write(axes, 31, 29 - 6.5 * n, f"{text}:", color=ORANGE, ha="left")
        write(axes, 63, 29 - 6.5 * n, f"−log {number(p)} = {fixed(-np.log(p), 3)}", color=ORANGE, ha="left")
    write(axes, 31, 9, "log is the natural logarithm (to base e)", 17, color="0.35", ha="left")
    curve = inset(axes, 95.4, 11.3, 35, 28, xlim=(0, 1), ylim=(0, 5), yticks=range(6))
    places = np.linspace(0.005, 1, 400)
    curve.plot(places, -np.log(places), color=INK, linewidth=3)
    curve.set_title("−log p", pad=10)
    curve.set_xlabel("p of the correct digit", fontsize=16)
    points = [(probabilities[6], INK)] if step > 10 else []
    for p, colour in points + [(p, ORANGE) for _, p in examples]:
        curve.plot(p, -np.log(p), "o", color=colour, markersize=14, clip_on=False)
