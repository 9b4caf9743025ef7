"""The convolution slides, alive: a filter slides over a picture, and its feature map fills.

    Y[i, j] = Σ over r, s of X[stride·i + r, stride·j + s] · W[r, s]

    X  the picture      [5, 5]     with padding "same" it gets a margin of zeros
    W  the filter       [3, 3]     what a convolutional layer learns (here it is given)
    Y  the feature map  [3, 3]     (5 − 3) / stride + 1 = 3 numbers in a row

The slides: convolution, stride, padding, pooling, filters, volumes (--slide NAME shows one of them). Space
or → goes a step on, ← a step back, p plays, ↑ and ↓ change the slide. keras.ops computes all numbers.
Try: --kernel edge --input digit, --stride 2, --padding same, --kernel "0 1 0 / 1 -4 1 / 0 1 0", and
  --input FILE with a photo of your own.
"""

import argparse

# common comes first: it keeps TensorFlow quiet
from common import UserError
from common.command_line import picture, whole_number
from common.datasets import find_data_file, read_arrays
from common.photos import read_photo
from common.slide_shapes import (
    BLUE, GREEN, GREY, INK, RED, WHITE, YELLOW, draw_numbers, draw_volume, mark, number,
)  # fmt: skip
from common.slides import Slide, show_slides, slides_parser

import numpy as np
from keras import ops
from PIL import Image

SLIDE_INPUT = "1 1 1 0 0 / 0 1 1 1 0 / 0 0 1 1 1 / 0 0 1 1 0 / 0 1 1 0 0"
POOLING_INPUT = "1 1 2 4 / 5 6 7 8 / 3 2 1 0 / 1 2 3 4"
KERNELS = {
    "slide": "1 0 1 / 0 1 0 / 1 0 1",
    "edge": "-1 -1 -1 / -1 8 -1 / -1 -1 -1",
    "vertical": "-1 0 1 / -2 0 2 / -1 0 1",  # vertical edges: Sobel and Feldman, 1968
    "horizontal": "-1 -2 -1 / 0 0 0 / 1 2 1",
    "sharpen": "0 -1 0 / -1 5 -1 / 0 -1 0",
    "blur": "0.11 0.11 0.11 / 0.11 0.12 0.11 / 0.11 0.11 0.11",
}


def convolve(x, kernel, stride=1, padding="valid"):
    """A convolutional layer's output for one picture [h, w], one kernel [kh, kw]: float32 [h', w']."""
    x, kernel = x.astype("float32"), kernel.astype("float32")
    y = ops.conv(x[None, :, :, None], kernel[:, :, None, None], strides=stride, padding=padding)
    return ops.convert_to_numpy(y)[0, :, :, 0]


def max_pool(x, size=2):
    """The largest number of each square of `size`: [h, w] to float32 [h / size, w / size]."""
    y = ops.max_pool(x.astype("float32")[None, :, :, None], size, strides=size)
    return ops.convert_to_numpy(y)[0, :, :, 0]


