"""Tests of what is taken from a user's data, and that taking it changes nothing of the training."""

import random

import numpy as np
import pytest
from helpers import INSTALLED

from keras_window.examples import take_examples

import keras

needs_tensorflow = pytest.mark.skipif("tensorflow" not in INSTALLED, reason="needs TensorFlow")
X, Y = np.arange(24, dtype=np.float32).reshape(8, 3), np.arange(8)


class Batches(keras.utils.PyDataset):
    """Batches of two examples, with noise from wherever a user may get it."""

    def __init__(self, batches=4):
        super().__init__()
        self.batches, self.own = batches, np.random.default_rng(0)
        self.layer = keras.layers.GaussianNoise(0.1)
        self.ended = 0

    @property
    def num_batches(self):
        return self.batches

    def __getitem__(self, i):
        noise = random.random() + np.random.normal() + self.own.normal()
        x = self.layer(X[2 * i : 2 * i + 2] + noise, training=True)
        return keras.ops.convert_to_numpy(x), Y[2 * i : 2 * i + 2]

    def on_epoch_end(self):
        self.ended += 1


class Again:
    """Batches that can be iterated again, with weights."""

    def __iter__(self):
        return ((X[i : i + 3], Y[i : i + 3], np.ones(len(X[i : i + 3]))) for i in (0, 3, 6))


class Once:
    def __init__(self):
        self.batches = iter(Again())

    def __iter__(self):
        return self.batches


def tensors():
    return keras.Variable(X), keras.ops.convert_to_tensor(Y)


def tables():
    pandas = pytest.importorskip("pandas")
    shuffled = (
        pandas.DataFrame(X, columns=list("abc"), dtype=float).assign(c=Y).sample(frac=1, random_state=0)
    )
    return shuffled, shuffled["c"]


@pytest.mark.parametrize(
    "part, most, x, y, whole, weighted",
    [
        ((X, Y), 2, X, Y, True, False),
        ([X, None], 2, X, None, True, False),
        ((X, Y, np.ones(8)), 2, X, Y, True, True),
        ((X.tolist(), Y.tolist()), 2, X, Y, True, False),
        (tensors, 2, X, Y, True, False),
        (({"a": X, "b": [Y, X.tolist()]}, (Y, None)), 2, {"a": X, "b": [Y, X]}, (Y, None), True, False),
        (Again(), 5, X[:5], Y[:5], False, True),
        (Again(), 8, X, Y, True, True),
        (Again(), 6, X[:6], Y[:6], False, True),
        (Again(), 99, X, Y, True, True),
    ],
)
def test_examples_are_taken_from_arrays_and_batches(part, most, x, y, whole, weighted):
    taken = take_examples(part() if callable(part) else part, most)
    keras.tree.assert_same_structure((taken.x, taken.y), (x, y))
    for ours, theirs in zip(keras.tree.flatten((taken.x, taken.y)), keras.tree.flatten((x, y)), strict=True):
        assert ours is theirs is None or (type(ours) is np.ndarray and np.array_equal(ours, theirs))
    assert (taken.whole, taken.weighted) == (whole, weighted)


def test_arrays_are_not_copied():
    x, y, *_ = take_examples((X, {"a": Y}), 2)
    assert x is X and y["a"] is Y


def test_a_table_is_read_by_its_rows_as_keras_does():
    x, y, *_ = take_examples(tables(), 2)
    assert x.dtype == np.float32 and x.shape == (8, 3) and y.shape == (8, 1)
    assert np.array_equal(x[:, 2:], y) and not np.array_equal(y[:, 0], Y)


def test_a_sparse_matrix_becomes_dense():
    sparse = pytest.importorskip("scipy.sparse")
    assert np.array_equal(take_examples((sparse.coo_matrix(X), Y), 2).x, X)


def test_a_data_set_without_end_is_read_to_its_first_empty_batch():
    taken = take_examples(Batches(None), 99)
    assert taken.x.shape == (8, 3) and not taken.whole and not take_examples(Batches(None), 3).whole


def test_what_a_data_set_raises_is_said_in_one_line():
    class Broken(Batches):
        def __getitem__(self, i):
            raise OSError("no\nsuch file")

    with pytest.raises(ValueError, match=r"; this part could not be read \(OSError: no such file\)$"):
        take_examples(Broken(), 9)


def test_a_batch_that_is_longer_ends_the_examples():
    class Sentences:
        def __iter__(self):
            return ((np.zeros((2, length)), np.zeros(2)) for length in (7, 7, 9))

    taken = take_examples(Sentences(), 99)
    assert taken.x.shape == (4, 7) and not taken.whole


