"""One layer with softmax, trained on the bundled digits when a slide first needs it."""

import functools

from common.data.digits_and_clothes import bundled_mnist

import numpy as np


def softmax(logits):
    """Ten probabilities for each row: [n, 10] to [n, 10]. Subtracting the maximum keeps exp finite."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def flat(images):
    """uint8 [n, 28, 28] to float32 [n, 784], from 0 to 1."""
    return images.reshape(len(images), -1).astype("float32") / 255


def train(images, labels, steps=100, batch_size=1000, learning_rate=0.2):
    """Train one dense layer with softmax: gradient descent on the cross-entropy, a batch in each step.

    Args:
        images, labels: uint8 [n, 28, 28] and [n].

    Returns:
        W and b, float32 [784, 10] and [10].
    """
    w, b = np.zeros((784, 10), "float32"), np.zeros(10, "float32")
    for step in range(steps):
        batch = np.arange(step * batch_size, (step + 1) * batch_size) % len(images)
        x, actual = flat(images[batch]), np.eye(10, dtype="float32")[labels[batch]]
        error = (softmax(x @ w + b) - actual) / batch_size
        w -= learning_rate * x.T @ error
        b -= learning_rate * error.sum(axis=0)
    return w, b.round(2)  # so that the sums on the slides are exact


@functools.cache
def trained_layer():
    """MNIST's test digits, uint8 [10000, 28, 28], their labels, and W and b of a trained layer."""
    learned, test = bundled_mnist()
    return *test, *train(*learned)
