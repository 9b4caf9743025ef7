"""Mini-batches: training examples in a new order each epoch, the others in a fixed order."""

import sys
import warnings

import keras
import numpy as np

from common.errors import UserError
from common.training import distribution

LARGE = 100_000_000  # bytes of training examples above which TensorFlow gets no copy of them
EVALUATED = 784_000  # numbers in a batch for evaluation: 1,000 digits


def in_batches(data, args, change=None, steps=None, evaluated=None):
    """Split the parts of a data set into batches: the training examples in a new order each epoch.

        train, test = in_batches(data, args)

    `model.fit(x, y, batch_size=...)` works too, but with a seed its order is the same in every epoch. Here
    the order depends on the seed and the epoch's number, so that a resumed run sees the same batches as an
    uninterrupted one. On TensorFlow this also saves 20 to 40 ms per evaluation, which Keras would spend on
    preparing the arrays.

    Args:
        data: `Data` with train and optionally validation and test.
        args: from `parse_args`; `batch_size` and `seed` are used.
        change: data augmentation, a function (x, y, rng) -> (x, y) of one training batch, where rng is a
            `numpy.random.Generator`; or None.
        steps: the largest number of batches in an epoch; the next epoch continues there. None: all.
        evaluated: the batch size for evaluation; None: up to 1,000, fewer if the examples are large.

    Returns:
        A list with one data set for each part of `data`, for `model.fit` and `model.evaluate`: a
        `tf.data.Dataset` on TensorFlow, else a `keras.utils.PyDataset`. `len(train)` is the number of
        batches. The last one is smaller if batch_size does not divide the number of examples; with
        --distribute, examples that cannot be split evenly are left out. `train.deal(epoch)` sets the order
        of an epoch, counted from 0; `Run` calls it.

    Raises:
        UserError: there are fewer examples than devices.
    """
    warnings.filterwarnings("ignore", "`shuffle=True` was passed")  # `train` is shuffled already
    train, *others = data
    if evaluated is None:
        evaluated = int(np.clip(EVALUATED // train.x[0].size, 4, 1000))
    return [_to_train_on(train, args, change, steps), *(_to_evaluate_on(part, evaluated) for part in others)]


class _Order:
    """The examples of each epoch and their order, which depend on the seed and the epoch's number."""

    def __init__(self, examples, args, steps):
        devices = distribution.data_parallel.devices if distribution.data_parallel else 1
        if examples < devices:
            raise UserError(f"{examples} training examples cannot be split across {devices} devices")
        self._seed, self._examples, self._used = args.seed, examples, examples // devices * devices
        self._each = min(self._used, (steps or examples) * args.batch_size)  # examples per epoch
        self.steps = -(-self._each // args.batch_size)

    def of(self, epoch):
        """The indices of an epoch's examples, int64, in order."""
        begin = epoch * self._each
        rounds = range(begin // self._used, -(-(begin + self._each) // self._used))
        order = np.concatenate([self._shuffled(number) for number in rounds])
        begin -= rounds[0] * self._used
        return order[begin : begin + self._each]

    def _shuffled(self, number):
        """The indices of all examples, in the order of one pass through them."""
        return np.random.default_rng([self._seed, number]).permutation(self._examples)[: self._used]


def _to_train_on(examples, args, change, steps):
    order, on_tensorflow = _Order(len(examples[0]), args, steps), keras.config.backend() == "tensorflow"
    one_by_one = change or examples[0].nbytes > LARGE
    make = _Batches if not on_tensorflow else _DealtOut if one_by_one else _Gathered
    made = make(*examples, args.batch_size, order.steps, change)

    def deal(epoch):
        made.put(order.of(epoch), [args.seed, epoch])
        if keras.config.backend() == "torch":  # its dropout uses PyTorch's own random numbers
            sys.modules["torch"].manual_seed(args.seed + epoch)

    made.data.deal = deal
    return made.data


def _to_evaluate_on(examples, size):
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
    options.autotune.enabled = False  # its thread would delay the end of each epoch
    options.threading.private_threadpool_size = 1  # each further thread has to be woken for every batch
    batch = tf.autograph.experimental.do_not_convert(batch)  # it has no branches or loops to convert
    return tf.data.Dataset.range(steps).map(batch).prefetch(8).with_options(options)


class _Gathered:
    def __init__(self, x, y, size, steps, change):
        import tensorflow as tf

        each = size if steps * size <= len(x) else None  # the last batch may be smaller
        with tf.device("CPU"):  # where tf.data works
            order = tf.Variable(np.arange(len(x)), shape=[None])
            x, y = tf.constant(x), tf.constant(y)

        def batch(number):
            if each:
                chosen = tf.slice(order, [number * size], [size])
            else:
                chosen = order[number * size : (number + 1) * size]
            return tf.gather(x, chosen), tf.gather(y, chosen)

        self.put = lambda chosen, seed: order.assign(chosen)
        self.data = _dataset(steps, batch)
        self.data.gather = batch  # for `gather_in_steps`


class _Batches(keras.utils.PyDataset):
    """Training batches made with NumPy; with --distribute, this process's part of each batch."""

    def __init__(self, x, y, size, steps, change):
        super().__init__()
        self._x, self._y, self._size, self._steps, self._change = x, y, size, steps, change
        self.put(np.arange(len(x)), [0])
        self.data = self

    def put(self, order, seed):
        self._order, self._seed, self._next = order, seed, 0

    def __len__(self):
        return self._steps

    def __getitem__(self, number):
        """The next batch, whatever its number: Keras would shuffle the batches, even the smaller last one."""
        self._next += 1
        return self.batch((self._next - 1) % self._steps)

    def batch(self, number):
        chosen = self._order[number * self._size : (number + 1) * self._size]
        if shared := distribution.data_parallel:
            each = len(chosen) // shared.processes
            chosen = chosen[shared.process * each :][:each]
        x, y = self._x[chosen], self._y[chosen]
        return self._change(x, y, np.random.default_rng([*self._seed, number])) if self._change else (x, y)


class _DealtOut(_Batches):
    """`_Batches` as a `tf.data.Dataset` without autotuning, which Keras' own conversion would turn on."""

    def __init__(self, *args):
        import tensorflow as tf

        super().__init__(*args)
        kinds = [tf.TensorSpec([None, *part.shape[1:]], part.dtype) for part in self.batch(0)]

        def batch(number):
            parts = tf.numpy_function(self.batch, [number], [kind.dtype for kind in kinds])
            return tuple(tf.ensure_shape(part, kind.shape) for part, kind in zip(parts, kinds, strict=True))

        self.data = _dataset(len(self), batch)
