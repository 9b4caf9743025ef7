"""The figure that holds the panes. It draws still parts once and moving parts over them."""

import contextlib

from matplotlib.patches import Rectangle
from matplotlib.transforms import Bbox, TransformedBbox

from keras_window.files import replacing
from keras_window.style import HEIGHT, STYLE, WIDTH, as_designed, fit_text


class Dashboard:
    """The panes on a figure, two rows of three.

    Args:
        figure: an empty `DesignedFigure` whose canvas draws with Agg.
        panes: one to six `Pane`s.
        records: the `Records` they show.
    """

    def __init__(self, figure, panes, records):
        self.figure, self.panes = figure, panes
        self._backgrounds = ()  # images of the still parts: upper half, lower half
        self._moving = {}  # the moving artists of each axes
        self._shown = None  # number of the pane that is shown alone
        self._drawn = 0
        with as_designed(STYLE):
            rows = 1 if len(panes) <= 3 else 2
            columns = -(-len(panes) // rows)
            grid = figure.add_gridspec(
                rows, columns, left=0.06, right=0.945, top=0.885, bottom=0.09, wspace=0.2, hspace=0.42
            )
            self.axes = [figure.add_subplot(cell) for cell, _ in zip(grid, panes, strict=False)]
            for axes, pane in zip(self.axes, panes, strict=True):
                axes.set_title(pane.title, y=1.0)  # a fixed position is drawn faster
                self._moving[axes] = pane.build(axes, records)
            self._header = figure.text(0.5, 0.965, "", fontsize=15, ha="center", va="center", animated=True)
        middle = 0.475 if rows == 2 else 0  # between the labels above and the titles below
        self._halves = [
            TransformedBbox(Bbox.from_extents(0, low, 1, high), figure.transFigure)
            for low, high in ((middle, 1), (0, middle))[:rows]
        ]
        self._upper_row = self.axes[:columns]
        self._cells = {axes: self._cell(axes, middle) for axes in self.axes}
        self._places = [axes.get_position() for axes in self.axes]
        figure.canvas.mpl_connect("draw_event", self._on_draw)
        figure.canvas.mpl_connect("resize_event", self._fit_text)
        self._fit_text()

    def update(self, records, header):
        """Update all panes from the records. Returns the axes whose still parts changed."""
        self._header.set_text(header)
        return [axes for axes, pane in zip(self.axes, self.panes, strict=True) if pane.update(records)]

    def set_header(self, header):
        self._header.set_text(header)
        self.draw()

    def draw(self, changed=()):
        """Draw the moving parts, and the still parts of the axes in `changed`, which take longer.

        The lower row changes slowly, so it is drawn only every second time.
        """
        figure, canvas = self.figure, self.figure.canvas
        if not self._backgrounds or (changed and self._shown):
            canvas.draw()
            return
        self._drawn += 1
        whole = changed or self._shown or self._drawn % 2
        for background in self._backgrounds if whole else self._backgrounds[:1]:
            canvas.restore_region(background)
        with as_designed(figure.settings):
            for axes in changed:
                if axes.get_visible():
                    figure.draw_artist(self._cells[axes])
                    figure.draw_artist(axes)
            if changed:
                self._keep_backgrounds()
            self._draw_moving_parts(self.axes if whole else self._upper_row)
        canvas.blit(figure.bbox if whole else self._halves[0])

    def show(self, number=None):
        """Show pane `number` (1 to 6) alone, or all panes if it is None."""
        self._shown = number
        self._place_panes(number)
        self._backgrounds = ()
        self.draw()

    def _place_panes(self, number):
        for i, (axes, place) in enumerate(zip(self.axes, self._places, strict=True), start=1):
            axes.set_visible(number is None or i == number)
            axes.set_position(place if number is None else (0.08, 0.09, 0.84, 0.76))

    def save(self, path):
        """Save all panes as a picture of 1344 × 756 pixels, even if one is shown alone. Raises OSError."""
        figure, shown = self.figure, self._shown
        artists = [*(artist for artists in self._moving.values() for artist in artists), self._header]
        with contextlib.ExitStack() as restore:
            restore.callback(figure.set_size_inches, figure.get_size_inches())
            figure.set_size_inches(WIDTH, HEIGHT)
            for artist in artists:
                restore.callback(artist.set_animated, True)
                artist.set_animated(False)
            if shown:
                restore.callback(self._place_panes, shown)
                self._place_panes(None)
            with replacing(path) as new:
                figure.savefig(new, dpi=100)
        self._backgrounds = ()

    def _cell(self, axes, middle):
        """Return a white rectangle that covers one pane with its title and ticks."""
        place = axes.get_position()
        left = place.x0 - 0.05  # where its tick labels begin
        outermost = axes in (self._upper_row[-1], self.axes[-1])
        right = 1 if outermost else place.x1 + 0.002  # where its neighbour's tick labels begin
        low, high = (middle, 0.94) if axes in self._upper_row else (0, middle)
        wipe = Rectangle(
            (left, low), right - left, high - low, color="white", transform=self.figure.transFigure
        )
        wipe.figure = self.figure
        return wipe

    def _on_draw(self, event):
        canvas = self.figure.canvas
        if event.canvas is canvas and not canvas.is_saving():
            self._keep_backgrounds()
            self._draw_moving_parts(self.axes)

    def _keep_backgrounds(self):
        self._backgrounds = [self.figure.canvas.copy_from_bbox(half) for half in self._halves]

    def _draw_moving_parts(self, panes):
        for axes in panes:
            if axes.get_visible():
                for artist in self._moving[axes]:
                    self.figure.draw_artist(artist)
        self.figure.draw_artist(self._header)

    def _fit_text(self, event=None):
        fit_text(self.figure)
        self._backgrounds = ()
