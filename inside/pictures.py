"""Pictures for a network to look at: the user's own, or some that come with the project."""

import keras
import numpy as np
from keras import layers
from PIL import Image

from common.data.cut_out import as_fashion_mnist, as_mnist, as_small_image, read_ink
from common.data.pictures import read_photo
from common.data.sources import bundled_file, read_arrays
from common.errors import UserError

CLOTHES = "fashion_mnist.npz"
KNOWN = {"mnist.npz": "x_test", CLOTHES: "x_test", "cats_dogs.npz": "x_validation"}
COUNT = 10


def is_small_grey(shape):
    """Whether pictures of this shape are like MNIST's: 28 × 28, grey."""
    return tuple(shape) in ((28, 28), (28, 28, 1))


def own_pictures(paths, shape, data):
    """The user's pictures as a network expects them, uint8 [n, *shape].

    Drawings and clothes of 28 × 28 are prepared as MNIST's and Fashion-MNIST's were, others are stretched.

    Args:
        paths: of the pictures.
        shape: of the network's input, without the batch.
        data: the name of the file that the network learned from, or "".

    Raises UserError if nothing is drawn on a picture.
    """

    def read(path):
        if is_small_grey(shape) and data == CLOTHES:
            return as_small_image(read_photo(path, None), as_fashion_mnist)
        return as_mnist(read_ink(path)) if is_small_grey(shape) else stretched(read_photo(path, None), shape)

    return np.stack([read(path).reshape(shape) for path in paths])


def stretched(photo, shape):
    """A picture, uint8 [h, w, 3], in the size and the colours (grey or RGB) of a shape."""
    picture = Image.fromarray(photo).convert("RGB" if shape[2:] == (3,) else "L")
    return np.asarray(picture.resize(shape[1::-1], Image.Resampling.BILINEAR))


def known_pictures(shape, data):
    """Pictures of the file that a network learned from, as it expects them, uint8 [n, *shape].

    Networks of small grey pictures whose file is not known get digits. Raises UserError if there are none.
    """
    if data not in KNOWN and is_small_grey(shape):
        data = "mnist.npz"
    if data not in KNOWN:
        size = " × ".join(map(str, shape))
        raise UserError(f"the network reads pictures of {size}, and there are none here: --image FILE")
    names = {f"{kind}_{KNOWN[data][2:]}" for kind in "xy"} | {"x_train", "y_train"}
    arrays, _ = read_arrays(*bundled_file(data), dict.fromkeys(names, (np.uint8, None)))
    pictures = arrays[KNOWN[data]]
    pictures = pictures[:: len(pictures) // COUNT] if data == "cats_dogs.npz" else pictures[:COUNT]
    if pictures.ndim == 4:
        pictures = np.stack([stretched(picture, shape) for picture in pictures])
    return pictures.reshape(-1, *shape)


def wants_0_to_1(model):
    """Whether a network expects pixels from 0 to 1: it has no layer that prepares them."""
    prepares = layers.Rescaling, layers.Normalization, layers.BatchNormalization
    for layer in model.layers:
        if isinstance(layer, prepares):
            return False
        if layer.weights:
            return True
    return keras.backend.standardize_dtype(model.inputs[0].dtype) != "uint8"
