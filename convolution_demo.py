"""The convolution slides, animated: a filter slides over an image and fills its feature map.

    Y[i, j] = Σ over r, s of X[stride·i + r, stride·j + s] · W[r, s]

    X  the image        [5, 5]     padding "same" adds zeros around it
    W  the filter       [3, 3]     what a convolutional layer learns (here it is given)
    Y  the feature map  [3, 3]     (5 − 3) / stride + 1 = 3 numbers in a row

The receptive field of a number of Y is the part of X that it is computed from. If X has several
channels, a filter is as deep as X: W[r, s, c]. The sum then includes all channels c; Y is one feature map.

The slides (--slide NAME shows one of them), and the flags that change them:

    convolution    --input  --kernel  --stride  --padding
    stride         --input  --kernel  --stride  --padding      stride 1 beside another one
    padding        --input  --kernel  --stride                 "valid" beside "same"
    pooling        --input            --stride
    filters        --input            --stride  --padding
    channels       none of them
    volumes        none of them

Space or → goes on, ← goes back, p plays, ↑ and ↓ change the slide. keras.ops computes all numbers.
Try: --kernel edge --input digit, --kernel "0 1 0 / 1 -4 1 / 0 1 0", --slide stride --stride 3,
  --slide pooling --input "1 1 2 4 / 5 6 8 7 / 3 2 1 0 / 1 2 3 4", and --input FILE with a photo of your own.
"""

import argparse
import functools
import os
import re
import reprlib

# common comes first: it keeps TensorFlow quiet
from common import UserError
from common.data.digits_and_clothes import bundled_mnist
from common.data.pictures import read_photo
from common.values import picture, whole_number
from slides.shapes import (
    BLUE, GREEN, GREY, INK, RED, WHITE, YELLOW, draw_numbers, draw_volume, mark, number, signed,
)  # fmt: skip
from slides.show import Slide, show_slides, slides_parser

import numpy as np
from keras import ops
from PIL import Image

SLIDE_INPUT = "1 1 1 0 0 / 0 1 1 1 0 / 0 0 1 1 1 / 0 0 1 1 0 / 0 1 1 0 0"
POOLING_INPUT = "1 1 2 4 / 5 6 7 8 / 3 2 1 0 / 1 2 3 4"
POOL = 2  # rows and columns of the square whose largest number is kept
MANY = 12  # rows or columns: a larger input and its feature map are drawn as images
KERNELS = {
    "slide": "1 0 1 / 0 1 0 / 1 0 1",
    "edge": "-1 -1 -1 / -1 8 -1 / -1 -1 -1",
    "vertical": "-1 0 1 / -2 0 2 / -1 0 1",  # vertical edges: Sobel and Feldman, 1968
    "horizontal": "-1 -2 -1 / 0 0 0 / 1 2 1",
    "sharpen": "0 -1 0 / -1 5 -1 / 0 -1 0",
    "blur": "0.11 0.11 0.11 / 0.11 0.12 0.11 / 0.11 0.11 0.11",
}
FILTERS = ("vertical", "horizontal", "edge", "blur")
# CS231n's example of a volume, https://cs231n.github.io/convolutional-networks/: the channels of the input,
# those of each filter, and the biases
CHANNELS = (
    "0 0 1 0 2 / 1 0 2 0 1 / 1 0 2 2 0 / 2 0 0 2 0 / 2 1 2 2 0",
    "2 1 2 1 1 / 2 1 2 0 1 / 0 2 1 0 1 / 1 2 2 2 2 / 0 1 2 0 1",
    "2 1 1 2 0 / 1 0 0 1 0 / 0 1 0 0 0 / 1 0 2 1 0 / 2 2 1 1 1",
)
DEEP_FILTERS = (
    ("-1 0 1 / 0 0 1 / 1 -1 1", "-1 0 1 / 1 -1 1 / 0 1 0", "-1 1 1 / 1 1 0 / 0 -1 0"),
    ("0 1 -1 / 0 -1 0 / 0 -1 1", "-1 0 0 / 1 -1 0 / 1 -1 0", "-1 1 -1 / 0 -1 -1 / 1 0 0"),
)
BIASES = np.array([1, 0])


