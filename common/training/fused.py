"""What Keras computes in many kernels of TensorFlow, in the one kernel that TensorFlow has for it.

Batch normalization of feature maps: Keras computes mean, variance and the normalized maps one after the
other. Adam: Keras goes through all weights a dozen times in each step.
"""

import functools

import keras
from keras import layers


def fused(part):
    """Let a part of a network's training be computed in one kernel of TensorFlow, which is faster.

    The part and its numbers (but for rounding) stay Keras', and the model's file is plain Keras. Nothing
    changes on other backends, for layers whose inputs are not feature maps of 32 bits, and for embeddings.

    Args:
        part: a `keras.layers.BatchNormalization`, or a `keras.optimizers.Adam` without `amsgrad`.

    Returns:
        The part itself.

    Source: TensorFlow's `fused_batch_norm` and `ResourceApplyAdam`, which Keras 2 used here.
    """
    if keras.config.backend() == "tensorflow":
        if isinstance(part, keras.optimizers.Adam):
            part.update_step = functools.partial(_update_step, part)
        else:
            part.call = functools.partial(_call, part)
    return part


def _update_step(adam, gradient, variable, learning_rate):
    """As `keras.optimizers.Adam.update_step`; gradient and variable are TensorFlow's."""
    import tensorflow as tf

    if isinstance(gradient, tf.IndexedSlices):  # of an embedding: Keras goes only through the rows in it
        return keras.optimizers.Adam.update_step(adam, gradient, variable, learning_rate)
    moments = adam._momentums, adam._velocities
    m, v = (values[adam._get_variable_index(variable)].value for values in moments)
    number, beta1, beta2, rate, epsilon, grad = (
        tf.cast(value, variable.dtype)
        for value in (
            adam.iterations.value + 1, adam.beta_1, adam.beta_2, learning_rate, adam.epsilon, gradient,
        )
    )  # fmt: skip
    return tf.raw_ops.ResourceApplyAdam(
        var=variable.handle,
        m=m.handle,
        v=v.handle,
        beta1_power=beta1**number,
        beta2_power=beta2**number,
        lr=rate,
        beta1=beta1,
        beta2=beta2,
        epsilon=epsilon,
        grad=grad,
    )


def _call(layer, inputs, training=None, mask=None):
    """As `keras.layers.BatchNormalization.call`."""
    feature_maps = len(inputs.shape) == 4 and layer.axis in (-1, 3) and inputs.dtype == "float32"
    usual = mask is None and not layer.synchronized and not getattr(layer, "renorm", False)
    if not (training and layer.trainable and feature_maps and usual):
        return layers.BatchNormalization.call(layer, inputs, training=training, mask=mask)
    import tensorflow as tf

    channels = inputs.shape[-1]
    normalized, mean, variance = tf.compat.v1.nn.fused_batch_norm(
        inputs,
        scale=layer.gamma.value if layer.scale else tf.ones(channels),
        offset=layer.beta.value if layer.center else tf.zeros(channels),
        epsilon=layer.epsilon,
    )
    n = tf.cast(tf.size(inputs) / channels, "float32")
    variance *= (n - 1) / n  # the kernel divides by n - 1, Keras by n
    for moving, now in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
        moving.assign(moving * layer.momentum + now * (1 - layer.momentum))
    return normalized
