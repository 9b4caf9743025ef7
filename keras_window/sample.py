"""Examples of one part of the data, with what a network makes of them: as pictures, as classes."""

import functools
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

CHANNELS = 1, 3, 4  # grey, colours, colours with opacity
NUMBERS = "biuf"  # the kinds of a dtype
VALUES = 4_000_000  # of images, from which their range is found


@dataclass
class Sample:
    """Examples, with the outputs of the network for them.

    Keras compares a single output with a threshold, to decide between the classes 0 and 1; of several
    outputs, the largest is that of the predicted class. What it counts as right, is right here.

    Attributes:
        x: the model's inputs, an array [n, ...] or a dictionary, list or tuple of such arrays.
        y: the labels, likewise; None if there are none.
        outputs: the model's outputs, likewise; None before they are predicted.
        predicted_at: iteration after which these outputs were predicted.
        threshold: above it, a single output is a prediction of class 1.
        output_names: the model's `output_names`, by which a dictionary of labels goes with a list of outputs.
    """

    x: Any
    y: Any = None
    outputs: Any = None
    predicted_at: int = 0
    threshold: float = 0.5
    output_names: tuple = ()

    def __len__(self):
        return len(_leaves(self.x)[0])

    def take(self, indices):
        """Return a `Sample` of the examples with these indices, int [m], bool [n] or a slice; no outputs."""
        x, y = (_mapped(lambda array: array[indices], tree) for tree in (self.x, self.y))
        return Sample(x, y, threshold=self.threshold, output_names=self.output_names)

    # -- as pictures

    def why_no_images(self):
        """Return why there are no images among the inputs, in a few words; None if there are."""
        if self._images is not None:
            return None
        return f"its inputs are {' and '.join(map(_in_words, _leaves(self.x)))}, not images"

    def pixels(self, chosen):
        """Return the images with the indices `chosen`, uint8 [m, height, width, 1 or 3], ready to draw.

        They are from the first input of images. Their range is that of the whole sample: 0 to 255, 0 to 1 or
        -1 to 1 if the values look like it, else from the smallest to the largest common value.

        Raises:
            ValueError: there are no images.
        """
        if why := self.why_no_images():
            raise ValueError(why)
        images = self._images[chosen]
        low, high = self._range
        if images.dtype != np.uint8 or high != 255:
            with np.errstate(all="ignore"):  # infinite values
                scaled = (images.astype(np.float32) - low) * (255 / (high - low))
            images = np.rint(np.nan_to_num(scaled).clip(0, 255)).astype(np.uint8)
        if images.shape[-1] == 4:
            colours, opacity = images[..., :3].astype(np.uint16), images[..., 3:].astype(np.uint16)
            images = ((colours * opacity + 255 * (255 - opacity) + 127) // 255).astype(np.uint8)  # on white
        return images

    @functools.cached_property
    def _images(self):
        """The first input of images, [n, height, width, 1, 3 or 4]; None if there is none."""
        return next((found for array in _leaves(self.x) if (found := _as_images(array)) is not None), None)

    @functools.cached_property
    def _range(self):
        return _range_of(self._images)

    # -- as classes

    def why_no_classes(self):
        """Return why there are no classes to compare, in a few words; None if there are.

        Ask again when there are outputs: a single one tells that labels such as 7 are numbers, not classes.
        """
        return self._compared()[0]

    def classes(self):
        """Return the label of each example, int [n]. Raises ValueError if there are no classes."""
        why, labels, _ = self._compared()
        if why:
            raise ValueError(why)
        return labels

    def predictions(self):
        """Return the predicted class of each example, int [n]. Raises ValueError if there are no classes."""
        why, _, outputs = self._compared()
        if why:
            raise ValueError(why)
        if outputs.ndim == 1 or outputs.shape[1] == 1:
            return (outputs.reshape(-1) > self.threshold).astype(int)
        return outputs.argmax(axis=1)

    def misclassified(self):
        """Return whether each prediction differs from the label, bool [n], False if unknown."""
        why, labels, outputs = self._compared()
        if why or outputs is None:
            return np.zeros(len(self), bool)
        return self.predictions() != labels

    def _compared(self):
        """Return why nothing can be compared, or None with the labels and the outputs of the same output.

        That is the first output whose labels are classes. The outputs are None before they are predicted.
        """
        reasons = []
        for place, labels, classes in self._labels:
            outputs = self._outputs_at(*place)
            why = classes if isinstance(classes, str) else _why_incomparable(labels, classes, outputs)
            if why is None:
                return None, classes, outputs
            reasons.append(why)
        return [*reasons, "it has no labels"][0], None, None

    @functools.cached_property
    def _labels(self):
        """Of each array of labels the place in y, the array, and its classes or why there are none."""
        found = enumerate(keras.tree.flatten_with_path(self.y))
        return [
            ((i, *path[:1]), array, _as_classes(array)) for i, (path, array) in found if array is not None
        ]

    def _outputs_at(self, number, name=None):
        """Return the outputs that Keras compares with these labels; None before they are predicted."""
        if self.outputs is None:
            return None
        outputs, names = self.outputs, list(self.output_names)
        if isinstance(outputs, dict):
            names = names if set(names) == set(outputs) else sorted(outputs)
            outputs = [outputs[one] for one in names]
        outputs = _leaves(outputs)
        return outputs[names.index(name) if name in names else min(number, len(outputs) - 1)]


def threshold_of(model):
    """Return the number above which Keras counts a single output of a compiled model as class 1.

    That is the one of its first `BinaryAccuracy`; without it, 0 if the loss takes logits, else 0.5. Keras has
    no metrics before the first batch is trained or evaluated.
    """
    metrics = [one for metric in model.metrics for one in getattr(metric, "metrics", [metric])]
    for metric in metrics:
        if isinstance(metric, keras.metrics.BinaryAccuracy):
            return float(metric.threshold)
    if any(metric.name == "binary_accuracy" for metric in metrics):  # Keras' function, as a metric
        return 0.5
    return 0.0 if any(getattr(loss, "from_logits", False) for loss in keras.tree.flatten(model.loss)) else 0.5


def _leaves(tree):
    return [leaf for leaf in keras.tree.flatten(tree) if leaf is not None]


def _mapped(function, tree):
    return keras.tree.map_structure(lambda leaf: None if leaf is None else function(leaf), tree)


def _in_words(array):
    if array.dtype.kind not in NUMBERS:
        return "text"
    return f"[{', '.join(map(str, ('n', *array.shape[1:])))}]"


def _as_images(array):
    """Return the array as images [n, height, width, 1, 3 or 4]; None if it does not look like images."""
    if array.dtype.kind not in NUMBERS:
        return None
    if array.ndim == 3:  # not a sequence, which is long and narrow
        low, high = sorted(array.shape[1:])
        return array[..., np.newaxis] if 8 <= low <= high <= 2 * low else None
    if array.ndim == 4 and array.shape[3] in CHANNELS:
        return array
    if array.ndim == 4 and array.shape[1] in CHANNELS:
        return np.moveaxis(array, 1, 3)
    return None


def _range_of(images):
    """Return the values that are drawn black and white, from at most a thousand images."""
    if images.dtype == bool:
        return 0, 1
    count = np.clip(VALUES // max(images[0].size, 1), 16, 1000)
    values = images[:: -(-len(images) // count)]  # from everywhere: their order may follow the classes
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if len(values) else (0, 1)
    if low >= -0.2 and high <= 1.2:  # a little more or less: they may be resized, or noisy
        return 0, 1
    if images.dtype == np.uint8 or (low >= -40 and 127 < high <= 300):
        return 0, 255
    if low >= 0:
        return 0, high
    if -1.05 <= low < -0.6 and high <= 1.05:
        return -1, 1
    common = np.percentile(values, (0.5, 99.5))
    low, high = common if common[0] < common[1] else (low, high)
    return low, high if low < high else np.inf


def _as_classes(labels):
    """Return the classes of labels, int [n], or in a few words why they are none."""
    if labels.dtype.kind not in NUMBERS or labels.ndim > 2:
        kind = "images" if _as_images(labels) is not None else _in_words(labels)
        return f"its labels are {kind}, not classes"
    if labels.ndim == 2 and labels.shape[1] != 1:
        return _as_one_hot(labels)
    labels = labels.reshape(-1)
    if labels.dtype.kind == "f" and not (np.isfinite(labels) & (labels == np.rint(labels))).all():
        return "its labels are real numbers, not classes"
    if labels.min() < -1:
        return "its labels are numbers, not classes"
    return labels.astype(int)


def _as_one_hot(labels):
    if labels.min() >= 0 and np.allclose(labels.sum(axis=1, dtype=float), 1, atol=1e-3):
        return labels.argmax(axis=1)
    if ((labels == 0) | (labels == 1)).all():
        return "its labels are several classes at once"
    kind = "real numbers" if labels.dtype.kind == "f" else _in_words(labels)
    return f"its labels are {kind}, not classes"


def _why_incomparable(labels, classes, outputs):
    """Return why these outputs do not predict these classes, in a few words; None if they do."""
    if outputs is None:
        real = labels.dtype.kind == "f" and labels.shape[1:] in ((), (1,)) and classes.max() > 1
        return "its labels are real numbers, not classes" if real else None
    width = outputs.shape[1] if outputs.ndim == 2 else 1
    if outputs.ndim > 2 or len(outputs) != len(classes):
        return f"its outputs are {_in_words(outputs)}, not classes"
    if labels.ndim == 2 and labels.shape[1] not in (1, width):
        return f"its labels are {_in_words(labels)}, its outputs {_in_words(outputs)}"
    if width == 1 and classes.max() > 1:
        return "its labels are numbers, not classes"
    return None
