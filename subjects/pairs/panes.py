"""The pane of drawings, of generated images, or of the real images."""

import functools

import numpy as np
from PIL import Image

from keras_window.panes.pane import Painted


class PairPictures(Painted):
    """A few test examples: their drawings, the generated images, or the real images.

    Args:
        title: the pane's title.
        part: of a `Sample`: "x" the drawings, "outputs" the generated images, "y" the real images.
    """

    def __init__(self, title, part):
        self.title, self._part = title, part

    @staticmethod
    def shown(image_size):
        """The number of examples that fit in the pane."""
        return 12 if image_size <= 64 else 4

    def update(self, records):
        pictures = getattr(records.train, self._part)
        if pictures is None or self._shown is pictures:
            return False
        self._shown = pictures
        if pictures.dtype != np.uint8:  # from -1 to 1
            pictures = ((pictures + 1) * 127.5).clip(0, 255).astype(np.uint8)
        pictures = np.broadcast_to(pictures, (*pictures.shape[:3], 3))
        self._picture.show(functools.partial(self._paint, pictures))
        return False

    def _paint(self, pictures, width, height):
        whole = Image.new("RGB", (width, height), "white")
        columns = 4 if len(pictures) > 4 else 2
        side = min(width // columns, height // -(-len(pictures) // columns))
        left = (width - columns * side) // 2
        for i, picture in enumerate(pictures):
            image = Image.fromarray(picture).resize((side - 4, side - 4), Image.Resampling.BILINEAR)
            whole.paste(image, (left + i % columns * side + 2, i // columns * side + 2))
        return whole
