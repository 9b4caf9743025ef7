"""What makes a training faster and changes no number but by rounding.

Several steps without a pause: between two steps Keras goes back to Python, which for a small network takes
longer than the step. Kernels of TensorFlow for what Keras computes in many: batch normalization of feature
maps (Keras computes mean, variance and the normalized maps one after the other), and Adam in a network of
dense layers (Keras goes through all weights a dozen times in each step). Metrics made beforehand, so that
TensorFlow traces the first step once. The number of threads is set in `threads`, before there is a network.

Source: TensorFlow's `FusedBatchNormV3` and `ResourceApplyAdam`, which Keras 2 used here.
"""

import functools
import math

import keras
from keras import layers

MOST_STEPS = 50  # without a pause
TENTH = 2.7e9  # products in a step of about 0.1 seconds on two cores; of a thousandth, one takes a hundredth


def make_faster(model, batch_size, examples):
    """Let a compiled model train faster, before its first step. The model's file stays plain Keras.

    Args:
        model: a compiled `keras.Model` with a built optimizer.
        batch_size: examples in a step.
        examples: some training examples, (x, y).
    """
    backend = keras.config.backend()
    if backend != "torch":  # which takes its steps one by one
        products = max(1, batch_size * sum(map(_products, _leaves(model))))
        model.steps_per_execution = max(1, min(MOST_STEPS, int((TENTH / products) ** (2 / 3))))
    if backend == "tensorflow":
        _use_fused_kernels(model)
        _make_metrics(model, *examples)


def _leaves(model):
    """The layers of a model and of the models in it."""
    for layer in model.layers:
        yield from _leaves(layer) if hasattr(layer, "layers") else [layer]


def _products(layer):
    """About how many products a layer computes for an example: its weights, times the places of their use."""
    if isinstance(layer, layers.Embedding):  # it looks weights up; to move all of them takes longer
        return 3 * layer.count_params()
    try:
        places = layer.output.shape[1:-1]
    except AttributeError:  # it is used in several places
        return math.inf
    return layer.count_params() * math.prod(place or 100 for place in places)


def _use_fused_kernels(model):
    found = list(_leaves(model))
    for layer in found:
        if isinstance(layer, layers.BatchNormalization):
            layer.call = _or(layer.call, functools.partial(_normalize, layer))
    adam = model.optimizer
    dense = all(isinstance(layer, layers.Dense) for layer in found if layer.weights)
    if isinstance(adam, keras.optimizers.Adam) and not adam.amsgrad and dense:
        moments = _moments(adam, model.trainable_variables)
        adam.update_step = _or(adam.update_step, functools.partial(_update_step, adam, moments))


def _or(own, fused):
    """Keras' own way where another version of Keras has not what the fused kernel takes."""

    def call(*args, **options):
        try:
            return fused(*args, **options)
        except (AttributeError, LookupError, TypeError):
            return own(*args, **options)

    return call


def _moments(adam, variables):
    """TensorFlow's variables of Adam, momentum and velocity, by reference to that which they move."""
    kinds = "momentum", "velocity"
    slots = [[slot.value for slot in adam.variables if slot.name.endswith(kind)] for kind in kinds]
    moved = zip(variables, *slots, strict=False)
    return {x.value.ref(): (m, v) for x, m, v in moved if m.shape == v.shape == x.shape}


def _make_metrics(model, x, y):
    """Keras makes them at their first use. In the first step, TensorFlow would have to trace it twice."""
    shape = getattr(model, "output_shape", None)  # a list where there are several outputs
    if isinstance(shape, tuple) and None not in shape[1:]:
        model.compute_metrics(x[:1], y[:1], keras.ops.zeros((1, *shape[1:])))
        model.reset_metrics()


def _update_step(adam, moments, gradient, variable, learning_rate):
    """As `keras.optimizers.Adam.update_step`; gradient and variable are TensorFlow's."""
    import tensorflow as tf

    m, v = moments[variable.ref()]
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


def _normalize(layer, inputs, training=None, mask=None):
    """As `keras.layers.BatchNormalization.call`."""
    feature_maps = len(inputs.shape) == 4 and layer.axis in (-1, 3) and inputs.dtype == "float32"
    usual = mask is None and not layer.synchronized and not getattr(layer, "renorm", False)
    if not (training and layer.trainable and feature_maps and usual):
        return layers.BatchNormalization.call(layer, inputs, training=training, mask=mask)
    import tensorflow as tf

    channels = inputs.shape[-1]
    normalized, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=inputs,
        scale=layer.gamma.value if layer.scale else tf.ones(channels),
        offset=layer.beta.value if layer.center else tf.zeros(channels),
        mean=tf.zeros(0),  # those of the batch
        variance=tf.zeros(0),
        epsilon=layer.epsilon,
    )
    n = tf.cast(tf.size(inputs) / channels, "float32")
    variance *= (n - 1) / n  # the kernel divides by n - 1, Keras by n
    for moving, now in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
        moving.assign(moving * layer.momentum + now * (1 - layer.momentum))
    return normalized
