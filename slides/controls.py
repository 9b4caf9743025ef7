"""The flags of a slide as sliders and choices, in a strip below its drawing, for the mouse or a finger."""

from itertools import pairwise

from keras_window.style import HEIGHT, fit_text
from slides.shapes import DARK, write

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.transforms import Affine2D

STRIP = 0.8  # inches that a slide with controls is higher
ROW, LABELS, BUTTON = 0.28, 0.64, 0.42  # inches: middle of the controls and of the flags; a button's height
MARGIN, GAP, LONGEST = 0.45, 0.35, 6  # inches: beside all controls, between two of them; of a slider
KNOB = 0.19  # inches: its radius
LETTER = 0.115  # inches: the width of a letter of an option
FLAG = 0.14  # inches: the width of a letter of a flag
SHORT = 12  # letters: a longer option is the user's own, and has its words only in the flag


class Slider:
    """A flag that is a number.

    Args:
        flag: its name, `bias`.
        values: the numbers at which the knob stops, from left to right.
        chosen: the number at the start, which may lie between those.
    """

    width = None  # it takes the room that is left

    def __init__(self, flag, values, chosen):
        self.flag, self.values, self.chosen = flag, list(values), chosen

    @property
    def value(self):
        return self.chosen

    def means(self, chosen):
        return chosen

    @property
    def text(self):
        """The flag as it is typed."""
        return f"--{self.flag} {self.chosen:g}"

    def at(self, x, width):
        """The number at x inches from the left of a slider of this width."""
        place = (x - KNOB) / (width - 2 * KNOB) * (len(self.values) - 1)
        return self.values[int(np.clip(round(place), 0, len(self.values) - 1))]

    def draw(self, strip, left, width, possible):
        last = len(self.values) - 1
        stops = left + KNOB + (width - 2 * KNOB) * np.arange(last + 1) / last
        _add_line(strip, stops[[0, -1]], color="0.75", linewidth=9, solid_capstyle="round")
        if last < 30:
            _add_line(strip, stops, lw=0, marker="|", color="0.5", markersize=16, markeredgewidth=1.5)
        knob = [np.interp(self.chosen, self.values, stops)]
        _add_line(strip, knob, marker="o", color=DARK, markersize=144 * KNOB)


class Choice:
    """A flag that is one of a few words.

    Args:
        flag: its name, `padding`.
        values: a dictionary from each word to what it means to the slide.
        chosen: the word at the start.
    """

    def __init__(self, flag, values, chosen):
        self.flag, self.values, self.chosen = flag, values, chosen
        self.captions = [word if len(word) <= SHORT else "yours" for word in values]
        letters = np.array([len(caption) + 2 for caption in self.captions])
        flag_letters = len(f"--{flag} ") + max(map(len, self.captions))
        self.width = max(LETTER * letters.sum(), FLAG * flag_letters)
        self._ends = np.cumsum(letters) / letters.sum()

    @property
    def value(self):
        return self.means(self.chosen)

    def means(self, chosen):
        return self.values[chosen]

    @property
    def text(self):
        """The flag as it is typed; the user's own long words are shortened."""
        word = f'"{self.chosen}"' if " " in self.chosen else self.chosen
        most = int(self.width / FLAG) - len(f"--{self.flag} ")
        return f"--{self.flag} {word if len(word) <= most else f'{word[: most - 1]}…'}"

    def at(self, x, width):
        """The word at x inches from the left of a choice of this width."""
        place = np.searchsorted(self._ends, x / width)
        return list(self.values)[min(int(place), len(self.values) - 1)]

    def draw(self, strip, left, width, possible):
        """Draw a button for each word; one that is not `possible` is pale."""
        ends = left + width * np.array([0, *self._ends])
        for word, caption, (x, end) in zip(self.values, self.captions, pairwise(ends), strict=True):
            fill, ink = "white", "black" if possible(word) else "0.75"
            if word == self.chosen:
                fill, ink = DARK, "white"
            style = {"facecolor": fill, "edgecolor": "0.4", "linewidth": 1.5, "transform": _inches(strip)}
            strip.add_artist(Rectangle((x, ROW - BUTTON / 2), end - x, BUTTON, **style))
            write(strip, (x + end) / 2, ROW, caption, 15, color=ink, transform=_inches(strip))


def _inches(strip):
    """The transform from inches in the strip to pixels."""
    return Affine2D().translate(0, _bottom(strip.figure)) + strip.dpi_scale_trans


def _add_line(strip, x, **style):
    strip.add_artist(Line2D(x, np.full(len(x), ROW), transform=_inches(strip), **style))


def make_room(figure):
    """Fit a figure's text to its window with a strip below the slide; return the slide's part and the strip.

    What is in the strip is placed in inches, which takes half the time of axes.
    """
    fit_text(figure, HEIGHT / (HEIGHT + STRIP))
    return figure.subfigures(2, 1, height_ratios=(figure.get_figheight() - STRIP, STRIP))


def _bottom(figure):
    """Where the strip begins, above the footer, in inches."""
    return 0.025 * figure.get_figheight() + 0.16


def _places(figure, controls):
    """Where each control begins, and its width, in inches."""
    room = figure.get_figwidth() - 2 * MARGIN - GAP * (len(controls) - 1)
    left_over = room - sum(control.width or 0 for control in controls)
    sliders = sum(control.width is None for control in controls)
    widths = np.array([control.width or min(LONGEST, left_over / sliders) for control in controls])
    starts = MARGIN + (room - widths.sum()) / 2 + np.cumsum(widths + GAP) - widths - GAP
    return list(zip(starts, widths, strict=True))


def draw_controls(strip, controls, can):
    """Draw the controls in the strip; `can(control, word)` says whether a word may be chosen."""
    for control, (left, wide) in zip(controls, _places(strip.figure, controls), strict=True):
        style = {"family": "monospace", "weight": "bold", "transform": _inches(strip)}
        write(strip, left + wide / 2, LABELS, control.text, 16, **style)
        control.draw(strip, left, wide, lambda word, control=control: can(control, word))


def control_under(event, controls):
    """The control under the mouse or finger, where it begins, and its width in inches; or None."""
    figure = event.canvas.figure
    x, y = event.x / figure.dpi, event.y / figure.dpi
    for control, (left, width) in zip(controls, _places(figure, controls), strict=True):
        # down to the edge: on a phone, the strip is narrower than a finger
        if left - GAP / 2 <= x <= left + width + GAP / 2 and y <= _bottom(figure) + STRIP:
            return control, left, width
    return None
