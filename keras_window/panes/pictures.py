"""Panes that show images: some training examples, and a part of the test set."""

import functools
import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.ticker import PercentFormatter
from PIL import Image, ImageDraw

from keras_window.panes.fonts import as_written, font
from keras_window.panes.pane import PaintedArtist, Pane
from keras_window.style import DARK_RED, RED, SMALL, FittedText


def _check_images(name, sample):
    """Raise ValueError if a pane of this name cannot show a sample as images of classes."""
    if sample is None:
        raise ValueError(f"{name} shows images: LivePlot needs data=((x_train, y_train), (x_test, y_test))")
    if why := sample.why_no_images() or sample.why_no_classes():
        raise ValueError(f"{name} shows images of classes, [n, height, width, 1 or 3]: {why}")


def _misclassified_first(sample, count):
    """Return the indices of `count` examples, misclassified first, and the number of misclassified ones."""
    wrong = sample.misclassified()
    order = np.argsort(~wrong, kind="stable")[:count]
    return order, int(wrong[order].sum())


def _coloured(images, wrong):
    """Colour images, uint8 [n, h, w, 1 or 3] to [n, h, w, 3], so that the first `wrong` stand out.

    Grey images become black on white, the first `wrong` white on red. Photos keep their colours; the first
    `wrong` get a red frame.
    """
    if images.shape[-1] == 3:
        coloured = images.copy()
        width = max(1, images.shape[1] // 12)
        frame = np.ones(images.shape[1:3], bool)
        frame[width:-width, width:-width] = False
        coloured[:wrong, frame] = RED
        return coloured
    ink = np.linspace(0, 1, 256)[:, None]
    coloured = np.empty((*images.shape[:3], 3), np.uint8)
    coloured[:wrong] = (np.array(RED) * (1 - ink) + 255 * ink).astype(np.uint8)[images[:wrong, ..., 0]]
    coloured[wrong:] = 255 - images[wrong:]
    return coloured


def _shrunk(images, side):
    """Shrink images to about `side` pixels: each pixel is the most ink of its block, in photos the mean."""
    times = max(1, round(images.shape[1] / side))
    height, width = (length // times * times for length in images.shape[1:3])
    parts = [images[:, i:height:times, j:width:times] for i in range(times) for j in range(times)]
    if images.shape[-1] == 1:
        return functools.reduce(np.maximum, parts)
    return (sum(part.astype(np.uint32) for part in parts) // len(parts)).astype(np.uint8)


def _turned(grid, axes):
    """Return columns and rows of a grid; the longer side of the axes has more of them."""
    fewer, more = sorted(grid)
    return (more, fewer) if axes.bbox.width > axes.bbox.height else (fewer, more)


def mosaic(tiles, columns, rows, empty):
    """Put tiles side by side, in rows.

    Args:
        tiles: [n, height, width, ...], at most columns * rows.
        empty: the value of the places without a tile.

    Returns:
        An array [rows * height, columns * width, ...] of the tiles' dtype.
    """
    n, height, width, *channels = tiles.shape
    places = np.full((rows * columns, height, width, *channels), empty, tiles.dtype)
    places[:n] = tiles
    places = places.reshape(rows, columns, height, width, *channels).swapaxes(1, 2)
    return places.reshape(rows * height, columns * width, *channels)


@functools.cache
def _caption(text, width, height, lines, wrong):
    """Paint a text of up to `lines` lines, in white on dark red if `wrong`."""
    picture = Image.new("RGB", (width, height), DARK_RED if wrong else "white")
    draw, line = ImageDraw.Draw(picture), height / lines
    for row, words in enumerate(map(as_written, text.split("\n"))):
        place = width / 2, (row + 0.5) * line
        draw.text(place, words, "white" if wrong else "black", font(line, 0.96 * width, words), anchor="mm")
    return picture


def _in_two_lines(words):
    """Part a text near its middle, at a space if possible."""
    if not words:
        return words
    half = -(-len(words) // 2)
    ways = (textwrap.wrap(words, width) for width in range(half, len(words) + 1))
    return "\n".join(next(lines for lines in ways if len(lines) <= 2))


class TrainImages(Pane):
    """Some training examples; the misclassified ones come first, on red, with label and prediction.

    Args:
        title: above the pane; None for "Training digits", or, with classes, "Training pictures".
        classes: the names of the classes; each image then has a caption, unless they are single characters.
    """

    def __init__(self, title: str | None = None, classes: Sequence[str] | None = None) -> None:
        self.title, self._classes = title or f"Training {'pictures' if classes else 'digits'}", classes
        longest = max(map(len, classes or [""]))
        self._grid = (3, 2) if longest > 15 else (4, 3) if longest > 1 else (10, 6)  # columns, rows
        self._lines = 4 if longest > 15 else 2 if longest > 5 else 1  # lines of a caption

    def check(self, records):
        _check_images("TrainImages", records.train)

    def build(self, axes, records):
        self._columns, self._rows = _turned(self._grid, axes)
        axes.set(xticks=[], yticks=[], xlabel="misclassified first: label → prediction")
        axes.spines[:].set_visible(False)
        self._picture, self._shown = PaintedArtist(axes), ()
        return [self._picture]

    def update(self, records):
        sample = records.train
        predictions = None if sample.outputs is None else tuple(sample.predictions())
        if self._shown == predictions:
            return False
        self._shown = predictions
        order, wrong = _misclassified_first(sample, self._columns * self._rows)
        pictures, labels = _coloured(sample.pixels(order), wrong), sample.classes()
        name = self._classes.__getitem__ if self._classes else str
        captions = [(name(labels[i]), f"→ {name(predictions[i])}" if predictions else "") for i in order]
        if self._grid == (10, 6):
            captions[wrong:] = [None] * (len(order) - wrong)
        elif self._lines == 4:
            captions = [tuple(map(_in_two_lines, caption)) for caption in captions]
        grid = self._columns, self._rows, self._lines
        self._picture.show(functools.partial(_with_captions, pictures, captions, wrong, grid))
        return False


def _with_captions(pictures, captions, wrong, grid, width, height):
    """Paint pictures, each with its caption below it.

    Args:
        pictures: uint8 [n, height, width, 3].
        captions: for each picture None or a pair of its label and its prediction; the prediction is written
            below the first `wrong` pictures.
        grid: columns, rows, and lines of a caption.
        width, height: of the whole, in pixels.
    """
    columns, rows, lines = grid
    whole = Image.new("RGB", (width, height), "white")
    wide, high = width // columns, height // rows
    below = max(round({1: 0.36, 2: 0.4, 4: 0.45}[lines] * high), 2)
    side = max(min(wide, high - below) - 1, 1)
    for i, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        left, top = i % columns * wide, i // columns * high
        image = Image.fromarray(picture).resize((side, side), Image.Resampling.BILINEAR)
        whole.paste(image, (left + (wide - side) // 2, top))
        if caption:
            label, prediction = caption
            between = " " if lines == 1 else "\n"
            text = f"{label}{between}{prediction}" if i < wrong else label
            if lines == 1 and max(map(len, caption)) <= 3:  # larger letters
                text = text.replace(" ", "")
            words = _caption(text, max(wide - 1, 1), below - 1, lines, i < wrong)
            whole.paste(words, (left, top + side))
    return whole


class TestImages(Pane):
    """A part of the test set, misclassified first on red, beside an accuracy scale; pale until evaluated.

    If a tenth of the test set is shown, an accuracy of 90 % makes all of it red. The scale then runs from 90
    to 100 %, and the lower end of the red part marks the accuracy. When the network has learned much since
    then, the pictures are pale, without a number. Alone in the window, the pane shows fewer pictures, with
    label and prediction below each mistake.

    Args:
        title: above the pane; None for "Test digits", or, with classes, "Test pictures".
        classes: the names of the classes; the pane then names the most frequent mistake.
        columns, rows: the size of the grid of images; smaller if the test set is smaller, and turned if the
            pane is higher than wide.

    Source: M. Görner's visualisation for "TensorFlow and deep learning, without a PhD".
    """

    __test__ = False  # not a test, despite its name

    def __init__(
        self,
        title: str | None = None,
        classes: Sequence[str] | None = None,
        columns: int = 40,
        rows: int = 25,
    ) -> None:
        self.title, self._classes = title or f"Test {'pictures' if classes else 'digits'}", classes
        self._grid = columns, rows

    def check(self, records):
        _check_images("TestImages", records.test)

    def build(self, axes, records):
        self._axes, self._alone, self._accuracy = axes, False, None
        self._few = _grid_with_captions(max(map(len, self._classes or "0")))
        examples = len(records.test.y)
        columns, rows = _turned(self._grid, axes)
        as_many_as_needed = int(np.ceil(np.sqrt(examples * columns / rows)))  # of the same shape
        self._columns = min(columns, as_many_as_needed)
        self._rows = min(rows, -(-examples // self._columns))
        self._bottom = max(1 - self._rows * self._columns / examples, 0)
        self._small = _shrunk(records.test.pixels(slice(None)), 14)
        self._picture, self._shown = PaintedArtist(axes), ()
        self._line = axes.axhline(1, color="black", lw=4, animated=True)
        self._text = axes.text(
            0.5, 1, "", fontsize=SMALL, fontweight="bold", ha="center", va="center", animated=True,
            bbox={"facecolor": "white", "edgecolor": "black", "lw": 2, "boxstyle": "round,pad=0.2"},
        )  # fmt: skip
        self._below = axes.add_artist(
            FittedText(
                0.5, -0.03, fontsize=SMALL, lines=2, ha="center", va="top", transform=axes.transAxes,
                clip_on=False, animated=True,
            )
        )  # fmt: skip
        axes.set(xticks=[], ylim=(self._bottom, 1))
        if axes.get_subplotspec().is_last_col():  # elsewhere it would meet the next pane's
            axes.yaxis.tick_right()
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
        axes.set_yticks(np.linspace(self._bottom, 1, 6))
        return [self._picture, self._line, self._text, self._below]

    def enlarge(self, alone):
        self._alone = alone
        self._dress()

    def _dress(self):
        """Show the ruler and the caption that fit the picture."""
        known = self._accuracy is not None
        self._axes.yaxis.set_visible(not self._alone)
        self._line.set_visible(known and not self._alone)
        self._text.set_visible(known and not self._alone)
        self._below.set_text(self._captions[self._alone] if self._shown else "")

    def update(self, records):
        sample = records.test
        stale = sample.outputs is None or records.stale or sample.predicted_at < records.tested_at
        if self._shown and self._shown[0] is sample.outputs and self._shown[1] == stale:
            return False
        self._shown = sample.outputs, stale
        order, wrong = _misclassified_first(sample, self._columns * self._rows)
        tiles = _coloured(self._small[order], wrong)
        if stale:
            tiles = 255 - (255 - tiles) // 3
        few = self._with_predictions(sample, order, wrong, stale)
        whole = Image.fromarray(mosaic(tiles, self._columns, self._rows, empty=255))

        def paint(width, height):
            if self._alone:
                return few(width, height)
            return whole.resize((width, height), Image.Resampling.BILINEAR)

        self._picture.show(paint)
        self._say(sample, stale)
        self._dress()
        return False

    def _say(self, sample, stale):
        """Set the accuracy, None if it is unknown by now, and the captions, beside other panes and alone."""
        self._accuracy, when = None, f"after iteration {sample.predicted_at:,}"
        if stale:
            again = "evaluated again soon" if sample.outputs is not None else "not evaluated yet"
            self._captions = again, again
            return
        wrong = sample.misclassified()
        self._accuracy = 1 - wrong.mean()
        many = f"{np.count_nonzero(wrong):,} of {len(wrong):,} wrong"
        self._line.set_ydata([self._accuracy, self._accuracy])
        margin = 0.12 * (1 - self._bottom)
        self._text.set_y(np.clip(self._accuracy, self._bottom + margin, 1 - margin))
        self._text.set_text(f"{self._accuracy:.2%}\n{many}")
        most, few = self._most_frequent_mistake(sample), self._few[0] * self._few[1]
        first = f", the first {few}" if np.count_nonzero(wrong) > few else ""
        self._captions = (
            f"{most or 'misclassified first'}, {when}",
            f"{self._accuracy:.2%}, {many}{first}: label → prediction, {when}",
        )

    def _with_predictions(self, sample, order, wrong, stale):
        """Return a function that paints the first pictures, each mistake with its label and prediction."""
        columns, rows, lines = grid = self._few
        order, wrong = order[: columns * rows], min(wrong, columns * rows)
        pictures = _coloured(sample.pixels(order), wrong)
        if stale:
            pictures = 255 - (255 - pictures) // 3
        labels, predictions = sample.classes()[order], order * 0
        if sample.outputs is not None:
            predictions = sample.predictions()[order]
        name = self._classes.__getitem__ if self._classes else str
        captions = [(name(label), f"→ {name(read)}") for label, read in zip(labels, predictions, strict=True)]
        if lines == 4:
            captions = [tuple(map(_in_two_lines, caption)) for caption in captions]
        return functools.partial(_with_captions, pictures, captions, wrong, grid)

    def _most_frequent_mistake(self, sample):
        wrong = sample.misclassified()
        if not self._classes or not wrong.any():
            return None
        pairs = np.c_[sample.classes(), sample.predictions()][wrong]
        mistakes, counts = np.unique(pairs, axis=0, return_counts=True)
        label, prediction = mistakes[counts.argmax()]
        return f"most: {self._classes[label]} → {self._classes[prediction]}"


def _grid_with_captions(longest):
    """Columns, rows and lines of a caption for a whole window of pictures; the longest name's length."""
    return (5, 3, 4) if longest > 15 else (8, 4, 2) if longest > 3 else (14, 6, 1)
