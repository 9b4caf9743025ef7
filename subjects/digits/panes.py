"""The pane of what each neuron of a network with one layer looks for."""

import functools

import keras
import numpy as np
from PIL import Image, ImageDraw

from keras_window.guard import NotShown
from keras_window.panes.fonts import font
from keras_window.panes.pane import Painted

RED, BLUE = np.array((178, 24, 43)), np.array((33, 102, 172))  # negative and positive


def signed_colours(values, extent):
    """Colour numbers: 0 is white, `extent` blue, -`extent` red. Returns uint8 [..., 3]."""
    share = np.clip(np.abs(values)[..., None] / extent, 0, 1)
    ends = np.where(values[..., None] < 0, RED, BLUE)
    return np.rint(255 + share * (ends - 255.0)).astype(np.uint8)


class NeuronWeights(Painted):
    """The weights of each neuron as a picture: blue pixels speak for its class, red ones against it.

    Alone in the window, the pane also shows why a training digit is misclassified: the product of its pixels
    with the weights of two neurons, that of its label and that of the prediction, and the sums.

    Args:
        classes: the names of the classes; None for the numbers of the neurons. The first ten are shown.
    """

    COLUMNS, MOST = 5, 10

    def __init__(self, classes=None):
        self.title, self._classes, self._read = "What each neuron looks for", classes, None
        self._chosen = None

    def adapt(self, model):
        self.tensors(model)

    def tensors(self, model):
        weighted = [layer for layer in model.layers if layer.weights]
        shape = model.input_shape[1:]
        if len(weighted) != 1 or not isinstance(weighted[0], keras.layers.Dense):
            raise NotShown("the network has more than one layer of neurons")
        if len(shape) != 3 or shape[-1] != 1 or np.prod(shape) != weighted[0].kernel.shape[0]:
            raise NotShown("the neurons do not see the pixels of a grey picture")
        self._layer, self._shape = weighted[0], shape[:2]
        return [weighted[0].input]

    def record(self, model, values, records):
        kernel, bias = map(keras.ops.convert_to_numpy, (self._layer.kernel, self._layer.bias))
        if not np.isfinite(kernel).all():
            return  # the training has diverged
        pixels, labels = keras.ops.convert_to_numpy(values[0]), records.train.classes()
        sums = pixels @ kernel + bias
        others = sums.copy()
        others[np.arange(len(labels)), labels] = -np.inf
        lead = sums[np.arange(len(labels)), labels] - others.max(axis=1)
        if self._chosen is None or lead[self._chosen] >= 0:
            self._chosen = int(lead.argmin())  # the worst mistake, as long as it is one
        i = self._chosen
        self._read = kernel, bias, pixels[i], (int(labels[i]), int(others[i].argmax())), lead[i] < 0

    def enlarge(self, alone):
        self._alone = alone

    def build(self, axes, records):
        self._alone = False
        axes.set_xlabel("blue speaks for it, red against it")
        return super().build(axes, records)

    def update(self, records):
        if self._read is not self._shown:
            self._shown = self._read
            self._picture.show(functools.partial(self._paint, *self._read))
        return False

    def _paint(self, kernel, bias, pixels, pair, wrong, width, height):
        picture = Image.new("RGB", (width, height), "white")
        count = min(kernel.shape[1], self.MOST)
        columns = count if self._alone else self.COLUMNS
        rows = -(-count // columns)
        below = 0.68 * height if self._alone else 0
        wide, high = width / columns, (height - below) / rows
        line = 0.24 * high
        side = min(wide, high - line) - 4
        extent = np.percentile(np.abs(kernel), 99.5) or 1  # a few more are as dark
        for i in range(count):
            left, top = i % columns * wide, i // columns * high
            self._write(picture, self._name(i), left + wide / 2, top + line / 2, line, wide)
            self._put(picture, kernel[:, i], extent, left + (wide - side) / 2, top + line, side)
        if self._alone:
            self._explain(picture, kernel, bias, pixels, pair, wrong, height - below)
        return picture

    def _explain(self, picture, kernel, bias, pixels, pair, wrong, top):
        """Paint a digit, and its products with the weights of two neurons, below `top`."""
        width, line = picture.width, 0.13 * (picture.height - top)
        side = picture.height - top - 2.6 * line
        label, other = map(self._name, pair)
        read = f"was taken for a {other}" if wrong else f"is a {label}, not a {other}"
        self._write(picture, f"Why this {label} {read}", width / 2, top + 0.8 * line, line, width)
        top += 1.4 * line
        products = [pixels * kernel[:, i] for i in pair]
        extent = max(np.abs(product).max() for product in products) or 1
        middles = 0.14 * width, 0.46 * width, 0.82 * width
        ink = np.rint(255 * (1 - pixels.clip(0, 1))).astype(np.uint8).reshape(self._shape)
        digit = Image.fromarray(ink).convert("RGB")
        picture.paste(self._scaled(digit, side), (round(middles[0] - side / 2), round(top)))
        self._write(picture, "its pixels", middles[0], top + side + 0.55 * line, 0.62 * line, width / 4)
        for i, product, middle in zip(pair, products, middles[1:], strict=True):
            self._put(picture, product, extent, middle - side / 2, top, side)
            total = product.sum()
            words = f"times {self._name(i)}: sum {total:.2f}, with bias {total + bias[i]:.2f}"
            words = words.replace("-", "−")
            self._write(picture, words, middle, top + side + 0.55 * line, 0.62 * line, 0.36 * width)

    def _put(self, picture, numbers, extent, left, top, side):
        image = Image.fromarray(signed_colours(numbers.reshape(self._shape), extent))
        picture.paste(self._scaled(image, side), (round(left), round(top)))
        outline = round(left), round(top), round(left) + round(side) - 1, round(top) + round(side) - 1
        ImageDraw.Draw(picture).rectangle(outline, outline="#BBBBBB")

    @staticmethod
    def _scaled(image, side):
        size = max(round(side), 1)
        return image.resize((size, size), Image.Resampling.NEAREST)

    @staticmethod
    def _write(picture, words, middle, y, line, width):
        draw = ImageDraw.Draw(picture)
        draw.text((middle, y), words, "black", font(0.95 * line, 0.96 * width, words), anchor="mm")

    def _name(self, i):
        return self._classes[i] if self._classes else str(i)
