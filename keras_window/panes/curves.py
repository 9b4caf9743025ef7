"""Panes that show curves over iterations or epochs: accuracy and loss."""

import itertools
import textwrap

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import ScaledTranslation

from keras_window.naming import loss_title
from keras_window.panes.pane import Pane
from keras_window.records import Curve, of_all
from keras_window.style import EARLIER, LARGE, SMALL, TEST, TRAIN


class AlongTraining(Pane):
    """A pane with iterations or epochs on its horizontal axis, which grows with the training."""

    def build(self, axes, records):
        self.axes = axes
        axes.grid(color="#DDDDDD")
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=records.x_axis == "iterations", prune="upper"))
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=(1, 2, 5, 10)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:,.4g}".replace("-", "−")))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.6g}"))
        axes.set_xlim(records.along(records.first_step), self._end(records))
        axes.set_xlabel(records.x_axis, loc="left", labelpad=2)

    def _end(self, records):
        """Return the end of the horizontal axis: a sixth of the training, later all of it and of races.

        While the number of iterations is unknown, the axis is up to twice as long as the curves.
        """
        first, step, total = records.first_step, records.step, records.total_steps
        if not total:
            return records.along(first + 2 ** np.ceil(np.log2(max(step - first, 32))))
        if step - first <= (total - first) / 6:
            return records.along(first + max((total - first) / 6, 1))
        racing = [overlay.end for overlay in records.overlays if overlay.races]
        return max(records.along(max(total, step, first + 1)), *racing, 0)

    def _set_limits(self, records, bottom, top):
        wanted = (records.along(records.first_step), self._end(records), bottom, top)
        if wanted == (*self.axes.get_xlim(), *self.axes.get_ylim()):
            return False
        self.axes.axis(wanted)
        return True


NO_CURVE = Curve()
FEW, SOME = 20, 60  # points that get a marker each, and a smaller one
MOST_LINES = 7  # in a legend


def marker_size(points):
    """The size of the markers at the points of a curve, of which there may be too many for markers."""
    return 7 if points <= FEW else 4 if points <= SOME else 0


class _MetricPane(AlongTraining):
    """The curves of a metric, with their latest values as text in a part of the pane kept free of curves.

    Blue is the training, orange the test set. At the dots, all of it was evaluated; between them, the curve
    follows a sample of it. Of each other run there are the same two curves, in one colour.
    """

    FREE, LEGEND_LINE = 0.35, 0.075  # fractions of the pane's height

    def __init__(self, metric):
        self.metric = metric

    def build(self, axes, records):
        super().build(axes, records)
        self.free, self._others, self._keys = self.FREE, [], []
        names = dict.fromkeys(overlay.name for overlay in records.overlays)
        colours = dict(zip(names, itertools.cycle(EARLIER), strict=False))
        for overlay in records.overlays:
            style = {"color": colours[overlay.name], "alpha": 0.7, "animated": True}
            self._others.append(
                (
                    overlay,
                    *axes.plot([], [], ":", lw=2, **style),
                    *axes.plot([], [], "-", lw=2, **style),
                    *axes.plot([], [], "o", **style),
                )
            )
        (self._train,) = axes.plot([], [], "o-", color=TRAIN, lw=1.5, alpha=0.5, animated=True)
        (self._test,) = axes.plot([], [], "-", color=TEST, lw=2.5, animated=True)
        (self._dots,) = axes.plot([], [], "o", color=TEST, animated=True)
        self._note = axes.text(
            1, 0, "", fontsize=11, color=TEST, ha="right", va="top", animated=True,
            transform=axes.transAxes + ScaledTranslation(0, -22 / 72, axes.figure.dpi_scale_trans),
        )  # fmt: skip
        self._texts = [
            axes.text(
                0.97, height, "", color=colour, fontsize=LARGE, fontweight="bold",
                ha="right", transform=axes.transAxes, animated=True,
            )
            for colour, height in ((TRAIN, self.text_heights[0]), (TEST, self.text_heights[1]))
        ]  # fmt: skip
        others = [line for _, *lines in self._others for line in lines]
        legend = [self._add_legend(axes, records, colours)] if colours else []
        return [*others, self._train, self._test, self._dots, *legend, *self._texts, self._note]

    def _add_legend(self, axes, records, colours):
        """Add the legend of a pane with other runs: for each run a key in the colour of its curves."""
        many = sum(1 + name.count(" --") for name in colours)
        handles = [Line2D([], [], color=TEST, lw=3, label=f"this run, {records.test_name}")]
        for name, colour in colours.items():
            label = textwrap.shorten(f"{name}, {records.test_name}", 80, placeholder=" ...")
            label = label.replace(" --", "\n--") if many <= MOST_LINES else label  # one flag per line
            handles.append(Line2D([], [], color=colour, alpha=0.7, lw=2, label=label))
        colour = next(iter(colours.values())) if len(colours) == 1 else "black"
        handles.append(Line2D([], [], color=colour, alpha=0.7, lw=2, ls=":", label="the same, train"))
        lines = sum(1 + handle.get_label().count("\n") for handle in handles)
        self.free = min(self.FREE + self.LEGEND_LINE * lines, 0.8)
        corner, place = self.legend_place
        legend = axes.legend(
            handles=handles, loc=corner, bbox_to_anchor=place, fontsize=SMALL - 1, framealpha=0.8,
            borderpad=0.2, borderaxespad=0.2, labelspacing=0.2, handlelength=1.5,
        )  # fmt: skip
        legend.set_animated(True)
        self._keys = list(zip(colours, legend.get_texts()[1:], strict=False))
        self._keys = [(name, text, text.get_text()) for name, text in self._keys]
        return legend

    def why_empty(self, records):
        metric = records.name_of(self.metric)
        if {metric, f"val_{metric}"} & records.curves.keys():
            return None
        names = [name for name, curve in records.curves.items() if np.ndim(curve.latest) == 0]
        return f"Keras reports no {metric}, only {', '.join(names)}"

    def update(self, records):
        metric, shown, latest = records.name_of(self.metric), [], {}
        test = f"val_{metric}"
        for overlay, *lines in self._others:
            for line, key in zip(lines, (metric, test, of_all(test)), strict=True):
                shown.append(overlay.curves.get(key, ((), ())))
                line.set_data(*shown[-1])
            lines[-1].set_markersize(marker_size(len(shown[-1][1])) - 2)
            for _, values in shown[-2:]:  # at best of all test examples
                if len(values):
                    latest[overlay.name] = values[-1]
        for name, text, label in self._keys:
            text.set_text(f"{label} {self.format(latest[name])}" if name in latest else label)
        for line, key in ((self._train, metric), (self._test, test), (self._dots, of_all(test))):
            curve = records.curves.get(key, NO_CURVE)
            shown.append((records.along(curve.steps), curve.values))
            line.set_data(*shown[-1])
            if line is not self._test:
                line.set_markersize(marker_size(len(curve.values)))
        values = shown[-3][1]
        self._texts[0].set_text(f"train {self.format(values[-1])}" if len(values) else "")
        key, about = (test, "≈ ") if records.stale else (of_all(test), "")
        value = records.curves.get(key, NO_CURVE).latest
        self._texts[1].set_text("" if value is None else f"{records.test_name} {about}{self.format(value)}")
        if records.sample_size:
            self._note.set_text(f"● of all {len(records.test):,}   — from {records.sample_size:,}")
        x, values = (
            np.concatenate([np.asarray(part, float) for part in parts]) for parts in zip(*shown, strict=True)
        )
        first = records.first_step
        settled = x >= records.along(first + (records.step - first) / 4)
        return self._set_limits(records, *self.limits(values[settled & np.isfinite(values)]))


