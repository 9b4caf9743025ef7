"""Pictures of a trained network's predictions: for test images, with the confusion matrix; for one's own."""

import warnings
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.font_manager import FontProperties

from common.answers.picture import show_picture
from common.data.cut_out import as_fashion_mnist, as_small_image
from common.data.folders import one_line
from common.data.pictures import read_photo, say_left_out
from keras_window.panes.fonts import font
from keras_window.sample import Sample

RIGHT, WRONG, OTHER = "#0072B2", "#C8001E", "#BBBBBB"
COLUMNS, ROWS = 3, 4
BARS = 3  # classes beside each image, the most probable ones
MOST = 15  # classes in the confusion matrix
BATCH = 32  # images predicted at a time

warnings.filterwarnings("ignore", "Glyph")  # no font here has it: a box stands for it


def show_predictions(model, data, args):
    """Draw the first test images with their predictions, and the confusion matrix; save the picture.

    Below each image are the predicted class, its probability and, in brackets, the true class: in blue if the
    prediction is right, in red if it is wrong. Bars beside it show the most probable classes. The picture
    is saved as `predictions.png`, and shown as --plot says.

    Args:
        model: a trained classifier with one output per class, or, for two classes, a single output: the
            probability of the second class.
        data: `Data` with classes and test examples, or else validation examples: images uint8 [n, height,
            width, 1 or 3], labels int [n].
        args: from `parse_args`; `out`, `plot` and `close` are used.

    Source: TensorFlow's tutorial "Basic classification: classify images of clothing".
    """
    *_, (x, y) = data
    outputs = model.predict(x, batch_size=BATCH, verbose=0)
    path = Path(args.out) / "predictions.png"
    show_picture(
        lambda figure: draw_predictions(figure, x, y, outputs, data.classes), path, "Predictions", args
    )


def predict_clothes(model, classes, args):
    """Predict for the user's photos of clothes, made like Fashion-MNIST's, as `predict_pictures` does."""

    def read(path):
        return as_small_image(read_photo(path, None), as_fashion_mnist)

    predict_pictures(model, classes, args, read)


def predict_pictures(model, classes, args, read):
    """Print the predicted class and its probability for each of the user's pictures, and draw the first ones.

    The picture is saved as `my_pictures.png`, and shown as --plot says. A file that cannot be used is named
    and left out.

    Args:
        model, classes: a trained classifier, as for `show_predictions`, and the names of its classes.
        args: from `parse_args`; `predict` (the paths), `out`, `plot` and `close` are used.
        read: reads a picture by its path as the model expects it, uint8 [height, width, 1 or 3]; it raises
            ValueError if the file cannot be used.
    """
    paths, images, left_out = [], [], []
    for path in args.predict:
        try:
            images.append(read(path))
            paths.append(path)
        except ValueError as error:
            left_out.append((path, error))
    say_left_out(left_out)
    if not images:
        return
    images = np.stack(images)
    outputs = model.predict(images, batch_size=BATCH, verbose=0)
    for path, probabilities in zip(paths, probability_of_each(outputs), strict=True):
        print(f"{one_line(path)}: {classes[probabilities.argmax()]}, {probabilities.max():.1%}")
    path = Path(args.out) / "my_pictures.png"
    show_picture(
        lambda figure: draw_predictions(figure, images, None, outputs, classes), path, "My pictures", args
    )


def probability_of_each(outputs):
    """The probability of each class, [n, classes], from outputs that may be that of the second of two."""
    return np.c_[1 - outputs, outputs] if outputs.shape[-1] == 1 else outputs


