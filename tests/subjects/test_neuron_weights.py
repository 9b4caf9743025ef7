"""Tests of the pane of what each neuron looks for."""

import numpy as np
import pytest

from keras_window import LivePlot
from subjects.digits import NeuronWeights
from subjects.digits.panes import signed_colours

import keras
from keras import layers


def a_network(*hidden):
    keras.utils.set_random_seed(0)
    first = keras.Input((28, 28, 1)), layers.Rescaling(1 / 255), layers.Flatten()
    model = keras.Sequential([*first, *hidden, layers.Dense(10, "softmax")])
    model.compile(keras.optimizers.SGD(0.3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.fixture
def data(mnist):
    train = mnist["x_train"][:1000, ..., None], mnist["y_train"][:1000]
    return train, (mnist["x_test"][:500, ..., None], mnist["y_test"][:500])


def test_the_sums_are_those_of_keras_and_the_picture_has_their_colours(data, tmp_path):
    pane, model = NeuronWeights(), a_network()
    plot = LivePlot([pane], data, plot="file", out=tmp_path)
    model.fit(*data[0], batch_size=50, verbose=0, callbacks=[plot])
    kernel, bias, pixels, (label, other), wrong = pane._read
    assert np.array_equal(kernel, model.layers[-1].get_weights()[0])
    images, labels = data[0]
    i = pane._chosen
    assert pixels == pytest.approx(images[i].ravel() / 255)
    shares = model.predict(images[i : i + 1], verbose=0)[0]
    sums = [(pixels * kernel[:, n]).sum() + bias[n] for n in (label, other)]
    assert np.exp(sums[1] - sums[0]) == pytest.approx(shares[other] / shares[label], rel=1e-3)
    assert label == labels[i] and wrong == (shares.argmax() != label)
    dashboard = plot.display.dashboard
    for number in (None, 1):
        dashboard.show(number)
        picture = np.asarray(dashboard.figure.canvas.buffer_rgba())[..., :3].astype(int)
        red, blue = picture[..., 0] - picture[..., 2] > 60, picture[..., 2] - picture[..., 0] > 60
        assert red.mean() > 0.003 and blue.mean() > 0.003


def test_red_is_negative_and_blue_is_positive():
    colours = signed_colours(np.array([-1.0, 0, 1, 5]), 1)
    assert colours[0].argmax() == 0 and colours[2].argmax() == 2
    assert colours[1].tolist() == [255] * 3 and colours[2].tolist() == colours[3].tolist()


def test_a_network_of_more_layers_is_refused_in_one_line(data, tmp_path, capsys, errors_are_shown):
    plot = LivePlot([NeuronWeights()], data, plot="file", out=tmp_path)
    a_network(layers.Dense(5, "relu")).fit(*data[0], batch_size=500, verbose=0, callbacks=[plot])
    said = capsys.readouterr()
    assert "no What each neuron looks for: the network has more than one layer" in said.out + said.err
