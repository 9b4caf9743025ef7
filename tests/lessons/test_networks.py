"""Tests that each lesson's network is that of its slide, tutorial or paper."""

import functools
import itertools

import numpy as np
import pytest
from helpers import data_flags

from subjects.translation import load_dates
from subjects.translation.data import END, PAD

import keras

import boston_regression
import cats_dogs_cnn
import fashion_mnist
import imdb_text
import mnist_0_get_started
import mnist_1_softmax
import mnist_2_five_layers
import mnist_3_convolutional
import mnist_4_batchnorm
import nmt_attention
import pix2pix


def test_the_network_is_the_slide():
    model = mnist_1_softmax.build_model()
    assert [tuple(layer.output.shape) for layer in model.layers] == [
        (None, 28, 28, 1),
        (None, 784),
        (None, 10),
    ]
    assert [tuple(weight.shape) for weight in model.get_weights()] == [(784, 10), (10,)]
    assert model.count_params() == 784 * 10 + 10


def test_y_is_softmax_of_x_w_plus_b():
    keras.utils.set_random_seed(0)
    model = mnist_1_softmax.build_model()
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1), dtype=np.uint8)
    W, b = np.random.default_rng(1).normal(size=(784, 10)), np.arange(10) / 10
    model.set_weights([W, b])
    logits = images.reshape(3, 784) / 255 @ W + b
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict(images, verbose=0), expected, rtol=1e-4)


def weighted(model):
    """(output shape, number of parameters) of the layers that have parameters."""
    return [(layer.output.shape[1:], layer.count_params()) for layer in model.layers if layer.weights]


def test_get_started_is_the_page():
    model = mnist_0_get_started.build_model()
    assert weighted(model) == [((512,), 784 * 512 + 512), ((10,), 512 * 10 + 10)]
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == [0.2]


def test_five_layers_are_the_slide():
    model = mnist_2_five_layers.build_model("sigmoid", 0.25)
    assert weighted(model) == [
        ((200,), 157_000),  # 784·200 + 200
        ((100,), 20_100),  # 200·100 + 100
        ((60,), 6_060),  # 100·60 + 60
        ((30,), 1_830),  # 60·30 + 30
        ((10,), 310),  # 30·10 + 10
    ]
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    assert [layer.activation.__name__ for layer in dense] == ["sigmoid"] * 4 + ["softmax"]
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == [0.25] * 4


@pytest.mark.parametrize(
    "step, expected",
    [
        (
            "3.0",
            [
                ((28, 28, 4), 104),  # 5·5·1·4 + 4
                ((14, 14, 8), 808),  # 5·5·4·8 + 8
                ((7, 7, 12), 1_548),  # 4·4·8·12 + 12
                ((200,), 117_800),  # 7·7·12·200 + 200
                ((10,), 2_010),  # 200·10 + 10
            ],
        ),
        (
            "3.1",
            [
                ((28, 28, 6), 222),  # 6·6·1·6 + 6
                ((14, 14, 12), 1_812),  # 5·5·6·12 + 12
                ((7, 7, 24), 4_632),  # 4·4·12·24 + 24
                ((200,), 235_400),  # 7·7·24·200 + 200
                ((10,), 2_010),
            ],
        ),
        (
            "lenet5",
            [
                ((28, 28, 6), 156),  # C1, 156 in the paper: 5·5·1·6 + 6
                ((10, 10, 16), 2_416),  # C3 with all connections: 5·5·6·16 + 16
                ((1, 1, 120), 48_120),  # C5, 48,120 in the paper: 5·5·16·120 + 120
                ((84,), 10_164),  # F6, 10,164 in the paper: 120·84 + 84
                ((10,), 850),  # 84·10 + 10
            ],
        ),
    ],
)
def test_convolutional_networks_are_the_slides(step, expected):
    assert weighted(mnist_3_convolutional.build_model(step)) == expected


def test_lenet5_halves_its_maps_twice():
    layers = mnist_3_convolutional.build_model("lenet5").layers
    pools = [layer for layer in layers if isinstance(layer, keras.layers.AveragePooling2D)]
    assert [(pool.input.shape[1:], pool.output.shape[1:]) for pool in pools] == [
        ((28, 28, 6), (14, 14, 6)),  # S2
        ((10, 10, 16), (5, 5, 16)),  # S4
    ]


@pytest.mark.parametrize("step", ["3.0", "3.1"])
def test_pooling_halves_what_stride_2_halves(step):
    strided, pooled = (mnist_3_convolutional.build_model(step, pooling=pooling) for pooling in (False, True))

    def kinds(model, *kinds):
        return [layer for layer in model.layers if isinstance(layer, kinds)]

    assert weighted(pooled)[-2:] == weighted(strided)[-2:]  # of the dense layers
    assert [w.shape for w in pooled.weights] == [w.shape for w in strided.weights]
    assert [layer.strides for layer in kinds(pooled, keras.layers.Conv2D)] == [(1, 1)] * 3
    first, *halved = [layer.output.shape for layer in kinds(strided, keras.layers.Conv2D)]
    assert [layer.output.shape for layer in kinds(pooled, keras.layers.MaxPooling2D)] == halved
    assert kinds(pooled, keras.layers.Conv2D)[0].output.shape == first
    assert not kinds(strided, keras.layers.MaxPooling2D)


