"""The pane of drawings, of what is generated from them, and of what should be."""

import functools

import numpy as np
from PIL import Image

from keras_window.panes.pane import Painted


class PairPictures(Painted):
    """What belongs to a few test examples of pictures from drawings.

    Args:
        title: above the pane.
        part: of a `Sample`: "x" the drawings, "outputs" what is generated, "y" the pictures they should be.
    """

    def __init__(self, title, part):
        self.title, self._part = title, part

    @staticmethod
    def shown(image_size):
        """How many examples there is room for."""
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
