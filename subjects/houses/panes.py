"""The panes that compare predicted numbers with the true ones."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from keras_window.panes.pane import Pane
from keras_window.style import LARGE, TEST


class _OnTestSet(Pane):
    """A base class for panes with their own test set, predicted again for each frame.

    Args:
        x, y: the test set, as for `model.evaluate`; y float [n].
        unit: the unit of the numbers.
    """

    def __init__(self, x, y, unit):
        self._x, self._true, self._unit = x, np.asarray(y), unit
        self._predicted = np.full(len(y), np.nan)

    def record(self, model, values, records):
        self._predicted = model.predict_on_batch(self._x)[:, 0]


class PredictedAgainstTrue(_OnTestSet):
    """A scatter plot of the test examples; correct predictions lie on the diagonal."""

    title = "Predicted against true"

    def build(self, axes, records):
        low, high = min(0, 1.1 * self._true.min()), max(0, 1.1 * self._true.max())
        axes.plot([low, high], [low, high], color="black", lw=1.5)
        axes.grid(color="#DDDDDD")
        axes.set(xlim=(low, high), ylim=(low, high))
        axes.set_xlabel(f"true, {self._unit}", labelpad=2)
        axes.text(0.03, 0.97, f"predicted, {self._unit}", va="top", transform=axes.transAxes)
        (self._dots,) = axes.plot([], [], "o", color=TEST, ms=7, alpha=0.6, mew=0, animated=True)
        self._ends = low, high
        return [self._dots]

    def update(self, records):
        self._dots.set_data(self._true, np.clip(self._predicted, *self._ends))  # outliers: at the edge
        return False


class Errors(_OnTestSet):
    """A histogram of the errors of the test examples, and the mean absolute error (MAE)."""

    title = "Errors"
    BINS = 30

    def build(self, axes, records):
        self.axes, limit = axes, 0.4 * np.abs(self._true).max()
        self._edges = np.linspace(-limit, limit, self.BINS + 1)
        axes.axvline(0, color="black", lw=1.5)
        axes.set(xlim=(-limit, limit), ylim=(0, 10))
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.set_xlabel(f"predicted − true, {self._unit}", labelpad=2)
        axes.text(0.03, 0.97, "test examples", va="top", transform=axes.transAxes)
        self._bars = axes.stairs(
            np.zeros(self.BINS), self._edges, fill=True, color=TEST, alpha=0.7, animated=True
        )
        self._text = axes.text(
            0.97, 0.93, "", fontsize=LARGE, fontweight="bold", color=TEST, ha="right", va="top",
            transform=axes.transAxes, animated=True,
        )  # fmt: skip
        return [self._bars, self._text]

    def update(self, records):
        errors = self._predicted - self._true
        if not np.isfinite(errors).all():
            return False
        counts, _ = np.histogram(errors.clip(self._edges[0], self._edges[-1]), self._edges)
        self._bars.set_data(counts)
        self._text.set_text(f"MAE {np.abs(errors).mean():.2f}")
        top = 10
        while top < 1.05 * counts.max():
            top *= 2
        changed = top != self.axes.get_ylim()[1]
        self.axes.set_ylim(0, top)
        return changed
