"""How each pane of the window draws what was recorded. A pane knows one Axes and nothing of screens."""

import itertools

import keras
import numpy as np
from matplotlib.artist import Artist
from matplotlib.ticker import FuncFormatter, MaxNLocator

# Okabe and Ito's colours, which colour-blind people tell apart
TRAIN, TEST = "#0072B2", "#D55E00"
EARLIER = ("#009E73", "#CC79A7", "#666666", "#E69F00")
SMALL, LARGE = 13, 19  # points, on a figure 13.44 inches wide


class Pane:
    """One of the pictures in the window."""

    title = ""

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


class Sheet(Artist):
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
    """A pane that is a picture; what paints it is given to `self._sheet`."""

    def build(self, axes, records):
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        self._sheet, self._shown = Sheet(axes), None
        return [self._sheet]


class _OverIterations(Pane):
    """A pane whose horizontal axis is the iterations; it grows as the training does."""

    def build(self, axes, records):
        self.axes = axes
        axes.grid(color="#DDDDDD")
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, prune="upper"))
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=(1, 2, 5, 10)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda step, _: f"{step:,.0f}"))
        axes.set_xlim(0, self._visible_steps(records))

    def _visible_steps(self, records):
        """The first sixth of the training while it is no further, then all of it."""
        sixth = records.total_steps / 6
        return max(sixth if records.step <= sixth else records.total_steps, 1)

    def _set_limits(self, records, bottom, top):
        wanted = (0, self._visible_steps(records), bottom, top)
        if wanted == (*self.axes.get_xlim(), *self.axes.get_ylim()):
            return False
        self.axes.axis(wanted)
        return True


class _MetricPane(_OverIterations):
    def __init__(self, metric):
        self.metric = metric

    def build(self, axes, records):
        super().build(axes, records)
        self._bottom_top = None
        twin = f"val_{self.metric}"
        for (run, curves), colour in zip(records.earlier.items(), itertools.cycle(EARLIER), strict=False):
            for name, style in ((self.metric, ":"), (twin, "-")):
                if name in curves:
                    label = f"{run}, {records.test_name}" if name == twin else None
                    axes.plot(*curves[name], style, color=colour, alpha=0.55, lw=2, label=label)
        if records.earlier:
            corner, place = self.legend_place
            axes.legend(loc=corner, bbox_to_anchor=place, fontsize=SMALL - 2, framealpha=0.6)
        (self._train,) = axes.plot([], [], color=TRAIN, lw=1.5, alpha=0.5, animated=True)
        (self._test,) = axes.plot([], [], color=TEST, lw=3, animated=True)
        self._texts = [
            axes.text(
                0.97, height, "", color=colour, fontsize=LARGE, fontweight="bold",
                ha="right", transform=axes.transAxes, animated=True,
            )
            for colour, height in ((TRAIN, self.text_heights[0]), (TEST, self.text_heights[1]))
        ]  # fmt: skip
        return [self._train, self._test, *self._texts]

    def update(self, records):
        train, test = records.curves[self.metric], records.curves[f"val_{self.metric}"]
        for line, text, name, curve in (
            (self._train, self._texts[0], "train", train),
            (self._test, self._texts[1], records.test_name, test),
        ):
            line.set_data(curve.steps, curve.values)
            if curve.values:
                text.set_text(f"{name} {self.format(curve.values[-1])}")
        settled = [
            value
            for curve in (train, test)
            for step, value in zip(curve.steps, curve.values, strict=True)
            if step >= records.step / 4 and np.isfinite(value)
        ]
        return self._set_limits(records, *self.limits(settled))


class Accuracy(_MetricPane):
    """The share of examples read right, in the training batches and in the test set."""

    text_heights = (0.15, 0.04)
    legend_place = "upper right", (1, 0.45)  # above the texts
    format = "{:.2%}".format

    def __init__(self, metric="accuracy", title="Accuracy"):
        super().__init__(metric)
        self.title = title

    def build(self, axes, records):
        axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.4g} %"))
        return super().build(axes, records)

    def limits(self, values):
        """From 0 to 100 %, or from higher up if the curve leaves the lowest third, for the texts."""
        low = np.percentile(values, 2) if values else 0
        return max([0] + [limit for limit in (0.5, 0.8, 0.9, 0.95, 0.98) if low >= 0.65 * limit + 0.35]), 1


