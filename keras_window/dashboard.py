"""The figure that holds the panes. It draws still parts once and moving parts over them."""

import contextlib
import itertools
import math

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.patches import Polygon
from matplotlib.transforms import Bbox, TransformedBbox

from keras_window.files import replacing
from keras_window.guard import one_line, reason
from keras_window.style import HEIGHT, SMALL, STYLE, WIDTH, FittedText, as_designed, fit_text


class _PaneAxes(Axes):
    """Axes whose title and whose numbers on the vertical axis keep within their pane, however long."""

    TICKS = 7  # points between the axes and the numbers
    _size, _seen = SMALL, None

    def entitle(self, title):
        self.title = FittedText(0.5, 1, fontsize=18)
        self.title.set(figure=self.figure, axes=self)
        self.set_title(title, y=1.0)  # a fixed position is drawn faster

    def draw(self, renderer):
        seen = (*self.get_ylim(), *self.figure.bbox.size)
        if self.axison and seen != self._seen:
            self._seen = seen
            if numbers := self.yaxis.get_tightbbox(renderer):
                self._fit(numbers)
        super().draw(renderer)

    def _fit(self, numbers):
        point = self.figure.dpi / 72
        left, right = self.bbox.x0 - numbers.x0, numbers.x1 - self.bbox.x1
        between = left > right and not self.get_subplotspec().is_first_col()  # two panes
        room = (0.045 if between else 0.053) * self.figure.bbox.width / point - self.TICKS
        self._size = min(SMALL, self._size * room / max(max(left, right) / point - self.TICKS, 1))
        self.yaxis.set_tick_params(labelsize=self._size)


