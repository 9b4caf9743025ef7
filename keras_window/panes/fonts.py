"""Fonts and text direction for words in any script that the window paints."""

import functools
import re
import unicodedata

from matplotlib.font_manager import findfont, findSystemFonts
from matplotlib.ft2font import FT2Font
from PIL import ImageFont, features

# one letter for each bidirectional class that matters here; all others are "o"
KINDS = {"L": "L", "R": "R", "AL": "A", "EN": "E", "AN": "N", "ES": "s", "ET": "t", "CS": "c", "NSM": "m"}
MIRRORED = str.maketrans("()[]{}<>«»‹›", ")(][}{><»«›‹")


def font(height, width=None, text="", bold=True):
    """Return a font for lines of `height` pixels, or smaller to keep the text within `width` pixels.

    It has the text's characters if any font on this computer does.
    """
    pixels, path = int(height * 0.8), _font_with(frozenset(text), bold)
    needed = _font(path, pixels).getlength(text)
    return _font(path, pixels if width is None or needed <= width else int(pixels * width / needed))


def as_written(text):
    """Return text in the order in which PIL paints it, from left to right.

    Hebrew and Arabic are reversed, except for the numbers and Latin words in them. If PIL has raqm, the text
    is returned unchanged: raqm reorders it, and also joins Arabic letters, which stay separate without it.

    Source: Unicode Standard Annex #9, "Unicode bidirectional algorithm", without its rules for pairs of
    brackets (N0) and explicit embeddings (X1 to X8).
    """
    if features.check("raqm"):
        return text
    levels = _levels("".join(KINDS.get(unicodedata.bidirectional(character), "o") for character in text))
    characters = [
        character.translate(MIRRORED) if level == "1" else character
        for character, level in zip(text, levels, strict=True)
    ]
    for turned in ("2+", "[12]+"):
        for run in re.finditer(turned, levels):
            characters[run.start() : run.end()] = characters[run.start() : run.end()][::-1]
    return "".join(characters)


def _levels(kinds):
    """Return a digit per character, a str: 1 right to left, 2 left to right inside such text, else 0."""
    kinds = re.sub("(.)m+", lambda run: run[1] * len(run[0]), kinds)  # W1: a mark is like its letter
    strong = re.search("[LRA]", kinds)
    base = "L" if strong is None or strong[0] == "L" else "R"
    kinds = re.sub("A[^LRA]*", lambda run: run[0].replace("E", "N"), kinds).replace("A", "R")  # W2, W3
    kinds = re.sub("(?<=E)[sc](?=E)", "E", re.sub("(?<=N)c(?=N)", "N", kinds))  # W4: 1.5
    kinds = re.sub("t+(?=E)|(?<=E)t+", lambda run: "E" * len(run[0]), kinds)  # W5: 5 %
    kinds = re.sub("[stcm]", "o", kinds)  # W6
    kinds = re.sub("L[^LR]*", lambda run: run[0].replace("E", "L"), f"{base}{kinds}{base}")  # W7
    kinds = re.sub("(?<=L)o+(?=L)", lambda run: "L" * len(run[0]), kinds)  # N1
    kinds = re.sub("(?<=[REN])o+(?=[REN])", lambda run: "R" * len(run[0]), kinds).replace("o", base)  # N1, N2
    return kinds[1:-1].translate(str.maketrans("LREN", "0122" if base == "L" else "2122"))


def missing(text):
    """Return the characters that the best font for this text lacks; they are painted as boxes."""
    return sorted(set(text) - _characters(_font_with(frozenset(text), True)) - set(" \u200c\u200d"))


@functools.cache
def _font(path, pixels):
    return ImageFont.truetype(path, max(pixels, 1))


@functools.cache
def _characters(path):
    try:
        return frozenset(map(chr, FT2Font(path).get_charmap()))
    except Exception:  # a font that FreeType cannot read
        return frozenset()


@functools.cache
def _font_with(characters, bold):
    usual = findfont("DejaVu Sans:bold" if bold else "DejaVu Sans")
    if characters <= _characters(usual) | {"\n"}:
        return usual
    return max([usual, *sorted(findSystemFonts())], key=lambda path: len(characters & _characters(path)))
