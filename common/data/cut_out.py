"""Digits and clothes, cut out of pictures and fitted into 28 × 28 pixels, as in the well-known data sets."""

import numpy as np
from PIL import Image, ImageFilter

from common.data.pictures import read_photo
from common.errors import UserError

SIDE = 280  # of a drawing, in pixels
PEN = 25  # pixels: a digit 200 pixels high then has strokes as wide as most of MNIST's


def read_ink(path):
    """The ink of the digit on a photo or scan, as `ink_on` finds it. Raises UserError if there is none."""
    try:
        return ink_on(read_photo(path, None))
    except ValueError as error:
        raise UserError(f"{path} {error}") from error


def ink_on(photo):
    """The ink of the digit on a photo or scan, as if it had been drawn with the pen.

    The paper may be unevenly lit, and the ink darker or lighter than the paper. Specks and shadows along the
    image's border are removed, and very thin strokes are widened.

    Args:
        photo: RGB, uint8 [h, w, 3].

    Returns:
        float32 [280, 280], 0 (paper) to 1 (ink); the digit is centred, its longer side is 200 pixels.

    Raises:
        ValueError: nothing is drawn on it.
    """
    grey, paper = _dark_on_light(_grey(photo))
    ink = (paper - grey) / np.maximum(paper, 0.05)
    drawn = ink > _otsu(ink)
    if np.ptp(ink) > 0.1:
        paper, level = np.median(ink[~drawn]), np.percentile(ink[drawn], 90)
        noise = 9 * np.median(abs(ink[~drawn] - paper))  # six times the standard deviation
        low = min(paper + noise, ink[drawn].min())
        ink = ((ink - low) / (level - low)).clip(0, 1).astype(np.float32)
        ink *= _largest_pieces(ink) * (level - paper > 0.1)
    if ink.max() <= 0.1:
        raise ValueError("has nothing drawn on it")
    return _as_drawn(ink)


def as_mnist(ink):
    """A drawing in MNIST's format: fitted into 20 × 20 pixels, its centre of mass in the middle of 28 × 28.

    Args:
        ink: float [h, w], 0 (paper) to 1 (ink).

    Returns:
        uint8 [28, 28, 1], 0 (paper) to 255 (ink). The middle is the pixel in row and column 14, as in
        MNIST; a digit that would cross the edge is moved less far.

    Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits".
    """
    image, drawn = np.zeros((28, 28, 1), np.uint8), np.asarray(ink) > 0.03
    if not drawn.any():
        return image
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    digit = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = (max(round(20 * length / max(digit.shape)), 1) for length in digit.shape)
    smoothing = Image.Resampling.BOX if max(digit.shape) >= 20 else Image.Resampling.BICUBIC
    small = np.clip(Image.fromarray(digit.astype(np.float32)).resize((width, height), smoothing), 0, 1)
    small /= small.max()
    row, column = (places.ravel() @ small.ravel() / small.sum() for places in np.indices(small.shape))
    top, left = np.clip((round(14 - row), round(14 - column)), 0, (28 - height, 28 - width))
    image[top : top + height, left : left + width, 0] = np.rint(255 * small)
    return image


