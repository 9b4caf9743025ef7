"""Where the value of a unit comes from: its receptive field, the products, their sum, the activation.

A stage is what is drawn as one column: a convolution, a pooling or a dense layer together with the batch
normalization and the activation function that follow it. Stage 0 is the input, as the first of these layers
sees it. A unit is (stage, row, column, channel); a dense layer has row and column 0.
"""

import math
from typing import NamedTuple

import keras
import numpy as np
from keras import layers

from common.errors import UserError

POOLS = {
    layers.MaxPooling2D: np.max,
    layers.GlobalMaxPooling2D: np.max,
    layers.AveragePooling2D: np.mean,
    layers.GlobalAveragePooling2D: np.mean,
}
# they change nothing in a trained network
IDLE = layers.Dropout, layers.SpatialDropout2D, layers.GaussianNoise, layers.GaussianDropout
# functions that are layers of their own, and act on each number alone or on all channels of a place
FUNCTIONS = layers.Activation, layers.ReLU, layers.LeakyReLU, layers.ELU, layers.Softmax
MOST = 100_000  # pixels of the input


class Explanation(NamedTuple):
    """Where the value of one unit comes from.

    Attributes:
        kind: "convolution", "dense", "max" or "mean".
        window: (first row, first column, rows, columns), the receptive field in the stage before; it may
            reach over the border, where zeros are.
        field: the same in the input, cut off at its border.
        inputs: what the unit sees, [rows, columns, channels]; NaN beyond the border.
        weights: of the same shape; None for pooling.
        products: inputs times weights, 0 beyond the border; None for pooling.
        channel: of pooling, the channel of the stage before; else 0.
        steps: from the sum (or the maximum or the mean) to the value, a list of (what is done, the result).
    """

    kind: str
    window: tuple
    field: tuple
    inputs: np.ndarray
    weights: np.ndarray | None
    products: np.ndarray | None
    channel: int
    steps: list

    @property
    def value(self):
        return self.steps[-1][1]


class Stage:
    """One column of the picture.

    Attributes:
        layer: the convolution, pooling or dense layer; None for the input.
        after: the batch normalization and activation layers that follow it.
        name: what kind of layer it is, in a few words.
        own_name: its name if the model sets one; "" for one of Keras' default names, such as "conv2d_1".
        shape: (rows, columns, channels); (1, 1, units) where units have no place.
    """

    def __init__(self, layer, tensor):
        self.layer, self.after, self.tensor = layer, [], tensor
        # rows above and columns left that `ZeroPadding2D` adds before and after this stage
        self.margin = self.added = 0, 0
        size = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
        named = {layers.Conv2D: "convolution", layers.MaxPooling2D: "max pooling", layers.Dense: "dense"}
        named |= {layers.AveragePooling2D: "mean pooling", layers.GlobalMaxPooling2D: "max of all"}
        named |= {layers.GlobalAveragePooling2D: "mean of all"}
        self.name = f"{named.get(type(layer), 'input')}{' {}×{}'.format(*size) if size else ''}"
        by_keras = (
            layer is None
            or "".join(part for part in layer.name.split("_") if not part.isdecimal())
            == type(layer).__name__.lower()
        )
        self.own_name = "" if by_keras else layer.name

    @property
    def shape(self):
        sizes = tuple(self.tensor.shape[1:])
        return (*sizes, 1) if self.layer is None and len(sizes) == 2 else (1,) * (3 - len(sizes)) + sizes

    @property
    def has_places(self):
        return self.shape[:2] != (1, 1)

    @property
    def is_convolution(self):
        return isinstance(self.layer, layers.Conv2D)

    @property
    def is_dense(self):
        return isinstance(self.layer, layers.Dense)


