"""The picture that answers: mouse, finger and keys choose a unit, and it shows where its value comes from."""

import time

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg

from inside.drawing import Columns, Panel
from keras_window.style import HEIGHT, STYLE, WIDTH, as_designed

MOVES = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}
TITLE = "A look inside: one picture on its way through the network"
HINT = "click a number in any map     ← → ↑ ↓  the next number"


class Inside:
    """A network's maps, and the sum behind the chosen unit, on an empty figure.

    Args:
        figure: a `DesignedFigure`.
        network: a `Network` that has seen an image.
        classes: the names of the classes, or None for numbers.
        keys: what else the keys do, for the last line.

    Attributes:
        unit: the chosen unit: (stage, row, column, channel).
        found: its `Explanation`.
    """

    def __init__(self, figure, network, classes=None, keys=""):
        self.figure, self.network, self._background = figure, network, None
        with as_designed(STYLE):
            page = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(0, HEIGHT))
            page.axis("off")
            page.set_autoscale_on(False)
            self._page, self._pressed, self._ready, self._answered = page, False, 0, None
            page.text(0.25, 7.32, TITLE, fontsize=19, fontweight="bold", va="center")
            if type(figure.canvas) is not FigureCanvasAgg:  # that of a still picture
                options = {"fontsize": 13, "ha": "center", "va": "center", "color": "0.35"}
                page.text(WIDTH / 2, 0.17, HINT + keys, **options)
            self.columns = Columns(page, network, classes)
            self.panel = Panel(page, self.columns)
        self.choose(self.strongest())
        canvas = figure.canvas
        # in lambdas, which the figure keeps: it forgets methods
        canvas.mpl_connect("draw_event", lambda event: self._on_draw())
        canvas.mpl_connect("button_press_event", lambda event: self._on_press(event))
        canvas.mpl_connect("motion_notify_event", lambda event: self._on_move(event))
        canvas.mpl_connect("button_release_event", lambda event: self._on_release(event))
        canvas.mpl_connect("key_press_event", lambda event: self.on_key(event.key))

    def strongest(self, convolution=0):
        """The largest unit of a convolution, counted from 0, or of the last stage if there is none.

        If there are fewer, of the last one; only maps that are shown count.
        """
        stages = self.network.stages
        found = [i for i, stage in enumerate(stages) if stage.is_convolution and stage.has_places]
        stage = found[: convolution + 1][-1] if found else len(stages) - 1
        shown = [tile.channel for tile in self.columns.tiles if tile.stage == stage]
        values = self.network.values[stage][..., : max(shown) + 1]
        return stage, *(int(place) for place in np.unravel_index(values.argmax(), values.shape))

    def choose(self, unit, channel=None):
        """Show where the value of a unit comes from; of the channels before it, show `channel` as numbers."""
        self.unit = unit
        with as_designed(STYLE):
            self.found = self.panel.show(unit, channel)

    def see(self, image):
        """Show the network's values for another image."""
        self.network.see(image)
        with as_designed(STYLE):
            self.columns.update()
        self.choose(self.unit)
        self.figure.canvas.draw()

    def on_key(self, key):
        if key not in MOVES:
            return
        stage, *place, channel = self.unit
        shape = self.network.stages[stage].shape
        down, right = MOVES[key]
        if self.network.stages[stage].has_places:
            row, column = (
                min(max(at + by, 0), size - 1) for at, by, size in zip(place, MOVES[key], shape, strict=False)
            )
            unit = stage, row, column, channel
        else:
            unit = stage, 0, 0, (channel + down + right) % shape[2]
        self._answered = unit, None
        self._answer(unit)

    def _on_press(self, event):
        if event.button == 1:
            self._pressed = True
            self._point(event)

    def _on_move(self, event):
        if self._pressed and time.perf_counter() > self._ready:
            self._point(event)

    def _on_release(self, event):
        if self._pressed:
            self._pressed = False
            self._point(event)

    def _point(self, event):
        x, y = self._page.transData.inverted().transform((event.x, event.y))
        began, unit, channel = time.perf_counter(), self.columns.unit_at(x, y), None
        for tile, *chosen in self.panel.parts:
            if tile.holds(x, y):
                unit, channel = chosen
        if unit and (unit, channel) != self._answered:
            self._answered = unit, channel
            self._answer(unit, channel)
            now = time.perf_counter()
            self._ready = now + (now - began)  # a fast mouse is not followed everywhere

    def _answer(self, unit, channel=None):
        self.choose(unit, channel)
        if self._background is None:
            self.figure.canvas.draw()
            return
        canvas = self.figure.canvas
        canvas.restore_region(self._background)
        self._draw_panel()
        canvas.blit(self.figure.bbox)

    def _draw_panel(self):
        with as_designed(self.figure.settings):
            for artist in sorted(self.panel.artists, key=lambda artist: artist.zorder):
                artist.axes.draw_artist(artist)

    def _on_draw(self):
        canvas = self.figure.canvas
        if not canvas.is_saving():
            self._background = canvas.copy_from_bbox(self.figure.bbox)
            self._draw_panel()
