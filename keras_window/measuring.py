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

SAMPLE = 1000  # test examples
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
        self._own_loss, self._sample, self._beyond = False, None, {}
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
        if self.evaluates and len(test) >= 2 * SAMPLE:
            # at random: their order may follow the classes
            self._chosen = np.random.default_rng(0).permutation(len(test))[:SAMPLE]
            self._sample = test.take(self._chosen)
            self._records.sample_size, self._pace.samples = SAMPLE, True

    def measure(self, everything=False):
        """Predict the training examples, and evaluate the test set if there is time for it.

        Args:
            everything: whether to evaluate the test set in any case.
        """
        for sample in self._samples:  # Keras makes its metrics at their first use
            sample.threshold = threshold_of(self._model)
        self._measure_panes()
        if self._pace.picture_test_due(self._records.step) or (everything and not self._test_set_known()):
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

    def evaluate_test_set(self, whole=True, free=False, between_pictures=False):
        """Evaluate all test examples, or only the sample, if there is one."""
        records, test = self._records, self._records.test
        if not test or self._test.failed:
            return
        whole = whole or not self._sample
        with self._test, self._pace.evaluating(records.step, whole, free, between_pictures):
            if not whole:
                self._follow_sample()
                return
            test.outputs, test.predicted_at = self._predict(test), records.step
            if self.evaluates and records.step != self.validated_at:
                metrics = self._metrics(test)
                records.add_test(metrics)
                self._compare_sample(metrics)

    def validated(self, metrics):
        """Note that Keras has just evaluated all test examples, with these results."""
        self.validated_at, self._beyond = self._records.step, None
        if not self._pace.test_affordable(1.0) or self._test.failed:
            return
        if self._records.test.predicted_at != self._records.step:  # Keras did not give away its outputs
            self.evaluate_test_set(between_pictures=True)
        if self._sample:
            with self._test, self._pace.evaluating(self._records.step, False, False, True):
                self._compare_sample(metrics)

    def _compare_sample(self, metrics):
        """Note how far the results of all test examples are beyond those of the sample."""
        if self._sample:
            of_sample = self._metrics_of_sample()
            self._beyond = {name: metrics[name] - value for name, value in of_sample.items()}

    def _follow_sample(self):
        """Add estimates for all test examples: their last results, plus what has changed in the sample since.

        They are closer than the results of the sample itself, whose examples are easier or harder than all.
        """
        if self._beyond is not None:
            metrics = self._metrics_of_sample()
            self._records.add({name: value + self._beyond.get(name, 0) for name, value in metrics.items()})
            self._records.sampled_at = self._records.step

    def _metrics_of_sample(self):
        sample, test = self._sample, self._records.test
        if test.outputs is not None and test.predicted_at == self._records.step:
            sample.outputs = keras.tree.map_structure(lambda leaf: leaf[self._chosen], test.outputs)
        else:
            sample.outputs = self._predict(sample)
        return self._metrics(sample)

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