def draw_predictions(figure, x, y, outputs, classes):
    """Draw the first images and their predictions; with labels, y, also the true classes and the matrix."""
    sample = Sample(x, np.zeros(len(x), int) if y is None else y, outputs)
    predicted, true = sample.predictions(), sample.classes()
    probabilities = probability_of_each(outputs)
    pictures = sample.pixels(slice(COLUMNS * ROWS))
    right_side = 0.985 if y is None else 0.5
    script = _font_for("".join(classes))
    grid = figure.add_gridspec(
        ROWS, COLUMNS, left=0.02, right=right_side, top=0.92, bottom=0.02, hspace=0.12, wspace=0.1
    )
    known = "predicted, probability" + ("" if y is None else ", (true)")
    if y is None and len(x) > len(pictures):
        known = f"the first {len(pictures)} of {len(x):,}: {known}"
    figure.text(0.02, 0.965, known, fontsize=18, fontweight="bold", va="center")
    for i, picture in enumerate(pictures):
        cell = grid[i].subgridspec(2, 2, wspace=0.06, hspace=0.05, height_ratios=(4, 1), width_ratios=(3, 2))
        image, bars = figure.add_subplot(cell[0, 0]), figure.add_subplot(cell[0, 1])
        image.imshow(picture.squeeze(), cmap="gray_r" if picture.shape[-1] == 1 else None)
        image.set(xticks=[], yticks=[], anchor="W")
        text = f"{short(classes[predicted[i]])} {probabilities[i, predicted[i]]:.0%}"
        colours = [OTHER] * len(classes)
        if y is None:
            colour = colours[predicted[i]] = RIGHT
        else:
            text += f"\n({short(classes[true[i]])})"
            colour = RIGHT if predicted[i] == true[i] else WRONG
            colours[predicted[i]], colours[true[i]] = WRONG, RIGHT
        style = {"color": colour, "fontsize": 12, "fontweight": "bold", "linespacing": 1.0, **script}
        image.text(0, -0.04, text, va="top", transform=image.transAxes, **style)
        _draw_bars(bars, probabilities[i], colours, classes, script)
        bars.spines[["top", "right", "bottom"]].set_visible(False)
    if y is not None:
        _draw_confusion(figure.add_axes((0.6, 0.14, 0.385, 0.78)), true, predicted, classes)


def _draw_bars(axes, probabilities, colours, classes, script):
    """Draw the largest probabilities as bars, each below the name of its class."""
    largest = np.argsort(-probabilities, kind="stable")[:BARS]
    axes.barh(
        np.arange(len(largest)) + 0.22, probabilities[largest], 0.36, color=[colours[i] for i in largest]
    )
    for row, i in enumerate(largest):
        name = short(classes[i])
        axes.text(0.04, row - 0.19, name, fontsize=11 if len(name) <= 11 else 9, va="center", **script)
    axes.set(xlim=(0, 1), xticks=[], yticks=[], ylim=(BARS - 0.5, -0.5))


def short(name):
    """A class's name, cut if it would meet what is beside it."""
    return name if len(name) <= 14 else f"{name[:8]}…{name[-4:]}"


def _font_for(text):
    """Matplotlib's options for a text in another script: a font that has its characters, if any here does."""
    return {} if text.isascii() else {"fontproperties": FontProperties(fname=font(12, text=text).path)}


def _draw_confusion(axes, true, predicted, classes):
    counts = np.zeros((len(classes), len(classes)), int)
    np.add.at(counts, (true, predicted), 1)
    title, mistakes = "Confusion matrix", counts.sum(0) + counts.sum(1) - 2 * counts.diagonal()
    if len(classes) > MOST:
        title = f"Confusion matrix:\nthe {MOST} of {len(classes)} classes most often confused"
        chosen = np.sort(np.argsort(-mistakes, kind="stable")[:MOST])
        counts, classes = counts[np.ix_(chosen, chosen)], [classes[place] for place in chosen]
    classes = list(map(short, classes))
    correct = np.eye(len(counts), dtype=bool)
    colours = colormaps["Blues"](0.9 * counts / max(counts.max(), 1))
    colours[~correct] = colormaps["Reds"](0.9 * counts / max(counts[~correct].max(), 1))[~correct]
    axes.imshow(colours)
    axes.set_title(title, fontsize=18 if counts.shape == mistakes.shape * 2 else 15, fontweight="bold")
    slanted = {"rotation": 45, "ha": "right"} if len(classes) > 4 or max(map(len, classes)) > 12 else {}
    size = 14 if max(map(len, classes)) <= 12 else 11
    script = _font_for("".join(classes))
    axes.set_xticks(range(len(classes)), classes, fontsize=size, **slanted, **script)
    axes.set_yticks(range(len(classes)), classes, fontsize=size, **script)
    axes.set_xlabel("predicted", fontsize=14)
    axes.set_ylabel("true", fontsize=14)
    for (i, j), count in np.ndenumerate(counts):
        colour = "white" if colours[i, j, :3].mean() < 0.55 else "black"
        size = min(150 / (len(classes) + 1), 24)
        axes.text(j, i, count or "", ha="center", va="center", color=colour, fontsize=size)
