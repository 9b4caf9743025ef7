"""Base classes of the panes. A pane draws recorded numbers on one matplotlib Axes."""

import numpy as np
from matplotlib.artist import Artist


class Pane:
    """One of the up to six parts of the window."""

    title = ""

    def check(self, records):
        """Raise ValueError if this pane cannot show the examples in the records."""

    def adapt(self, model):
        """Adapt the pane to the model, before `build`. Raises NotShown if it cannot show this model."""

    def build(self, axes, records):
        """Create the artists, once. Returns those that change from picture to picture."""
        raise NotImplementedError

    def why_empty(self, records):
        """Return why this pane will have nothing to show, after an epoch; None if it has something."""
        return None

    def tensors(self, model):
        """Return the symbolic tensors of the model to compute for the training examples shown, a list.

        Raises NotShown if the model has none.
        """
        return []

    def record(self, model, values, records):
        """Record the pane's own numbers; `values` are the values of its tensors."""

    def update(self, records):
        """Update the artists from the records. Returns whether the axes themselves changed."""
        raise NotImplementedError

    def enlarge(self, alone):
        """Prepare to be drawn alone in the window, or again beside the other panes."""


class PaintedArtist(Artist):
    """A picture that fills its axes, repainted when it is replaced or the size of the axes changes.

    `axes.imshow` does the same but takes five times as long.
    """

    def __init__(self, axes):
        super().__init__()
        self.set(axes=axes, figure=axes.figure, animated=True)
        axes.add_artist(self)
        self._paint = None

    def show(self, paint):
        """Show the PIL image in RGB that `paint(width, height)` returns; both are in pixels."""
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
    """A pane that is one picture; subclasses call `self._picture.show`."""

    def build(self, axes, records):
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        self._picture, self._shown = PaintedArtist(axes), None
        return [self._picture]
