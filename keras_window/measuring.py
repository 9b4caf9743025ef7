"""Predictions and metrics of the network in the middle of a training."""

import functools
import time

import keras
import numpy as np

from keras_window.batch_values import numbers
from keras_window.guard import Guard, NotShown
from keras_window.panes.curves import AlongTraining
from keras_window.sample import threshold_of
from keras_window.unchanged import Unchanged, in_several_processes

MOST = 100_000_000  # numbers in the outputs for the test set; if there are more, fewer examples are shown


class Measurer:
    """Predicts the training examples and evaluates the test examples of the records.

    What cannot be measured is printed in one line, once, and left out.

    Args:
        model: a compiled model, about to be trained.
        panes: the panes, whose tensors are computed, too.
        records: the `Records` that receive the results.
        pace: the `Pace`.
        flush: called between two batches, so that the window stays responsive.
        give_up: called with a pane that cannot be drawn, and the reason.
        evaluates: whether the curves of the test set are the window's own evaluations; if not, they are
            Keras' validations.
        said: the set of lines that have been printed.

    Attributes:
        evaluates: the same; False as soon as an evaluation fails.
        validated_at: the iteration after which Keras itself evaluated the test set.
    """

    def __init__(self, model, panes, records, pace, flush, give_up, evaluates, said):
        self._model, self._records, self._pace, self._flush = model, records, pace, flush
        self._said = said
        self._give_up, self._unchanged, self._unevaluated = give_up, Unchanged(model), Unchanged(model)
        self._panes = {}  # their tensors
        for pane in panes:
            with self._guard(pane):
                self._panes[pane] = list(pane.tensors(model))
        self._train = Guard("LivePlot: no predictions of training examples: {why}", self._without_train, said)
        self._test = Guard("LivePlot: no test curve: {why}", self._without_test, said)
        self.evaluates, self.validated_at = evaluates and bool(records.test), None
        self._predictor, wanted = model, [tensor for tensors in self._panes.values() for tensor in tensors]
        if wanted:
            with self._train:
                ends = [model.inputs[0], model.outputs[0]]
                if not isinstance(model, keras.Sequential):
                    ends = [model.input, model.output]  # trees, where there are several
                self._predictor = keras.Model(ends[0], [ends[1], *wanted])
        self._samples = [sample for sample in (records.train, records.test) if sample]
        for sample in self._samples:
            sample.output_names = tuple(getattr(model, "output_names", None) or ())
        drawn = [pane for pane in panes if not isinstance(pane, AlongTraining)]  # pictures, or a user's own
        self._predicts_train = bool(records.train and (wanted or drawn))
        self._own_loss = False
        if records.test:
            with self._test:
                self._look_at_test_set()

    def _guard(self, pane):
        def give_up(why):
            self._panes.pop(pane, None)
            self._give_up(pane, why)

        return Guard(f"LivePlot: no {pane.title}: {{why}}", give_up, self._said)

    def _without_train(self, why):
        for pane in [pane for pane, tensors in self._panes.items() if tensors]:
            del self._panes[pane]
            self._give_up(pane, why)

    def _without_test(self, why):
        self.evaluates = False

    def _look_at_test_set(self):
        """Find out how long an evaluation takes, and whether its outputs fit into the memory."""
        model, test = self._model, self._records.test
        _check_call(model)
        one = sum(np.size(leaf[0]) for leaf in keras.tree.flatten(test.x))
        self._batch = int(np.clip(784_000 // max(one, 1), 4, 1000))  # examples predicted at a time
        first = test.take(slice(self._batch))
        outputs = self._predict(first)  # builds Keras' function, which must not be timed
        began = time.perf_counter()
        self._predict(first)
        seconds = time.perf_counter() - began
        size = sum(leaf.size for leaf in keras.tree.flatten(outputs)) // len(first)
        if len(test) * size > MOST:
            self._records.test = test = test.take(slice(max(1, MOST // size)))
            self.evaluates = False
        self._pace.expect(seconds * len(self._records.test) / len(first))
        self._own_loss = _overrides(model) or _layers_add_losses(model, first.x)

    def measure(self, everything=False):
        """Predict the training examples, and evaluate the test set if there is time for it.

        Args:
            everything: whether to evaluate the test set in any case.
        """
        for sample in self._samples:  # Keras makes its metrics at their first use
            sample.threshold = threshold_of(self._model)
        self._measure_panes()
        pace = self._pace
        due = pace.first_test_due() or (pace.stride == 1 and pace.test_affordable())
        if due or (everything and not self._test_set_known()):
            self.evaluate_test_set()

    def _measure_panes(self):
        values = []
        train = self._records.train
        if self._predicts_train and not self._train.failed:
            with self._train, self._unchanged():
                _check_call(self._model)
                train.outputs = self._predictor.predict_on_batch(train.x)
                if self._predictor is not self._model:
                    train.outputs, *values = train.outputs
        for pane, tensors in list(self._panes.items()):
            with self._guard(pane):
                pane.record(self._model, values[: len(tensors)], self._records)
            del values[: len(tensors)]

    def evaluate_test_set(self, stride=1, between_pictures=False):
        """Evaluate 1/`stride` of the test examples, at random: their order may follow the classes."""
        records, test = self._records, self._records.test
        if not test or self._test.failed:
            return
        with self._test, self._pace.evaluating(records.step, stride, between_pictures):
            order = np.random.default_rng(0).permutation(len(test))
            sample = test.take(order[::stride]) if stride > 1 else test.take(slice(None))
            sample.outputs = self._predict(sample)
            if self.evaluates and records.step != self.validated_at:
                records.add(self._metrics(sample))
            if stride == 1:
                test.outputs, test.predicted_at = sample.outputs, records.step

    def _test_set_known(self):
        """Whether the test outputs are up to date; a callback may have changed the network since."""
        test = self._records.test
        if not test or self._test.failed:
            return True
        if test.predicted_at != self._records.step or test.outputs is None:
            return False
        outputs = keras.tree.flatten(self._predict(test.take(slice(self._batch))))
        before = [leaf[: self._batch] for leaf in keras.tree.flatten(test.outputs)]
        return all(map(lambda now, then: np.allclose(now, then, atol=1e-4), outputs, before))

    def _predict(self, sample):
        parts = []
        with self._unchanged():
            for start in range(0, len(sample), self._batch):
                x = sample.take(slice(start, start + self._batch)).x
                parts.append(self._model.predict_on_batch(x))
                self._flush()
        return keras.tree.map_structure(lambda *leaves: np.concatenate(leaves), *parts)

    def _metrics(self, sample):
        """Return loss and metrics of test examples, without changing the training's running means."""
        if in_several_processes():
            return {}  # changing the metrics would need all processes
        model = self._model
        with self._unevaluated():
            model.reset_metrics()
            if self._own_loss:
                flush = keras.callbacks.LambdaCallback(on_test_batch_end=lambda batch, logs: self._flush())
                metrics = model.evaluate(
                    sample.x, sample.y, self._batch, verbose=0, callbacks=[flush], return_dict=True
                )
            else:
                outputs = keras.tree.map_structure(keras.ops.convert_to_tensor, sample.outputs)
                loss = model.compute_loss(sample.x, sample.y, outputs, training=False)
                metrics = model.compute_metrics(sample.x, sample.y, outputs) | {"loss": loss}
        return {f"val_{name}": value for name, value in numbers(metrics).items()}


def _check_call(model):
    if type(model).call is keras.Model.call:
        raise NotShown(f"{type(model).__name__} has no call()")


def _overrides(model):
    """Whether a model's class computes its loss and metrics in its own way."""
    own = "test_step", "compute_loss", "compute_metrics"
    return any(getattr(type(model), name) is not getattr(keras.Model, name) for name in own)


def _layers_add_losses(model, x):
    """Whether the loss has parts that only a forward pass finds, such as those of activity regularizers."""
    if keras.config.backend() != "jax":
        return bool(model.losses)  # the model has just predicted
    import jax  # where losses are returned, not kept

    variables = model.trainable_variables, model.non_trainable_variables
    values = [[variable.value for variable in part] for part in variables]
    x = keras.tree.map_structure(keras.ops.convert_to_tensor, x)
    return bool(jax.eval_shape(functools.partial(model.stateless_call, return_losses=True), *values, x)[2])
