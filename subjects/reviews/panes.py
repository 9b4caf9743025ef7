"""The panes that show a network's predictions for words and for reviews."""

import functools

import keras
import numpy as np
from PIL import Image, ImageDraw

from keras_window.panes.fonts import font
from keras_window.panes.pane import Painted
from keras_window.style import DARK_RED, TEST, TRAIN


class WordSentiments(Painted):
    """The words with the most positive and the most negative predictions.

    Each prediction is for a review of one word: the dense layers' output for its embedding.

    Args:
        words: list of str, by id; the first ones, in angle brackets, are special tokens.
    """

    title = "Words: negative, positive"
    ROWS = 11

    def __init__(self, words):
        self._words, self._logits = words, None
        self._first = next(i for i, word in enumerate(words) if not word.startswith("<"))

    def record(self, model, values, records):
        embedding = next(layer for layer in model.layers if isinstance(layer, keras.layers.Embedding))
        dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
        numbers = embedding.embeddings
        for layer in dense[:-1]:
            numbers = layer(numbers)
        logits = keras.ops.matmul(numbers, dense[-1].kernel) + dense[-1].bias
        self._logits = keras.ops.convert_to_numpy(logits)[:, 0]

    def update(self, records):
        if self._logits is None or not np.isfinite(self._logits).all():
            return False
        order = self._first + np.argsort(self._logits[self._first :], kind="stable")
        chosen = order[: self.ROWS], order[: -self.ROWS - 1 : -1]
        if self._shown != [tuple(ids) for ids in chosen]:
            self._shown = [tuple(ids) for ids in chosen]
            self._picture.show(functools.partial(self._paint, chosen))
        return False

    def _paint(self, chosen, width, height):
        picture = Image.new("RGB", (width, height), "white")
        draw = ImageDraw.Draw(picture)
        line, half = height / self.ROWS, width / 2
        for ids, colour, left in ((chosen[0], TEST, 0), (chosen[1], TRAIN, half)):
            for row, i in enumerate(ids):
                middle = left + half / 2, (row + 0.5) * line
                draw.text(
                    middle,
                    self._words[i],
                    colour,
                    font(1.05 * line, 0.96 * half, self._words[i]),
                    anchor="mm",
                )
        return picture


class Reviews(Painted):
    """Test reviews with their predicted sentiments, the worst errors first, on red.

    Args:
        x, y: test reviews, int [n, length] and uint8 [n], 1 is positive.
        words: list of str, by id.
    """

    title = "Test reviews, worst first"
    ROWS, LINES = 4, 2

    def __init__(self, x, y, words):
        self._x, self._y = x[:500], y[:500]
        shown = {"<PAD>": "", "<START>": "", "<UNK>": "…", "br": ""}  # <br> is HTML's new line
        self._words = np.array([shown.get(word, word) for word in words])
        self._positive = np.full(len(self._y), 0.5)

    def record(self, model, values, records):
        self._positive = model.predict_on_batch(self._x)[:, 0]

    def update(self, records):
        order = np.argsort(-np.abs(self._positive - self._y), kind="stable")[: self.ROWS]
        headings = [(i, self._heading(i)) for i in order]
        if headings != self._shown:
            self._shown = headings
            self._picture.show(functools.partial(self._paint, headings))
        return False

    def _heading(self, i):
        share, names = self._positive[i], ("negative", "positive")
        return f"{names[self._y[i]]} → {max(share, 1 - share):.0%} {names[int(share > 0.5)]}"

    def _paint(self, headings, width, height):
        picture = Image.new("RGB", (width, height), "white")
        draw = ImageDraw.Draw(picture)
        high = height / self.ROWS
        line = high / (self.LINES + 1.3)
        bold, plain = font(line), font(line, bold=False)
        for row, (i, heading) in enumerate(headings):
            top, wrong = row * high, (self._positive[i] > 0.5) != self._y[i]
            draw.rectangle((0, top, width, top + line * 1.1), DARK_RED if wrong else "#DDDDDD")
            draw.text((4, top + line * 0.55), heading, "white" if wrong else "black", bold, anchor="lm")
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
            lines.append(" ".join(line))
        return lines
