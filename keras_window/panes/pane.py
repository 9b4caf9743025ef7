"""What all panes have in common. A pane draws what was recorded; it knows one Axes and nothing of screens."""

import numpy as np
from matplotlib.artist import Artist


class Pane:
    """One of the pictures in the window."""

    title = ""

    def check(self, records):
        """Raise ValueError if this pane cannot show these examples."""

    def build(self, axes, records):
        """Make the artists, once. Returns those that change from picture to picture."""
        raise NotImplementedError

    def tensors(self, model):
        """What to work out for the training examples shown: a list of the model's symbolic tensors."""
        return []

    def record(self, model, values, records):
        """Take what the pane shows beyond the curves and samples; `values` are those of the tensors."""

    def update(self, records):
        """Put the present numbers into the artists; True if the axes themselves changed."""
        raise NotImplementedError


class PaintedArtist(Artist):
    """A picture that fills its axes, painted anew when there is a new one or the axes' size changes.

    `axes.imshow` does the same, five times as slowly.
    """

    def __init__(self, axes):
        super().__init__()
        self.set(axes=axes, figure=axes.figure, animated=True)
        axes.add_artist(self)
        self._paint = None

    def show(self, paint):
        """Show what `paint(width, height)` returns, an RGB picture of PIL's in that size, in pixels."""
        self._paint, self._painted = paint, None

    def draw(self, renderer):
        if self._paint is None:
            return
        left, bottom, width, height = np.rint(self.axes.bbox.bounds).astype(int).clip(1)
        if self._painted is None or self._painted.shape[:2] != (height, width):
            self._painted = np.asarray(self._paint(width, height).convert("RGBA"))[::-1]
        context = renderer.new_gc()
        renderer.draw_image(context, left, bottom, self._painted)
        context.restore()


class Painted(Pane):
    """A pane that is a picture; what paints it is given to `self._picture`."""

    def build(self, axes, records):
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        self._picture, self._shown = PaintedArtist(axes), None
        return [self._picture]
