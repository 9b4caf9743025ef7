"""The examples of one part of a program's data, training or test, as NumPy arrays."""

import contextlib
import functools
import gc
import itertools
import random
import sys
from typing import Any, NamedTuple

import keras
import numpy as np

LARGEST = 2**28  # bytes of a `tf.data.Dataset` that is copied, which takes seconds
IGNORED = 1  # TensorFlow's policy for states of a data set when it is written: they begin anew


class Examples(NamedTuple):
    """Examples of a part of the data.

    Attributes:
        x: the model's inputs, an array [n, ...] or a dictionary, list or tuple of such arrays.
        y: the labels, likewise; None if there are none.
        whole: whether these are all examples of the part.
        weighted: whether they have sample weights, so that Keras may evaluate them weighted.
    """

    x: Any
    y: Any
    whole: bool
    weighted: bool = False


def take_examples(part, most):
    """Return the `Examples` of one part of the data. What the training will see does not change.

    Args:
        part: (x,), (x, y) or (x, y, sample weights) as for `model.fit`, all of which are returned, or a data
            set, of which the first batches are read: a batched `tf.data.Dataset`, a `keras.utils.PyDataset`,
            PyTorch's `DataLoader`, or batches that can be iterated more than once.
        most: the number of examples to take from a data set.

    Raises:
        ValueError: in one line, why this part cannot be used.
    """
    if isinstance(part, (tuple, list)):
        x, y, weights = _unpacked(part)
        x, y = _arrays(x), _arrays(y)
        if not _count((x, y)):
            raise _unusable("this part is empty")
        return Examples(x, y, True, weights is not None)
    kind = type(part).__name__
    if hasattr(part, "shape") or isinstance(part, (dict, str)) or not hasattr(type(part), "__iter__"):
        raise _unusable(f"this part is of type {kind}")
    if _is_read_only_once(part):
        raise _unusable(f"a {kind} can be read only once, and the training needs it")
    with _same_random_numbers(part), contextlib.closing(_batches(part)) as batches:
        return _first_examples(batches, most)


def _unusable(why):
    return ValueError(f"LivePlot's data are two parts, training and test, each (x, y) or a data set; {why}")


def _because(error):
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


# -- arrays


def _unpacked(batch):
    """Return x, y and the sample weights of (x,), (x, y), (x, y, weights) or x; y and weights may be None."""
    values = tuple(batch) if isinstance(batch, (tuple, list)) else (batch,)
    if not 1 <= len(values) <= 3:
        raise _unusable(f"this part has {len(values)} elements")
    return (*values, None, None)[:3]


def _arrays(tree):
    """Return the tree with a NumPy array for each array-like in it; a list of numbers is one, too."""
    return keras.tree.traverse(lambda node: None if _is_inner(node) else _array(node), tree)


def _is_inner(node):
    return node is None or (isinstance(node, (dict, list, tuple)) and not _is_of_numbers(node))


def _is_of_numbers(node):
    if isinstance(node, (list, tuple)):
        return not node or _is_of_numbers(node[0])
    return np.isscalar(node)


def _array(value):
    kind = type(value).__name__
    try:
        if hasattr(value, "iloc"):  # of pandas: never by label, which a split shuffles
            return _of_pandas(value)
        if hasattr(value, "detach"):  # of PyTorch
            value = value.detach().cpu()
            value = value.float() if str(value.dtype) == "torch.bfloat16" else value  # NumPy lacks it
        elif hasattr(value, "todense"):  # of SciPy and JAX
            value = value.todense()
        elif hasattr(value, "dense_shape"):  # of TensorFlow
            value = keras.ops.convert_to_numpy(value)
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise _unusable(f"{kind} is no array ({_because(error)})") from error
    if array.dtype == object and not array.ndim:
        raise _unusable(f"{kind} is no array")
    return array


def _of_pandas(table):
    """Return what Keras makes of a Series, an array [n, 1], and of a DataFrame, [n, columns]."""
    if table.ndim == 1:
        return table.to_numpy()[:, np.newaxis]
    if any(getattr(dtype, "kind", "") == "f" for dtype in table.dtypes):
        table = table.astype(keras.config.floatx())
    return table.to_numpy()


def _leaves(tree):
    return [leaf for leaf in keras.tree.flatten(tree) if leaf is not None]


def _count(tree):
    """Return the number of examples, which is that of each array."""
    arrays = _leaves(tree)
    if not all(array.ndim for array in arrays):
        raise _unusable("this part has single examples, not batches")
    counts = {len(array) for array in arrays}
    if len(counts) > 1:
        raise _unusable(f"this part has arrays of {' and '.join(map(str, sorted(counts)))} examples")
    return sum(counts)


# -- data sets


def _is_read_only_once(part):
    if hasattr(part, "__next__") or hasattr(getattr(part, "dataset", None), "__next__"):
        return True
    if _is_of(part, "torch.utils.data", "tensorflow.") or isinstance(part, keras.utils.PyDataset):
        return False  # these can always be read again, and beginning may start processes
    return iter(part) is iter(part)