def trainable(model):
    """The shapes of the trainable variables, layer by layer."""
    return [
        [tuple(variable.shape) for variable in layer.trainable_variables]
        for layer in model.layers
        if layer.weights
    ]


@pytest.mark.parametrize("step, norm", [("4.0", 2), ("4.1", 1)])
def test_five_layers_with_batch_norm(step, norm):
    """Scale and offset with sigmoid, offset only with relu; no bias but the last."""
    sizes = [784, 200, 100, 60, 30]
    expected = []
    for inputs, neurons in itertools.pairwise(sizes):
        expected += [[(inputs, neurons)], [(neurons,)] * norm]
    assert trainable(mnist_4_batchnorm.build_model(step)) == [*expected, [(30, 10), (10,)]]


def test_convolutional_network_with_batch_norm_is_the_slide():
    model = mnist_4_batchnorm.build_model("4.2")
    assert trainable(model) == [
        [(6, 6, 1, 24)], [(24,)],
        [(5, 5, 24, 48)], [(48,)],
        [(4, 4, 48, 64)], [(64,)],
        [(3136, 200)], [(200,)],
        [(200, 10), (10,)],
    ]  # fmt: skip
    maps = [layer.output.shape[1:] for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert maps == [(28, 28, 24), (14, 14, 48), (7, 7, 64)]
    # 864 + 28,800 + 49,152 + 627,200 weights, 24 + 48 + 64 + 200 offsets, 2,010, and twice as many
    # moving averages as offsets
    assert model.count_params() == 706_016 + 336 + 2_010 + 2 * 336


def test_without_batch_norm_there_are_biases_instead():
    model = mnist_4_batchnorm.build_model("4.0", batch_norm=False)
    assert [shape for shape, _ in weighted(model)] == [(200,), (100,), (60,), (30,), (10,)]
    assert model.count_params() == mnist_2_five_layers.build_model().count_params() == 185_300


def test_the_networks_of_fashion():
    assert weighted(fashion_mnist.build_model("dense")) == [
        ((128,), 784 * 128 + 128),
        ((10,), 128 * 10 + 10),
    ]
    assert weighted(fashion_mnist.build_model("conv")) == [
        ((28, 28, 32), 9 * 32 + 32),
        ((14, 14, 64), 9 * 32 * 64 + 64),
        ((128,), 7 * 7 * 64 * 128 + 128),
        ((10,), 128 * 10 + 10),
    ]


def test_the_network_of_imdb_is_the_tutorials():
    assert weighted(imdb_text.build_model()) == [
        ((None, 16), 160_000),
        ((16,), 16 * 16 + 16),
        ((1,), 16 + 1),
    ]


def test_the_network_of_boston_is_the_tutorials():
    model = boston_regression.build_model()
    assert weighted(model) == [((64,), 13 * 64 + 64), ((64,), 64 * 64 + 64), ((1,), 64 + 1)]


@pytest.mark.parametrize("size, side", [(150, 9), (32, 2)])
def test_the_network_of_cats_and_dogs_is_the_slide(size, side):
    model = cats_dogs_cnn.build_model(size)
    assert weighted(model) == [
        ((size, size, 32), 27 * 32 + 32),
        ((size // 2, size // 2, 64), 9 * 32 * 64 + 64),
        ((size // 4, size // 4, 128), 9 * 64 * 128 + 128),
        ((size // 8, size // 8, 128), 9 * 128 * 128 + 128),
        ((512,), side * side * 128 * 512 + 512),
        ((128,), 512 * 128 + 128),
        ((1,), 128 + 1),
    ]
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == [0.5]


def test_augmentation_changes_training_pictures_only():
    model = cats_dogs_cnn.build_model(32, augment=True)
    changes = keras.Sequential(model.layers[:5])  # rescaling, and four changes
    picture = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3)).astype("float32")
    shown = [keras.ops.convert_to_numpy(changes(picture, training=True)) for _ in range(3)]
    assert not np.allclose(shown[0], shown[1]) and not np.allclose(shown[1], shown[2])
    np.testing.assert_allclose(changes(picture, training=False), picture / 127.5 - 1, atol=1e-5)


@pytest.mark.parametrize(
    "build",
    [
        mnist_0_get_started.build_model,
        mnist_1_softmax.build_model,
        mnist_2_five_layers.build_model,
        *(
            functools.partial(mnist_3_convolutional.build_model, step)
            for step in mnist_3_convolutional.VARIANTS
        ),
        *(functools.partial(mnist_4_batchnorm.build_model, step) for step in mnist_4_batchnorm.VARIANTS),
        *(functools.partial(fashion_mnist.build_model, step) for step in fashion_mnist.VARIANTS),
        imdb_text.build_model,
        boston_regression.build_model,
        functools.partial(cats_dogs_cnn.build_model, 32, augment=True),
    ],
)
def test_in_mixed_precision_the_last_layer_has_32_bits_and_the_others_have_not(build):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = build()
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.outputs[0].dtype == "float32"
    assert model.layers[-1].compute_dtype == "float32" and model.layers[1].compute_dtype == "bfloat16"


SIZES = 256, (3, 3), 64, 1  # the paper's


def shapes(model, kind):
    return [layer.output.shape[1:] for layer in model.layers if type(layer) is kind]


def test_the_generator_is_the_papers_unet():
    generator = pix2pix.build_generator(*SIZES)
    assert shapes(generator, keras.layers.Conv2D) == [
        (128, 128, 64), (64, 64, 128), (32, 32, 256), (16, 16, 512), (8, 8, 512), (4, 4, 512), (2, 2, 512),
        (1, 1, 512),
    ]  # fmt: skip
    assert shapes(generator, keras.layers.Concatenate) == [
        (2, 2, 1024), (4, 4, 1024), (8, 8, 1024), (16, 16, 1024), (32, 32, 512), (64, 64, 256),
        (128, 128, 128),
    ]  # fmt: skip
    assert generator.output.shape[1:] == (256, 256, 3)
    dropout = [layer.rate for layer in generator.layers if isinstance(layer, keras.layers.Dropout)]
    assert dropout == [0.5] * 3


def test_the_discriminator_judges_patches():
    discriminator = pix2pix.build_discriminator(*SIZES)
    assert shapes(discriminator, keras.layers.Conv2D) == [
        (128, 128, 64), (64, 64, 128), (32, 32, 256), (32, 32, 512), (32, 32, 1),
    ]  # fmt: skip


def weights_after_a_step(*kept):
    """Of both networks, after one step of plain gradient descent on the logits that are kept."""

    class Part(pix2pix.Pix2Pix):
        def judge(self, *args):
            parts = zip(("real", "drawn", "fooled"), super().judge(*args), strict=True)
            return [part if name in kept else 0 * part for name, part in parts]

    keras.utils.set_random_seed(0)
    sizes = 32, (1, 1), 4, 8
    model = Part(pix2pix.build_generator(*sizes), pix2pix.build_discriminator(*sizes), 0.0)
    model.compile(keras.optimizers.SGD(0.1), run_eagerly=True)  # one step: to trace it would take longer
    x, y = np.random.default_rng(0).integers(0, 256, (2, 8, 32, 32, 1), np.uint8)
    model.fit(x, y, batch_size=8, verbose=0, shuffle=False)
    networks = model.generator, model.discriminator
    return [np.concatenate([w.numpy().ravel() for w in n.trainable_variables]) for n in networks]


def test_each_network_learns_from_its_own_loss_alone():
    both, neither = weights_after_a_step("real", "drawn", "fooled"), weights_after_a_step()
    judge, painter = weights_after_a_step("real", "drawn"), weights_after_a_step("fooled")
    assert np.array_equal(judge[0], neither[0]) and np.array_equal(painter[1], neither[1])
    assert np.allclose(judge[1], both[1], atol=1e-6) and np.allclose(painter[0], both[0], atol=1e-6)
    assert not np.allclose(both[0], neither[0]) and not np.allclose(both[1], neither[1])


@pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="asks about TensorFlow's graphs")
def test_the_generator_is_judged_by_the_discriminator_before_it_has_learnt():
    """Only what is read once is surely read before it changes: TensorFlow drops the order of the others."""
    import tensorflow as tf

    sizes = 32, (1, 1), 4, 8
    model = pix2pix.Pix2Pix(pix2pix.build_generator(*sizes), pix2pix.build_discriminator(*sizes), 1.0)
    pictures = tf.TensorSpec((8, 32, 32, 1))
    judge = tf.function(lambda x, y, y_pred: model.judge(x, y, y_pred, True), autograph=False)
    graph = judge.get_concrete_function(pictures, pictures, pictures).graph
    reads = [op.inputs[0] for op in graph.get_operations() if op.type == "ReadVariableOp"]
    for weight in model.discriminator.trainable_variables:
        (handle,) = (inner for outer, inner in graph.captures if outer is weight.value.handle)
        assert sum(read is handle for read in reads) == 1


def test_attention_looks_at_no_padding_and_the_right_tokens_are_counted():
    dates = load_dates(data_flags())
    keras.utils.set_random_seed(0)
    model = nmt_attention.build_model(dates, 8, 0.0)
    source = dates.encode(["3.3.18", "Saturday, 3 March 2018"])
    _, attention = nmt_attention.translate(model, source, length=4)
    assert attention[0, 0, 7:].max() == 0 and attention[0, 0, :7].sum() == pytest.approx(1, abs=1e-5)
    y = np.array([[4, 5, END, PAD]])
    right = np.eye(6)[[[4, 4, END, 5]]]
    assert float(nmt_attention.token_accuracy(y, right)) == pytest.approx(2 / 3)