def stages_of(model, source):
    """The `Stage`s of a network, a list.

    Args:
        model: a `keras.Sequential` of convolution, pooling and dense layers.
        source: what the user calls it, for the message.

    Raises UserError if the model is another one, or has other layers.
    """
    if not isinstance(model, keras.Sequential) or not model.built:
        raise UserError(f"{source} is no keras.Sequential with an Input: only those can be looked into")
    shape = model.input_shape[1:]
    is_image = len(shape) in (2, 3) and shape[2:] in ((), (1,), (3,)) and None not in shape
    if not is_image or math.prod(shape) > MOST:
        raise UserError(f"{source} does not read small grey or colour images, but input of shape {shape}")
    stages, flat = [Stage(None, model.inputs[0])], False
    for layer in model.layers:
        if getattr(layer, "data_format", None) == "channels_first":
            raise UserError(f"{source}: layer {layer.name} has channels first: train it with channels last")
        kind, last = type(layer), stages[-1]
        if (kind in (layers.Conv2D, *POOLS) and not flat) or kind is layers.Dense:
            if kind is layers.Dense and not flat and len(last.tensor.shape) > 2:
                raise UserError(f"{source}: the dense layer {layer.name} has no Flatten before it")
            following = Stage(layer, layer.output)
            following.margin = last.added
            stages.append(following)
        elif kind is layers.Flatten:
            flat = True
        elif kind in IDLE:
            continue
        elif len(stages) == 1 and not flat and _prepares(layer):
            last.tensor = layer.output  # prepares the input
        elif kind is layers.ZeroPadding2D and not flat:
            (top, _), (left, _) = layer.padding
            last.added = last.added[0] + top, last.added[1] + left
        elif len(stages) > 1 and _acts_on_channels(layer) and (last.is_dense or not flat):
            last.after.append(layer)
            last.tensor = layer.output
        else:
            what = f"layer {layer.name} ({kind.__name__})"
            raise UserError(f"{source}: {what} cannot be looked into here")
    if len(stages) == 1:
        raise UserError(f"{source} has no convolution, pooling or dense layer to look into")
    return stages


def _prepares(layer):
    """Whether a layer makes images of images, and learns nothing but a scale."""
    learns = layer.trainable_weights and not isinstance(layer, layers.BatchNormalization)
    return len(layer.output.shape) in (3, 4) and not learns


def _acts_on_channels(layer):
    return isinstance(layer, FUNCTIONS) or (
        isinstance(layer, layers.BatchNormalization) and layer.axis in (-1, len(layer.output.shape) - 1)
    )


