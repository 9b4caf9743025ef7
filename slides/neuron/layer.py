"""The slides of one neuron, and of a layer of ten."""

from slides.neuron.cells import column, draw_cells, explain, fixed, product
from slides.shapes import (
    INK,
    ORANGE,
    WHITE,
    YELLOW,
    draw_neuron,
    draw_neurons,
    inset,
    number,
    signed,
    whole_slide,
    write,
)

import numpy as np
from matplotlib.collections import LineCollection

INPUTS = np.array([1, 0.5, 0.2, 0.8])
WEIGHTS, BIAS = np.array([2, -1, 1.5, 0.5]), -1
SUBSCRIPTS = "₁₂₃₄"


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def relu(z):
    return np.maximum(0, z)


ACTIVATIONS = {"sigmoid": (sigmoid, "σ", "1 / (1 + exp(−z))"), "relu": (relu, "ReLU", "max(0, z)")}


def draw_one_neuron(figure, step, activation, bias):
    """Draw one neuron: each product (frames 1 to 4), the sum (5), plus the bias (6), the activation (7)."""
    function, name, formula = ACTIVATIONS[activation]
    axes, (x, y), products = whole_slide(figure), (74, 44), INPUTS * WEIGHTS
    total = products.sum()
    z = total + bias
    a = function(z)
    terms = zip(SUBSCRIPTS, INPUTS, WEIGHTS, strict=True)
    lines = [
        f"x{s}·w{s}  =  {product(value, weight)}  =  {number(value * weight)}" for s, value, weight in terms
    ]
    lines.append(f"{' + '.join(map(signed, products))}  =  {number(total)}")
    lines.append(f"z  =  {number(total)} + {signed(bias)}  =  {number(z)}")
    lines.append(f"a  =  {name}({number(z)})  =  {number(a, 3)}")
    explain(figure, ["Inputs, a weight for each of them, and a bias", *lines][step], 28)
    for n, (value, weight) in enumerate(zip(INPUTS, WEIGHTS, strict=True)):
        new, below = step == n + 1, 62 - 12 * n
        axes.plot((14, x), (below, y), color=ORANGE if new else "0.6", linewidth=3, zorder=1)
        draw_neuron(axes, 14, below, 0, f"x{SUBSCRIPTS[n]}\n{number(value)}", 68, new)
        texts = [(0.27, f"w{SUBSCRIPTS[n]} = {number(weight)}", WHITE)]
        texts += [(0.63, number(products[n]), YELLOW if new else WHITE)] if step > n else []
        for share, text, colour in texts:
            box = {"facecolor": colour, "edgecolor": "none", "pad": 1}
            write(axes, 14 + share * (x - 14), below + share * (y - below), text, color=INK, bbox=box)
    axes.plot((x, x), (22, y), color=ORANGE if step == 6 else "0.6", linewidth=3, zorder=1)
    write(axes, x, 20, f"b = {number(bias)}", color=INK)
    text = "Σ" if step < 5 else f"Σ\n{number(total)}" if step == 5 else f"z\n{number(z)}"
    draw_neuron(axes, x, y, 0, text, 70, step in (5, 6))
    axes.plot((x, 123), (y, y), color=ORANGE if step == 7 else "0.6", linewidth=3, zorder=1)
    value, text = (a, f"a\n{number(a, 3)}") if step == 7 else (0, "a")
    draw_neuron(axes, 123, y, value, text, 70, step == 7)
    far = max(6, abs(z) + 1)
    curve, places = inset(axes, 88.7, 33.3, 22.8, 21.4), np.linspace(-far, far, 201)
    curve.plot(places, function(places), color=INK, linewidth=3)
    curve.set(xlim=(-far, far), xticks=(0,), yticks=(0, 1))
    curve.set_xlabel("z", fontsize=18)
    curve.tick_params(labelsize=18)
    curve.set_title(f"{name}(z) = {formula}", pad=12)
    if step == 7:
        curve.plot((z, z, -far), (0, a, a), ":", color=ORANGE, linewidth=3)
        curve.plot(z, a, "o", color=ORANGE, markersize=14)


def draw_layer(figure, step, weights, other_biases, activation, bias):
    """Draw ten neurons with the same inputs, each with its own column of weights and its own bias."""
    function, name, _ = ACTIVATIONS[activation]
    biases = np.array([bias, *other_biases])
    axes, newest = whole_slide(figure), step - 1
    sums = INPUTS @ weights + biases
    outputs = function(sums)
    for n, value in enumerate(INPUTS):
        x, text = column(1.5 + 2 * n), f"x{SUBSCRIPTS[n]} = {number(value)}"
        lines = [((x, 64), (column(k), 49)) for k in range(10)]
        axes.add_collection(LineCollection(lines, color="0.75", linewidth=1, zorder=1), False)
        if newest >= 0:
            axes.add_collection(LineCollection([lines[newest]], color=ORANGE, linewidth=3, zorder=2), False)
        draw_cells(axes, 38.5 - 5.4 * n, text, map(number, weights[n]), newest=newest)
    draw_cells(axes, 15.5, "b  [10]", map(number, biases), newest=newest)
    inputs = [f"x{s}\n{number(value)}" for s, value in zip(SUBSCRIPTS, INPUTS, strict=True)]
    draw_neurons(axes, [(column(1.5 + 2 * n), 64) for n in range(4)], [0] * 4, inputs, 62)
    known = [(output, fixed(output)) if k < step else (0, "") for k, output in enumerate(outputs)]
    draw_neurons(axes, [(column(k), 49) for k in range(10)], *zip(*known, strict=True), 60, newest)
    write(axes, 8, 30.4, "W\n[4, 10]", color=INK)
    write(axes, 15, 60, f"{name}(x · W + b)", weight="bold")
    write(axes, 15, 52, "[4] · [4, 10]\n+ [10]  =  [10]", 19, color=INK)
    if step == 0:
        explain(figure, "Dense: every input goes into every neuron")
        return
    terms = " + ".join(map(product, INPUTS, weights[:, newest]))
    text = f"{terms} + {signed(biases[newest])} = {number(sums[newest])}"
    explain(figure, f"{text},    {name}({number(sums[newest])}) = {fixed(outputs[newest])}", 20)
