"""Examples of one part of the data, with what a network makes of them: as pictures, as classes."""

import functools
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

CHANNELS = 1, 3, 4  # grey, colours, colours with opacity


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
        """Return x and y of the examples with these indices, int [m], bool [n] or a slice."""
        return _mapped(lambda array: array[indices], self.x), _mapped(lambda array: array[indices], self.y)

    # -- as pictures

    def why_no_images(self):
        """Return why there are no images among the inputs, in a few words; None if there are."""
        if self._images is not None:
            return None
        return f"its inputs are {' and '.join(map(_in_words, _leaves(self.x)))}, not images"

    def pixels(self, chosen):
        """Return the images with the indices `chosen`, uint8 [m, height, width, 1 or 3], ready to draw.

        Of several inputs, the first one of images. Black is 0 and white 255 if the values look like pixels
        from 0 to 1, from -1 to 1 or from 0 to 255; else they are the least and greatest common value.
        """
        if why := self.why_no_images():
            raise ValueError(why)
        images = self._images[chosen]
        low, high = self._range
        if images.dtype != np.uint8 or high != 255:
            scaled = images.astype(np.float32)
            scaled -= low
            scaled *= 255 / (high - low)
            np.nan_to_num(scaled, copy=False)
            images = np.rint(scaled.clip(0, 255, out=scaled)).astype(np.uint8)
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

        Before the outputs are predicted, integers count as classes; a single output tells that they are not.
        """
        return self._classified[0]

    def classes(self):
        """Return the label of each example, int [n]. Raises ValueError if there are no classes."""
        why, labels, _ = self._classified
        if why:
            raise ValueError(why)
        return labels

    def predictions(self):
        """Return the predicted class of each example, int [n]. Raises ValueError if there are no classes."""
        why, _, outputs = self._classified
        if why:
            raise ValueError(why)
        if outputs.ndim == 1 or outputs.shape[1] == 1:
            return (outputs.reshape(-1) > self.threshold).astype(int)
        return outputs.argmax(axis=1)

    def misclassified(self):
        """Return whether each prediction differs from the label, bool [n]; False where this is not known."""
        if self.outputs is None or self.why_no_classes():
            return np.zeros(len(self), bool)
        return self.predictions() != self.classes()