class Accuracy(_MetricPane):
    """The accuracy, or another share from 0 to 1, on the training batches and on the test set.

    Args:
        metric: its name in Keras' logs; "accuracy" also finds one of another name, such as "acc".
        title: above the pane.
    """

    text_heights = (0.15, 0.04)
    legend_place = "lower right", (1, 0.24)  # above the texts
    format = "{:.2%}".format

    def __init__(self, metric: str = "accuracy", title: str = "Accuracy") -> None:
        super().__init__(metric)
        self.title = title

    def build(self, axes, records):
        artists = super().build(axes, records)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.4g} %"))
        return artists

    def limits(self, values):
        """Return the vertical limits: from 0 to 1, or from a higher value if the texts still have room."""
        low, free = np.percentile(values, 2) if len(values) else 0, self.free
        fitting = [bottom for bottom in (0.5, 0.8, 0.9, 0.95, 0.98) if low >= bottom + free * (1 - bottom)]
        return max([0, *fitting]), 1


class Loss(_MetricPane):
    """The loss, or another measure, on the training batches and on the test set.

    Args:
        title: above the pane; if None, the name of the loss that the model was compiled with.
        metric: its name in Keras' logs.
    """

    text_heights = (0.89, 0.78)
    legend_place = "upper right", (1, 0.77)  # below the texts

    def __init__(self, title: str | None = None, metric: str = "loss") -> None:
        super().__init__(metric)
        self.title, self._of_model = title or "Loss", title is None

    def adapt(self, model):
        if self._of_model:
            self.title = loss_title(model)

    def limits(self, values):
        """Return the vertical limits, in steps of two; above the curves the texts have room."""
        low, high = np.percentile(values, (2, 98)).clip(-1e30, 1e30) if len(values) else (0, 2.5)
        bottom = -_step_above(-low) if low < 0 else 0
        if low < 0:
            return bottom, bottom + _step_above((max(high, 0) - bottom) / (1 - self.free))
        return 0, _step_above(high / (1 - self.free))

    def format(self, value):
        if 0.001 <= abs(value) < 1 or not value:
            return f"{value:.4f}"
        return f"{value:.2f}" if 1 <= abs(value) < 1e5 else f"{value:.3g}"


def _step_above(value):
    """Return the smallest 2.5 / 2ⁿ that is above a positive number."""
    return 2.5 / 2 ** np.floor(np.log2(2.5 / max(value, 1e-12)))