class Network:
    """A trained network, and the values of all its units for one image.

    Args:
        model: a `keras.Sequential`.
        source: what the user calls it, for messages.

    Attributes:
        stages: list of `Stage`.
        values: for each stage the values that Keras computes, float64 [rows, columns, channels].

    Raises UserError as `stages_of` does.
    """

    def __init__(self, model, source="the model"):
        self.stages, self.image_shape = stages_of(model, source), model.input_shape[1:]
        self._reader = keras.Model(model.inputs, [stage.tensor for stage in self.stages])
        self._weights = [
            [keras.ops.convert_to_numpy(w).astype(float) for w in stage.layer.weights] if stage.layer else []
            for stage in self.stages
        ]

    def see(self, image):
        """Compute all units for an image as the model expects it, [height, width, channels]."""
        outputs = self._reader.predict_on_batch(image[np.newaxis])
        self.values = [
            np.asarray(output[0], float).reshape(stage.shape)
            for stage, output in zip(self.stages, outputs, strict=True)
        ]

    def kernel(self, stage):
        """The weights of a stage, float64; of a convolution [rows, columns, channels before, filters]."""
        return self._weights[stage][0]

    def window(self, unit):
        """The receptive field of a unit in the stage before: (row, column, rows, columns).

        It may reach over the border.
        """
        stage, *place, _ = unit
        layer, before = self.stages[stage].layer, self.stages[stage - 1].shape
        kernel = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
        if kernel is None:
            return (0, 0, *before[:2])
        rate = getattr(layer, "dilation_rate", (1, 1))
        sizes = [(k - 1) * d + 1 for k, d in zip(kernel, rate, strict=True)]
        first = []
        for axis in (0, 1):
            start = place[axis] * layer.strides[axis] - self.stages[stage].margin[axis]
            if layer.padding == "same":
                covered = (self.stages[stage].shape[axis] - 1) * layer.strides[axis] + sizes[axis]
                start -= max(covered - layer.input.shape[1 + axis], 0) // 2
            first.append(start)
        return (*first, *sizes)

    def field(self, unit):
        """The receptive field of a unit in the input: (row, column, rows, columns), cut off at the border."""
        stage, row, column, _ = unit
        first, last = (row, column), (row, column)
        while stage > 0:
            top, left, *_ = self.window((stage, *first, 0))
            bottom, right, rows, columns = self.window((stage, *last, 0))
            stage -= 1
            height, width, _ = self.stages[stage].shape
            first = max(top, 0), max(left, 0)
            last = min(bottom + rows, height) - 1, min(right + columns, width) - 1
        return (*first, last[0] - first[0] + 1, last[1] - first[1] + 1)

    def explain(self, unit):
        """Where the value of a unit comes from, an `Explanation`; not for the input, stage 0."""
        number, *_, channel = unit
        stage, layer = self.stages[number], self.stages[number].layer
        window = top, left, rows, columns = self.window(unit)
        rate = getattr(layer, "dilation_rate", (1, 1))
        before = self.values[number - 1]
        seen = np.full((rows, columns, before.shape[2]), np.nan)
        here = [slice(max(top, 0), max(top + rows, 0)), slice(max(left, 0), max(left + columns, 0))]
        part = before[tuple(here)]
        seen[max(-top, 0) :, max(-left, 0) :][: part.shape[0], : part.shape[1]] = part
        inputs = seen[:: rate[0], :: rate[1]]
        field = self.field(unit)
        if type(layer) in POOLS:
            inputs = inputs[..., channel : channel + 1]
            pool = POOLS[type(layer)]
            result = float(pool(inputs[~np.isnan(inputs)]))
            kind = "max" if pool is np.max else "mean"
            steps = [("the largest of them" if kind == "max" else "their mean", result)]
            vector = self._pooled(unit, window)
            steps += self._after(stage, vector, channel)
            return Explanation(kind, window, field, inputs, None, None, channel, steps)
        kernel, *bias = self._weights[number]
        if stage.is_dense:
            kernel = kernel.reshape((*before.shape, -1))
        group = kernel.shape[2]  # channels that a filter sees: all of them, unless there are groups
        first = channel // (kernel.shape[3] * group // before.shape[2]) * group
        inputs = inputs[..., first : first + group]
        weights = kernel[..., channel]
        products = np.nan_to_num(inputs) * weights
        vector = self._sums(kernel, np.nan_to_num(seen[:: rate[0], :: rate[1]]))
        steps = [("sum of the products", float(products.sum()))]
        if bias:
            vector = vector + bias[0]
            steps.append(("+ bias", float(vector[channel])))
        steps += self._after(stage, vector, channel)
        kind = "dense" if stage.is_dense else "convolution"
        return Explanation(kind, window, field, inputs, weights, products, first, steps)

    def _sums(self, kernel, seen):
        """The sums of all filters at one place, [filters]."""
        group, filters = kernel.shape[2:]
        count = seen.shape[2] // group
        sums = [
            np.tensordot(
                seen[..., i * group : (i + 1) * group],
                kernel[..., i * filters // count : (i + 1) * filters // count],
                3,
            )
            for i in range(count)
        ]
        return np.concatenate(sums)

    def _pooled(self, unit, window):
        """The results of pooling for all channels at one place."""
        number, (top, left, rows, columns) = unit[0], window
        part = self.values[number - 1][max(top, 0) : top + rows, max(left, 0) : left + columns]
        return POOLS[type(self.stages[number].layer)](part, axis=(0, 1))

    def _after(self, stage, vector, channel):
        """The steps after the sum: from the values of all channels at one place to the unit's value."""
        steps = []
        own = getattr(stage.layer, "activation", None)
        for function in [*([own] if own else []), *stage.after]:
            if function is keras.activations.linear:
                continue
            shape = (1,) * (len(stage.tensor.shape) - 1) + (-1,)
            tensor = keras.ops.convert_to_tensor(vector.astype(np.float32).reshape(shape))
            vector = keras.ops.convert_to_numpy(function(tensor)).ravel()
            steps.append((_said(function), float(vector[channel])))
        return steps


def _said(function):
    """What a function is called."""
    if isinstance(function, layers.BatchNormalization):
        return "batch norm"
    if isinstance(function, layers.Activation):
        function = function.activation
    return getattr(function, "__name__", type(function).__name__.lower())
