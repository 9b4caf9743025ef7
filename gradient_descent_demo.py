"""The gradient descent slides, animated: the cost of a network's errors, and how training reduces it.

    Cₖ = Σ (a − y)²                      the cost of digit k: a is the network's output, y what it should be
    C = 1/n · Σ Cₖ                       the average over all n training digits: this is to become small
    w ← w − η · ∂C/∂w                    gradient descent: a step down the slope, η is the learning rate
    v ← 0.9·v − η · ∂C/∂w,  w ← w + v    momentum (Polyak, 1964): steps in the same direction add up
    w ← w − η · m / √s                   Adam (Kingma and Ba, 2015): m and s are means of slope and slope²

The slides: cost, average_cost, surface, learning_rates, optimizers, backpropagation (--slide NAME shows one
of them). Space or → goes on, ← goes back, p plays, ↑ and ↓ change the slide. Keras' own optimizers take the
steps, except for average_cost and backpropagation, which use the formulas above.
Look at: after a few hundred digits the average hardly changes; too large a step lands higher on the other
  side; momentum and Adam find a way along a long valley.
Try: --slide surface --learning-rate 0.02, then 0.43 and 0.5.
"""

from functools import partial

# common comes first: it keeps TensorFlow quiet
from common import UserError
from common.data.digits_and_clothes import bundled_mnist
from common.values import positive_number
from slides import shapes
from slides.shapes import INK, ORANGE, YELLOW, draw_box, draw_neuron, draw_picture, whole_slide, write
from slides.show import Slide, show_slides, slides_parser

import keras
import numpy as np
from keras import ops
from keras.optimizers import SGD, Adam
from keras.optimizers.schedules import ExponentialDecay

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
STEPS = (0, 1, 5, 20, 60, 120)  # of gradient descent, after which the average is shown
SHOWN, SUBSCRIPTS = 8, "₁₂₃₄₅₆₇₈"  # digits with a picture

# Points (x, y) near the line y = x + 1, and the same points further to the right, which make a long valley
POINTS = np.array([0, 0.5, 1, 1.5, 2]), np.array([1.2, 1.2, 2.2, 2.2, 3.2])
FAR_POINTS = POINTS[0] + 2, POINTS[1]
START = 0.0, 4.0  # w, b
VIEW, FAR_VIEW = (-2.2, 3, -1, 4.5), (-2, 2.6, -3.2, 5)  # lowest and highest w, b

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

number, signed = partial(shapes.number, decimals=3), partial(shapes.signed, decimals=3)


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


def loss(w, b, points):
    """The mean squared error of the line y = w·x + b. w and b may be numbers or arrays of one shape."""
    x, y = points
    return np.mean((np.multiply.outer(w, x) + np.asarray(b)[..., None] - y) ** 2, axis=-1)


def slope(weights, points):
    """The gradient of the loss: (∂C/∂w, ∂C/∂b) at weights = (w, b)."""
    x, y = points
    error = weights[0] * x + weights[1] - y
    return np.array([np.mean(2 * error * x), np.mean(2 * error)])


def descend(optimizer, points, steps):
    """The path of a new Keras optimizer from START downhill: w and b, float32 [steps + 1, 2]."""
    weights = keras.Variable(START, dtype="float32")
    path = [np.array(START, "float32")]
    for _ in range(steps):
        optimizer.apply([ops.convert_to_tensor(slope(path[-1], points), "float32")], [weights])
        path.append(np.array(ops.convert_to_numpy(weights)))
    return np.array(path)


def in_picture(path, view):
    """The path up to the first step that leaves the picture."""
    outside = ((path < view[::2]) | (path > view[1::2])).any(axis=1)
    return path[: outside.argmax() + 1] if outside.any() else path


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


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


