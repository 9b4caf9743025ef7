"""Sizes, colours and fonts of everything in the window, independent of the user's matplotlibrc."""

import itertools

import numpy as np
from matplotlib import rc_context, rcParamsDefault
from matplotlib.figure import Figure
from matplotlib.text import Text

# Okabe and Ito's colours, which colour-blind people can tell apart
TRAIN, TEST = "#0072B2", "#D55E00"
EARLIER = ("#009E73", "#CC79A7", "#666666", "#E69F00")
SIGNED = "RdBu"  # matplotlib's colour map of what has a sign: red is below 0, white 0, blue above 0
RED, DARK_RED = (200, 0, 30), (110, 0, 20)  # RGB, for misclassified examples
SMALL, LARGE = 13, 19  # points, on a figure 13.44 inches wide
WIDTH, HEIGHT = 13.44, 7.56  # inches; text sizes are chosen for this width
STYLE = {
    "font.size": SMALL,
    "axes.titlesize": 18,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
}
# users' names and flags may contain $ signs, but are not formulas
DEFAULTS = {name: value for name, value in rcParamsDefault.items() if name != "backend"}
DEFAULTS["text.parse_math"] = False


def as_designed(settings=None):
    """Return a context manager in which matplotlib has its default settings and `settings`, not the user's.

    Args:
        settings: a dictionary like `matplotlib.rcParams`.
    """
    return rc_context(DEFAULTS | (settings or {}))


class DesignedFigure(Figure):
    """A figure that is drawn with `as_designed`, even when a GUI toolkit draws it.

    Attributes:
        settings: a dictionary of settings for drawing it, in addition to matplotlib's defaults.
    """

    def __init__(self, *args, **options):
        self.settings = {"text.hinting": "no_hinting"}  # halves the time for drawing text
        with as_designed():
            super().__init__(*args, **options)

    def set_size_inches(self, w, h=None, forward=False):
        """Set the size without resizing the window, even when the dots per inch change."""
        super().set_size_inches(w, h, forward=False)

    def draw(self, renderer):
        with as_designed(self.settings):
            super().draw(renderer)

    def savefig(self, *args, **options):
        with as_designed(self.settings):
            super().savefig(*args, **options)


def fit_text(figure, share=1):
    """Scale the text with the window, to this share of the designed size."""
    width, height = figure.canvas.get_width_height(physical=True)
    figure.dpi = dpi = max(share * min(width / WIDTH, height / HEIGHT), 10)
    # private: matplotlib rescales the figure from this when the window moves to a screen of another scale
    figure._original_dpi = dpi / figure.canvas.device_pixel_ratio
    # by rounding, the product with the dots per inch could be a pixel less than before
    figure.set_size_inches(np.nextafter((width / dpi, height / dpi), np.inf))


class FittedText(Text):
    """A text that keeps within its axes, or its figure if it has none.

    If it is too wide, it becomes smaller, then it has more lines; if that is not enough, it is shortened.

    Args:
        x, y, text, options: as for matplotlib's `Text`.
        fontsize: the largest size.
        lines: the largest number of lines; None if it shall become smaller only if its lines are too many.
    """

    SMALLEST = 10  # points

    def __init__(self, x, y, text="", *, fontsize, lines=1, **options):
        self._largest, self._lines = fontsize, lines
        super().__init__(x, y, text, fontsize=fontsize, **options)

    def set_text(self, text):
        self._words, self._fitted_to = text, None
        super().set_text(text)

    def draw(self, renderer):
        self._fit(renderer)
        super().draw(renderer)

    def get_window_extent(self, renderer=None, dpi=None):
        self._fit(renderer or self.figure.canvas.get_renderer())
        return super().get_window_extent(renderer, dpi)

    def _fit(self, renderer):
        room = tuple((self.axes or self.figure).bbox.size)
        if self._fitted_to == room:
            return
        self._fitted_to, (width, height) = room, room
        width *= 0.98

        def measure(words):
            return renderer.get_text_width_height_descent(words, self.get_fontproperties(), False)[0]

        sizes = range(self._largest, self.SMALLEST - 1, -1)
        for most, size in itertools.product(range(1, self._lines + 1) if self._lines else [None], sizes):
            self.set_fontsize(size)
            most = most or int(height / (1.4 * size * self.figure.dpi / 72))
            lines = [self._words] if most == 1 else _wrapped(self._words, width, measure)
            if len(lines) <= most and max(map(measure, lines)) <= width:
                break
        if len(lines) > most:
            lines[most - 1 :] = [" ".join(lines[most - 1 :])]
        super().set_text("\n".join(_shortened(line, width, measure) for line in lines))


def _wrapped(words, width, measure):
    """Return a list of lines, which `measure` says are at most `width` wide if no word is wider."""
    first, *words = words.split(" ")
    lines = [first]
    for word in words:
        if measure(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _shortened(words, width, measure):
    """Replace the middle of a text by an ellipsis if `measure` says that it is wider than `width`."""
    shortened, kept = words, len(words)
    while kept > 1 and (needed := measure(shortened)) > width:
        kept = min(kept - 1, int(kept * width / needed))
        shortened = f"{words[: (kept + 1) // 2]}…{words[len(words) - kept // 2 :]}"
    return shortened