def margins(shape, size, stride, padding):
    """How many rows and columns of zeros padding "same" puts (above, below), (left, right)."""
    if padding == "valid":
        return [(0, 0), (0, 0)]
    total = [max((-(-n // stride) - 1) * stride + k - n, 0) for n, k in zip(shape, size, strict=True)]
    return [(margin // 2, margin - margin // 2) for margin in total]


def until(y, step):
    """The feature map after so many steps, NaN where it is not yet computed, and the place of the last."""
    step = min(step, y.size - 1)
    return np.where(np.arange(y.size).reshape(y.shape) <= step, y, np.nan), divmod(step, y.shape[1])


def draw_input(axes, x, size, stride, padding, i, j):
    """The input with its margin, and yellow where the filter lies. Returns the numbers there."""
    around = margins(x.shape, size, stride, padding)
    padded = np.pad(x, around)
    here = np.s_[stride * i : stride * i + size[0], stride * j : stride * j + size[1]]
    fill = np.pad(np.full(x.shape, WHITE, object), around, constant_values=GREY)
    fill[here] = YELLOW
    draw_numbers(axes, padded, f"input {x.shape[0]}×{x.shape[1]}", fill)
    mark(axes, stride * i, stride * j, *size)
    return padded[here]


def draw_convolution(figure, step, x, kernel, stride, padding):
    """The input under the filter, the products and their sum, and the feature map so far."""
    left, middle, right = figure.subplots(1, 3, width_ratios=(5, 3.6, 4))
    figure.subplots_adjust(left=0.03, right=0.97, top=0.82, bottom=0.1, wspace=0.12)
    whole = convolve(x, kernel, stride, padding)
    y, (i, j) = until(whole, step)
    here = draw_input(left, x, kernel.shape, stride, padding, i, j)
    draw_numbers(right, y, f"feature map {y.shape[0]}×{y.shape[1]}", RED, (whole.min(), whole.max()))
    mark(right, i, j)
    place = middle.get_position()
    middle.set_position((place.x0, 0.52, place.width, 0.3))
    draw_numbers(middle, kernel, f"filter {kernel.shape[0]}×{kernel.shape[1]}", BLUE)

    def product(a, b):
        return f"{number(a)}·{number(b)}" if b >= 0 else f"{number(a)}·({number(b)})"

    products = [map(product, *row) for row in zip(here, kernel, strict=True)]
    text = "\n+ ".join(" + ".join(row) for row in products) + f"\n= {number(y[i, j])}"
    size = min(24, 460 / max(map(len, text.splitlines())))
    figure.text(place.x0 + place.width / 2, 0.45, text, fontsize=size, ha="center", va="top", linespacing=1.5)


def draw_pair(figure, step, x, kernel, *ways):
    """Two ways to slide, each (title, stride, padding), side by side."""
    cells = figure.subplots(1, 4)
    figure.subplots_adjust(left=0.02, right=0.98, top=0.72, bottom=0.06, wspace=0.12)
    for n, (title, stride, padding) in enumerate(ways):
        left, right = cells[2 * n : 2 * n + 2]
        y, (i, j) = until(convolve(x, kernel, stride, padding), step)
        draw_input(left, x, kernel.shape, stride, padding, i, j)
        draw_numbers(right, y, f"feature map {y.shape[0]}×{y.shape[1]}", RED)
        mark(right, i, j)
        figure.text(0.26 + 0.48 * n, 0.78, title, fontsize=20, ha="center", va="center", color=INK)


def draw_pooling(figure, step, x, size=2):
    """Of each square the largest number is left."""
    left, right = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.05, right=0.95, top=0.82, bottom=0.17)
    y, (i, j) = until(max_pool(x, size), step)
    colours = np.array([[YELLOW, BLUE], [RED, GREEN]], object)
    draw_numbers(left, x, f"input {x.shape[0]}×{x.shape[1]}", colours.repeat(size, 0).repeat(size, 1))
    draw_numbers(right, y, f"max pooling {size}×{size}, stride {size}", colours)
    mark(left, size * i, size * j, size, size)
    mark(right, i, j)
    square = x[size * i : size * (i + 1), size * j : size * (j + 1)]
    text = f"max({', '.join(map(number, square.flat))}) = {number(y[i, j])}"
    figure.text(0.5, 0.11, text, fontsize=24, ha="center", va="center")


def draw_filters(figure, step, x, kernels):
    """One picture, several filters: each finds something else, and makes a feature map of its own."""
    first, *columns = figure.subplots(2, len(kernels) + 1, height_ratios=(1, 2)).T
    figure.subplots_adjust(left=0.02, right=0.98, top=0.82, bottom=0.08, wspace=0.1, hspace=0.3)
    first[0].axis("off")
    draw_numbers(first[1], x, f"input {x.shape[0]}×{x.shape[1]}")
    for n, ((upper, lower), (name, kernel)) in enumerate(zip(columns, kernels.items(), strict=True)):
        upper.axis("off")
        lower.axis("off")
        if n <= step:
            y = convolve(x, kernel)
            draw_numbers(upper, kernel, name, BLUE)
            draw_numbers(lower, y, f"{y.shape[0]}×{y.shape[1]}")


def draw_volumes(figure, step):
    """A layer's input and output have a depth: colours at first, then one feature map for each filter."""
    axes = figure.add_axes((0.02, 0.06, 0.96, 0.84))
    axes.set(xlim=(0, 130), ylim=(0, 64), aspect="equal")
    axes.axis("off")
    filters = step + 1
    maps = ops.conv(ops.zeros((1, 32, 32, 3)), ops.zeros((5, 5, 3, filters)), padding="same").shape[1:]
    draw_volume(axes, (6, 38), (18, 18, 2), "32×32×3")
    axes.text(25, 48, "∗", fontsize=40, ha="center", va="center")
    for n in range(filters):
        draw_volume(axes, (32 + 8 * (n % 5), 52 - 11 * (n // 5)), (4, 4, 2), fill=YELLOW)
    axes.text(51, 36.5, f"{filters} filters of 5×5×3", fontsize=17, ha="center", va="top")
    axes.text(80, 48, "=", fontsize=40, ha="center", va="center")
    draw_volume(axes, (90, 38), (18, 18, 1.5 * filters), "×".join(map(str, maps)), RED)
    pooled = ops.max_pool(ops.zeros((1, 224, 224, 64)), 2, strides=2).shape[1:]
    draw_volume(axes, (6, 4), (20, 20, 10), "224×224×64")
    axes.annotate("", (82, 14), (34, 14), arrowprops={"arrowstyle": "-|>", "linewidth": 3, "color": INK})
    axes.text(58, 17, "max pooling 2×2, stride 2", fontsize=17, ha="center", va="bottom")
    draw_volume(axes, (90, 8), (10, 10, 10), "×".join(map(str, pooled)), RED)


def numbers(text):
    """The numbers that a user gives for a kernel: "0 1 0 / 1 -4 1 / 0 1 0"."""
    try:
        table = np.array([row.split() for row in KERNELS.get(text, text).split("/")], dtype="float32")
        if table.ndim == 2 and min(table.shape) > 0 and max(table.shape) <= 7 and np.isfinite(table).all():
            return table
    except ValueError:
        pass
    names = ", ".join(KERNELS)
    raise argparse.ArgumentTypeError(f"{text!r} is none of {names}, nor rows of numbers like '1 0 / 0 1'")


def input_numbers(name):
    """The slide's 5×5 numbers, an MNIST digit, or a picture's grey values, 0 (black) to 255."""
    if name == "slide":
        return numbers(SLIDE_INPUT)
    if name == "digit":
        arrays, _ = read_arrays(*find_data_file("mnist.npz"), {"x_test": (np.uint8, (10_000, 28, 28))})
        return arrays["x_test"][0]
    photo = Image.fromarray(read_photo(picture(name), None)).convert("L")
    photo.thumbnail((64, 64))
    return np.asarray(photo)


def make_slides(x, kernel, stride, padding):
    small, seven = input_numbers("slide"), np.outer(np.arange(7), np.arange(7)) % 4
    cross = numbers("slide")
    strides = ("stride 1:  (7 − 3) / 1 + 1 = 5", 1, "valid"), ("stride 2:  (7 − 3) / 2 + 1 = 3", 2, "valid")
    paddings = ("valid: only where the filter fits", 1, "valid"), ("same: with a margin of zeros", 1, "same")
    photo = input_numbers("digit") if x.size == small.size or min(x.shape) < 3 else x
    filters = {name: numbers(name) for name in ("vertical", "horizontal", "edge", "blur")}
    steps = convolve(x, kernel, stride, padding).size
    return [
        Slide("convolution", "Convolution", steps, (draw_convolution, x, kernel, stride, padding)),
        Slide("stride", "Stride", 25, (draw_pair, seven, cross, *strides)),
        Slide("padding", "Padding", 25, (draw_pair, small, cross, *paddings)),
        Slide("pooling", "Max pooling", 4, (draw_pooling, numbers(POOLING_INPUT))),
        Slide("filters", "Each filter finds something else", len(filters), (draw_filters, photo, filters)),
        Slide("volumes", "Volumes: one feature map for each filter", 10, (draw_volumes,)),
    ]


def parse_args(argv=None):
    parser = slides_parser(__doc__)
    add, kernels = parser.add_argument, ", ".join(KERNELS)
    add("--input", help="slide, digit, or a picture FILE", type=input_numbers, default="slide", metavar="X")
    add("--kernel", help=f"{kernels}, or your numbers", type=numbers, default="slide", metavar="K")
    add("--stride", help="how far the filter moves", type=whole_number(1, 7), default=1, metavar="N")
    add("--padding", help="same: with a margin of zeros", choices=("valid", "same"), default="valid")
    args = parser.parse_args(argv)
    if args.padding == "valid" and any(np.greater(args.kernel.shape, args.input.shape)):
        raise UserError("the kernel is larger than the input: use --padding same")
    return args


if __name__ == "__main__":
    args = parse_args()
    show_slides(make_slides(args.input, args.kernel, args.stride, args.padding), args)
