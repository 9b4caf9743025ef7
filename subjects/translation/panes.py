"""The panes that show how texts are translated: the translations, and the attention."""

import numpy as np
from PIL import Image, ImageDraw

from keras_window.panes.fonts import as_written, font, missing
from keras_window.panes.pane import Painted
from keras_window.style import DARK_RED

BLUE = np.array((0, 114, 178))


class TranslatedTexts:
    """A few texts of the validation set, translated again for each frame, for several panes.

    Args:
        task: a `Task`.
        translate: the lesson's function from ids of source texts to ids of translations and attention.
    """

    COUNT = 4

    def __init__(self, task, translate):
        sources, targets = task.splits["validation"]
        lengths = [abs(len(source) - 7) for source in sources]
        fitting = range(len(sources)) if task.exact else np.argsort(lengths, kind="stable")
        chosen = [i for i in fitting if len(sources[i]) <= 24][: self.COUNT]
        self.sources, self.right = [sources[i] for i in chosen], [targets[i] for i in chosen]
        self.task, self._translate, self._step = task, translate, None
        self.translations, self.attention = None, None
        if unpaintable := missing("".join(task.source.tokens + task.target.tokens)):
            some = "".join(unpaintable[:8])
            print(
                f"No font here has these characters, they are shown as boxes: {some} ({len(unpaintable):,})."
                " For Chinese and Japanese install, for example, Noto Sans CJK"
            )

    def update(self, step):
        """Translate the texts with the network's weights after this iteration."""
        if step == self._step:
            return
        self._step = step
        ids, self.attention = self._translate(self.task.encode(self.sources))
        self.translations = [self.task.target.decode(row) for row in ids]

    def written(self):
        """The source, the translation and the correct translation of each text, as texts, not tokens."""
        rows = zip(self.sources, self.translations, self.right, strict=True)
        source, target = self.task.source, self.task.target
        return [(source.text(text), target.text(read), target.text(right)) for text, read, right in rows]


class _OfTexts(Painted):
    def record(self, model, values, records):
        self._texts.update(records.step)

    def update(self, records):
        if self._shown is not self._texts.translations:
            self._shown = self._texts.translations
            self._picture.show(self._paint)
        return False


class Translations(_OfTexts):
    """Texts with their translations, and the correct translation where it differs."""

    title = "Translations"

    def __init__(self, texts):
        self._texts = texts

    def _paint(self, width, height):
        texts, picture = self._texts, Image.new("RGB", (width, height), "white")
        draw, line = ImageDraw.Draw(picture), height / len(texts.sources) / 2.3
        for row, (source, read, right) in enumerate(texts.written()):
            wrong = DARK_RED if texts.task.exact and read != right else "black"
            middle = row * height / len(texts.sources) + line / 2
            self._write(draw, source, (4, middle), "#555555", line, width - 8)
            should = "" if read == right else f"   ({right})"
            self._write(draw, f"→ {read}{should}", (4, middle + line), wrong, line, width - 8)
        return picture

    def _write(self, draw, text, place, colour, line, width):
        text = as_written(text)
        draw.text(place, text, colour, font(line, width, text, bold=colour != "#555555"), anchor="lm")


class AttentionMap(_OfTexts):
    """The attention of one translation: a row for each output token, a column for each input token.

    Args:
        texts: `TranslatedTexts`.
        number: the index of the text, from 0.

    Source: figure 3 of Bahdanau et al. 2014.
    """

    def __init__(self, texts, number):
        self._texts, self._number, self.title = texts, number, f"Attention {number + 1}"

    def _paint(self, width, height):
        texts, number = self._texts, self._number
        columns = [*texts.sources[number], "⏎"]
        rows = [*texts.translations[number], "⏎"][: texts.attention.shape[1]]
        attention = texts.attention[number][: len(rows), : len(columns)]
        left, top = (self._margin(tokens, size) for tokens, size in ((rows, width), (columns, height)))
        wide, high = (width - left) / len(columns), (height - top) / len(rows)
        picture = Image.new("RGB", (width, height), "white")
        cells = (255 - attention[..., None].clip(0, 1) * (255 - BLUE)).astype(np.uint8)
        area = int(width - left), int(height - top)
        picture.paste(Image.fromarray(cells).resize(area, Image.Resampling.NEAREST), (int(left), int(top)))
        draw = ImageDraw.Draw(picture)
        for i, token in enumerate(rows):
            place = left - 5, top + (i + 0.5) * high
            draw.text(place, as_written(token), "black", _token_font(high, left - 8, token), anchor="rm")
        for i, token in enumerate(columns):
            middle = left + (i + 0.5) * wide
            if max(map(len, columns)) == 1:
                place = middle, 0.75 * top
                draw.text(place, token, "black", _token_font(1.5 * wide, top, token), anchor="ms")
            else:
                picture.paste(*self._upright(token, wide, top, middle))
        return picture

    def _margin(self, tokens, size):
        return size * (0.09 if max(map(len, tokens)) == 1 else 0.25)

    def _upright(self, token, wide, top, middle):
        """A word written upwards, and its position."""
        label = Image.new("RGB", (int(top) - 4, max(int(wide), 1)), "white")
        written = as_written(token)
        place = 0, label.height / 2
        ImageDraw.Draw(label).text(
            place, written, "black", _token_font(wide, label.width, token), anchor="lm"
        )
        label = label.rotate(90, expand=True)
        return label, (int(middle - label.width / 2), 0)


def _token_font(height, width, token):
    return font(min(height, 26), max(width, 1), token, bold=False)
