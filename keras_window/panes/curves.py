"""Panes that show curves over iterations or epochs: accuracy and loss."""

import itertools

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from keras_window.panes.pane import Pane
from keras_window.style import EARLIER, LARGE, SMALL, TEST, TRAIN


class AlongTraining(Pane):
    """A pane with iterations or epochs on its horizontal axis, which grows with the training."""

    def build(self, axes, records):
        self.axes = axes
        axes.grid(color="#DDDDDD")
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=records.x_axis == "iterations", prune="upper"))
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=(1, 2, 5, 10)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.6g}"))
        axes.set_xlim(0, self._end(records))
        axes.set_xlabel(records.x_axis, loc="left", labelpad=2)

    def _end(self, records):
        """Return the end of the horizontal axis: a sixth of the training, later all of it and of races."""
        if records.step <= records.total_steps / 6:
            return records.along(max(records.total_steps / 6, 1))
        racing = [overlay.end for overlay in records.overlays if overlay.races]
        return max(records.along(max(records.total_steps, 1)), *racing, 0)

    def _set_limits(self, records, bottom, top):
        wanted = (0, self._end(records), bottom, top)
        if wanted == (*self.axes.get_xlim(), *self.axes.get_ylim()):
            return False
        self.axes.axis(wanted)
        return True


class _MetricPane(AlongTraining):
    """Two curves of a metric, with their latest values as text in a part of the pane kept free of curves."""

    FREE, LEGEND_LINE = 0.35, 0.075  # fractions of the pane's height

    def __init__(self, metric):
        self.metric = metric

    def build(self, axes, records):
        super().build(axes, records)
        self.free, self._others, keys = self.FREE, [], []
        for overlay, colour in zip(records.overlays, itertools.cycle(EARLIER), strict=False):
            for name, style in ((self.metric, ":"), (f"val_{self.metric}", "-")):
                (line,) = axes.plot([], [], style, color=colour, alpha=0.55, lw=2, animated=True)
                self._others.append((overlay, name, line))
            label = f"{overlay.name}, {records.test_name}".replace(" --", "\n--")  # one flag per line
            keys.append(Line2D([], [], color=colour, alpha=0.55, lw=2, label=label))
        if keys:
            keys.append(Line2D([], [], color="black", alpha=0.55, lw=2, ls=":", label="the same, train"))
            lines = sum(1 + key.get_label().count("\n") for key in keys)
            self.free = min(self.FREE + self.LEGEND_LINE * lines, 0.8)
            corner, place = self.legend_place
            axes.legend(handles=keys, loc=corner, bbox_to_anchor=place, fontsize=SMALL - 2, framealpha=0.6)
        (self._train,) = axes.plot([], [], color=TRAIN, lw=1.5, alpha=0.5, animated=True)
        (self._test,) = axes.plot([], [], color=TEST, lw=3, animated=True)
        self._texts = [
            axes.text(
                0.97, height, "", color=colour, fontsize=LARGE, fontweight="bold",
                ha="right", transform=axes.transAxes, animated=True,
            )
            for colour, height in ((TRAIN, self.text_heights[0]), (TEST, self.text_heights[1]))
        ]  # fmt: skip
        return [*(line for *_, line in self._others), self._train, self._test, *self._texts]

    def update(self, records):
        shown = []
        for overlay, name, line in self._others:
            shown.append(overlay.curves.get(name, ((), ())))
            line.set_data(*shown[-1])
        for line, text, name, key in (
            (self._train, self._texts[0], "train", self.metric),
            (self._test, self._texts[1], records.test_name, f"val_{self.metric}"),
        ):
            curve = records.curves[key]
            shown.append((records.along(curve.steps), curve.values))
            line.set_data(*shown[-1])
            if curve.values:
                text.set_text(f"{name} {self.format(curve.values[-1])}")
        x, values = (
            np.concatenate([np.asarray(part, float) for part in parts]) for parts in zip(*shown, strict=True)
        )
        settled = values[(x >= records.along(records.step) / 4) & np.isfinite(values)]
        return self._set_limits(records, *self.limits(settled))


class Accuracy(_MetricPane):
    """The accuracy on the training batches and on the test set."""

    text_heights = (0.15, 0.04)
    legend_place = "lower right", (1, 0.24)  # above the texts
    format = "{:.2%}".format

    def __init__(self, metric="accuracy", title="Accuracy"):
        super().__init__(metric)
        self.title = title

    def build(self, axes, records):
        axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.4g} %"))
        return super().build(axes, records)

    def limits(self, values):
        """Return the vertical limits: from 0 to 1, or from a higher value if the texts still have room."""
        low, free = np.percentile(values, 2) if len(values) else 0, self.free
        fitting = [bottom for bottom in (0.5, 0.8, 0.9, 0.95, 0.98) if low >= bottom + free * (1 - bottom)]
        return max([0, *fitting]), 1


class Loss(_MetricPane):
    """The loss, or another measure of error, on the training batches and on the test set."""

    text_heights = (0.89, 0.78)
    legend_place = "upper right", (1, 0.77)  # below the texts

    def __init__(self, title="Cross-entropy loss", metric="loss"):
        super().__init__(metric)
        self.title = title

    def limits(self, values):
        high = min(np.percentile(values, 98), 1e30) / (1 - self.free) if len(values) else 2.5
        return 0, 2.5 / 2 ** np.floor(np.log2(2.5 / max(high, 1e-6)))

    def format(self, value):
        return f"{value:.4f}" if value < 1 else f"{value:.2f}"
