"""The neuron slides, animated: one neuron, a layer of ten, and a batch of a hundred digits.

    z = x₁·w₁ + … + xₙ·wₙ + b            a neuron: each input times its weight, their sum, plus a bias
    a = σ(z) = 1 / (1 + exp(−z))         its activation: sigmoid; or ReLU, max(0, z)
    a = σ(x · W + b)                     a dense (fully connected) layer: each column of W is a neuron's
    Y = softmax(X · W + b)               a batch: each row of X is an image; b is added to every row
    softmax(L)ᵢ = exp(Lᵢ) / Σⱼ exp(Lⱼ)   probabilities: none below 0, together 1
    −Σ Y′ · log Y                        the cross-entropy: Y′ is 1 for the correct digit, else 0

The slides (--slide NAME shows one of them), and the flags that change them:

    neuron           --activation  --bias
    layer            --activation  --bias     its first neuron is the one of slide neuron
    batch            none of them             100 digits that the layer, trained at the start, has not seen
    cross_entropy    none of them

Space or → goes on, ← goes back, p plays, ↑ and ↓ change the slide.
Look at: W and b are the same for every row of a batch; only the correct digit's probability counts.
Try: --slide neuron --bias -3, then with --activation relu: now the neuron is silent.
"""

import functools

# common comes first: it keeps TensorFlow quiet
from common import UserError
from common.data.digits_and_clothes import bundled_mnist
from common.values import whole_number
from slides.shapes import (
    BLUE, GREEN, INK, ORANGE, WHITE, YELLOW, draw_box, draw_neuron, draw_picture, inset, number, signed,
    whole_slide, write,
)  # fmt: skip
from slides.show import Slide, show_slides, slides_parser

import numpy as np

INPUTS = np.array([1, 0.5, 0.2, 0.8])
WEIGHTS, BIAS = np.array([2, -1, 1.5, 0.5]), -1
SUBSCRIPTS = "₁₂₃₄"
ROWS = (0, 1, 2, 8)  # of the batch that are written out
SIX = 98  # index of a 6 in the test digits
EXAMPLES = {"confident and right": 0.9, "untrained": 0.1, "confident and wrong": 0.01}
LEFT, WIDTH = 32, 10  # of ten cells side by side, in tenths of an inch


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def relu(z):
    return np.maximum(0, z)


