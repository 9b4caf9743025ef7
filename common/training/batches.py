"""Mini-batches: of training examples in a new order each epoch, of others in their own."""

import sys

import keras
import numpy as np

from common.terminal import UserError
from common.training import distribution


LARGE = 100_000_000  # bytes of examples, of which TensorFlow gets no copy


class ShuffledBatches(keras.callbacks.Callback):
    """Deals out the training examples in batches; as a callback it shuffles them before each epoch.

    `model.fit(x, y, batch_size=...)` would do, but once a seed is set it deals the same batches in
    the same order in every epoch. Here the order depends on the seed and the number of the epoch,
    so that a resumed training sees what an uninterrupted one would have seen.

    Args:
        x, y: arrays with n examples each.
        args: from `parse_args`; `epochs`, `batch_size` and `seed` are used.
        change: changes the examples a little every time: a function of a batch's x and y and of a
            `numpy.random.Generator` that returns x and y.
        steps: how many batches an epoch has at most; the next epoch continues where it ends. None: all.

    Attributes:
        data: what `model.fit` trains on, batches of (x, y): on TensorFlow a `tf.data.Dataset`, else a
            `keras.utils.PyDataset`. The last batch of an epoch is smaller if batch_size does not divide n;
            with --distribute its examples that cannot be shared evenly are left out.
        total_steps: how many batches there are in all epochs, for a learning rate that decays.

    Raises:
        UserError: there are fewer examples than devices.
    """

    def __init__(self, x, y, args, change=None, steps=None):
        super().__init__()
        devices = distribution.data_parallel.devices if distribution.data_parallel else 1
        if len(x) < devices:
            raise UserError(f"{len(x)} training examples cannot be split across {devices} devices")
        self._seed, self._examples, self._used = args.seed, len(x), len(x) // devices * devices
        self._epoch_examples = min(self._used, (steps or len(x)) * args.batch_size)
        steps = -(-self._epoch_examples // args.batch_size)
        self.total_steps = args.epochs * steps
        on_tensorflow = keras.config.backend() == "tensorflow"
        one_by_one = change or x.nbytes > LARGE
        kind = _Batches if not on_tensorflow else _DealtBatches if one_by_one else _TensorFlowBatches
        self._batches = kind(x, y, args.batch_size, steps, change)
        self.data = self._batches.data

    def on_epoch_begin(self, epoch, logs=None):
        begin = epoch * self._epoch_examples
        rounds = range(begin // self._used, -(-(begin + self._epoch_examples) // self._used))
        order = np.concatenate([self._shuffled(number) for number in rounds])
        begin -= rounds[0] * self._used
        self._batches.set_order(order[begin : begin + self._epoch_examples], [self._seed, epoch])
        if keras.config.backend() == "torch":  # its dropout has random numbers of its own
            sys.modules["torch"].manual_seed(self._seed + epoch)
        if distribution.data_parallel:
            distribution.data_parallel.training_batches = True

    def _shuffled(self, number):
        """All examples in the order in which this round through them takes them."""
        return np.random.default_rng([self._seed, number]).permutation(self._examples)[: self._used]

    def on_train_batch_end(self, batch, logs=None):
        if distribution.data_parallel:
            distribution.data_parallel.training_batches = False  # Keras has asked for the epoch's layout


def in_batches(examples, size):
    """Examples to evaluate a network on, always in the same order, in batches of `size`; the last is smaller.

    Arrays would do, too, but on TensorFlow Keras would spend 20 to 40 milliseconds of each evaluation on
    preparing to deal them out: half the time of an epoch of few examples.

    Args:
        examples: (x, y), arrays with n examples each.
        size: how many examples a batch has.

    Returns:
        For `validation_data` or `model.evaluate`: on TensorFlow a `tf.data.Dataset`, else a
        `keras.utils.PyDataset`.
    """
    if keras.config.backend() != "tensorflow":
        return _InOrder(*examples, size)
    import tensorflow as tf

    whole = len(examples[0]) // size * size
    options = tf.data.Options()
    options.autotune.enabled = False
    with tf.device("CPU"):  # where tf.data works
        batches = tf.data.Dataset.from_tensor_slices(
            tuple(part[:whole].reshape(-1, size, *part.shape[1:]) for part in examples)
        )
        if whole < len(examples[0]):
            rest = tf.data.Dataset.from_tensors(tuple(part[whole:] for part in examples))
            batches = batches.concatenate(rest)
        return batches.with_options(options)


class _InOrder(keras.utils.PyDataset):
    def __init__(self, x, y, size):
        super().__init__()
        self._x, self._y, self._size = x, y, size

    def __len__(self):
        return -(-len(self._x) // self._size)

    def __getitem__(self, number):
        chosen = slice(number * self._size, (number + 1) * self._size)
        return self._x[chosen], self._y[chosen]


def _dataset(steps, batch):
    """A `tf.data.Dataset` of batch(0), batch(1) to batch(steps - 1)."""
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False  # its thread would let each epoch's end wait until it wakes up
    options.threading.private_threadpool_size = 1  # each further thread has to be woken for every batch
    batch = tf.autograph.experimental.do_not_convert(batch)  # it has no branches and loops to convert
    return tf.data.Dataset.range(steps).map(batch).prefetch(8).with_options(options)


class _TensorFlowBatches:
    def __init__(self, x, y, size, steps, change):
        import tensorflow as tf

        each = size if steps * size <= len(x) else None  # the last batch may be smaller
        with tf.device("CPU"):  # where tf.data works
            order = tf.Variable(np.arange(len(x)), shape=[None])
            x, y = tf.constant(x), tf.constant(y)

        def batch(number):
            chosen = order[number * size : (number + 1) * size]
            chosen.set_shape([each])  # whose shapes are known, layers need not ask for them: faster
            return tf.gather(x, chosen), tf.gather(y, chosen)

        self.set_order = lambda chosen, seed: order.assign(chosen)
        self.data = _dataset(steps, batch)


class _Batches(keras.utils.PyDataset):
    """Deals them out without TensorFlow; with --distribute, this process' part of each batch."""

    def __init__(self, x, y, size, steps, change):
        super().__init__()
        self._x, self._y, self._size, self._steps, self._change = x, y, size, steps, change
        self.set_order(np.arange(len(x)), [0])
        self.data = self

    def set_order(self, order, seed):
        self._order, self._seed = order, seed

    def __len__(self):
        return self._steps

    def __getitem__(self, number):
        chosen = self._order[number * self._size : (number + 1) * self._size]
        if shared := distribution.data_parallel:
            each = len(chosen) // shared.processes
            chosen = chosen[shared.process * each :][:each]
        x, y = self._x[chosen], self._y[chosen]
        return self._change(x, y, np.random.default_rng([*self._seed, number])) if self._change else (x, y)


class _DealtBatches(_Batches):
    """The same as a `tf.data.Dataset`: Keras would make one with autotuning of the `PyDataset`."""

    def __init__(self, *args):
        import tensorflow as tf

        super().__init__(*args)
        kinds = [tf.TensorSpec([None, *part.shape[1:]], part.dtype) for part in self[0]]

        def batch(number):
            parts = tf.numpy_function(self.__getitem__, [number], [kind.dtype for kind in kinds])
            return tuple(tf.ensure_shape(part, kind.shape) for part, kind in zip(parts, kinds, strict=True))

        self.data = _dataset(len(self), batch)