def draw_cost(figure, step, digit):
    """Draw ten outputs, their targets, the squared differences and their sum."""
    axes = figure.add_axes((0.03, 0.3, 0.2, 0.36), title="an 8", xticks=[], yticks=[])
    axes.imshow(digit, cmap="gray_r")
    axes.spines[:].set_visible(True)
    axes = figure.add_axes((0.26, 0.06, 0.72, 0.84), xlim=(-2, 98), ylim=(9.7, -1.4))
    axes.axis("off")
    terms = (OUTPUTS - WANTED) ** 2
    for x, title in ((8, "output a"), (24, "wanted y"), (51, "(a − y)²"), (85, "C = Σ (a − y)²")):
        write(axes, x, -1, title, 18, weight="bold")
    for n, (a, y, term) in enumerate(zip(OUTPUTS, WANTED, terms, strict=True)):
        write(axes, 0, n, n)
        draw_neuron(axes, 8, n, a, f"{a:.2f}")
        draw_neuron(axes, 24, n, y, f"{y:.0f}")
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
        for digit in range(10):
            write(axes, x + 1.4 * (digit - 4.5), 46.8, digit, 13)
        draw_box(axes, x + 1.4 * (labels[k] - 4.5), 50, 1.4, 3.4, edge=ORANGE, line=4)
        write(axes, x, 42.6, f"C{SUBSCRIPTS[k]} = {costs[measured, k]:.2f}")
    if n > SHOWN:
        write(axes, 131, 60, "…", 36)
    averages = np.cumsum(costs[0], dtype=float) / np.arange(1, costs.shape[1] + 1)
    falling = costs[: measured + 1].mean(axis=1, dtype=float)
    average = falling[-1] if measured else averages[n - 1]
    write(axes, 67.2, 35.5, f"C  =  1/n · Σ Cₖ  =  {average:.3f}        n = {n:,}", 32, color=INK)
    left, right = (shapes.inset(axes, x, 10.6, 54, 16.6, ylim=(0, 4.5), yticks=range(5)) for x in (8, 73))
    seen, ticks = np.unique(np.geomspace(1, n, 200).astype(int)), (1, 10, *COUNTS[-4:])
    left.semilogx(seen, averages[seen - 1], color=INK, linewidth=3)
    left.plot(n, averages[n - 1], "o", color=INK, markersize=12)
    left.set(xlim=(0.9, 9e4), title="the average of n digits")
    left.set_xlabel("n", fontsize=16)
    left.set_xticks(ticks, [f"{count:,}" for count in ticks])
    left.minorticks_off()
    right.set_visible(n == COUNTS[-1])
    right.plot(falling, "o-", color=ORANGE, linewidth=3, markersize=10)
    right.set_xlim(-0.3, len(STEPS) - 0.7)
    right.set_title(f"of all {n:,}: {falling[0]:.3f}" + (f" → {average:.3f}" if measured else ""))
    right.set_xlabel(f"gradient descent: step {STEPS[measured]}", fontsize=16)
    right.set_xticks(range(len(STEPS)), STEPS)


def draw_path(axes, path, points, view):
    """Draw the loss as a map, lighter where it is lower, and the path of the weights on it."""
    w, b = np.meshgrid(np.linspace(*view[:2], 80), np.linspace(*view[2:], 80))
    levels = np.geomspace(0.06, 60, 16)
    axes.contourf(w, b, loss(w, b, points), levels, cmap="Blues", norm="log", extend="both")
    path = in_picture(path, view)
    axes.plot(*path.T, "o-", color=ORANGE, linewidth=2, markersize=5)
    axes.plot(*path[-1], "o", color=ORANGE, markeredgecolor="black", markersize=12)
    axes.set(xlim=view[:2], ylim=view[2:], xlabel="w")
    axes.set_ylabel("b", rotation=0)


def draw_surface(figure, step, path, learning_rate):
    """Draw the line for the current weights, the loss of all lines as a map and in 3D, and the next step."""
    path = path[: step + 1].astype(float)
    w, b = path[-1]
    axes = figure.add_axes((0.05, 0.34, 0.24, 0.48), title=f"y = {signed(w)}·x + {signed(b)}")
    axes.plot(*POINTS, "o", color="black", markersize=9)
    axes.plot((-0.3, 2.3), (b - 0.3 * w, b + 2.3 * w), color=ORANGE, linewidth=3)
    axes.vlines(POINTS[0], w * POINTS[0] + b, POINTS[1], color="0.5", linestyle="dotted", linewidth=2)
    axes.set(xlim=(-0.3, 2.3), ylim=(-1, 4.8), xlabel="x")
    axes.set_ylabel("y", rotation=0)
    axes = figure.add_axes((0.35, 0.34, 0.24, 0.48), title=f"loss C = {number(loss(w, b, POINTS))}")
    draw_path(axes, path, POINTS, VIEW)
    axes = figure.add_axes((0.61, 0.24, 0.35, 0.66), projection="3d", computed_zorder=False)
    grid = np.meshgrid(np.linspace(*VIEW[:2], 40), np.linspace(*VIEW[2:], 40))
    axes.plot_surface(*grid, loss(*grid, POINTS), cmap="Blues", norm="log", linewidth=0)
    seen = np.clip(path, VIEW[::2], VIEW[1::2]).T
    axes.plot(*seen, loss(*seen, POINTS), "o-", color=ORANGE, linewidth=2, markersize=5)
    axes.view_init(35, -60)
    axes.set(xlabel="w", ylabel="b", zlabel="C")
    down = slope(path[-1], POINTS)
    text = f"step {step}:    ∂C/∂w = {number(down[0])}        ∂C/∂b = {number(down[1])}"
    write(figure, 0.5, 0.18, text)
    text = "        ".join(
        f"{name} ← {number(old)} − {learning_rate:g} · {signed(by)} = {number(old - learning_rate * by)}"
        for name, old, by in zip("wb", path[-1], down, strict=True)
    )
    write(figure, 0.5, 0.11, text)


