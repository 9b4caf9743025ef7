"""The flags of the convolution slides as controls, and which of them a slide can take."""

import numpy as np

from common.errors import UserError
from slides.controls import Choice, Slider
from slides.convolution.inputs import KERNELS, digit, input_numbers, kernel_numbers


def large_enough(x, size, padding="valid"):
    """Whether a filter (or square) of this size, (rows, columns), fits into an image."""
    return padding == "same" or not any(np.less(x.shape, size))


def controls_of(args, name, smallest=(1, 1), **own):
    """The controls of a slide: its own input, kernel, stride and padding, or what the flags say, as a list.

    Raises UserError where a flag means nothing to the slide, or the input is too small for it.
    """
    flags = {flag: getattr(args, flag) for flag in ("input", "kernel", "stride", "padding")}
    given = {flag for flag, value in flags.items() if value is not None and args.slide in (None, name)}
    if args.slide == name and given - own.keys():
        others = f" (only {', '.join(f'--{flag}' for flag in own)})" if own else ""
        raise UserError(f"--{min(given - own.keys())} does not change slide {name}{others}")
    words = {
        "input": {"slide": own.get("input"), "digit": digit()},
        "kernel": {word: kernel_numbers(word) for word in KERNELS},
        "padding": {"valid": "valid", "same": "same"},
    }
    for flag, convert in (("input", input_numbers), ("kernel", kernel_numbers)):
        if flag in given and flags[flag] not in words[flag]:
            words[flag][flags[flag]] = convert(flags[flag])
    chosen = {
        flag: flags[flag] if flag in given else value for flag, value in (own | {"input": "slide"}).items()
    }
    first = 2 if name == "stride" else 1  # slide stride compares stride 1 with another one
    controls = [
        Slider(flag, range(first, 8), max(first, chosen[flag]))
        if flag == "stride"
        else Choice(flag, words[flag], chosen[flag])
        for flag in own
    ]
    values = {control.flag: control.value for control in controls}
    smallest = values["kernel"].shape if "kernel" in own else smallest
    if own and not large_enough(values["input"], smallest, values.get("padding")):
        size, least = ("×".join(map(str, shape)) for shape in (values["input"].shape, smallest))
        way = f" (or use --slide {name} --padding same)" if "padding" in own else ""
        raise UserError(f"slide {name}: the input is {size} and must be at least {least}{way}")
    return controls


def filter_fits(x, kernel, stride, padding="valid"):
    return large_enough(x, kernel.shape, padding)