def softmax(logits):
    """Ten probabilities for each row: [n, 10] to [n, 10]. Subtracting the maximum keeps exp finite."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


ACTIVATIONS = {"sigmoid": (sigmoid, "σ", "1 / (1 + exp(−z))"), "relu": (relu, "ReLU", "max(0, z)")}


def flat(images):
    """uint8 [n, 28, 28] to float32 [n, 784], from 0 to 1."""
    return images.reshape(len(images), -1).astype("float32") / 255


def train(images, labels, steps=100, batch_size=1000, learning_rate=0.2):
    """Train one dense layer with softmax: gradient descent on the cross-entropy, a batch in each step.

    Args:
        images, labels: uint8 [n, 28, 28] and [n].

    Returns:
        W and b, float32 [784, 10] and [10].
    """
    w, b = np.zeros((784, 10), "float32"), np.zeros(10, "float32")
    for step in range(steps):
        batch = np.arange(step * batch_size, (step + 1) * batch_size) % len(images)
        x, actual = flat(images[batch]), np.eye(10, dtype="float32")[labels[batch]]
        error = (softmax(x @ w + b) - actual) / batch_size
        w -= learning_rate * x.T @ error
        b -= learning_rate * error.sum(axis=0)
    return w, b.round(2)  # so that the sums on the slides are exact


def fixed(value, decimals=2):
    """A number with this many decimals, even if they are 0: −1.50."""
    return f"{round(float(value), decimals) + 0.0:.{decimals}f}".replace("-", "−")


def product(x, w):
    return f"{signed(x)}·{signed(w)}"


def column(n):
    """The x of the centre of the n-th of ten columns."""
    return LEFT + WIDTH * (n + 0.5)


def draw_cells(axes, y, title, texts, fill=WHITE, newest=None):
    """Draw ten cells side by side; the one in column `newest` is yellow."""
    write(axes, LEFT - 1.5, y, title, 19, color=INK, ha="right")
    for n, text in enumerate(texts):
        draw_box(axes, column(n), y, WIDTH, 5.4, YELLOW if n == newest else fill)
        write(axes, column(n), y, text, 17.5)


def explain(figure, text, size=24):
    """Write what happens in this frame below the drawing."""
    write(figure, 0.5, 0.1, text, size)


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


def draw_layer(figure, step, activation, weights, biases):
    """Draw ten neurons with the same inputs, each with its own column of weights and its own bias."""
    function, name, _ = ACTIVATIONS[activation]
    axes, newest = whole_slide(figure), step - 1
    sums = INPUTS @ weights + biases
    outputs = function(sums)
    for n, value in enumerate(INPUTS):
        x, text = column(1.5 + 2 * n), f"x{SUBSCRIPTS[n]} = {number(value)}"
        for k in range(10):
            colour, width = (ORANGE, 3) if k == newest else ("0.75", 1)
            axes.plot((x, column(k)), (64, 49), color=colour, linewidth=width, zorder=2 if k == newest else 1)
        draw_neuron(axes, x, 64, 0, text.replace(" = ", "\n"), 62)
        draw_cells(axes, 38.5 - 5.4 * n, text, map(number, weights[n]), newest=newest)
    draw_cells(axes, 15.5, "b  [10]", map(number, biases), newest=newest)
    for k, output in enumerate(outputs):
        value, text = (output, fixed(output)) if k < step else (0, "")
        draw_neuron(axes, column(k), 49, value, text, 60, k == newest)
    write(axes, 8, 30.4, "W\n[4, 10]", color=INK)
    write(axes, 15, 60, f"{name}(x · W + b)", weight="bold")
    write(axes, 15, 52, "[4] · [4, 10]\n+ [10]  =  [10]", 19, color=INK)
    if step == 0:
        explain(figure, "Dense: every input goes into every neuron")
        return
    terms = " + ".join(map(product, INPUTS, weights[:, newest]))
    text = f"{terms} + {signed(biases[newest])} = {number(sums[newest])}"
    explain(figure, f"{text},    {name}({number(sums[newest])}) = {fixed(outputs[newest])}", 20)


def draw_batch(figure, step, images, labels, weights, biases):
    """Draw X · W + b and softmax for a batch: the matrices as images, and some rows as numbers."""
    axes, n = whole_slide(figure), len(ROWS)
    products = images @ weights
    logits = products + biases
    probabilities = softmax(logits)
    guesses = probabilities.argmax(axis=1)
    added, finished = step - n - 1, step - 2 * n - 1  # how many rows are
    shown = [("X", 24, 40, images, 0, 1), ("W", 56, 8, weights, -0.3, 0.3, "RdBu")]
    shown += [("b", 77, 14, biases[None], -0.3, 0.3, "RdBu")]
    shown += [("L", 98, 12, logits, -8, 8, "RdBu")] if added >= n else []
    shown += [("Y", 126, 12, probabilities, 0, 1)] if finished >= n else []
    for name, x, width, matrix, *looks in shown:
        draw_picture(axes, x, 62.5, width, 2 if name == "b" else 12, matrix, *looks)
        write(axes, x, 54, f"{name}  {[*matrix.squeeze().shape]}", 19, color=INK)
    for x, text in ((48, "·"), (65, "+"), (88, "="), (112, "→")):
        write(axes, x, 61.5, text, 34, weight="bold")
    write(axes, 112, 66, "softmax", 19)
    row = newest_row(step)
    for k in range(10):
        write(axes, column(k), 48.7, k, weight="bold")
    if 0 < step <= n:  # a row of X times a column of W
        draw_box(axes, 24, 68.5 - 0.12 * (row + 0.5), 40, 0.12, edge=ORANGE, line=2)
        draw_box(axes, 52 + 0.8 * (guesses[row] + 0.5), 62.5, 0.8, 12, edge=ORANGE, line=2)
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


@functools.cache
def trained_layer():
    """MNIST's test digits, uint8 [10000, 28, 28], their labels, and W and b of a trained layer."""
    learned, test = bundled_mnist()
    return *test, *train(*learned)


def make_slides(args):
    images, labels, *layer = trained_layer()
    batch = flat(images[:100]), labels[:100], *layer
    six = images[SIX]
    computed = softmax(flat(six[None]) @ layer[0] + layer[1])[0]
    activation, bias = args.activation or "sigmoid", BIAS if args.bias is None else args.bias
    random = np.random.default_rng(0)
    weights, biases = random.uniform(-2, 2, (4, 10)).round(1), random.uniform(-2, 2, 10).round(1)
    weights[:, 0], biases[0] = WEIGHTS, bias
    title, entropy = "A batch: Y = softmax(X · W + b)", "Cross-entropy: actual and computed probabilities"
    return [
        Slide("neuron", "A neuron", 8, (draw_one_neuron, activation, bias)),
        Slide("layer", "A layer of ten neurons", 11, (draw_layer, activation, weights, biases)),
        Slide("batch", title, 3 * len(ROWS) + 3, (draw_batch, *batch)),
        Slide("cross_entropy", entropy, 12 + len(EXAMPLES), (draw_cross_entropy, six, computed)),
    ]


def parse_args(argv=None):
    parser = slides_parser(__doc__)
    about = "what a neuron makes of its sum (default: sigmoid)"
    parser.add_argument("--activation", help=about, choices=ACTIVATIONS)
    about = f"of the first neuron (default: {BIAS})"
    parser.add_argument("--bias", help=about, type=whole_number(-9, 9), metavar="N")
    args = parser.parse_args(argv)
    for flag in ("activation", "bias"):
        if getattr(args, flag) is not None and args.slide in ("batch", "cross_entropy"):
            raise UserError(f"--{flag} does not change slide {args.slide} (only neuron and layer)")
    return args


if __name__ == "__main__":
    args = parse_args()
    show_slides(make_slides(args), args)