def _is_of(part, *modules):
    return any(kind.__module__.startswith(modules) for kind in type(part).__mro__)


def _first_examples(batches, most):
    taken, count, whole, weighted = [], 0, False, False
    for batch in batches:
        if count >= most:
            break
        x, y, weights = _unpacked(batch)
        examples = _arrays(x), _arrays(y)
        if not _count(examples) or (taken and _shapes(examples) != _shapes(taken[0])):
            break  # such as sentences, which are as long as the longest of their batch
        weighted |= weights is not None
        rest, count = most - count, count + _count(examples)
        taken.append(_mapped(lambda array, rest=rest: array[:rest].copy(), examples))
        if count > most:
            break
    else:
        whole = True
    if not count:
        raise _unusable("this part is empty")
    x, y = _mapped(lambda *arrays: np.concatenate(arrays), *taken)
    return Examples(x, y, whole, weighted)


def _shapes(tree):
    return [array.shape[1:] for array in _leaves(tree)]


def _mapped(function, *trees):
    """Return the tree of the function's results for the arrays of these trees; None stays None."""
    return keras.tree.map_structure(lambda *leaves: None if leaves[0] is None else function(*leaves), *trees)


def _batches(part):
    """Yield the batches of a data set. What its own code raises becomes a ValueError."""
    try:
        if isinstance(part, keras.utils.PyDataset):  # iterating may be the user's own code, that for training
            count = part.num_batches
            yield from map(part.__getitem__, itertools.count() if count is None else range(count))
        elif _is_of(part, "tensorflow."):
            yield from _copy_of(part)
        else:
            yield from part
    except Exception as error:
        raise _unusable(f"this part could not be read ({_because(error)})") from error


def _copy_of(dataset):
    """Return a copy of a `tf.data.Dataset` that shuffles by itself, as the original does in its first epoch.

    To iterate the original would change the order of all its later epochs, whatever its seed.
    """
    tf = sys.modules["tensorflow"]
    variant = tf.data.experimental.to_variant(dataset)
    written = tf.raw_ops.DatasetToGraphV2(input_dataset=variant, external_state_policy=IGNORED).numpy()
    if b"SeedGenerator" not in written and b"CacheDataset" not in written:
        return dataset
    if len(written) > LARGEST:
        raise ValueError(f"to copy its {len(written) / 1e6:,.0f} MB takes too long: (x, y) does not")
    graph = tf.compat.v1.GraphDef.FromString(written)
    caches = {node.name: node.input[0] for node in graph.node if node.op.startswith("CacheDataset")}
    for node in graph.node:
        for i, name in enumerate(node.input):
            while name in caches:  # a cache that is not filled to its end is lost
                name = caches[name]
            node.input[i] = name
        for handle in node.attr["value"].tensor.resource_handle_val if node.op == "Const" else ():
            if "SeedGenerator" in handle.name:
                handle.name += " of LivePlot"  # so that TensorFlow makes a new one
    copy = tf.raw_ops.DatasetFromGraph(graph_def=graph.SerializeToString())
    return tf.data.experimental.from_variant(copy, dataset.element_spec)


# -- random numbers


@contextlib.contextmanager
def _same_random_numbers(part):
    """A block after which all random number generators are as before: a data set may draw from them."""
    states = [*_states_of_python(), *_states_of_torch(part)]
    try:
        yield
    finally:
        for restore, state in states:
            restore(state)


def _states_of_python():
    """Yield functions with what to call them with, for the generators of Python, NumPy and Keras."""
    yield random.setstate, random.getstate()
    yield np.random.set_state, np.random.get_state()
    kinds = random.Random, np.random.BitGenerator, keras.random.SeedGenerator
    for one in gc.get_objects():  # those in the data set, in its layers, and in TensorFlow
        if not issubclass(type(one), kinds) or isinstance(one, random.SystemRandom):
            continue
        if isinstance(one, random.Random):
            yield one.setstate, one.getstate()
        elif isinstance(one, np.random.BitGenerator):
            yield functools.partial(setattr, one, "state"), one.state
        else:
            yield one.state.assign, np.array(keras.ops.convert_to_numpy(one.state))


def _states_of_torch(part):
    torch = sys.modules.get("torch")
    if not torch:
        return
    yield torch.set_rng_state, torch.get_rng_state()
    if torch.cuda.is_initialized():
        yield torch.cuda.set_rng_state_all, torch.cuda.get_rng_state_all()
    owners = [part, getattr(part, "dataset", None), getattr(part, "sampler", None)]
    owners += [batches := getattr(part, "batch_sampler", None), getattr(batches, "sampler", None)]
    for generator in {getattr(owner, "generator", None) for owner in owners} - {None}:
        yield generator.set_state, generator.get_state()
