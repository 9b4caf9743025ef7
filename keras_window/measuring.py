"""Predictions and metrics of the network in the middle of a training."""

import time

import keras
import numpy as np

from keras_window.records import Sample


class Measurer:
    """Predicts the training examples and evaluates the test examples of the records.

    Args:
        model: a compiled model, about to be trained.
        panes: the panes, whose tensors are computed, too.
        records: the `Records` that receive the results.
        pace: the `Pace`.
        flush: called between two batches, so that the window stays responsive.
    """

    def __init__(self, model, panes, records, pace, flush):
        self._model, self._panes, self._records, self._pace, self._flush = model, panes, records, pace, flush
        self.validated_at = None  # iteration after which Keras itself evaluated the whole test set
        self._tensors = [pane.tensors(model) for pane in panes]
        wanted = [tensor for tensors in self._tensors for tensor in tensors]
        self._predictor = keras.Model(model.inputs[0], [*model.outputs, *wanted]) if wanted else model
        x = records.test.x
        self._batch = int(np.clip(784_000 // x[0].size, 4, 1000))  # examples predicted at a time
        pace.expect(self._seconds_for_test_set())

    def _seconds_for_test_set(self):
        x = self._records.test.x
        self._predict(x[: self._batch])  # builds Keras' function, which must not be timed
        began = time.perf_counter()
        self._predict(x[: self._batch])
        return (time.perf_counter() - began) * len(x) / len(x[: self._batch])

    def measure(self, everything=False):
        """Predict the training examples, and evaluate the test set if there is time for it.

        Args:
            everything: whether to evaluate the test set in any case.
        """
        self._predict_train_sample()
        pace = self._pace
        due = pace.first_test_due() or (pace.stride == 1 and pace.test_affordable())
        if due or (everything and not self._test_set_known()):
            self.evaluate_test_set()

    def evaluate_test_set(self, stride=1, between_pictures=False):
        """Evaluate 1/`stride` of the test examples, at random: their order may follow the classes."""
        records, test = self._records, self._records.test
        with self._pace.evaluating(records.step, stride, between_pictures):
            order = np.random.default_rng(0).permutation(len(test.y))
            chosen = order[::stride] if stride > 1 else slice(None)
            sample = Sample(test.x[chosen], test.y[chosen])
            sample.outputs = self._predict(sample.x)
            if records.step != self.validated_at:
                records.add(self._metrics(sample))
        if stride == 1:
            test.outputs, test.predicted_at = sample.outputs, records.step

    def _test_set_known(self):
        """Whether the test outputs are up to date; a callback may have changed the network since."""
        test = self._records.test
        if test.predicted_at != self._records.step or test.outputs is None:
            return False
        return np.allclose(self._predict(test.x[: self._batch]), test.outputs[: self._batch], atol=1e-4)

    def _predict_train_sample(self):
        records = self._records
        values = self._predictor.predict_on_batch(records.train.x)
        records.train.outputs, *values = values if isinstance(values, list) else [values]
        for pane, tensors in zip(self._panes, self._tensors, strict=True):
            pane.record(self._model, values[: len(tensors)], records)
            del values[: len(tensors)]

    def _predict(self, x):
        outputs = []
        for start in range(0, len(x), self._batch):
            outputs.append(self._model.predict_on_batch(x[start : start + self._batch]))
            self._flush()
        return np.concatenate(outputs)

    def _metrics(self, sample):
        """Return loss and metrics of test examples, without changing the training's running means."""
        if _in_several_processes():
            return {}  # changing the metrics would need all processes
        model = self._model
        variables = model.metrics_variables
        kept = [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]
        try:
            model.reset_metrics()
            outputs = keras.ops.convert_to_tensor(sample.outputs)
            loss = model.compute_loss(sample.x, sample.y, outputs, training=False)
            metrics = model.compute_metrics(sample.x, sample.y, outputs) | {"loss": loss}
        finally:
            for variable, value in zip(variables, kept, strict=True):
                variable.assign(value)
        return {f"val_{name}": float(value) for name, value in metrics.items()}


def _in_several_processes():
    if not keras.distribution.distribution():
        return False
    import jax  # the backend on which Keras distributes

    return jax.process_count() > 1