def as_fashion_mnist(photo):
    """The piece of clothing on a photo, in Fashion-MNIST's format: bright on black, as large as the image.

    Everything that differs from the ground, whose colour is taken from the corners, is cut out. The ground
    becomes 0. If it is light, grey values are inverted: dark clothes are bright, white ones dark.

    Args:
        photo: RGB, uint8 [h, w, 3].

    Returns:
        uint8 [28, 28, 1]; the longer side of the piece has 28 pixels, it is in the middle.

    Raises:
        ValueError: nothing stands out from the ground.

    Source: Xiao, Rasul, Vollgraf, "Fashion-MNIST", 2017, section 2, whose steps these are in simple.
    """
    picture = Image.fromarray(photo)
    picture.thumbnail((400, 400))
    colours = np.asarray(picture, np.float32)
    ground, noise = _ground(colours)
    distance = abs(colours - ground).max(axis=2)
    stands_out = distance > max(10, 4 * noise, min(_otsu(distance), 30))  # with 30, without soft shadows
    piece = _without_holes(stands_out & _largest_pieces(stands_out.astype(np.float32)))
    if piece.mean() < 0.002:
        raise ValueError("has nothing on it that stands out from the ground")
    weights = np.array([0.299, 0.587, 0.114], np.float32)  # of the colours in a grey value
    grey, paper = colours @ weights, ground @ weights
    if paper.mean() > 160 or grey[piece].mean() < paper[piece].mean():
        value = 1 - grey / np.maximum(paper, 1)
    else:
        value = (grey - paper) / np.maximum(255 - paper, 1)
    value = (value.clip(0, 1) * piece).astype(np.float32)
    rows, columns = (np.flatnonzero(piece.any(axis)) for axis in (1, 0))
    cut = Image.fromarray(value[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    width, height = (max(round(28 * length / max(cut.size)), 1) for length in cut.size)
    image, top, left = np.zeros((28, 28, 1), np.uint8), (28 - height) // 2, (28 - width) // 2
    small = np.clip(cut.resize((width, height), Image.Resampling.LANCZOS), 0, 1)
    image[top : top + height, left : left + width, 0] = np.rint(255 * small)
    return image


def as_small_image(photo, prepare, light=None):
    """A picture as an image of 28 × 28 pixels: a picture of this size is taken as it is, others are prepared.

    Args:
        photo: RGB, uint8 [h, w, 3].
        prepare: prepares a photo of another size, such as `as_fashion_mnist`; it may raise ValueError.
        light: whether pictures of 28 × 28 pixels have a light ground, and are inverted; None if this one's
            corners shall tell.

    Returns uint8 [28, 28, 1].
    """
    if photo.shape[:2] != (28, 28):
        return prepare(photo)
    grey = np.asarray(Image.fromarray(photo).convert("L"))[..., np.newaxis]
    light = has_light_ground(photo) if light is None else light
    return 255 - grey if light else grey


def has_light_ground(photo):
    """Whether most corners of a picture, uint8 [h, w, ...], are lighter than a middle grey."""
    return np.median([photo[row, column].mean() for row in (0, -1) for column in (0, -1)]) > 127


def ink_as_mnist(photo):
    """The digit on a photo, RGB, in MNIST's format, uint8 [28, 28, 1]. Raises ValueError as `ink_on`."""
    return as_mnist(ink_on(photo))


def _ground(colours):
    """The ground's colour at each pixel, float32 [h, w, 3], and the deviation of single pixels from it."""
    height, width = (max(length // 16, 1) for length in colours.shape[:2])
    patches = [
        colours[rows, columns].reshape(-1, 3)
        for rows in (slice(height), slice(-height, None))
        for columns in (slice(width), slice(-width, None))
    ]
    medians = np.stack([np.median(patch, axis=0) for patch in patches])
    middle = np.median(medians, axis=0)
    medians[abs(medians - middle).max(axis=1) > 60] = middle  # something else is in this corner
    noise = np.median([abs(patch - median).mean() for patch, median in zip(patches, medians, strict=True)])
    down, right = (np.linspace(0, 1, length, dtype=np.float32) for length in colours.shape[:2])
    down, right = down[:, np.newaxis, np.newaxis], right[:, np.newaxis]
    upper, lower = (medians[i] * (1 - right) + medians[i + 1] * right for i in (0, 2))
    return (upper * (1 - down) + lower * down).astype(np.float32), noise


def _without_holes(mask):
    """The mask, bool [h, w], with the pixels that have some of it on all four sides."""
    turned = [np.rot90(mask, turns) for turns in range(4)]
    sides = [np.rot90(np.maximum.accumulate(each), -turns) for turns, each in enumerate(turned)]
    return np.logical_and.reduce(sides)


def _grey(photo):
    """The grey values, float32 [h, w] from 0 to 1, scaled down to at most 800 pixels a side."""
    picture = Image.fromarray(photo).convert("L")
    picture.thumbnail((800, 800))
    return np.asarray(picture, np.float32) / 255


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
