"""The loss and metrics of the latest batches, from Keras' metrics, which are means since the epoch began."""

import math

import keras
import numpy as np


class BatchValues:
    """Computes the loss and metrics of the batches since the last call.

    A mean metric (`keras.metrics.Mean`: the loss, an accuracy) keeps a total and a count since the epoch
    began. Their differences give the mean over the latest batches, weighted as Keras weights the examples.
    Other metrics, such as recall or AUC, are no means: their values are those that Keras reports.

    Args:
        model: the `keras.Model` in training.

    Attributes:
        names: those in the latest logs.
    """

    def __init__(self, model):
        self._model, self._means = model, None
        self.names = ()
        self.begin_epoch()

    def begin_epoch(self):
        self._before = {}

    def __call__(self, logs):
        """Return a dictionary from name to value, a float. `logs` are Keras' logs after a batch."""
        synchronize(self._model)
        if self._means is None:
            self._means = _mean_metrics(self._model)
        values = {name: self._latest(name, value) for name, value in numbers(logs).items()}
        self.names = values.keys()
        return values

    def _latest(self, name, value):
        if name not in self._means:
            return value
        total, count = (_number(variable) for variable in self._means[name])
        if not count or not math.isclose(total / count, value, rel_tol=1e-3, abs_tol=1e-6):
            return value  # a training step of the user's own reports something else under this name
        before = self._before.get(name, (0.0, 0.0))
        self._before[name] = total, count
        if count < before[1]:  # the metrics were reset, by an evaluation in the middle of the epoch
            before = 0.0, 0.0
        return (total - before[0]) / (count - before[1]) if count > before[1] else value


def synchronize(model):
    """Bring a model's variables up to date, which on JAX are empty in the middle of an epoch."""
    if hasattr(model, "jax_state_sync"):
        model.jax_state_sync()


def numbers(logs):
    """Return the logs as floats: of a vector the mean; what is no number is left out."""
    found = {}
    for name, value in (logs or {}).items():
        try:
            found[str(name)] = float(np.mean(keras.ops.convert_to_numpy(value)))
        except (TypeError, ValueError):
            continue
    return found


def _mean_metrics(model):
    """The total and the count of each mean metric, by its name in the logs."""
    named = {}
    for metric in model.metrics:
        members = getattr(metric, "metrics", None)  # those of `compile`, whose names depend on the output
        result = metric.result() if members else None
        if isinstance(result, dict) and len(result) == len(members):
            named |= dict(zip(result, members, strict=True))
        else:
            named[metric.name] = metric
    return {
        name: (metric.total, metric.count)
        for name, metric in named.items()
        if isinstance(metric, keras.metrics.Mean)
    }


def _number(variable):
    return float(keras.ops.convert_to_numpy(variable))
