"""Mini-batches of training examples, in a new order each epoch."""

import sys

import keras
import numpy as np

from common import distribution
from common.terminal import UserError


class ShuffledBatches(keras.callbacks.Callback):
    """Deals the training examples out in batches; as a callback it shuffles them before each epoch.

    `model.fit(x, y, batch_size=...)` would do, but once a seed is set it deals the same batches in
    the same order in every epoch. Here the order depends on the seed and the number of the epoch,
    so that a resumed training sees what an uninterrupted one would have seen.

    Args:
        x, y: arrays with n examples each.
        args: from `parse_args`; `epochs`, `batch_size` and `seed` are used.

    Attributes:
        data: what `model.fit` trains on, batches of (x, y): on TensorFlow a `tf.data.Dataset`, else a
            `keras.utils.PyDataset`. The last batch of an epoch is smaller if batch_size does not divide n;
            with --distribute its examples that cannot be shared out evenly are left out.
        total_steps: how many batches there are in all epochs, for a learning rate that decays.

    Raises:
        UserError: there are fewer examples than devices.
    """

    def __init__(self, x, y, args):
        super().__init__()
        devices = distribution.data_parallel.num_model_replicas if distribution.data_parallel else 1
        if len(x) < devices:
            raise UserError(f"{len(x)} training examples cannot be shared out to {devices} devices")
        self._seed, self._examples, self._used = args.seed, len(x), len(x) // devices * devices
        steps = -(-self._used // args.batch_size)
        self.total_steps = args.epochs * steps
        batches = _TensorFlowBatches if keras.config.backend() == "tensorflow" else _Batches
        self._batches = batches(x, y, args.batch_size, steps)
        self.data = self._batches.data

    def on_epoch_begin(self, epoch, logs=None):
        order = np.random.default_rng([self._seed, epoch]).permutation(self._examples)
        self._batches.set_order(order[: self._used])
        if keras.config.backend() == "torch":  # its dropout has random numbers of its own
            sys.modules["torch"].manual_seed(self._seed + epoch)
        if distribution.data_parallel:
            distribution.data_parallel.training_batches = True

    def on_train_batch_end(self, batch, logs=None):
        if distribution.data_parallel:
            distribution.data_parallel.training_batches = False  # Keras has asked for the epoch's layout


class _TensorFlowBatches:
    def __init__(self, x, y, size, steps):
        import tensorflow as tf

        with tf.device("CPU"):  # where tf.data works
            order = tf.Variable(np.arange(len(x)))
            x, y = tf.constant(x), tf.constant(y)

        def batch(number):
            chosen = order[number * size : (number + 1) * size]
            return tf.gather(x, chosen), tf.gather(y, chosen)

        self.set_order = order.assign
        options = tf.data.Options()
        options.autotune.enabled = False  # its thread would let each epoch's end wait until it wakes up
        data = tf.data.Dataset.range(steps).map(batch, num_parallel_calls=1).prefetch(8)
        self.data = data.with_options(options)


class _Batches(keras.utils.PyDataset):
    """Deals them out without TensorFlow; with --distribute, this process' part of each batch."""

    def __init__(self, x, y, size, steps):
        super().__init__()
        self._x, self._y, self._size, self._steps = x, y, size, steps
        self.set_order(np.arange(len(x)))
        self.data = self

    def set_order(self, order):
        self._order = order

    def __len__(self):
        return self._steps

    def __getitem__(self, number):
        chosen = self._order[number * self._size : (number + 1) * self._size]
        if shared := distribution.data_parallel:
            each = len(chosen) // shared.num_processes
            chosen = chosen[shared.process_id * each :][:each]
        return self._x[chosen], self._y[chosen]
