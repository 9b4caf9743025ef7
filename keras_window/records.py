"""The recorded numbers of a training, which the panes draw."""

from collections import defaultdict

import numpy as np

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


def of_all(name):
    """Return the name of the curve that has only the points at which all test examples were evaluated.

    Between these, the curve of the metric itself follows a sample.
    """
    return f"{name} (all)"


class Records:
    """Everything recorded of a training so far.

    Attributes:
        curves: a dictionary from a name in Keras' logs ("loss", "accuracy", "val_loss", ...) to its `Curve`.
        train: a `Sample` of some training examples, or None.
        test: a `Sample` of all test examples, or all validation examples, or None.
        test_name: the name of the orange curves, "test" or "validation".
        sample_size: the number of test examples in the sample that is evaluated between two evaluations of
            all of them; 0 if there is none.
        tested_at, sampled_at: the iterations after which all test examples, and the sample, were evaluated.
        step: iterations so far.
        first_step: the iteration at which the curves begin; 0 unless `fit` has an `initial_epoch`.
        total_steps: iterations in the whole training; 0 while it is unknown, as in the first epoch on a data
            set of unknown length.
        steps_per_epoch: iterations in an epoch; 0 while it is unknown.
        epoch, epochs: the current epoch, from 1, and their number; 0 before the first one.
        x_axis: the horizontal axis of the curves, "iterations" or "epochs".
        overlays: the other runs to compare with, each an `Overlay` or an `EarlierFit`.
    """

    def __init__(self, train=None, test=None, test_name="validation", x_axis="iterations", overlays=()):
        self.curves = defaultdict(Curve)
        self.train, self.test, self.test_name = train, test, test_name
        self.sample_size = self.tested_at = self.sampled_at = 0
        self.step = self.first_step = self.total_steps = self.steps_per_epoch = 0
        self.epoch = self.epochs = 0
        self.x_axis, self.overlays = x_axis, overlays

    def along(self, steps):
        """Return the positions of these iterations on the horizontal axis, float64."""
        return np.asarray(steps, float) / ((self.steps_per_epoch or 1) if self.x_axis == "epochs" else 1)

    @property
    def stale(self):
        """Whether the network has learned much since all test examples were evaluated.

        That is so if the sample was evaluated since, after more than four times as many iterations.
        """
        return self.sampled_at - self.first_step > 4 * max(self.tested_at - self.first_step, 0)

    def add(self, values):
        """Add a dictionary of values at the current iteration."""
        for name, value in values.items():
            self.curves[name].add(self.step, float(value))

    def add_test(self, values):
        """Add values of all test examples, and note when these were evaluated."""
        self.add(values)
        self.add({of_all(name): value for name, value in values.items()})
        self.tested_at = self.step

    def name_of(self, metric):
        """Return the name of a metric in the curves: for "accuracy" also that of another accuracy.

        Keras reports it as "acc", "binary_accuracy" or "digits_accuracy", as `compile` asks for it.
        """
        if metric != "accuracy" or metric in self.curves:
            return metric
        similar = [name for name in self.curves if "acc" in name and not name.startswith("val_")]
        return similar[0] if similar else metric
