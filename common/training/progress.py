"""Callbacks for a training run, with one job each.

They share `history`, a list with a dictionary for each complete epoch.
"""

import csv
import itertools
import sys
import time

import keras
import numpy as np

from common.files import by_product, replacing
from common.signals import interrupt
from common.training import distribution
from common.training.distribution import in_several_processes
from common.training.results import device


def say_network(args, model):
    """Print the number of parameters, the versions and the device; for a `Sequential` model also its layers:

    28×28×1 → Flatten 784 → Dense 10 (7,850)

    Layers without weights that keep the shape are left out.
    """
    name = f"{args.script} {args.step}" if args.step else args.script
    versions = f"Keras {keras.__version__} on {keras.config.backend()}, {device()}"
    print(f"{name}: {model.count_params():,} parameters, {versions}")
    if not isinstance(model, keras.Sequential):
        return  # the network may have branches
    shape = model.input_shape[1:]
    chain = [_written(shape)]
    for layer in model.layers:
        before, shape, parameters = shape, layer.output.shape[1:], layer.count_params()
        if parameters or shape != before:
            weights = f" ({parameters:,})" if parameters else ""
            chain.append(f"{type(layer).__name__} {_written(shape)}{weights}")
    print(" → ".join(chain))


def _written(shape):
    return "×".join(str(size or "n") for size in shape)


class DealOrder(keras.callbacks.Callback):
    """Sets the order of each epoch's batches, the only data that --distribute splits across devices."""

    def __init__(self, train):
        super().__init__()
        self._train = train

    def on_epoch_begin(self, epoch, logs=None):
        self._train.deal(epoch)
        if distribution.data_parallel:
            distribution.data_parallel.training_batches = True

    def on_train_batch_end(self, batch, logs=None):
        if distribution.data_parallel:
            distribution.data_parallel.training_batches = False  # Keras asks for the layout once per epoch


class StopAtSignal(keras.callbacks.Callback):
    """Stops training on Ctrl-C, SIGTERM or SIGHUP: after the batch, or at once with several processes."""

    def on_train_batch_end(self, batch, logs=None):
        if interrupt.requested and in_several_processes():
            raise SystemExit(interrupt.status)  # one process alone cannot save anything
        self.on_epoch_end(None)

    def on_epoch_end(self, epoch, logs=None):
        if interrupt.requested:
            self.model.stop_training = True


class History(keras.callbacks.Callback):
    """Adds a row to `history` for each complete epoch.

    Attributes:
        seconds: the time spent in all epochs, complete or not.
    """

    def __init__(self, history):
        super().__init__()
        self._history, self.seconds = history, sum(row["seconds"] for row in history)

    def on_epoch_begin(self, epoch, logs=None):
        self._steps_before = int(self.model.optimizer.iterations)
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        seconds = time.perf_counter() - self._began
        self.seconds += seconds
        steps = int(self.model.optimizer.iterations) - self._steps_before
        if self.model.stop_training and steps < self.params["steps"]:
            return  # stopped in mid-epoch
        row = {"epoch": epoch + 1} | {name: float(value) for name, value in logs.items()}
        row["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        row["seconds"] = round(seconds, 3)
        self._history.append(row)

    def on_train_end(self, logs=None):
        if not (self._history or interrupt.requested):
            print("No epoch is complete: there is nothing to continue with --resume.", file=sys.stderr)


class HistoryFile(keras.callbacks.Callback):
    """Writes the history to history.csv."""

    def __init__(self, folder, history):
        super().__init__()
        self._path, self._history = folder / "history.csv", history

    def on_epoch_end(self, epoch, logs=None):
        if len(self._history) <= epoch:
            return  # the epoch is not complete
        names = dict.fromkeys(itertools.chain(*self._history))
        with (
            by_product(),
            replacing(self._path) as new,
            open(new, "w", newline="", encoding="utf-8") as file,
        ):
            table = csv.DictWriter(file, names)
            table.writeheader()
            table.writerows(self._history)


class Progress(keras.callbacks.Callback):
    """Shows progress: Keras' progress bar on a terminal, elsewhere one line per epoch.

    The evaluation after training prints nothing; `Run.finish` enables Keras' logging again.
    """

    def __init__(self, history, bar):
        super().__init__()
        self._history, self._bar = history, bar

    def on_train_begin(self, logs=None):
        if not self._bar:
            keras.config.disable_interactive_logging()

    def on_epoch_end(self, epoch, logs=None):
        if len(self._history) > epoch and not self._bar:
            shown = "  ".join(f"{name} {value:.4f}" for name, value in logs.items())
            seconds = self._history[-1]["seconds"]
            print(f"epoch {epoch + 1:2}/{self.params['epochs']}  {shown}  {seconds:.1f} s", flush=True)

    def on_train_end(self, logs=None):
        keras.config.disable_interactive_logging()


class StopWhenDead(keras.callbacks.Callback):
    """Stops a training run that no longer learns, and prints why.

    Either the loss is not finite, or it has not changed for an epoch and the accuracy is that of guessing.

    Args:
        labels: the labels of the training examples.
    """

    def __init__(self, history, labels):
        super().__init__()
        self._history, self._labels, self._why = history, labels, None

    def on_epoch_end(self, epoch, logs=None):
        if len(self._history) > epoch:
            self._why = self._why_dead()
            self.model.stop_training |= bool(self._why)

    def on_train_end(self, logs=None):
        if self._why:
            print(f"The training has died: {self._why}. Try another --learning-rate.", file=sys.stderr)

    def _why_dead(self):
        *_, before, last = [{}, *self._history]
        if not np.isfinite(last["loss"]):
            return f"after epoch {last['epoch']} the loss is {last['loss']}"
        same = "loss" in before and np.isclose(last["loss"], before["loss"], rtol=1e-6, atol=0)
        if same and "accuracy" in last and last["accuracy"] < 1.2 * self._share_of_largest_class():
            shown = f"the loss was {last['loss']:.4f} and the accuracy {last['accuracy']:.2%}"
            return f"in epoch {last['epoch']} {shown}, as in the epoch before: it is guessing"
        return None

    def _share_of_largest_class(self):
        return np.unique(self._labels, return_counts=True)[1].max() / len(self._labels)