@pytest.mark.parametrize(
    "part, words",
    [
        (X, "this part is of type ndarray"),
        ({"x": X}, "this part is of type dict"),
        (None, "this part is of type NoneType"),
        ((X, Y, X, Y), "this part has 4 elements"),
        ((X, Y[:5]), "this part has arrays of 5 and 8 examples"),
        ((X, 7), "this part has single examples"),
        ((X[:0], Y[:0]), "this part is empty"),
        ((X, [[1, 2], [3]]), "is no array"),
        ((object(), Y), "object is no array"),
        (Batches(0), "this part is empty"),
        (Again, "this part is of type type"),
        (map(str, [1]), "a map can be read only once"),
        (iter(Again()), "a generator can be read only once"),
        (Once(), "a Once can be read only once"),
    ],
)
def test_what_cannot_be_used_is_named_in_one_line(part, words):
    with pytest.raises(ValueError, match=f"^LivePlot's data are two parts, .*; .*{words}.*$"):
        take_examples(part, 99)
    if isinstance(part, Once):
        assert len(list(part)) == 3


def shuffled():
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices((X, Y)).shuffle(8, seed=3).batch(2).prefetch(1)


def shuffled_by_chance():
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices((X, Y)).cache().shuffle(8).repeat(2).batch(2)


def distorted():
    flip = keras.layers.RandomFlip()
    return shuffled().map(lambda x, y: (flip(x[:, None, :, None], training=True)[:, 0, :, 0], y))


def generated():
    import tensorflow as tf

    def batches():
        for i in range(4):
            yield X[2 * i : 2 * i + 2] + np.random.normal(), Y[2 * i : 2 * i + 2]

    signature = tf.TensorSpec([None, 3]), tf.TensorSpec([None], tf.int64)
    return tf.data.Dataset.from_generator(batches, output_signature=signature).prefetch(2)


def loader(**options):
    import torch

    torch.manual_seed(4)

    class Noisy(torch.utils.data.Dataset):
        def __len__(self):
            return 8

        def __getitem__(self, i):
            return X[i] + torch.randn(1).numpy() + np.float32(np.random.normal()), Y[i]

    return torch.utils.data.DataLoader(Noisy(), 2, shuffle=True, **options)


def loader_with_its_own_numbers():
    import torch

    return loader(generator=torch.Generator().manual_seed(3))


def result_of_training(make, most):
    keras.utils.set_random_seed(5)
    data = make()
    inputs = keras.Input([3])
    model = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Dropout(0.3)(inputs)))
    model.compile(keras.optimizers.SGD(1e-4), "mse")
    if most:
        taken = take_examples(data, most)
        assert taken.x.shape == (min(most, 8), 3) and taken.y.shape == (min(most, 8),)
    losses = model.fit(data, epochs=2, verbose=0).history["loss"]
    return [array.tolist() for array in model.get_weights()], losses, getattr(data, "ended", None)


SETS = [
    Batches,
    *(pytest.param(make, marks=needs_tensorflow) for make in (shuffled, shuffled_by_chance)),
    *(pytest.param(make, marks=(needs_tensorflow, pytest.mark.extras)) for make in (distorted, generated)),
]
LOADERS = [
    pytest.param(make, marks=pytest.mark.skipif("torch" not in INSTALLED, reason="needs PyTorch"))
    for make in (loader, loader_with_its_own_numbers)
]


def check(make):
    plain, part, whole = (result_of_training(make, most) for most in (0, 3, 8))
    assert plain == part == whole


@pytest.mark.parametrize("make", SETS)
def test_a_training_is_the_same_after_its_examples_were_taken(make):
    check(make)


@pytest.mark.extras
@pytest.mark.parametrize("make", LOADERS)
def test_pytorch_s_training_is_the_same_after_its_examples_were_taken(make):
    check(make)


@needs_tensorflow
def test_of_a_data_set_of_tensorflow_the_first_epoch_s_examples_are_taken():
    x, y, whole, _ = take_examples(shuffled(), 99)
    first_epoch = np.concatenate([y for _, y in shuffled().as_numpy_iterator()])
    assert np.array_equal(y, first_epoch) and whole and sorted(y) == list(Y)
    assert np.array_equal(x, X[y])
    assert not take_examples(shuffled().repeat(), 20).whole
    with pytest.raises(ValueError, match="single examples, not batches"):
        take_examples(shuffled().unbatch(), 99)


@needs_tensorflow
def test_a_large_data_set_of_tensorflow_is_not_copied(monkeypatch):
    monkeypatch.setattr("keras_window.examples.LARGEST", 100)
    with pytest.raises(ValueError, match=r"0 MB takes too long: \(x, y\) does not"):
        take_examples(shuffled(), 99)
