"""Batch normalization in one kernel finds what Keras' own finds, and leaves to it what it cannot do."""

import numpy as np
import pytest

from common import fused_batch_norm

import keras
from keras import layers

pytestmark = pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="it is for TensorFlow")


def a_step(call, x, monkeypatch, **settings):
    """Outputs, the weights after a step of training, and what the layer gives in a test."""
    monkeypatch.setattr(layers.BatchNormalization, "call", call)
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input(x.shape[1:]), layers.BatchNormalization(**settings), layers.Flatten(), layers.Dense(1)]
    )
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
def test_it_finds_what_keras_finds(shape, settings, monkeypatch):
    x = np.random.default_rng(0).normal(2, 3, shape).astype(np.float32)
    ours = a_step(fused_batch_norm._call, x, monkeypatch, **settings)
    keras_own = a_step(fused_batch_norm.keras_call, x, monkeypatch, **settings)
    for a, b in zip(ours, keras_own, strict=True):
        assert a == pytest.approx(b, rel=5e-4, abs=5e-4)  # a thread more or less changes 2e-4


def test_feature_maps_use_the_one_kernel():
    import tensorflow as tf

    layer = layers.BatchNormalization()
    graph = tf.function(lambda x: layer(x, training=True)).get_concrete_function(
        tf.TensorSpec([None, 5, 5, 2])
    )
    assert "FusedBatchNormV3" in {operation.type for operation in graph.graph.get_operations()}
