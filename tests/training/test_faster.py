"""Tests that the one-kernel versions compute what Keras' own code computes, or fall back to it."""

import numpy as np
import pytest

from common.training import faster

import keras
from keras import layers

import fashion_mnist
import imdb_text
import mnist_1_softmax
import mnist_3_convolutional
import mnist_4_batchnorm

pytestmark = pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="it is for TensorFlow")


def fused(layer):
    """Let a layer use TensorFlow's one kernel, as `make_faster` does for those of a model."""
    model = keras.Sequential([layer])
    model.compile("sgd", "mse")
    faster._use_fused_kernels(model)
    return layer


def a_step(layer, x, eagerly):
    """Outputs, the weights after a step of training, and what the layer gives in a test."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input(x.shape[1:]), layer, layers.Flatten(), layers.Dense(1)])
    outputs = np.asarray(model.layers[0](x, training=True))
    model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=eagerly)
    model.fit(x, np.arange(len(x)), batch_size=len(x), epochs=3, verbose=0)
    return [outputs, *model.get_weights(), np.asarray(model.layers[0](x))]


@pytest.mark.parametrize(
    "shape, settings",
    [
        ((6, 5, 7, 3), {}),
        ((6, 5, 7, 3), {"scale": False, "center": False}),
        ((2, 1, 1, 4), {"momentum": 0.5, "epsilon": 0.1}),
        ((6, 5, 7, 3), {"axis": 1}),
        ((6, 5, 7, 3), {"trainable": False}),
        ((6, 9), {}),
    ],
)
def test_it_finds_what_keras_finds(shape, settings):
    x = np.random.default_rng(0).normal(2, 3, shape).astype(np.float32)
    eagerly = bool(settings)  # tracing takes most of the time: once is enough
    ours = a_step(fused(layers.BatchNormalization(**settings)), x, eagerly)
    keras_own = a_step(layers.BatchNormalization(**settings), x, eagerly)
    for a, b in zip(ours, keras_own, strict=True):
        assert a == pytest.approx(b, rel=5e-4, abs=5e-4)  # a thread more or less changes 2e-4


def kernels(function, *specs):
    """The names of TensorFlow's kernels that compute a function."""
    import tensorflow as tf

    graph = tf.function(function).get_concrete_function(*specs).graph
    return {operation.type for operation in graph.get_operations()}


def kernels_of_layer(layer):
    import tensorflow as tf

    return kernels(lambda x: layer(x, training=True), tf.TensorSpec([None, 5, 5, 2]))


def test_only_a_layer_that_is_named_uses_the_one_kernel():
    assert "FusedBatchNormV3" in kernels_of_layer(fused(layers.BatchNormalization()))
    assert "FusedBatchNormV3" not in kernels_of_layer(layers.BatchNormalization())


def test_the_file_of_a_fused_model_is_plain_keras(run_code, tmp_path):
    model = keras.Sequential([keras.Input((5, 5, 2)), fused(layers.BatchNormalization())])
    model.save(tmp_path / "model.keras")
    code = "import keras\nprint(type(keras.models.load_model('model.keras').layers[0]).__module__)"
    done = run_code(code)  # which knows nothing of ours
    assert done.returncode == 0 and done.stdout.startswith("keras.src.layers")


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"learning_rate": keras.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5), "beta_1": 0.5},
        {"clipnorm": 0.1, "epsilon": 0.1},
    ],
)
def test_adam_in_one_kernel_finds_what_keras_finds(settings):
    x = np.random.default_rng(0).random((64, 7), np.float32)
    found = []
    for fuse in True, False:
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((7,)), layers.Dense(4, activation="relu"), layers.Dense(1)])
        model.compile(keras.optimizers.Adam(**settings), "mse", run_eagerly=bool(settings))
        model.optimizer.build(model.trainable_variables)
        if fuse:
            faster._use_fused_kernels(model)
        model.fit(x, x.sum(axis=1), batch_size=16, epochs=3, verbose=0)
        found.append([*model.get_weights(), *map(np.asarray, model.optimizer.variables)])
        assert int(model.optimizer.iterations) == 12
    for ours, keras_own in zip(*found, strict=True):
        assert ours == pytest.approx(keras_own, rel=1e-4, abs=1e-5)


def adam_of(hidden=()):
    """The optimizer of a model after `make_faster`, and its variables."""
    model = keras.Sequential([keras.Input((4,)), *hidden, layers.Dense(1)])
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    faster._use_fused_kernels(model)
    return model.optimizer, model.trainable_variables


def kernels_of_adam(adam, variables):
    return kernels(lambda: adam.apply([keras.ops.ones(variable.shape) for variable in variables]))


@pytest.mark.parametrize(
    "hidden, one_kernel",
    [([layers.Dense(3), layers.Dropout(0.1)], True), ([layers.Embedding(9, 2), layers.Flatten()], False)],
)
def test_adam_uses_the_one_kernel_where_all_layers_are_dense(hidden, one_kernel):
    assert ("ResourceApplyAdam" in kernels_of_adam(*adam_of(hidden))) == one_kernel


def test_where_a_version_has_no_such_kernel_or_moments_keras_goes_its_own_way(monkeypatch):
    import tensorflow as tf

    with monkeypatch.context() as patch:
        patch.setattr(keras.optimizers.Adam, "variables", [])
        adam, variables = adam_of()
        assert "ResourceApplyAdam" not in kernels_of_adam(adam, variables)
    for name in ("ResourceApplyAdam", "FusedBatchNormV3"):
        monkeypatch.delattr(tf.raw_ops, name)
    assert "AssignSubVariableOp" in kernels_of_adam(*adam_of())
    assert "Rsqrt" in kernels_of_layer(fused(layers.BatchNormalization()))


def test_a_small_network_takes_many_steps_without_a_pause_and_a_large_one_few():
    found = {}
    for lesson, *step in (
        (mnist_1_softmax,), (mnist_3_convolutional, "3.1"), (mnist_4_batchnorm, "4.2"),
        (fashion_mnist, "conv"), (imdb_text,),
    ):  # fmt: skip
        model = lesson.build_model(*step)
        example = [size or 9 for size in model.input_shape[1:]]
        model.compile("sgd", "mse")
        size = {fashion_mnist: 64, imdb_text: 512}.get(lesson, 100)
        faster.make_faster(model, size, (np.zeros((1, *example)), np.zeros(1)))
        found[lesson.__name__] = model.steps_per_execution
    assert found == {
        "mnist_1_softmax": 50, "mnist_3_convolutional": 9, "mnist_4_batchnorm": 2, "fashion_mnist": 4,
        "imdb_text": 4,
    }  # fmt: skip