class Dashboard:
    """The panes on a figure, two rows of three.

    A pane that raises an exception is given up; the others go on.

    Args:
        figure: an empty `DesignedFigure` whose canvas draws with Agg.
        panes: one to six `Pane`s.
        records: the `Records` they show.

    Attributes:
        troubles: the panes that raised an exception, each with its reason, a list of (pane, str).
        given_up: the reasons why panes were given up, a dictionary from their places in `panes`.
    """

    def __init__(self, figure, panes, records):
        self.figure, self.panes, self.troubles, self.given_up = figure, panes, [], {}
        self._backgrounds = ()  # images of the still parts: upper half, lower half
        self._shown = None  # number of the pane that is shown alone
        self._drawn, self._tested_at = 0, None
        rows = 1 if len(panes) <= 3 else 2
        columns = -(-len(panes) // rows)
        with as_designed(STYLE):
            grid = figure.add_gridspec(
                rows, columns, left=0.06, right=0.945, top=0.885, bottom=0.09, wspace=0.2, hspace=0.42
            )
            self.axes = [
                figure.add_subplot(cell, axes_class=_PaneAxes) for cell, _ in zip(grid, panes, strict=False)
            ]
            self._header = figure.add_artist(
                FittedText(0.5, 0.965, fontsize=15, ha="center", va="center", animated=True)
            )
            self._hint = figure.text(
                0.99, 0.965, "", fontsize=SMALL, color="0.4", ha="right", va="center", animated=True
            )
            self._keys = figure.text(
                0.5, 0.5, "", fontsize=18, family="DejaVu Sans Mono", linespacing=1.6, visible=False,
                ha="center", va="center", multialignment="left", animated=True,
                bbox={"facecolor": "white", "lw": 2, "boxstyle": "round,pad=0.8"},
            )  # fmt: skip
        self._upper_row = self.axes[:columns]
        middle = self._middle = 0.475 if rows == 2 else 0  # between the labels above and the titles below
        self._halves = [
            TransformedBbox(Bbox.from_extents(0, low, 1, high), figure.transFigure)
            for low, high in ((middle, 1), (0, middle))[:rows]
        ]
        with as_designed(STYLE):
            self._cells = {axes: self._cell(axes, middle) for axes in self.axes}
        self._places = [axes.get_position() for axes in self.axes]
        self._working = dict(zip(self.axes, panes, strict=True))  # the panes that are not given up
        self._moving = {axes: [] for axes in self.axes}  # the moving artists of each axes
        with as_designed(STYLE):
            for axes, pane in self._working.copy().items():
                with self._trying(axes):
                    axes.entitle(pane.title)
                    self._moving[axes] = pane.build(axes, records)
        canvas = figure.canvas
        self._connections = [
            canvas.mpl_connect("draw_event", self._on_draw),
            canvas.mpl_connect("resize_event", self._fit_text),
        ]
        self._fit_text()

    def remove(self):
        """Remove everything from the figure, for another dashboard."""
        for connection in self._connections:
            self.figure.canvas.mpl_disconnect(connection)
        self.figure.clear()

    def give_up(self, pane, why):
        """Show in grey why a pane has nothing to show, under its title. It is not updated any more."""
        axes = self.axes[self.panes.index(pane)]
        self.given_up[self.panes.index(pane)] = why
        self._working.pop(axes, None)
        self._moving[axes] = []
        with as_designed(STYLE):
            axes.clear()
            axes.entitle(pane.title)
            axes.set_axis_off()
            axes.add_artist(
                FittedText(
                    0.5, 0.5, one_line(why), fontsize=SMALL, lines=None, color="0.5",
                    ha="center", va="center", transform=axes.transAxes,
                )
            )  # fmt: skip
        self._backgrounds = ()

    @contextlib.contextmanager
    def _trying(self, axes):
        try:
            yield
        except Exception as error:
            self._fail(self.panes[self.axes.index(axes)], error)

    def _fail(self, pane, error):
        why = reason(error)
        self.troubles.append((pane, why))
        self.give_up(pane, why)

    def update(self, records, header):
        """Update all panes from the records. Returns the axes whose still parts changed."""
        self._header.set_text(header)
        if self._tested_at != records.tested_at:  # the same number in both rows
            self._tested_at, self._drawn = records.tested_at, 0
        changed = []
        for axes, pane in self._working.copy().items():
            with self._trying(axes):
                if pane.update(records):
                    changed.append(axes)
        return changed

    def set_header(self, header):
        self._header.set_text(header)
        self.draw()

    def hint(self, text):
        """Show a few words in the upper right corner, which are not in saved pictures."""
        self._hint.set_text(text)

    def toggle_keys(self, keys):
        """Show these lines, which say what each key does, over the panes, or hide them."""
        self._keys.set(text=keys, visible=not self._keys.get_visible())
        self.draw()

    def draw(self, changed=()):
        """Draw the moving parts, and the still parts of the axes in `changed`, which take longer.

        The lower row changes slowly, so it is drawn only every second time.
        """
        canvas = self.figure.canvas
        if self._backgrounds and not (changed and self._shown):
            self._draw_over(changed)
        else:
            canvas.draw()
        if not self._backgrounds:  # a pane was given up while it was drawn
            canvas.draw()

    def _draw_over(self, changed):
        figure, canvas = self.figure, self.figure.canvas
        self._drawn += 1
        whole = changed or self._shown or self._keys.get_visible() or self._drawn % 2
        for background in self._backgrounds if whole else self._backgrounds[:1]:
            canvas.restore_region(background)
        with as_designed(figure.settings):
            for axes in changed:
                if axes.get_visible():
                    with self._trying(axes):
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
            axes.set_position(place if number is None else (0.08, 0.11, 0.84, 0.74))
            if axes in self._working:
                with self._trying(axes):
                    self._working[axes].enlarge(i == number)

    def parts(self):
        """Return where the parts of the picture are: the header, a rectangle, and the panes, one for each.

        A rectangle is (left, top, right, bottom), from 0 to 1. The panes' titles, ticks and labels are in it;
        beside it is little else, so that the text is as large as possible when one pane fills a screen. There
        are no panes while one of them, or the list of keys, covers the picture.
        """
        width = self._header.get_window_extent().width / self.figure.bbox.width
        half = min(math.ceil(20 * width + 0.1) / 40, 0.5)  # so that it seldom changes
        covered = self._shown or self._keys.get_visible()
        return {
            "header": (0.5 - half, 0, 0.5 + half, 1 - 0.94),
            "panes": [] if covered else [self._part(axes) for axes in self.axes],
        }

    def _part(self, axes):
        place, left, right = axes.get_position(), 0.012, 0.012
        if axes.axison and len(axes.get_yticks()):
            left, right = (0.053 if axes.get_subplotspec().is_first_col() else 0.0495), 0.0035
            if axes.yaxis.get_ticks_position() == "right":  # in the last column
                left, right = 0.0035, 0.053
        low, high = (self._middle, 0.94) if axes in self._upper_row else (0, self._middle)
        return place.x0 - left, 1 - high, place.x1 + right, 1 - low

    def save(self, path):
        """Save all panes as a picture of 1344 × 756 pixels, even if one is shown alone. Raises OSError."""
        figure, shown = self.figure, self._shown
        with contextlib.ExitStack() as restore:
            restore.callback(figure.set_size_inches, figure.get_size_inches())
            figure.set_size_inches(WIDTH, HEIGHT)
            if shown:
                restore.callback(self._place_panes, shown)
                self._place_panes(None)
            # gives up what cannot be drawn; the canvas of a window that was closed has no renderer
            with as_designed(figure.settings):
                self._draw_moving_parts(self.axes, RendererAgg(*map(int, figure.bbox.size), figure.dpi))
            for artist in [*itertools.chain(*self._moving.values()), self._header]:
                restore.callback(artist.set_animated, True)
                artist.set_animated(False)
            with replacing(path) as new:
                figure.savefig(new, dpi=100)
        self._backgrounds = ()

    def _cell(self, axes, middle):
        """Return a white area that covers one pane with its title, ticks and labels.

        Beside the axes, the gap between two panes belongs to the numbers of the right one; above and below,
        half of it belongs to each.
        """
        place = axes.get_position()
        first = axes.get_subplotspec().is_first_col()
        last = axes in (self._upper_row[-1], self.axes[-1])
        half = 0.1 * place.width  # of the gap, as `wspace` has it
        outer, left = (0, 0) if first else (place.x0 - half, place.x0 - 0.05)
        inner, right = (1, 1) if last else (place.x1 + half, place.x1 + 0.002)
        low, high = (middle, 0.94) if axes in self._upper_row else (0, middle)
        bottom, top = place.y0 - 0.01, place.y1 + 0.01
        corners = [
            (outer, low), (inner, low), (inner, bottom), (right, bottom), (right, top), (inner, top),
            (inner, high), (outer, high), (outer, top), (left, top), (left, bottom), (outer, bottom),
        ]  # fmt: skip
        wipe = Polygon(corners, color="white", transform=self.figure.transFigure)
        wipe.figure = self.figure
        return wipe

    def _on_draw(self, event):
        canvas = self.figure.canvas
        if event.canvas is canvas and not canvas.is_saving():
            self._keep_backgrounds()
            self._draw_moving_parts(self.axes)

    def _keep_backgrounds(self):
        self._backgrounds = [self.figure.canvas.copy_from_bbox(half) for half in self._halves]

    def _draw_moving_parts(self, panes, renderer=None):
        renderer = renderer or self.figure.canvas.get_renderer()
        for axes in panes:
            if axes.get_visible():
                with self._trying(axes):
                    for artist in self._moving[axes]:
                        artist.draw(renderer)
        self._header.draw(renderer)
        self._hint.draw(renderer)
        self._keys.draw(renderer)

    def _fit_text(self, event=None):
        fit_text(self.figure)
        self._backgrounds = ()
