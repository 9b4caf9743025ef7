"""Sheets that the class draws on, each in a browser of their own, and what networks read there."""

import time
import weakref

import numpy as np

from drawing.ink import SIDE, draw_stroke

TURN, TURNS = 0.003, 0.03  # seconds: to draw one browser's strokes; for all before the window has its turn


class ClassSheets:
    """Draws what came from the browsers, and answers each with what networks read on its sheet.

    Args:
        screen: the `Web` that they draw on.
        see: as for `DrawingPad`.

    Attributes:
        readers: as for `DrawingPad.put_readers`; until there are some, nobody is answered.
    """

    def __init__(self, screen, see):
        self._screen, self._see = screen, see
        self.readers = []
        self._inks = weakref.WeakKeyDictionary()  # for each browser; it goes with it

    def flush(self):
        """Draw for each in turn, and answer those whose strokes are all drawn."""
        end = time.monotonic() + TURNS
        for artist, strokes in self._screen.drawn(TURN) if self.readers else ():
            ink = self._inks.setdefault(artist, np.zeros((SIDE, SIDE), np.float32))
            for stroke in strokes:
                if stroke is None:
                    ink[:] = 0
                else:
                    x0, y0, x1, y1 = (SIDE * place for place in stroke)
                    draw_stroke(ink, (x0, y0), (x1, y1))
            if not artist.waiting:
                self._answer(artist, ink)
            if time.monotonic() > end:
                break

    def _answer(self, artist, ink):
        picture = self._see(ink)
        read = [[name, [float(p) for p in read(picture)]] for name, read in self.readers if picture.any()]
        self._screen.answer(artist, {"seen": picture[..., 0].tolist(), "read": read})
