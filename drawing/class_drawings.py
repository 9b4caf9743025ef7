"""The drawings that students make in their browsers, and the networks' predictions for each."""

import time
import weakref

import numpy as np

from common.data.cut_out import SIDE
from drawing.ink import draw_stroke

TURN, TURNS = 0.003, 0.03  # seconds for one browser's strokes, and for all browsers, per turn


class ClassDrawings:
    """Draws the strokes that browsers send, and answers each browser with the predictions for its drawing.

    Args:
        screen: the `Web` screen that the browsers are connected to.
        preprocess: as for `DrawingPad`.

    Attributes:
        networks: as for `DrawingPad.put_readers`; while it is empty, no browser gets an answer.
    """

    def __init__(self, screen, preprocess):
        self._screen, self._preprocess = screen, preprocess
        self.networks = []
        self._inks = weakref.WeakKeyDictionary()  # ink by browser; dropped when the browser disconnects

    def flush(self):
        """Draw each browser's strokes in turn, and answer the browsers that have none waiting."""
        end = time.monotonic() + TURNS
        for artist, strokes in self._screen.drawn(TURN) if self.networks else ():
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
        image = self._preprocess(ink)
        networks = self.networks if image.any() else ()
        predicted = [
            [name, classes, [float(p) for p in predict(image)]] for name, classes, predict in networks
        ]
        self._screen.answer(artist, {"seen": image[..., 0].tolist(), "read": predicted})
