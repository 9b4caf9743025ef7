"""The panes that show a network's predictions for words and for reviews."""

import functools

import keras
import numpy as np
from PIL import Image, ImageDraw

from keras_window.panes.fonts import as_written, font
from keras_window.panes.pane import Painted
from keras_window.style import DARK_RED, EARLIER, TEST, TRAIN


def probabilities_of(outputs):
    """The probability of each class, float [n, classes], from the outputs of a network.

    Args:
        outputs: float [n, 1], the probability of the second of two classes, or float [n, classes].
    """
    return np.concatenate([1 - outputs, outputs], axis=1) if outputs.shape[1] == 1 else outputs


class WordSentiments(Painted):
    """The words that most speak for each class; with more than four classes, for the first four.

    Each prediction is for a review of one word: the dense layers' output for its embedding.

    Args:
        words: list of str, by id; the first ones, in angle brackets, are special tokens.
        classes: the names of the classes, list of str.
    """

    ROWS, MOST = 11, 4
    COLOURS = TEST, TRAIN, *EARLIER[:2]

    def __init__(self, words, classes=("negative", "positive")):
        self._words, self._logits = words, None
        self._first = next(i for i, word in enumerate(words) if not word.startswith("<"))
        self.title, self._headings = f"Words: {', '.join(classes)}", None
        if len(classes) > 2 or len(self.title) > 30:
            self.title, self._headings = "Words for each class", classes[: self.MOST]

    def record(self, model, values, records):
        embedding = next(layer for layer in model.layers if isinstance(layer, keras.layers.Embedding))
        dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
        numbers = embedding.embeddings
        for layer in dense[:-1]:
            numbers = layer(numbers)
        logits = keras.ops.matmul(numbers, dense[-1].kernel) + dense[-1].bias
        self._logits = keras.ops.convert_to_numpy(logits)

    def update(self, records):
        if self._logits is None or not np.isfinite(self._logits).all():
            return False
        chosen = [self._first + order[: self.ROWS] for order in self._orders(self._logits[self._first :])]
        if self._shown != [tuple(ids) for ids in chosen]:
            self._shown = [tuple(ids) for ids in chosen]
            self._picture.show(functools.partial(self._paint, chosen))
        return False

    def _orders(self, logits):
        """The indices of the words for each class, those that most speak for it first."""
        if logits.shape[1] == 1:
            order = np.argsort(logits[:, 0], kind="stable")
            return order, order[::-1]
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        return [np.argsort(-shares[:, i], kind="stable") for i in range(min(shares.shape[1], self.MOST))]

    def _paint(self, chosen, width, height):
        picture = Image.new("RGB", (width, height), "white")
        draw = ImageDraw.Draw(picture)
        above = 0 if self._headings is None else 1
        line, wide = height / (self.ROWS + above), width / len(chosen)

        def write(column, row, word, colour):
            middle, word = (column * wide + wide / 2, (row + 0.5) * line), as_written(word)
            draw.text(middle, word, colour, font(1.05 * line, 0.96 * wide, word), anchor="mm")

        if self._headings:
            draw.rectangle((0, 0, width, line), "#DDDDDD")
        for column, name in enumerate(self._headings or []):
            write(column, 0, name if len(name) <= 18 else f"{name[:16]}…", "black")
        for column, (ids, colour) in enumerate(zip(chosen, self.COLOURS, strict=False)):
            for row, i in enumerate(ids):
                write(column, row + above, self._words[i], colour)
        return picture


class Reviews(Painted):
    """Test reviews with their predicted classes, the worst errors first, on red.

    Args:
        x, y: test reviews, int [n, length] and uint8 [n], the class.
        words: list of str, by id.
        classes: the names of the classes, list of str.
    """

    title = "Test reviews, worst first"
    ROWS, LINES = 4, 2

    def __init__(self, x, y, words, classes=("negative", "positive")):
        self._x, self._y = x[:500], y[:500]
        shown = {"<PAD>": "", "<START>": "", "<UNK>": "…", "br": ""}  # <br> is HTML's new line
        self._words = np.array([shown.get(word, word) for word in words])
        self._classes = classes
        self._shares = np.full((len(self._y), len(classes)), 1 / len(classes))

    def record(self, model, values, records):
        self._shares = probabilities_of(model.predict_on_batch(self._x))

    def update(self, records):
        wrong = self._shares.copy()
        wrong[np.arange(len(wrong)), self._y] = 0
        order = np.argsort(-wrong.max(axis=1), kind="stable")[: self.ROWS]
        headings = [(i, self._heading(i)) for i in order]
        if headings != self._shown:
            self._shown = headings
            self._picture.show(functools.partial(self._paint, headings))
        return False

    def _heading(self, i):
        shares, names = self._shares[i], self._classes
        return f"{names[self._y[i]]} → {shares.max():.0%} {names[shares.argmax()]}"

    def _paint(self, headings, width, height):
        picture = Image.new("RGB", (width, height), "white")
        draw = ImageDraw.Draw(picture)
        high = height / self.ROWS
        line = high / (self.LINES + 1.3)
        written = "".join(heading for _, heading in headings)
        written += "".join(self._words[self._x[[i for i, _ in headings]]].ravel())
        letters = "".join(filter(str.isalpha, written))
        plain = font(line, text=letters, bold=False)
        for row, (i, heading) in enumerate(headings):
            top, wrong = row * high, self._shares[i].argmax() != self._y[i]
            draw.rectangle((0, top, width, top + line * 1.1), DARK_RED if wrong else "#DDDDDD")
            heading, colour = as_written(heading), "white" if wrong else "black"
            draw.text((4, top + line * 0.55), heading, colour, font(line, width - 8, heading), anchor="lm")
            for number, words in enumerate(self._lines(i, plain, width - 8)):
                draw.text((4, top + line * (1.65 + number)), words, "black", plain, anchor="lm")
        return picture

    def _lines(self, i, plain, width):
        """The first lines of a review, each filled with as many words as fit."""
        lines, words = [], [word for word in self._words[self._x[i]] if word]
        for _ in range(self.LINES):
            line = []
            while words and plain.getlength(" ".join([*line, words[0]])) <= width:
                line.append(words.pop(0))
            lines.append(as_written(" ".join(line)))
        return lines