class Loss(_MetricPane):
    """The loss that training makes small, or another error, in the training batches and in the test set."""

    text_heights = (0.89, 0.78)
    legend_place = "lower left", (0, 0)  # where no curve is

    def __init__(self, title="Cross-entropy loss", metric="loss"):
        super().__init__(metric)
        self.title = title

    def limits(self, values):
        high = min(np.percentile(values, 98), 1e30) / 0.65 if values else 2.5  # room for the texts
        return 0, 2.5 / 2 ** np.floor(np.log2(2.5 / max(high, 1e-6)))

    def format(self, value):
        return f"{value:.4f}" if value < 1 else f"{value:.2f}"


class _Bands(_OverIterations):
    """Percentiles of many numbers over the iterations, as bands.

    The darkest holds the middle 38 %, the four together all of them; the line is the median.
    """

    PERCENTILES = (0, 7, 16, 31, 50, 69, 84, 93, 100)

    def build(self, axes, records):
        super().build(axes, records)
        self._bands = []
        for alpha in (0.15, 0.25, 0.4, 0.6):
            (band,) = axes.fill([0, 0, 0], [0, 0, 0], color=self.colour, alpha=alpha, lw=0, animated=True)
            self._bands.append(band)
        (self._median,) = axes.plot([], [], color="black", lw=2, animated=True)
        return [*self._bands, self._median]

    def numbers(self, model, values):
        """The numbers now, float [n], from the model and the values of the pane's tensors."""
        raise NotImplementedError

    def record(self, model, values, records):
        numbers = self.numbers(model, values)
        if not numbers.size or not np.isfinite(numbers).all():
            return  # nothing to show, or the training has diverged
        values = np.percentile(numbers, self.PERCENTILES)
        records.curves[self.title].add(records.step, values)

    def update(self, records):
        curve = records.curves[self.title]
        if not curve.values:
            return False
        steps, values = np.array(curve.steps), np.array(curve.values)
        for i, band in enumerate(self._bands):
            low, high = values[:, i], values[:, -1 - i]
            band.set_xy(np.c_[np.r_[steps, steps[::-1]], np.r_[low, high[::-1]]])
        self._median.set_data(steps, values[:, len(self.PERCENTILES) // 2])
        extent = min(np.abs(values).max(), 1e30)
        limit = 0.5
        while limit < extent:
            limit *= 2
        return self._set_limits(records, 0 if values.min() >= 0 else -limit, limit)


class Weights(_Bands):
    """The spread of all weights: the kernels of the model's layers."""

    title = "Weights"
    colour = TRAIN

    def numbers(self, model, values):
        return _flat(variable for variable in model.trainable_variables if len(variable.shape) > 1)


class Biases(_Bands):
    """The spread of all biases."""

    title = "Biases"
    colour = TEST

    def numbers(self, model, values):
        return _flat(variable for variable in model.trainable_variables if len(variable.shape) == 1)


def has_activation(layer):
    """Whether a layer ends with an activation function that is not linear."""
    return getattr(layer, "activation", None) not in (None, keras.activations.linear)


def _hidden_layers(model):
    return [layer for layer in model.layers[:-1] if has_activation(layer)]


class Logits(_Bands):
    """What goes into the activation functions of the hidden layers, where these are layers of their own.

    A sigmoid is flat beyond -4 and 4, and hardly learns there. As in a test, batch normalization takes
    its moving averages. Source: the lecture's step 4.0, which shows it before batch normalization.
    """

    title = "Logits"
    colour = TRAIN

    def tensors(self, model):
        return [layer.input for layer in _hidden_layers(model) if isinstance(layer, keras.layers.Activation)]

    def numbers(self, model, values):
        return _flat(values)


class MaxActivations(_Bands):
    """The largest output of each neuron of the hidden layers over the training examples shown.

    A neuron whose largest output is 0 says nothing about any of them.

    Args:
        kind: "conv." for convolutional layers, where each channel has a number for each place,
            "dense" for the others.

    Source: the lecture's steps 3.0 to 4.2.
    """

    def __init__(self, kind):
        self.title = f"Max. activations, {kind}"
        self.colour = {"conv.": TRAIN, "dense": TEST}[kind]
        self._dimensions = {"conv.": 4, "dense": 2}[kind]

    def tensors(self, model):
        outputs = [layer.output for layer in _hidden_layers(model)]
        return [keras.ops.max(output, axis=0) for output in outputs if len(output.shape) == self._dimensions]

    def numbers(self, model, values):
        return _flat(values)


def _flat(tensors):
    return np.concatenate([[]] + [np.ravel(keras.ops.convert_to_numpy(tensor)) for tensor in tensors])
