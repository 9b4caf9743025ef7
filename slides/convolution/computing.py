"""Convolution and max pooling, computed by keras.ops, and where a filter gets to."""

import numpy as np
from keras import ops

POOL = 2  # rows and columns of the square whose largest number is kept


def convolve_volume(x, kernels, biases, stride=1, padding="valid"):
    """A convolutional layer's output, without an activation function: float32 [h', w', filters].

    Convolution here is cross-correlation, as in Keras and in the lecture: the kernel is not turned round.
    x is [h, w, channels], kernels [kh, kw, channels, filters], biases [filters].
    """
    x, kernels, biases = (values.astype("float32") for values in (x, kernels, biases))
    y = ops.conv(x[None], kernels, strides=stride, padding=padding) + biases
    return ops.convert_to_numpy(y)[0]


def convolve(x, kernel, stride=1, padding="valid"):
    """A feature map, without a bias, of one image [h, w] and one kernel [kh, kw]: float32 [h', w']."""
    y = convolve_volume(x[:, :, None], kernel[:, :, None, None], np.zeros(1), stride, padding)
    return y[:, :, 0]


def max_pool(x, stride=2):
    """The largest number of each square: [h, w] to float32 [h', w'], [h / 2, w / 2] for a stride of 2."""
    y = ops.max_pool(x.astype("float32")[None, :, :, None], POOL, strides=stride)
    return ops.convert_to_numpy(y)[0, :, :, 0]


def margins(shape, size, stride, padding):
    """The rows and columns of zeros that the padding adds: (above, below), (left, right)."""
    if padding == "valid":
        return [(0, 0), (0, 0)]
    total = [max((-(-n // stride) - 1) * stride + k - n, 0) for n, k in zip(shape, size, strict=True)]
    return [(margin // 2, margin - margin // 2) for margin in total]


def skipped(n, size, stride):
    """The rows (or columns) of n that a filter of this size never covers, because the stride does not fit."""
    covered = {place + k for place in range(0, n - size + 1, stride) for k in range(size)}
    return sorted(set(range(n)) - covered)


def until(y, step):
    """The feature map up to a step, with NaN for later numbers, and the position of the newest one."""
    step = min(step, y.size - 1)
    return np.where(np.arange(y.size).reshape(y.shape) <= step, y, np.nan), divmod(step, y.shape[1])
