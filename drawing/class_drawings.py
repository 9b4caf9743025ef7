"""The drawings that students make in their browsers, and the networks' predictions for each."""

import time
import weakref
from dataclasses import dataclass

import numpy as np

from common.data.cut_out import SIDE
from drawing.class_names import with_article
from drawing.ink import draw_stroke

TURN, TURNS = 0.003, 0.03  # seconds for one browser's strokes, and for all browsers, per turn
KEPT = 200  # drawings, as many as there can be pages


@dataclass(frozen=True, eq=False)
class Drawing:
    """What one student has drawn.

    Attributes:
        image: what the networks see, uint8 [n, n], 0 (paper) to 255 (ink).
        read: the class that each network predicts; empty if nothing is drawn.
        right: whether each of these is the class that was asked for; empty without a question.
    """

    image: np.ndarray
    read: list[str]
    right: list[bool]


class ClassDrawings:
    """Draws the strokes that browsers send, and answers each browser with the predictions for its drawing.

    Args:
        screen: the `Web` screen that the browsers are connected to.
        preprocess: as for `DrawingPad`.

    Attributes:
        networks: as for `DrawingPad.put_readers`; while it is empty, no browser gets an answer.
        question: the class that the students are asked to draw, or None.
        task: the question as they read it, such as "Draw a 4"; empty without a question.
        drawings: the latest `Drawing` of each artist since the question, the first artist first: a
            dictionary. A drawing stays when its artist disconnects.
    """

    def __init__(self, screen, preprocess):
        self._screen, self._preprocess = screen, preprocess
        self.networks, self.drawings = [], {}
        self.question, self.task = None, ""
        self._inks = weakref.WeakKeyDictionary()  # ink by browser; dropped when the browser disconnects
        self._unanswered = weakref.WeakSet()  # browsers whose ink has changed since their last answer

    def ask(self, question):
        """Forget all drawings, and ask the students for a class, or for none in particular (None)."""
        self.question = question
        self.task = "" if question is None else f"Draw {with_article(question)}"
        self.drawings.clear()
        self._screen.ask(self.task)

    def flush(self):
        """Draw each browser's strokes in turn, and answer the browsers that have none waiting."""
        end = time.monotonic() + TURNS
        for artist, strokes in self._screen.drawn(TURN) if self.networks else ():
            ink = self._inks.setdefault(artist, np.zeros((SIDE, SIDE), np.float32))
            for stroke in strokes:
                self._unanswered.add(artist)
                if stroke is None:
                    ink[:] = 0
                else:
                    x0, y0, x1, y1 = (SIDE * place for place in stroke)
                    draw_stroke(ink, (x0, y0), (x1, y1))
            if artist in self._unanswered and not artist.waiting:
                self._unanswered.remove(artist)
                self._answer(artist, ink)
            if time.monotonic() > end:
                break

    def _answer(self, artist, ink):
        image = self._preprocess(ink)
        networks = self.networks if image.any() else ()
        predicted = [
            [name, classes, [float(p) for p in predict(image)]] for name, classes, predict in networks
        ]
        read = [classes[np.argmax(probabilities)] for _, classes, probabilities in predicted]
        right = [] if self.question is None else [name == self.question for name in read]
        self._keep(artist.name or weakref.ref(artist), Drawing(image[..., 0], read, right))
        said = {"seen": image[..., 0].tolist(), "read": predicted}
        self._screen.answer(artist, said | ({"right": right[0]} if right else {}))

    def _keep(self, key, drawing):
        if drawing.read or key in self.drawings:  # cleared paper keeps its place, so that no other one moves
            self.drawings[key] = drawing
        if len(self.drawings) > KEPT:
            del self.drawings[next(iter(self.drawings))]
