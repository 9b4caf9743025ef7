"""The ink of pen strokes."""

import numpy as np

from common.data.cut_out import PEN


def draw_stroke(ink, start, end):
    """Draw a straight stroke with a round, soft pen.

    Args:
        ink: float [height, width], changed in place.
        start, end: (column, row) in pixels; they may lie outside the drawing.
    """
    (x0, y0), (x1, y1) = start, end
    reach = PEN / 2 + 3
    left, top = (max(int(min(pair) - reach), 0) for pair in ((x0, x1), (y0, y1)))
    right, bottom = (max(int(max(pair) + reach) + 1, 0) for pair in ((x0, x1), (y0, y1)))
    part = ink[top:bottom, left:right]
    height, width = part.shape
    x = (np.arange(width) + (left + 0.5 - x0)).astype(np.float32)  # 16 times as fast as float64 in the plane
    y = (np.arange(height) + (top + 0.5 - y0)).astype(np.float32)[:, np.newaxis]
    dx, dy = float(x1 - x0), float(y1 - y0)
    squared = max(dx * dx + dy * dy, 1e-9)
    along = (x * (dx / squared) + y * (dy / squared)).clip(0, 1)
    distance = np.sqrt((x - along * dx) ** 2 + (y - along * dy) ** 2)
    np.maximum(part, ((reach - distance) / 6).clip(0, 1), out=part)
