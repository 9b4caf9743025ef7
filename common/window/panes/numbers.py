"""The panes that show numbers read from test examples beside the true ones."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from common.window.panes.pane import Pane
from common.window.style import LARGE, TEST


class _OnTestSet(Pane):
    """A pane with a test set of its own, read for each picture.

    Args:
        x, y: the test set, as for `model.evaluate`; y float [n].
        unit: what the numbers count.
    """

    def __init__(self, x, y, unit):
        self._x, self._true, self._unit = x, np.asarray(y), unit
        self._read = np.full(len(y), np.nan)

    def record(self, model, values, records):
        self._read = model.predict_on_batch(self._x)[:, 0]


class PredictedAgainstTrue(_OnTestSet):
    """A dot for each test example: on the diagonal where what is predicted is true."""

    title = "Predicted against true"

    def build(self, axes, records):
        low, high = 0, 1.1 * self._true.max()
        axes.plot([low, high], [low, high], color="black", lw=1.5)
        axes.grid(color="#DDDDDD")
        axes.set(xlim=(low, high), ylim=(low, high))
        axes.text(0.97, 0.04, f"true, {self._unit}", ha="right", transform=axes.transAxes)
        axes.text(0.03, 0.97, "predicted", va="top", transform=axes.transAxes)
        (self._dots,) = axes.plot([], [], "o", color=TEST, ms=7, alpha=0.6, mew=0, animated=True)
        self._top = high
        return [self._dots]

    def update(self, records):
        self._dots.set_data(self._true, np.clip(self._read, 0, self._top))  # at the edge: beyond it
        return False


class Errors(_OnTestSet):
    """How many test examples have which error, and the mean of its absolute value."""

    BINS = 30

    def __init__(self, x, y, unit):
        super().__init__(x, y, unit)
        self.title = f"Errors, {unit}"

    def build(self, axes, records):
        self.axes, limit = axes, 0.4 * self._true.max()
        self._edges = np.linspace(-limit, limit, self.BINS + 1)
        axes.axvline(0, color="black", lw=1.5)
        axes.set(xlim=(-limit, limit), ylim=(0, 10))
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.text(0.03, 0.97, "predicted − true", va="top", transform=axes.transAxes)
        self._bars = axes.stairs(
            np.zeros(self.BINS), self._edges, fill=True, color=TEST, alpha=0.7, animated=True
        )
        self._text = axes.text(
            0.97, 0.93, "", fontsize=LARGE, fontweight="bold", color=TEST, ha="right", va="top",
            transform=axes.transAxes, animated=True,
        )  # fmt: skip
        return [self._bars, self._text]

    def update(self, records):
        errors = self._read - self._true
        if not np.isfinite(errors).all():
            return False
        counts, _ = np.histogram(errors.clip(self._edges[0], self._edges[-1]), self._edges)
        self._bars.set_data(counts)
        self._text.set_text(f"±{np.abs(errors).mean():.2f}")
        top = 10
        while top < 1.05 * counts.max():
            top *= 2
        changed = top != self.axes.get_ylim()[1]
        self.axes.set_ylim(0, top)
        return changed
