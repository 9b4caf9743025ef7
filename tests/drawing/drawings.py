"""Example drawings, as a user makes them."""

import itertools

import numpy as np
from PIL import Image

from common.data.cut_out import SIDE
from drawing.ink import draw_stroke

SEVEN = [[(0.2, 0.2), (0.75, 0.2), (0.45, 0.85)]]  # strokes: (column, row), from 0 to 1


def larger(image, times=5):
    return np.kron(image, np.ones((times, times), image.dtype))


def save(pixels, path):
    Image.fromarray(np.asarray(pixels, np.uint8)).save(path)
    return path


def drawing(strokes):
    """The ink of strokes with the pen of the window."""
    ink = np.zeros((SIDE, SIDE), np.float32)
    for stroke in strokes:
        for start, end in itertools.pairwise(stroke):
            draw_stroke(ink, *(tuple(SIDE * place for place in point) for point in (start, end)))
    return ink
