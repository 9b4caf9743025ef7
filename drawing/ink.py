"""The ink of a drawing: pen strokes, and digits extracted from a photo or scan."""

import numpy as np
from PIL import Image, ImageFilter

from common.data.pictures import read_photo
from common.errors import UserError

SIDE = 280  # of a drawing, in pixels
PEN = 25  # pixels: a digit 200 pixels high then has strokes as wide as most of MNIST's


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


def read_ink(path):
    """The ink of the digit on a photo or scan, as if it had been drawn with the pen.

    The paper may be unevenly lit, and the ink darker or lighter than the paper. Specks and shadows along the
    image's border are removed, and very thin strokes are widened.

    Args:
        path: the path of an image, as for `read_photo`.

    Returns:
        float32 [280, 280], 0 (paper) to 1 (ink); the digit is centred, its longer side is 200 pixels.

    Raises:
        UserError: nothing is drawn on it.
    """
    grey, paper = _dark_on_light(_read_grey(path))
    ink = (paper - grey) / np.maximum(paper, 0.05)
    drawn = ink > _otsu(ink)
    if np.ptp(ink) > 0.1:
        paper, level = np.median(ink[~drawn]), np.percentile(ink[drawn], 90)
        noise = 9 * np.median(abs(ink[~drawn] - paper))  # six times the standard deviation
        low = min(paper + noise, ink[drawn].min())
        ink = ((ink - low) / (level - low)).clip(0, 1).astype(np.float32)
        ink *= _largest_pieces(ink) * (level - paper > 0.1)
    if ink.max() <= 0.1:
        raise UserError(f"there is nothing drawn on {path}")
    return _as_drawn(ink)


def _read_grey(path):
    """The grey values, float32 [h, w] from 0 to 1, scaled down to at most 800 pixels a side."""
    photo = Image.fromarray(read_photo(path, None)).convert("L")
    photo.thumbnail((800, 800))
    return np.asarray(photo, np.float32) / 255


def _otsu(values):
    """Otsu's threshold, which separates two classes of values. Source: Otsu, 1979."""
    counts, edges = np.histogram(values, 256)
    below, sums = counts.cumsum(), (counts * edges[:-1]).cumsum()
    share = below / below[-1]
    between = (sums[-1] * share - sums) ** 2 / np.maximum(share * (1 - share), 1e-9)
    return edges[between.argmax() + 1]


def _dark_on_light(grey):
    """The image, inverted if the ink is light, and the brightness of the paper at each pixel.

    Around the ink there is more paper than ink. A morphological closing fills everything dark and narrow, so
    that only the paper remains.
    """
    small = Image.fromarray(grey)
    small.thumbnail((100, 100), Image.Resampling.BOX)
    reach = max(small.size) // 6
    high, low = _most(small, reach), _least(small, reach)
    tone, light, dark = (np.asarray(picture) for picture in (small, high, low))
    ink_is_light = ((2 * tone - light - dark) * (light - dark)).sum() < 0
    paper = _most(low, reach) if ink_is_light else _least(high, reach)
    paper = np.asarray(paper.resize(grey.shape[::-1], Image.Resampling.BILINEAR))
    return (1 - grey, 1 - paper) if ink_is_light else (grey, paper)


def _largest_pieces(ink):
    """A mask of the connected pieces of ink, without specks and shadows: bool [h, w]."""
    amounts, black = (Image.fromarray(picture.astype(np.float32)) for picture in (ink, ink > 0.5))
    for picture in (amounts, black):
        picture.thumbnail((200, 200), Image.Resampling.BOX)
    there = np.asarray(amounts) > 0.05
    pieces = np.arange(1, there.size + 1, dtype=np.int32).reshape(there.shape) * there
    before = None
    while not np.array_equal(pieces, before):  # the largest label in a piece spreads over the piece
        before, pieces = pieces, there * np.asarray(_most(Image.fromarray(pieces), 1))
        pieces = np.append(np.int32(0), pieces)[pieces]  # the label at its label's pixel: faster
    weights = np.bincount(pieces.ravel(), np.asarray(black).ravel())
    weights[0] = 0  # the background
    for side in (pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]):
        along = np.bincount(side, minlength=len(weights)) > 0.5 * len(side)
        weights[along & (weights < weights.sum())] = 0  # the edge of the paper
    kept = (weights >= 0.05 * weights.max())[pieces] & there
    kept = _most(Image.fromarray(kept.astype(np.uint8)), 1)
    return np.asarray(kept.resize(ink.shape[::-1], Image.Resampling.NEAREST)) > 0


def _most(picture, reach):
    for _ in range(reach):  # much faster than one large window
        picture = picture.filter(ImageFilter.MaxFilter(3))
    return picture


def _least(picture, reach):
    for _ in range(reach):
        picture = picture.filter(ImageFilter.MinFilter(3))
    return picture


def _as_drawn(ink):
    rows, columns = (np.flatnonzero((ink > 0.1).any(axis)) for axis in (1, 0))
    digit = Image.fromarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    scale = 200 / max(digit.size)
    width, height = (max(round(length * scale), 1) for length in digit.size)
    drawing = np.zeros((SIDE, SIDE), np.float32)
    top, left = (SIDE - height) // 2, (SIDE - width) // 2
    drawing[top : top + height, left : left + width] = digit.resize((width, height), Image.Resampling.BOX)
    black = drawing > 0.5
    outline = sum(np.count_nonzero(np.diff(black, axis=axis)) for axis in (0, 1)) * 0.8
    width = 2 * np.count_nonzero(black) / max(outline, 1)
    missing = int(PEN - width) // 2 if width < PEN / 2 else 0
    return np.array(_most(Image.fromarray(drawing), missing))
