"""A picture of a convolutional network: its first kernels, and its feature maps for one digit."""

import re
from pathlib import Path

import keras
import numpy as np

from common.answers.picture import show_picture
from keras_window.panes.bands import has_activation
from keras_window.panes.pictures import mosaic
from keras_window.style import HEIGHT, WIDTH


def show_feature_maps(model, image, args, classes=None):
    """Draw the first layer's kernels and the outputs of all layers for one digit, and save the picture.

    The first image shown is the input of the first convolutional layer, including any zero padding. A layer
    that the model names itself has this name above its title.

    Each layer has one scale: white is its smallest output (0 with relu), black its largest. Kernel weights
    above 0 are red, those below 0 blue. The picture is saved as `feature_maps.png`, and shown as --plot says;
    `LivePlot.wait_until_closed` keeps it open.

    Args:
        model: a trained convolutional `keras.Sequential` with 10 outputs or so.
        image: one image in the form that the model expects, [height, width, 1].
        args: from `parse_args`; `out`, `plot` and `close` are used.
        classes: the names of the classes; None for their numbers.

    Source: the lecture's slides "Example of a convolutional layer" and "The activations of an example
    ConvNet" (Stanford, CS231n).
    """
    path = Path(args.out) / "feature_maps.png"
    show_picture(lambda figure: _draw(figure, model, image, classes), path, "Kernels and feature maps", args)


def _own_name(layer):
    """The layer's name if the model sets one; "" for one of Keras' default names, such as "conv2d_1"."""
    by_keras = re.sub("_[0-9]+$", "", layer.name).replace("_", "") == type(layer).__name__.lower()
    return "" if by_keras else layer.name


def _shown_layers(model):
    """The hidden layers to draw, each with its activation function applied: a list of (kind, layer)."""
    shown, kind = [], None
    for layer in model.layers[:-1]:
        if hasattr(layer, "kernel_size"):
            kind = "conv. {}×{}".format(*layer.kernel_size)
        elif hasattr(layer, "pool_size"):
            kind = "pool {}×{}".format(*layer.pool_size)
        elif isinstance(layer, keras.layers.Dense):
            kind = "dense"
        if has_activation(layer) or hasattr(layer, "pool_size"):
            shown.append((kind, layer))
    return shown


def _mosaic(maps, columns):
    """Tile the enlarged maps [n, h, w], with gaps of NaN between them: float [height, width]."""
    enlarge = max(1, 30 // maps.shape[1])
    maps = maps.repeat(enlarge, axis=1).repeat(enlarge, axis=2)
    gap = 2
    maps = np.pad(maps, ((0, 0), (0, gap), (0, gap)), constant_values=np.nan)
    return mosaic(maps, columns, -(-len(maps) // columns), empty=np.nan)[:-gap, :-gap]


def _rows(numbers, width, height, narrowest):
    """Find the number of rows of maps at which the maps are largest and all layers fit side by side.

    Each layer is at least `narrowest` wide, the width of its title. Returns the rows and a map's side.
    """
    for side in np.arange(height, 0, -0.01):
        rows = int(height / side)
        widths = [max(-(-number // rows) * side, narrowest) for number in numbers]
        if sum(widths) <= width + 1e-6:
            break
    return rows, side


def _draw(figure, model, image, classes=None):
    layers = _shown_layers(model)
    first = next(layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D))
    tensors = [first.input, *(layer.output for _, layer in layers), model.outputs[0]]
    reader = keras.Model(model.inputs[0], tensors)
    seen, *outputs, probabilities = (output[0] for output in reader.predict_on_batch(image[np.newaxis]))
    what = "picture" if classes else "digit"
    figure.suptitle(f"One test {what} on its way through the network", fontsize=20, fontweight="bold")

    left, gap, strip, ends, height = 0.35, 0.3, 0.8, 1.6, 5.7  # inches
    spatial = [output.shape[-1] for output in outputs if output.size > output.shape[-1]]
    strips = len(outputs) - len(spatial)
    space = WIDTH - 2 * (left + ends) - (len(outputs) + 1) * gap - strips * strip
    narrowest = min(1.2, space / len(spatial))
    rows, side = _rows(spatial, space, height, narrowest)

    def axes(width, height=height):
        return figure.add_axes((left / WIDTH, 0.5 / HEIGHT, width / WIDTH, height / HEIGHT))

    place = axes(ends)
    _show(place, _mosaic(seen.transpose(2, 0, 1), 1), f"the input\n{_shape(seen)}", "gray_r")
    place.spines[:].set(visible=True, color="0.6")  # marks the edge of a white margin
    kernels = keras.ops.convert_to_numpy(first.kernel)[:, :, 0].transpose(2, 0, 1)
    extent = np.abs(kernels).max()
    pixels = _mosaic(kernels, columns=round(len(kernels) ** 0.5))
    title = "{} kernels {}×{}".format(*kernels.shape)
    place = axes(ends, 3.3)
    _show(place, pixels, title, "RdBu_r", vmin=-extent, vmax=extent)
    place.set_xlabel("red > 0, blue < 0", fontsize=13)
    left += ends + gap

    for (kind, layer), output in zip(layers, outputs, strict=True):
        if output.size > output.shape[-1]:
            maps = output.transpose(2, 0, 1)
            columns = -(-len(maps) // rows)
            width = max(columns * side, narrowest)
        else:  # one number per unit: a strip of squares
            maps = output.reshape(-1, 1, 1)
            columns = -(-len(maps) // 40)
            width = strip
        place, title = axes(width), f"{kind}\n{_shape(output)}"
        _show(place, _mosaic(maps, columns), title, "gray_r", vmin=maps.min(), vmax=maps.max())
        place.annotate(
            _own_name(layer), (0.5, 1), (0, 42), xycoords="axes fraction", textcoords="offset points",
            fontsize=18, fontweight="bold", ha="center",
        )  # fmt: skip
        left += width + gap

    bars = axes(WIDTH - left - 0.2)
    labels = [f"{p:.1%}" if p >= 0.001 else "" for p in probabilities]
    names = classes or list(map(str, range(len(labels))))
    size, beside = min(15, 150 / len(labels)), max(map(len, names)) <= 2
    places = np.arange(len(labels)) + (0 if beside else 0.2)
    drawn = bars.barh(places, probabilities, 0.8 if beside else 0.4, color="#D55E00")
    bars.bar_label(drawn, labels, fontsize=min(13, size), padding=4)
    bars.set(xlim=(0, 2), xticks=[])
    bars.set_yticks(range(len(labels)) if beside else [], names if beside else [])
    for i, name in enumerate([] if beside else names):  # above its bar
        fits = min(size, 0.9 * 72 * 1.9 * (WIDTH - left - 0.2) / 2 / (0.5 * len(name)))
        bars.text(0.04, i - 0.02, name, fontsize=fits, va="bottom")
    bars.invert_yaxis()
    bars.tick_params(labelsize=size)
    bars.spines[["top", "right", "bottom"]].set_visible(False)
    bars.set_title(f"softmax\n{len(labels)}", fontsize=13)


def _shape(array):
    return " × ".join(map(str, array.shape))


def _show(axes, pixels, title, colours, **limits):
    axes.imshow(pixels, cmap=colours, interpolation="nearest", **limits)
    axes.set_facecolor("#C9D6DF")  # the colour of the gaps
    axes.set_anchor("N")
    axes.set_title(title, fontsize=13)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