def draw_ways(figure, step, points, view, ways, pace=1):
    """Draw several paths, each (title, formula, path), and their losses; a frame is `pace` steps."""
    cells = figure.subplots(2, len(ways), height_ratios=(2.4, 1)).T
    figure.subplots_adjust(left=0.05, right=0.98, top=0.8, bottom=0.14, wspace=0.2, hspace=0.42)
    for (upper, lower), (title, formula, path) in zip(cells, ways, strict=True):
        costs = loss(*path.T.astype(float), points)[: pace * step + 1]
        upper.set_title(title, pad=32)
        upper.text(0.5, 1.03, formula, fontsize=16, ha="center", transform=upper.transAxes)
        draw_path(upper, path[: len(costs)], points, view)
        lower.semilogy(costs, color=ORANGE, linewidth=3)
        lower.set(xlim=(0, len(path) - 1), ylim=(0.04, 30), xlabel=f"step {len(costs) - 1}")
        lower.set_yticks((0.1, 1, 10), ("0.1", "1", "10"))
        lower.minorticks_off()
        lower.set_title(f"loss C = {number(costs[-1])}", fontsize=16, weight="normal")


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


def make_slides(learning_rate):
    (images, labels), test = bundled_mnist()
    average = images[:SHOWN], labels[:SHOWN], *average_costs(images, labels)
    frames = len(COUNTS) + len(STEPS) - 1
    down = in_picture(descend(SGD(learning_rate), POINTS, 24), VIEW)
    slower = SGD(ExponentialDecay(0.5, decay_steps=1, decay_rate=0.95))
    rates = [
        ("too small", "η = 0.02", descend(SGD(0.02), POINTS, 24)),
        ("right", "η = 0.3", descend(SGD(0.3), POINTS, 24)),
        ("too large", "η = 0.5", descend(SGD(0.5), POINTS, 24)),
        ("“Slow down!”", "η = 0.5 · 0.95ᵏ in step k", descend(slower, POINTS, 24)),
    ]
    heavy, text = SGD(0.05, momentum=0.9), "v ← 0.9·v − 0.05·∂C/∂w,  w ← w + v"
    optimizers = [
        ("plain SGD", "w ← w − 0.05 · ∂C/∂w", descend(SGD(0.05), FAR_POINTS, 60)),
        ("momentum", text, descend(heavy, FAR_POINTS, 60)),
        ("Adam", "w ← w − 0.5 · m / √s", descend(Adam(0.5), FAR_POINTS, 60)),
    ]
    return [
        Slide("cost", "What’s the cost of this difference?", 11, (draw_cost, test.x[EIGHT])),
        Slide(
            "average_cost", "The average cost of all training digits", frames, (draw_average_cost, *average)
        ),
        Slide("surface", "Down the slope of the loss", len(down), (draw_surface, down, learning_rate)),
        Slide("learning_rates", "The learning rate η", 25, (draw_ways, POINTS, VIEW, rates)),
        Slide("optimizers", "In a long valley", 31, (draw_ways, FAR_POINTS, FAR_VIEW, optimizers, 2)),
        Slide("backpropagation", "Backpropagation", len(CHAIN) + 2, (draw_backpropagation, NETWORK), -2),
    ]


def parse_args(argv=None):
    parser = slides_parser(__doc__)
    about = "of slide surface (default: 0.3)"
    parser.add_argument("--learning-rate", help=about, type=positive_number, metavar="X")
    args = parser.parse_args(argv)
    if args.learning_rate and args.slide not in (None, "surface"):
        raise UserError(f"--learning-rate does not change slide {args.slide} (only surface)")
    if args.learning_rate and args.learning_rate > 1:
        raise UserError("--learning-rate above 1 leaves the picture at once: 0.5 is too large already")
    return args


if __name__ == "__main__":
    args = parse_args()
    show_slides(make_slides(args.learning_rate or 0.3), args)
