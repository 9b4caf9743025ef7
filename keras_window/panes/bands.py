"""Panes that show how a distribution changes during the training, as bands of percentiles."""

from typing import Literal

import keras
import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.transforms import ScaledTranslation

from keras_window.guard import NotShown
from keras_window.panes.curves import AlongTraining, marker_size
from keras_window.style import TEST, TRAIN


class _Bands(AlongTraining):
    """Percentiles of many numbers over the training, as bands.

    The darkest band holds the middle 38 % of the numbers, all four together 100 %; the line is the median.
    """

    PERCENTILES = (0, 7, 16, 31, 50, 69, 84, 93, 100)
    BANDS = (
        ("all", 0.15),
        ("86 %", 0.25),
        ("68", 0.4),
        ("38", 0.6),
    )  # label and opacity of each band, outermost first

    def build(self, axes, records):
        super().build(axes, records)
        self._bands = []
        light, keys = 1.0, []  # share of light that passes through the bands so far
        for share, alpha in self.BANDS:
            (band,) = axes.fill([0, 0, 0], [0, 0, 0], color=self.colour, alpha=alpha, lw=0, animated=True)
            self._bands.append(band)
            light *= 1 - alpha
            keys.append(Patch(color=self.colour, alpha=1 - light, lw=0, label=share))
        keys.append(Line2D([], [], color="black", lw=2, label="median"))
        (self._median,) = axes.plot([], [], "o-", color="black", lw=2, animated=True)
        beside_label = ScaledTranslation(2.06 / 72, -20.7 / 72, axes.figure.dpi_scale_trans)
        axes.legend(
            handles=keys[::-1], loc="upper right", bbox_to_anchor=(1, 0),
            bbox_transform=axes.transAxes + beside_label, ncols=5, fontsize=11, frameon=False,
            borderpad=0, borderaxespad=0, handlelength=0.6, handletextpad=0.3, columnspacing=0.55,
        )  # fmt: skip
        return [*self._bands, self._median]

    def numbers(self, model, values):
        """Return the current numbers, float [n], from the model and the values of the pane's tensors."""
        raise NotImplementedError

    def record(self, model, values, records):
        numbers = self.numbers(model, values)
        if not numbers.size or not np.isfinite(numbers).all():
            return  # nothing to show, or the training has diverged
        values = np.percentile(numbers, self.PERCENTILES)
        records.curves[self.title].add(records.step, values)

    def update(self, records):
        curve = records.curves[self.title]
        if not curve.values:
            return False
        x, values = records.along(curve.steps), np.array(curve.values)
        for i, band in enumerate(self._bands):
            low, high = values[:, i], values[:, -1 - i]
            band.set_xy(np.c_[np.r_[x, x[::-1]], np.r_[low, high[::-1]]])
        self._median.set_data(x, values[:, len(self.PERCENTILES) // 2])
        self._median.set_markersize(marker_size(len(x)))  # between two of them, nothing was measured
        extent = min(np.abs(values).max(), 1e30)
        limit = 0.5
        while limit < extent:
            limit *= 2
        return self._set_limits(records, 0 if values.min() >= 0 else -limit, limit)


class Weights(_Bands):
    """The distribution of all weights: trainable variables with two or more dimensions."""

    title = "Weights"
    colour = TRAIN

    def numbers(self, model, values):
        return _flat(variable for variable in model.trainable_variables if len(variable.shape) > 1)


class Biases(_Bands):
    """The distribution of all biases: trainable variables with one dimension."""

    title = "Biases"
    colour = TEST

    def numbers(self, model, values):
        return _flat(variable for variable in model.trainable_variables if len(variable.shape) == 1)


def has_activation(layer):
    """Whether a layer has an activation function other than the linear one."""
    return getattr(layer, "activation", None) not in (None, keras.activations.linear)


def _hidden_layers(model):
    if not getattr(model, "inputs", None):
        raise NotShown(
            f"{type(model).__name__} is no Sequential or functional model, whose layers have outputs"
        )
    return [layer for layer in model.layers[:-1] if has_activation(layer)]


def _some(tensors):
    if not tensors:
        raise NotShown("the network has no such hidden layers")
    return tensors


class Logits(_Bands):
    """The inputs of the hidden layers' activation functions, where these are separate `Activation` layers.

    A sigmoid is flat below -4 and above 4, and hardly learns there. Batch normalization uses its moving
    averages, as in a test. Source: the lecture's step 4.0, which shows them before batch normalization.
    """

    title = "Logits"
    colour = TRAIN

    def tensors(self, model):
        hidden = _hidden_layers(model)
        return _some([layer.input for layer in hidden if isinstance(layer, keras.layers.Activation)])

    def numbers(self, model, values):
        return _flat(values)


class MaxActivations(_Bands):
    """The largest output of each hidden neuron over the training examples shown.

    A neuron whose largest output is 0 responds to none of these examples.

    Args:
        kind: "conv." for convolutional layers, with one number per channel and position, or "dense".

    Source: the lecture's steps 3.0 to 4.2.
    """

    def __init__(self, kind: Literal["conv.", "dense"]) -> None:
        self.title = f"Max. activations, {kind}"
        self.colour = {"conv.": TRAIN, "dense": TEST}[kind]
        self._dimensions = {"conv.": 4, "dense": 2}[kind]

    def tensors(self, model):
        outputs = [layer.output for layer in _hidden_layers(model)]
        fitting = [output for output in outputs if len(output.shape) == self._dimensions]
        return [keras.ops.max(output, axis=0) for output in _some(fitting)]

    def numbers(self, model, values):
        return _flat(values)


def _flat(tensors):
    return np.concatenate([[]] + [np.ravel(keras.ops.convert_to_numpy(tensor)) for tensor in tensors])
