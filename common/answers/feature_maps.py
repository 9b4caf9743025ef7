"""A picture of a convolutional network at work: its first kernels, and one image on its way through."""

from pathlib import Path

import keras
import numpy as np

from common.window.panes.bands import has_activation
from common.window.screens import show_picture
from common.window.style import HEIGHT, WIDTH


def show_feature_maps(model, image, args):
    """Draw the first layer's kernels and the outputs of all layers for one image, and keep the picture.

    Each layer has one scale: white is its least output (0 with relu), black its largest. In the
    kernels red is more than 0 and blue is less. The picture is saved as `feature_maps.png`, and shown
    where the live window would be; `LivePlot.wait_until_closed` keeps it there.

    Args:
        model: a trained convolutional `keras.Sequential` with 10 outputs or so.
        image: one image as the model takes it, [height, width, 1].
        args: from `parse_args`; `out`, `plot` and `close` are used.

    Source: the lecture's slides "Example of a convolutional layer" and "The activations of an example
    ConvNet" (Stanford, CS231n).
    """
    path = Path(args.out) / "feature_maps.png"
    show_picture(lambda figure: _draw(figure, model, image), path, "Kernels and feature maps", args)


def _shown_layers(model):
    """(name, layer) of the hidden layers, after their activation functions."""
    shown, name = [], None
    for layer in model.layers[:-1]:
        if hasattr(layer, "kernel_size"):
            name = "conv. {}×{}".format(*layer.kernel_size)
        elif hasattr(layer, "pool_size"):
            name = "pool {}×{}".format(*layer.pool_size)
        elif isinstance(layer, keras.layers.Dense):
            name = "dense"
        if has_activation(layer) or hasattr(layer, "pool_size"):
            shown.append((name, layer))
    return shown


def _mosaic(maps, columns):
    """Put maps [n, h, w], enlarged, side by side with gaps that are NaN: float [height, width]."""
    enlarge = max(1, 30 // maps.shape[1])
    maps = maps.repeat(enlarge, axis=1).repeat(enlarge, axis=2)
    n, height, width = maps.shape
    gap, rows = 2, -(-n // columns)
    sheet = np.full((rows * columns, height + gap, width + gap), np.nan)
    sheet[:n, :height, :width] = maps
    sheet = sheet.reshape(rows, columns, height + gap, width + gap).swapaxes(1, 2)
    return sheet.reshape(rows * (height + gap), columns * (width + gap))[:-gap, :-gap]


def _rows(numbers, width, height):
    """How many maps below each other make them largest, and their side, where all fit side by side."""
    sides = {
        rows: min(height / rows, width / sum(-(-number // rows) for number in numbers))
        for rows in range(1, max(numbers) + 1)
    }
    rows = max(sides, key=sides.get)
    return rows, sides[rows]


def _draw(figure, model, image):
    layers = _shown_layers(model)
    reader = keras.Model(model.inputs[0], [*(layer.output for _, layer in layers), model.outputs[0]])
    *outputs, probabilities = (output[0] for output in reader.predict_on_batch(image[np.newaxis]))
    figure.suptitle("One test digit on its way through the network", fontsize=20, fontweight="bold")

    left, gap, strip, ends, height = 0.35, 0.3, 0.8, 1.6, 5.9  # inches
    spatial = [output.shape[-1] for output in outputs if output.size > output.shape[-1]]
    strips = len(outputs) - len(spatial)
    space = WIDTH - 2 * (left + ends) - (len(outputs) + 1) * gap - strips * strip
    rows, side = _rows(spatial, space, height)

    def axes(width, height=height):
        return figure.add_axes((left / WIDTH, 0.5 / HEIGHT, width / WIDTH, height / HEIGHT))

    _show(axes(ends), image[..., 0], f"the digit\n{_shape(image)}", "gray_r")
    kernel = next(layer.kernel for layer in model.layers if isinstance(layer, keras.layers.Conv2D))
    kernels = keras.ops.convert_to_numpy(kernel)[:, :, 0].transpose(2, 0, 1)
    extent = np.abs(kernels).max()
    mosaic = _mosaic(kernels, columns=round(len(kernels) ** 0.5))
    title = "{} kernels {}×{}".format(*kernels.shape)
    place = axes(ends, 3.3)
    _show(place, mosaic, title, "RdBu_r", vmin=-extent, vmax=extent)
    place.set_xlabel("red > 0, blue < 0", fontsize=13)
    left += ends + gap

    for (name, _), output in zip(layers, outputs, strict=True):
        if output.size > output.shape[-1]:
            maps = output.transpose(2, 0, 1)
            columns = -(-len(maps) // rows)
            width = max(columns * side, 1.2)  # the title's
        else:  # one number each: a strip of squares
            maps = output.reshape(-1, 1, 1)
            columns = -(-len(maps) // 40)
            width = strip
        title = f"{name}\n{_shape(output)}"
        _show(axes(width), _mosaic(maps, columns), title, "gray_r", vmin=maps.min(), vmax=maps.max())
        left += width + gap

    bars = axes(WIDTH - left - 0.2)
    labels = [f"{p:.1%}" if p >= 0.001 else "" for p in probabilities]
    bars.bar_label(
        bars.barh(range(len(labels)), probabilities, color="#D55E00"), labels, fontsize=13, padding=4
    )
    bars.set(xlim=(0, 2), xticks=[], yticks=range(len(labels)))
    bars.invert_yaxis()
    bars.tick_params(labelsize=15)
    bars.spines[["top", "right", "bottom"]].set_visible(False)
    bars.set_title(f"softmax\n{len(labels)}", fontsize=13)


def _shape(array):
    return " × ".join(map(str, array.shape))


def _show(axes, pixels, title, colours, **limits):
    axes.imshow(pixels, cmap=colours, interpolation="nearest", **limits)
    axes.set_facecolor("#C9D6DF")  # of the gaps
    axes.set_anchor("N")
    axes.set_title(title, fontsize=13)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
