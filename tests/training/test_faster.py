"""Tests that the one-kernel versions compute what Keras' own code computes, or fall back to it."""

import numpy as np
import pytest

from common.training import faster

import keras
from keras import layers

import mnist_1_softmax
import mnist_3_convolutional

pytestmark = pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="it is for TensorFlow")


def fused(part):
    """Let a layer or an optimizer use TensorFlow's one kernel, as `make_faster` does for those of a model."""
    layer = part if isinstance(part, layers.Layer) else layers.Dense(1)
    adam = part if isinstance(part, keras.optimizers.Optimizer) else keras.optimizers.SGD()
    model = keras.Sequential([layer])
    model.compile(adam, "mse")
    faster._use_fused_kernels(model)
    return part


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
    for adam in fused(keras.optimizers.Adam(**settings)), keras.optimizers.Adam(**settings):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([layers.Dense(4, activation="relu"), layers.Dense(1)])
        model.compile(adam, "mse", run_eagerly=bool(settings))
        model.fit(x, x.sum(axis=1), batch_size=16, epochs=3, verbose=0)
        found.append([*model.get_weights(), *map(np.asarray, adam.variables)])
        assert int(adam.iterations) == 12
    for ours, keras_own in zip(*found, strict=True):
        assert ours == pytest.approx(keras_own, rel=1e-4, abs=1e-5)


def test_only_an_adam_that_is_named_uses_the_one_kernel():
    weight, gradient = keras.Variable(np.ones(3)), keras.ops.ones(3)
    for adam, used in (fused(keras.optimizers.Adam()), True), (keras.optimizers.Adam(), False):
        adam.build([weight])

        def step(adam=adam):
            adam.apply([gradient], [weight])

        assert ("ResourceApplyAdam" in kernels(step)) == used


@pytest.mark.parametrize(
    "hidden, one_kernel",
    [([layers.Dense(3), layers.Dropout(0.1)], True), ([layers.Embedding(9, 2), layers.Flatten()], False)],
)
def test_adam_uses_the_one_kernel_where_all_layers_are_dense(hidden, one_kernel):
    model = keras.Sequential([keras.Input((4,)), *hidden, layers.Dense(1)])
    model.compile("adam", "mse")
    faster._use_fused_kernels(model)
    assert ("update_step" in vars(model.optimizer)) == one_kernel


def test_a_small_network_takes_many_steps_without_a_pause_and_a_large_one_few():
    found = {}
    for name, lesson in (("softmax", mnist_1_softmax), ("3.1", mnist_3_convolutional)):
        model = lesson.build_model(*["3.1"][: lesson is mnist_3_convolutional])
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        faster.make_faster(model, 100, (np.zeros((1, 28, 28, 1), np.uint8), np.zeros(1, np.uint8)))
        found[name] = model.steps_per_execution
    assert found == {"softmax": 50, "3.1": 4}
