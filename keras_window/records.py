"""The recorded numbers of a training, which the panes draw."""

from collections import defaultdict

import numpy as np

from keras_window.sample import Sample as Sample

LIMIT = 500  # points in a curve: about one per pixel


class Curve:
    """Values over the iterations, at most `LIMIT` of them, however long the training.

    When the limit is reached, neighbouring values are averaged in pairs, and later values in groups of the
    same size. A value is a number or an array.
    """

    def __init__(self):
        self.steps, self.values = [], []
        self.latest = None
        self._group = 1
        self._pending = []

    def add(self, step, value):
        self.latest = value
        self._pending.append((step, value))
        if len(self._pending) < self._group:
            return
        steps, values = zip(*self._pending, strict=True)
        self._pending.clear()
        self.steps.append(steps[-1])
        self.values.append(np.mean(values, axis=0))
        if len(self.steps) == LIMIT:
            self._group *= 2
            self.steps = self.steps[1::2]
            self.values = [(a + b) / 2 for a, b in zip(self.values[::2], self.values[1::2], strict=True)]


class RecentMeans:
    """Converts Keras' logs, which are means since the epoch began, to means since the last call."""

    def __init__(self):
        self._batches, self._means = 0, {}

    def __call__(self, batches, logs):
        """Return a dictionary of means. `logs` are Keras' logs after `batches` batches of the epoch."""
        before, self._batches = self._batches, batches
        earlier, self._means = self._means, {name: float(mean) for name, mean in logs.items()}
        return {
            name: (mean * batches - earlier.get(name, 0.0) * before) / (batches - before)
            for name, mean in self._means.items()
        }


class Records:
    """Everything recorded of a training so far.

    Attributes:
        curves: a dictionary from a name in Keras' logs ("loss", "accuracy", "val_loss", ...) to its `Curve`.
        train: a `Sample` of some training examples.
        test: a `Sample` of all test examples, or all validation examples.
        test_name: the name of `test` in the window, "test" or "validation".
        step, total_steps: iterations so far; iterations in the whole training.
        steps_per_epoch: iterations in an epoch.
        x_axis: the horizontal axis of the curves, "iterations" or "epochs".
        overlays: the other runs to compare with, each an `Overlay`.
    """

    def __init__(self, train, test, test_name="test", x_axis="iterations", overlays=()):
        self.curves = defaultdict(Curve)
        self.train, self.test, self.test_name = train, test, test_name
        self.step, self.total_steps, self.steps_per_epoch = 0, 1, 1
        self.x_axis, self.overlays = x_axis, overlays

    def along(self, steps):
        """Return the positions of these iterations on the horizontal axis, float64."""
        return np.asarray(steps, float) / (self.steps_per_epoch if self.x_axis == "epochs" else 1)

    def add(self, values):
        """Add a dictionary of values at the current iteration."""
        for name, value in values.items():
            self.curves[name].add(self.step, float(value))
