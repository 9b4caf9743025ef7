"""Recording: what Keras reports of a training, put into the records and into the file of curves."""

import contextlib
import time
import weakref

import numpy as np

from keras_window.batch_values import BatchValues, numbers
from keras_window.curves_file import read_curves, write_curves
from keras_window.guard import by_product
from keras_window.overlays import EarlierFit

EARLIER_FITS = 20  # whose curves are kept
ALL = 200  # the iterations at the beginning, whose values are all added


class Recorder:
    """Counts iterations and epochs, and adds the loss and metrics to the curves.

    The methods are called where a callback's are. If the same model is fitted again, its curves go on; those
    of another model begin anew, and the earlier ones become overlays.

    Args:
        records: the `Records`.
        out: the folder of `curves.csv`, a `Path`, or None.
        resume: whether the first fit continues the training whose curves are in `out`.

    Attributes:
        steps: iterations in an epoch as `fit` knows them, 0 if it does not.
        complete: whether there is nothing left to train.
    """

    def __init__(self, records, out, resume):
        self._records, self._out, self._resume = records, out, resume
        self._model = None  # a weak reference to the one that was fitted last

    def begin_fit(self, model, params):
        records = self._records
        self.steps, self._epochs = params.get("steps") or 0, params.get("epochs") or 0
        self._batch_values, self._logs, self._epoch_logs = BatchValues(model), None, None
        self._pause = 0.0  # seconds between two times that values are added
        continues = self._model and self._model() is model
        self._model = weakref.ref(model)
        if not continues:
            self._begin_anew()
        records.steps_per_epoch = self.steps or records.steps_per_epoch
        done = 0
        if self._resume and not continues:
            records.step = int(model.optimizer.iterations)
            done = records.step // (self.steps or 1)
            with by_product():
                self._bring_back_curves()
        self.complete = done >= self._epochs > 0
        self._expect(self._epochs - done)
        self._epochs_before, self._first = records.epoch, True
        records.epoch, records.epochs = (n + records.epoch for n in (done + 1, self._epochs))
        self._epoch_step = records.step
        self._write_now_and_then()  # programs that follow this run see that it begins

    def _begin_anew(self):
        records = self._records
        if any(curve.values for curve in records.curves.values()):
            records.overlays.append(EarlierFit(records))
            earlier = [overlay for overlay in records.overlays if isinstance(overlay, EarlierFit)]
            for overlay in earlier[:-EARLIER_FITS]:
                records.overlays.remove(overlay)
        records.curves.clear()
        records.step = records.first_step = records.epoch = records.tested_at = records.sampled_at = 0
        if records.test:
            records.test.outputs, records.test.predicted_at = None, 0

    def _expect(self, epochs):
        """Set the number of iterations of the whole training, of which so many epochs are left."""
        records = self._records
        records.total_steps = records.steps_per_epoch and records.step + epochs * records.steps_per_epoch

    def begin_epoch(self, epoch):
        self.add_late_values()
        records = self._records
        if self._first:
            self._first = False
            self._epochs_before = max(self._epochs_before - epoch, 0)
            if epoch and not records.step:  # `initial_epoch`
                records.step = records.first_step = epoch * self.steps
        self._epoch_step, self._executions = records.step, 0
        records.epoch, records.epochs = (n + self._epochs_before for n in (epoch + 1, self._epochs))
        self._expect(self._epochs - epoch)
        self._batch_values.begin_epoch()

    def end_batch(self, logs):
        """Add the values of the latest batches, in at most 2 % of the time."""
        self._executions += 1  # versions of Keras number the batches otherwise
        if self._executions == 1:  # it takes long, and should not have a point of its own for that
            self._next = time.perf_counter() + self._pause
        batches = self._executions * self._model().steps_per_execution
        batches = min(batches, self.steps or batches)  # the last execution may have fewer steps
        self._records.step = self._epoch_step + batches
        self._logs = logs
        beginning = self._records.step - self._records.first_step <= ALL
        if beginning or batches == self.steps or time.perf_counter() >= self._next:
            self.add_batches()

    def add_batches(self):
        """Add the values of the batches that are not added yet, before Keras resets the metrics."""
        if self._logs is None:
            return
        began = time.perf_counter()
        self._records.add(self._batch_values(self._logs))
        self._logs = None
        now = time.perf_counter()
        self._pause = min(50 * (now - began), 0.04)
        self._next = now + self._pause
        if now >= self._next_writing:
            self._write_now_and_then()

    def end_epoch(self, epoch, logs):
        """Add the values that were not in the logs of the batches. Returns those of the validation."""
        self.add_batches()
        records = self._records
        if not self.steps:
            records.steps_per_epoch = records.step - self._epoch_step
            self._expect(self._epochs - epoch - 1)
        self._epoch_logs, self._known = logs, set(self._batch_values.names)
        self.add_late_values()
        return {name: value for name, value in numbers(logs).items() if name.startswith("val_")}

    def add_late_values(self):
        """Add what other callbacks have put into the logs of the epoch since, such as the learning rate."""
        if self._epoch_logs is None:
            return
        values = numbers(self._epoch_logs)
        new = [name for name in values if not name.startswith("val_") and name not in self._known]
        self._records.add({name: values[name] for name in new})
        self._known.update(new)

    def latest(self):
        """Return the latest values of the curves of the training, without those of the test set."""
        curves = self._records.curves.items()
        values = {name: curve.latest for name, curve in curves if np.ndim(curve.latest) == 0}
        return {name: value for name, value in values.items() if not name.startswith("val_")}

    def write(self):
        """Write the file of curves, if there is a folder; if that fails, print why."""
        if self._out:
            with by_product():
                self._write()

    def _write(self):
        write_curves(self._out, self._records.curves, self._records.steps_per_epoch or 1)

    def _write_now_and_then(self):
        """Write the curves for programs that follow this run, in at most 1 % of the time."""
        began = time.perf_counter()
        with contextlib.suppress(OSError):  # the end of the epoch reports it
            if self._out:
                self._write()
        now = time.perf_counter()
        self._next_writing = now + max(1, 100 * (now - began))

    def _bring_back_curves(self):
        for name, (steps, values) in read_curves(self._out).items():
            for step, value in zip(steps, values, strict=True):
                if step <= self._records.step:
                    self._records.curves[name].add(step, value)
