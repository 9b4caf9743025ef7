"""What the slides of this folder share: numbers with three decimals, and the sigmoid."""

from functools import partial

from slides import shapes

import numpy as np

SUBSCRIPTS = "₁₂₃₄₅₆₇₈"

number, signed = partial(shapes.number, decimals=3), partial(shapes.signed, decimals=3)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))
