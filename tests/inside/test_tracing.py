"""Tests that where a unit's value comes from is what Keras computes, and that nothing else counts."""

import numpy as np
import pytest

from common import UserError
from inside.tracing import Network

import keras
from keras import layers

import cats_dogs_cnn
import fashion_mnist
import mnist_1_softmax
import mnist_3_convolutional
import mnist_4_batchnorm


def users_own():
    """A network with what no lesson has: padding of its own, dilation, groups, means, other functions."""
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Reshape((28, 28, 1)),
            layers.Conv2D(4, 3, strides=(2, 1), use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            layers.ZeroPadding2D(((2, 1), (1, 0))),
            layers.Conv2D(6, (3, 2), groups=2, activation="sigmoid"),
            layers.SpatialDropout2D(0.5),
            layers.MaxPooling2D((3, 2), strides=2, padding="same"),
            layers.Conv2D(5, 3, dilation_rate=2, padding="same", activation="elu"),
            layers.AveragePooling2D(3, padding="same"),
            layers.Conv2D(3, 2, activation="softmax"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(4),
        ]
    )


MODELS = {
    "softmax": mnist_1_softmax.build_model,
    "lenet5": lambda: mnist_3_convolutional.build_model("lenet5"),
    "3.1": lambda: mnist_3_convolutional.build_model("3.1"),
    "pooling": lambda: mnist_3_convolutional.build_model("3.0", pooling=True),
    "4.0": lambda: mnist_4_batchnorm.build_model("4.0", dropout=0),
    "4.2": lambda: mnist_4_batchnorm.build_model("4.2"),
    "fashion": lambda: fashion_mnist.build_model("conv"),
    "cats and dogs": lambda: cats_dogs_cnn.build_model(32, augment=True),
    "own": users_own,
}


def with_random_weights(model):
    rng = np.random.default_rng(0)
    for variable in model.weights:
        values = keras.ops.convert_to_numpy(variable)
        if variable.name in ("bias", "beta", "gamma", "moving_mean", "moving_variance"):
            variable.assign(np.abs(values + rng.normal(0, 0.3, values.shape)))
    return model


@pytest.fixture(scope="module", params=MODELS)
def seen(request):
    """A model of this kind, an image, and the `Network` that has seen it."""
    keras.utils.set_random_seed(1)
    model = with_random_weights(MODELS[request.param]())
    image = np.random.default_rng(1).integers(0, 256, model.input_shape[1:]).astype(np.float32)
    network = Network(model)
    network.see(image)
    return model, image, network


def some_units(network):
    """Of each stage the corners and some others."""
    rng = np.random.default_rng(2)
    for number, stage in enumerate(network.stages[1:], start=1):
        rows, columns, channels = stage.shape
        for row in {0, rows // 2, rows - 1}:
            for column in {0, columns // 2, columns - 1}:
                yield number, row, column, int(rng.integers(channels))


def test_the_products_their_sum_the_bias_and_the_function_give_the_value_of_keras(seen):
    model, image, network = seen
    assert np.allclose(network.values[-1].ravel(), model.predict_on_batch(image[None])[0].ravel(), atol=1e-5)
    for unit in some_units(network):
        found, stage = network.explain(unit), network.stages[unit[0]]
        steps = dict(found.steps)
        if found.products is not None:
            assert np.allclose(found.products, np.nan_to_num(found.inputs) * found.weights)
            assert np.isclose(steps["sum of the products"], found.products.sum())
            if stage.layer.use_bias:
                bias = keras.ops.convert_to_numpy(stage.layer.bias)[unit[3]]
                assert np.isclose(found.steps[1][1], found.products.sum() + bias)
        assert np.isclose(found.value, network.values[unit[0]][unit[1:]], rtol=1e-3, atol=1e-4), unit


def test_only_the_receptive_field_counts(seen):
    model, image, network = seen
    rng = np.random.default_rng(3)
    reader = keras.Model(model.inputs, [stage.tensor for stage in network.stages])
    for unit in some_units(network):
        number = unit[0]
        margin = (network.stages[0].shape[0] - image.shape[0]) // 2  # LeNet-5 pads the input
        top, left, rows, columns = network.explain(unit).field
        rows, columns = (
            slice(max(top - margin, 0), max(top + rows - margin, 0)),
            slice(max(left - margin, 0), max(left + columns - margin, 0)),
        )
        other = rng.integers(0, 256, image.shape).astype(np.float32)
        other[rows, columns] = image[rows, columns]
        value = np.asarray(reader.predict_on_batch(other[None])[number][0]).reshape(
            network.stages[number].shape
        )[unit[1:]]
        assert np.isclose(value, network.values[number][unit[1:]], rtol=1e-4, atol=1e-5), unit


def test_the_receptive_field_of_3_1_grows_as_the_lecture_says():
    network = Network(mnist_3_convolutional.build_model("3.1"))
    network.see(np.ones((28, 28, 1)))
    assert network.explain((1, 10, 10, 0)).field[2:] == (6, 6)
    assert network.explain((2, 6, 6, 0)).field[2:] == (10, 10)
    assert network.explain((3, 3, 3, 0)).field[2:] == (16, 16)
    corner = network.explain((1, 0, 0, 0))
    assert corner.window == (-2, -2, 6, 6) and corner.field == (0, 0, 4, 4)
    assert np.isnan(corner.inputs[:2]).all() and np.isnan(corner.inputs[:, :2]).all()
    assert (corner.products[:2] == 0).all()


@pytest.mark.parametrize(
    "model, why",
    [
        (keras.Sequential([keras.Input((5,)), layers.Dense(2)]), "does not read small"),
        (keras.Sequential([layers.Dense(2)]), "no keras.Sequential with an Input"),
        (keras.Sequential([keras.Input((8, 8, 1)), layers.DepthwiseConv2D(3)]), "DepthwiseConv2D"),
        (keras.Sequential([keras.Input((8, 8, 1)), layers.Rescaling(2.0)]), "no convolution"),
        (keras.Sequential([keras.Input((8, 8, 1)), layers.Dense(2)]), "no Flatten"),
        (keras.Sequential([keras.Input((900, 900, 3)), layers.Conv2D(2, 3)]), "does not read small"),
        (
            keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(2, 3), layers.Flatten(), layers.ReLU()]),
            "ReLU",
        ),
    ],
)
def test_what_cannot_be_looked_into_is_said_in_one_line(model, why):
    with pytest.raises(UserError, match=why):
        Network(model, "my.keras")
