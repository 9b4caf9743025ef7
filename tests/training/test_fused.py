"""Batch normalization in one kernel finds what Keras' own finds, and leaves to it what it cannot do."""

import subprocess
import sys

import numpy as np
import pytest

from common import fused

import keras
from keras import layers

pytestmark = pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="it is for TensorFlow")


def a_step(layer, x):
    """Outputs, the weights after a step of training, and what the layer gives in a test."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input(x.shape[1:]), layer, layers.Flatten(), layers.Dense(1)])
    outputs = np.asarray(model.layers[0](x, training=True))
    model.compile(keras.optimizers.SGD(0.1), "mse")
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
    ours = a_step(fused(layers.BatchNormalization(**settings)), x)
    keras_own = a_step(layers.BatchNormalization(**settings), x)
    for a, b in zip(ours, keras_own, strict=True):
        assert a == pytest.approx(b, rel=5e-4, abs=5e-4)  # a thread more or less changes 2e-4


def kernels(layer):
    """The names of TensorFlow's kernels that a layer trains with."""
    import tensorflow as tf

    graph = tf.function(lambda x: layer(x, training=True)).get_concrete_function(
        tf.TensorSpec([None, 5, 5, 2])
    )
    return {operation.type for operation in graph.graph.get_operations()}


def test_only_a_layer_that_is_named_uses_the_one_kernel():
    assert "FusedBatchNormV3" in kernels(fused(layers.BatchNormalization()))
    assert "FusedBatchNormV3" not in kernels(layers.BatchNormalization())


def test_the_file_of_a_fused_model_is_plain_keras(tmp_path):
    model = keras.Sequential([keras.Input((5, 5, 2)), fused(layers.BatchNormalization())])
    model.save(tmp_path / "model.keras")
    script = "import sys, keras; print(type(keras.models.load_model(sys.argv[1]).layers[0]).__module__)"
    command = [sys.executable, "-c", script, str(tmp_path / "model.keras")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0 and done.stdout.startswith("keras.src.layers")
