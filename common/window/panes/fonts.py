"""Fonts for the words that are painted into the window, of whatever script."""

import functools

from matplotlib.font_manager import findfont, findSystemFonts
from matplotlib.ft2font import FT2Font
from PIL import ImageFont, features


def font(height, width=None, text="", bold=True):
    """The font for lines of this height in pixels, or smaller, so that the text is no wider than `width`.

    It has the text's characters, if any font of this computer has them.
    """
    pixels, path = int(height * 0.8), _font_with(frozenset(text), bold)
    needed = _font(path, pixels).getlength(text)
    return _font(path, pixels if width is None or needed <= width else int(pixels * width / needed))


def as_written(text):
    """Text in the order in which it is painted, from left to right."""
    right_to_left = any("\u0590" <= character <= "\u08ff" for character in text)
    return text[::-1] if right_to_left and not features.check("raqm") else text  # with raqm PIL turns it


def missing(text):
    """The characters of a text that no font of this computer has: they are painted as boxes."""
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
