"""The images and kernels of the convolution slides: the slides' own numbers, and what a user names."""

import argparse
import functools
import os
import re
import reprlib

import numpy as np
from PIL import Image

from common.data.digits_and_clothes import bundled_mnist
from common.data.pictures import read_photo
from common.values import picture
from slides.convolution.sliding import MANY

SLIDE_INPUT = "1 1 1 0 0 / 0 1 1 1 0 / 0 0 1 1 1 / 0 0 1 1 0 / 0 1 1 0 0"
POOLING_INPUT = "1 1 2 4 / 5 6 7 8 / 3 2 1 0 / 1 2 3 4"
KERNELS = {
    "slide": "1 0 1 / 0 1 0 / 1 0 1",
    "edge": "-1 -1 -1 / -1 8 -1 / -1 -1 -1",
    "vertical": "-1 0 1 / -2 0 2 / -1 0 1",  # vertical edges: Sobel and Feldman, 1968
    "horizontal": "-1 -2 -1 / 0 0 0 / 1 2 1",
    "sharpen": "0 -1 0 / -1 5 -1 / 0 -1 0",
    "blur": " / ".join(["0.1111111111 " * 3] * 3),  # 1/9
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


def checked(convert, word=None):
    """For argparse: a text that is this word or that `convert` accepts, as it was typed."""

    def check(text):
        if text != word:
            convert(text)
        return text

    return check


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


@functools.cache
def input_numbers(text):
    """An MNIST digit, a picture's grey values, 0 (black) to 255, or the numbers themselves."""
    if text == "digit":
        return digit()
    if not os.path.exists(os.path.expanduser(text)):
        return numbers(text, MANY, "slide, digit, a file that can be read")
    photo = Image.fromarray(read_photo(picture(text), None)).convert("L")
    photo.thumbnail((64, 64))
    return np.asarray(photo)