def convolve_volume(x, kernels, biases, stride=1, padding="valid"):
    """A convolutional layer's output, without an activation function: float32 [h', w', filters].

    x is [h, w, channels], kernels [kh, kw, channels, filters], biases [filters].
    """
    x, kernels, biases = (values.astype("float32") for values in (x, kernels, biases))
    y = ops.conv(x[None], kernels, strides=stride, padding=padding) + biases
    return ops.convert_to_numpy(y)[0]


def convolve(x, kernel, stride=1, padding="valid"):
    """A feature map, without a bias, of one image [h, w] and one kernel [kh, kw]: float32 [h', w']."""
    y = convolve_volume(x[:, :, None], kernel[:, :, None, None], np.zeros(1), stride, padding)
    return y[:, :, 0]


def max_pool(x, stride=2):
    """The largest number of each square: [h, w] to float32 [h', w'], [h / 2, w / 2] for a stride of 2."""
    y = ops.max_pool(x.astype("float32")[None, :, :, None], POOL, strides=stride)
    return ops.convert_to_numpy(y)[0, :, :, 0]


def margins(shape, size, stride, padding):
    """The rows and columns of zeros that the padding adds: (above, below), (left, right)."""
    if padding == "valid":
        return [(0, 0), (0, 0)]
    total = [max((-(-n // stride) - 1) * stride + k - n, 0) for n, k in zip(shape, size, strict=True)]
    return [(margin // 2, margin - margin // 2) for margin in total]


def until(y, step):
    """The feature map up to a step, with NaN for later numbers, and the position of the newest one."""
    step = min(step, y.size - 1)
    return np.where(np.arange(y.size).reshape(y.shape) <= step, y, np.nan), divmod(step, y.shape[1])


def is_picture(x):
    return max(x.shape) > MANY


def draw_input(axes, x, size, stride, padding, i, j, title=None):
    """Draw the padded input, yellow under the filter. Returns the numbers under the filter."""
    around = margins(x.shape, size, stride, padding)
    padded = np.pad(x, around)
    here = np.s_[stride * i : stride * i + size[0], stride * j : stride * j + size[1]]
    fill = np.pad(np.full(x.shape, WHITE, object), around, constant_values=GREY)
    fill[here] = YELLOW
    draw_numbers(axes, padded, title or f"input {x.shape[0]}×{x.shape[1]}", fill, picture=is_picture(x))
    if is_picture(x):
        mark(axes, around[0][0], around[1][0], *x.shape, edge="0.5")
    mark(axes, stride * i, stride * j, *size)
    return padded[here]


def products(here, kernel):
    """The products of a filter's numbers and those under it, written as a sum, a line for each row."""
    rows = [
        " + ".join(f"{number(a)}·{signed(b)}" for a, b in zip(*pair, strict=True))
        for pair in zip(here, kernel, strict=True)
    ]
    return "\n+ ".join(rows)


def draw_convolution(figure, step, x, kernel, stride, padding):
    """Draw the input under the filter, the products and their sum, and the feature map so far."""
    left, middle, right = figure.subplots(1, 3, width_ratios=(5, 3.6, 4))
    figure.subplots_adjust(left=0.03, right=0.97, top=0.82, bottom=0.1, wspace=0.12)
    whole = convolve(x, kernel, stride, padding)
    y, (i, j) = until(whole, step)
    here = draw_input(left, x, kernel.shape, stride, padding, i, j)
    draw_numbers(right, y, f"feature map {y.shape[0]}×{y.shape[1]}", RED, whole, is_picture(x))
    mark(right, i, j)
    place = middle.get_position()
    middle.set_position((place.x0, 0.52, place.width, 0.3))
    draw_numbers(middle, kernel, f"filter {kernel.shape[0]}×{kernel.shape[1]}", BLUE)
    text = f"{products(here, kernel)}\n= {number(y[i, j])}"
    lines = text.splitlines()
    size = min(24, 460 / max(map(len, lines)), 130 / len(lines))
    figure.text(place.x0 + place.width / 2, 0.45, text, fontsize=size, ha="center", va="top", linespacing=1.5)


def written(x, kernel, stride, padding):
    """The computation of a feature map's size, as on the slide: "(7 − 3) / 2 + 1 = 3"."""
    lines, same = [], padding == "same"
    for n, k, size in zip(x.shape, kernel.shape, convolve(x, kernel, stride, padding).shape, strict=True):
        quotient = f"{n} / {stride}" if same else f"({n} − {k}) / {stride}"
        if (n if same else n - k) % stride:
            quotient = f"⌈{quotient}⌉" if same else f"⌊{quotient}⌋"
        lines.append(f"{quotient} = {size}" if same else f"{quotient} + 1 = {size}")
    high, wide = lines
    return high if high == wide else f"{high} high,\n{wide} wide"


def draw_pair(figure, step, x, kernel, *ways):
    """Draw two convolutions side by side, each given as (title, stride, padding)."""
    cells = figure.subplots(1, 4)
    figure.subplots_adjust(left=0.02, right=0.98, top=0.69, bottom=0.09, wspace=0.12)
    for n, (title, stride, padding) in enumerate(ways):
        left, right = cells[2 * n : 2 * n + 2]
        whole = convolve(x, kernel, stride, padding)
        y, (i, j) = until(whole, step)
        draw_input(left, x, kernel.shape, stride, padding, i, j)
        draw_numbers(right, y, f"feature map {y.shape[0]}×{y.shape[1]}", RED, whole, is_picture(x))
        mark(right, i, j)
        figure.text(0.26 + 0.48 * n, 0.76, title, fontsize=20, ha="center", va="bottom", color=INK)


def draw_strides(figure, step, x, kernel, stride, padding):
    """Draw stride 1 beside a larger one, at least 2."""
    strides = 1, max(2, stride)
    ways = [(f"stride {n}:  {written(x, kernel, n, padding)}", n, padding) for n in strides]
    draw_pair(figure, step, x, kernel, *ways)


def draw_paddings(figure, step, x, kernel, stride):
    valid = "valid: only where the filter fits", stride, "valid"
    same = "same: with zero padding", stride, "same"
    draw_pair(figure, step, x, kernel, valid, same)


def draw_pooling(figure, step, x, stride):
    """Draw max pooling, which keeps the largest number of each square."""
    left, right = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.05, right=0.95, top=0.82, bottom=0.17)
    whole = max_pool(x, stride)
    y, here = until(whole, step)

    def square(i, j):
        return np.s_[stride * i : stride * i + POOL, stride * j : stride * j + POOL]

    colours = np.array([[YELLOW, BLUE], [RED, GREEN]], object)
    colours = np.tile(colours, y.shape)[: y.shape[0], : y.shape[1]]
    fill = np.full(x.shape, WHITE, object)
    for place in np.ndindex(y.shape) if stride >= POOL else [here]:  # of overlapping squares only this one
        fill[square(*place)] = colours[place]
    draw_numbers(left, x, f"input {x.shape[0]}×{x.shape[1]}", fill, picture=is_picture(x))
    title = f"max pooling {POOL}×{POOL}, stride {stride}"
    draw_numbers(right, y, title, colours, whole, is_picture(x))
    mark(left, *(stride * n for n in here), POOL, POOL)
    mark(right, *here)
    text = f"max({', '.join(map(number, x[square(*here)].flat))}) = {number(y[here])}"
    figure.text(0.5, 0.11, text, fontsize=24, ha="center", va="center")


def draw_filters(figure, step, x, stride, padding):
    """Draw several filters on one image: each finds something different, in its own feature map."""
    first, *columns = figure.subplots(2, len(FILTERS) + 1, height_ratios=(1, 2)).T
    figure.subplots_adjust(left=0.02, right=0.98, top=0.82, bottom=0.08, wspace=0.1, hspace=0.3)
    first[0].axis("off")
    draw_numbers(first[1], x, f"input {x.shape[0]}×{x.shape[1]}", picture=is_picture(x))
    for n, ((upper, lower), name) in enumerate(zip(columns, FILTERS, strict=True)):
        upper.axis("off")
        lower.axis("off")
        if n <= step:
            kernel = kernel_numbers(name)
            y = convolve(x, kernel, stride, padding)
            draw_numbers(upper, kernel, name, BLUE)
            draw_numbers(lower, y, f"{y.shape[0]}×{y.shape[1]}", RED, picture=is_picture(x))


def draw_channels(figure, step, x, kernels, biases, stride, padding):
    """Draw how a filter, a receptive field with all channels, and the bias make one number."""
    whole = convolve_volume(x, kernels, biases, stride, padding)
    rows, columns, filters = whole.shape
    n, i, j = (int(place) for place in np.unravel_index(step, (filters, rows, columns)))
    sums, (high, wide) = [], kernels.shape[:2]

    def write(x, y, text, size):
        figure.text(x, y, text, fontsize=size, ha="center", va="top", linespacing=1.4)

    for c in range(x.shape[2]):
        left, kernel = 0.02 + 0.235 * c, kernels[:, :, c, n]
        upper = figure.add_axes((left, 0.485, 0.225, 0.375))
        here = draw_input(upper, x[:, :, c], (high, wide), stride, padding, i, j, f"input x[:,:,{c}]")
        draw_numbers(figure.add_axes((left, 0.255, 0.225, 0.165)), kernel, f"filter w{n}[:,:,{c}]", BLUE)
        sums.append((here * kernel).sum())
        write(left + 0.1125, 0.237, f"{products(here, kernel)}\n= {number(sums[-1])}", 16)
    for m in range(filters):
        y, _ = until(whole[:, :, m], step - m * rows * columns)
        axes = figure.add_axes((0.735 + 0.13 * m, 0.66, 0.12, 0.2))
        draw_numbers(axes, y, f"o[:,:,{m}]", RED, whole[:, :, m])
        if m == n:
            mark(axes, i, j)
    field = f"yellow: the receptive field\nof o[{i},{j},{n}], {high}×{wide}×{x.shape[2]} numbers"
    write(0.86, 0.625, f"{field}\nstride {stride}; grey: zero padding", 16)
    draw_numbers(figure.add_axes((0.81, 0.358, 0.1, 0.062)), biases[n].reshape(1, 1), f"bias b{n}", BLUE)
    first, *others = sums
    total = " + ".join([number(first), *map(signed, [*others, biases[n]])])
    write(0.86, 0.237, f"{total}\n= {number(whole[i, j, n])}", 20)


def draw_volumes(figure, step):
    """Draw the depth of a layer's input (colours at first) and output (one feature map for each filter).

    A filter is as deep as its input.
    """
    axes = figure.add_axes((0.02, 0.06, 0.96, 0.84))
    axes.set(xlim=(0, 130), ylim=(0, 64), aspect="equal")
    axes.axis("off")
    filters = step + 1
    maps = ops.conv(ops.zeros((1, 32, 32, 3)), ops.zeros((5, 5, 3, filters)), padding="same").shape[1:]
    draw_volume(axes, (6, 38), (18, 18, 2), "32×32×3")
    axes.text(25, 48, "∗", fontsize=40, ha="center", va="center")
    for n in range(filters):
        draw_volume(axes, (32 + 8 * (n % 5), 52 - 11 * (n // 5)), (4, 4, 2), fill=YELLOW)
    text = f"{filters} filter{'s' * (filters > 1)} of 5×5×3,\nas deep as the input"
    axes.text(51, 36.5, text, fontsize=17, ha="center", va="top")
    axes.text(80, 48, "=", fontsize=40, ha="center", va="center")
    draw_volume(axes, (90, 38), (18, 18, 1.5 * filters), "×".join(map(str, maps)), RED)
    pooled = ops.max_pool(ops.zeros((1, 224, 224, 64)), 2, strides=2).shape[1:]
    draw_volume(axes, (6, 4), (20, 20, 10), "224×224×64")
    axes.annotate("", (82, 14), (34, 14), arrowprops={"arrowstyle": "-|>", "linewidth": 3, "color": INK})
    axes.text(58, 17, "max pooling 2×2, stride 2", fontsize=17, ha="center", va="bottom")
    draw_volume(axes, (90, 8), (10, 10, 10), "×".join(map(str, pooled)), RED)


def numbers(text, most, others):
    """Parse the numbers of a kernel or an input: "0 1 0 / 1 -4 1 / 0 1 0" is [3, 3]."""
    try:
        table = np.array([row.split() for row in text.split("/")], dtype=float)
        fits = table.size and max(table.shape) <= most and abs(table).max() <= 999
        if fits and re.fullmatch(r"[-+.0-9eE/\s]+", text):  # not 1_0, not ９
            return table
    except ValueError:
        pass
    rules = f"rows of numbers like '1 0 / 0 1' (equally long, at most {most}×{most}, from −999 to 999)"
    raise argparse.ArgumentTypeError(f"{reprlib.repr(text)} is neither {others} nor {rules}")


def kernel_numbers(text):
    return numbers(KERNELS.get(text, text), 7, ", ".join(KERNELS))


def volume(texts):
    """A volume [rows, columns, channels] from the numbers of each channel."""
    return np.stack([kernel_numbers(text) for text in texts], axis=-1)


@functools.cache
def digit():
    """The first of MNIST's test digits, uint8 [28, 28]."""
    _, test = bundled_mnist()
    return test.x[0]


def input_numbers(text):
    """An MNIST digit, a picture's grey values, 0 (black) to 255, or the numbers themselves."""
    if text == "digit":
        return digit()
    if not os.path.exists(os.path.expanduser(text)):
        return numbers(text, MANY, "digit, a file that can be read")
    photo = Image.fromarray(read_photo(picture(text), None)).convert("L")
    photo.thumbnail((64, 64))
    return np.asarray(photo)


def choose(args, name, smallest=(1, 1), **own):
    """What a slide shows: its own input, kernel, stride and padding, or what the flags say, as a list.

    Raises UserError where a flag means nothing to the slide, or the input is too small for it.
    """
    flags = {flag: getattr(args, flag) for flag in ("input", "kernel", "stride", "padding")}
    given = {flag for flag, value in flags.items() if value is not None and args.slide in (None, name)}
    if args.slide == name and given - own.keys():
        others = f" (only {', '.join(f'--{flag}' for flag in own)})" if own else ""
        raise UserError(f"--{min(given - own.keys())} does not change slide {name}{others}")
    chosen = {flag: flags[flag] if flag in given else value for flag, value in own.items()}
    smallest = chosen["kernel"].shape if "kernel" in chosen else smallest
    if chosen.get("padding") != "same" and own and any(np.less(chosen["input"].shape, smallest)):
        size, least = ("×".join(map(str, shape)) for shape in (chosen["input"].shape, smallest))
        way = f" (or use --slide {name} --padding same)" if "padding" in own else ""
        raise UserError(f"slide {name}: the input is {size} and must be at least {least}{way}")
    return list(chosen.values())


def make_slides(args):
    five, seven = input_numbers(SLIDE_INPUT), np.outer(np.arange(7), np.arange(7)) % 4
    four, cross = input_numbers(POOLING_INPUT), kernel_numbers("slide")
    convolution = choose(args, "convolution", input=five, kernel=cross, stride=1, padding="valid")
    strides = choose(args, "stride", input=seven, kernel=cross, stride=2, padding="valid")
    paddings = choose(args, "padding", input=five, kernel=cross, stride=1)
    pooling = choose(args, "pooling", (POOL, POOL), input=four, stride=2)
    filters = choose(args, "filters", (3, 3), input=digit(), stride=1, padding="valid")
    kernels = np.stack([volume(texts) for texts in DEEP_FILTERS], axis=-1)
    deep = volume(CHANNELS), kernels, BIASES, 2, "same", *choose(args, "channels")
    volumes = choose(args, "volumes")
    x, kernel, _, padding = strides
    return [
        Slide("convolution", "Convolution", convolve(*convolution).size, (draw_convolution, *convolution)),
        Slide("stride", "Stride", convolve(x, kernel, 1, padding).size, (draw_strides, *strides)),
        Slide("padding", "Padding", convolve(*paddings, "same").size, (draw_paddings, *paddings)),
        Slide("pooling", "Max pooling", max_pool(*pooling).size, (draw_pooling, *pooling)),
        Slide("filters", "Each filter finds something different", len(FILTERS), (draw_filters, *filters)),
        Slide("channels", "Three channels, two filters", convolve_volume(*deep).size, (draw_channels, *deep)),
        Slide("volumes", "Volumes: one feature map for each filter", 10, (draw_volumes, *volumes)),
    ]


def parse_args(argv=None):
    parser = slides_parser(__doc__)
    add, kernels = parser.add_argument, ", ".join(KERNELS)
    add("--input", help="digit, a picture FILE, or your numbers", type=input_numbers, metavar="X")
    add("--kernel", help=f"{kernels}, or your numbers", type=kernel_numbers, metavar="K")
    add("--stride", help="how far the filter moves", type=whole_number(1, 7), metavar="N")
    add("--padding", help="same: with zero padding", choices=("valid", "same"))
    args = parser.parse_args(argv)
    if args.slide == "stride" and args.stride == 1:
        raise UserError("slide stride compares stride 1 with another one: use --stride 2 or more")
    return args


if __name__ == "__main__":
    args = parse_args()
    show_slides(make_slides(args), args)
