"""Mini-batches of training examples, in a new order each epoch."""

import keras
import numpy as np
import tensorflow as tf


class ShuffledBatches(keras.callbacks.Callback):
    """Deals the training examples out in batches; as a callback it shuffles them before each epoch.

    `model.fit(x, y, batch_size=...)` would do, but once a seed is set it deals the same batches in
    the same order in every epoch. Here the order depends on the seed and the number of the epoch,
    so that a resumed training sees what an uninterrupted one would have seen.

    Args:
        x, y: arrays with n examples each.
        args: from `parse_args`; `epochs`, `batch_size` and `seed` are used.

    Attributes:
        data: what `model.fit` trains on, a `tf.data.Dataset` of (x, y); the last batch of an epoch
            is smaller if batch_size does not divide n.
        total_steps: how many batches there are in all epochs, for a learning rate that decays.
    """

    def __init__(self, x, y, args):
        super().__init__()
        self._seed, self._examples, size = args.seed, len(x), args.batch_size
        with tf.device("CPU"):  # where tf.data works
            self._order = tf.Variable(np.arange(len(x)))
            x, y = tf.constant(x), tf.constant(y)

        def batch(number):
            chosen = self._order[number * size : (number + 1) * size]
            return tf.gather(x, chosen), tf.gather(y, chosen)

        steps = -(-self._examples // size)
        self.total_steps = args.epochs * steps
        batches = tf.data.Dataset.range(steps)
        self.data = batches.map(batch, num_parallel_calls=1).prefetch(8)

    def on_epoch_begin(self, epoch, logs=None):
        self._order.assign(np.random.default_rng([self._seed, epoch]).permutation(self._examples))
