"""The slide of backpropagation: a small network with all its numbers."""

from slides.gradient_descent.numbers import SUBSCRIPTS, number, sigmoid, signed
from slides.shapes import INK, ORANGE, YELLOW, draw_neuron, whole_slide, write

NETWORK = {"x1": 2, "x2": 0.5, "y": 1, "w1": 0.8, "w2": -0.4, "w3": -0.6, "w4": 1, "w5": -0.8, "w6": 0.5}
NETWORK |= {"b1": 0.1, "b2": -0.2, "b3": 0.2}
CHAIN = {  # how each number is computed, in this order
    "h1": "σ({w1}·{x1} + {w2}·{x2} + {b1})",
    "h2": "σ({w3}·{x1} + {w4}·{x2} + {b2})",
    "a": "σ({w5}·{h1} + {w6}·{h2} + {b3})",
    "C": "({a} − {y})²",
    "da": "2 · ({a} − {y})",
    "dz3": "{da} · {a} · (1 − {a})",
    "dw5": "{dz3} · {h1}",
    "dw6": "{dz3} · {h2}",
    "dh1": "{dz3} · {w5}",
    "dz1": "{dh1} · {h1} · (1 − {h1})",
    "dw1": "{dz1} · {x1}",
    "dw2": "{dz1} · {x2}",
    "dh2": "{dz3} · {w6}",
    "dz2": "{dh2} · {h2} · (1 − {h2})",
    "dw3": "{dz2} · {x1}",
    "dw4": "{dz2} · {x2}",
}
PLACES = {"x1": (12, 56), "x2": (12, 31), "h1": (56, 56), "h2": (56, 31), "a": (98, 43.5), "C": (124, 43.5)}
EDGES = {
    "w1": ("x1", "h1"), "w2": ("x2", "h1"), "w3": ("x1", "h2"), "w4": ("x2", "h2"),
    "w5": ("h1", "a"), "w6": ("h2", "a"), "": ("a", "C"),
}  # fmt: skip


def backpropagate(x1, x2, y, w1, w2, w3, w4, w5, w6, b1, b2, b3):
    """Forward and backward pass through two inputs, two hidden neurons and one output, all sigmoid.

    Returns a dictionary of all numbers by name; dw1 is ∂C/∂w₁, z the sum that goes into a neuron's sigmoid.
    Backwards from the cost, each derivative is the previous one times one factor of the chain rule
    (Rumelhart, Hinton and Williams, 1986).
    """
    h1 = sigmoid(w1 * x1 + w2 * x2 + b1)
    h2 = sigmoid(w3 * x1 + w4 * x2 + b2)
    a = sigmoid(w5 * h1 + w6 * h2 + b3)
    C = (a - y) ** 2
    da = 2 * (a - y)
    dz3 = db3 = da * a * (1 - a)
    dw5, dw6 = dz3 * h1, dz3 * h2
    dh1, dh2 = dz3 * w5, dz3 * w6
    dz1 = db1 = dh1 * h1 * (1 - h1)
    dw1, dw2 = dz1 * x1, dz1 * x2
    dz2 = db2 = dh2 * h2 * (1 - h2)
    dw3, dw4 = dz2 * x1, dz2 * x2
    return locals()


def symbol(name):
    """w1 as w₁, dw1 as ∂C/∂w₁."""
    name = name.translate(str.maketrans("12345678", SUBSCRIPTS))
    return f"∂C/∂{name[1:]}" if name.startswith("d") else name


def draw_backpropagation(figure, step, network):
    """Draw the network with the numbers known so far, and the computation of the newest."""
    values, names = backpropagate(**network), list(CHAIN)
    newest = names[step - 1] if 0 < step <= len(names) else None
    known = [*network, *names[:step]]
    lines = "Target:  y = 1", "Forward pass: from left to right"
    if step > len(names):
        old = values
        network = {name: value - old.get(f"d{name}", 0) for name, value in network.items()}
        values, known = backpropagate(**network), [*network, *names[:4]]
        costs = f"the cost falls from {number(old['C'])} to {number(values['C'])}"
        lines = "All weights and biases take a step down the slope, with η = 1:", costs
    elif newest:
        links = CHAIN[newest].format(**{name: symbol(name) for name in values})
        numbers = CHAIN[newest].format(**{name: signed(value) for name, value in values.items()})
        lines = f"{symbol(newest)}  =  {links}", f"=  {numbers}  =  {number(values[newest])}"
    for y, line in zip((0.155, 0.09), lines, strict=True):
        write(figure, 0.5, y, line, 21)
    axes = whole_slide(figure)

    def label(x, y, name, also="", **options):
        if name in known:
            box = {"facecolor": YELLOW if name == newest else "white", "edgecolor": "none", "pad": 1}
            colour = ORANGE if name.startswith("d") else INK
            text = f"{symbol(name)}{also} = {number(values[name])}"
            write(axes, x, y, text, 16, color=colour, bbox=box, zorder=5, **options)

    for weight, (start, end) in EDGES.items():
        (x0, y0), (x1, y1) = PLACES[start], PLACES[end]
        axes.plot((x0, x1), (y0, y1), color="0.6", linewidth=2, zorder=1)
        share = 0.3 if weight in ("w2", "w3") else 0.46  # clear of where they cross
        x, y = x0 + share * (x1 - x0), y0 + share * (y1 - y0)
        label(x, y + 1.7, weight)
        label(x, y - 1.7, f"d{weight}")
    for n, (neuron, up) in enumerate((("h1", 1), ("h2", -1), ("a", 1)), start=1):
        x, y = PLACES[neuron]
        axes.plot((x, x), (y, y + 11 * up), color="0.6", linewidth=2, zorder=1)
        label(x + 1, y + 10 * up, f"b{n}", ha="left")
        label(x + 1, y + 6.6 * up, f"dz{n}", f" = {symbol(f'db{n}')}", ha="left")
    label(54, 49.4, "dh1")
    label(54, 37.6, "dh2")
    label(109, 36.9, "da")
    label(124, 36.9, "y")
    for name, place in PLACES.items():
        text = f"{symbol(name)}\n{number(values[name])}" if name in known else symbol(name)
        draw_neuron(axes, *place, values[name] if name in known else 0, text, 64, name == newest)
