"""Predictions of a trained network for the user's own images."""

from pathlib import Path

import numpy as np

from common.answers.picture import show_picture
from common.answers.predictions import BATCH, draw_predictions, probability_of_each
from common.data.folders import one_line
from common.data.pictures import read_each, say_left_out


def predict_photos(model, classes, args):
    """Print the predicted class and its probability for each of the user's images, and draw the first ones.

    The picture is saved as `my_pictures.png`, and shown as --plot says. A file that can no longer be read is
    named and left out.

    Args:
        model: a trained model from uint8 [n, size, size, 3] to the probability of the second of two classes,
            [n, 1], or to that of each class, [n, classes].
        classes: the names of the classes.
        args: from `parse_args`; `predict` (the paths), `out`, `plot` and `close` are used.
    """
    photos, left_out = read_each(args.predict, model.input_shape[1])
    say_left_out(left_out)
    if not photos:
        return
    paths, images = zip(*photos, strict=True)
    images = np.stack(images)
    outputs = model.predict(images, batch_size=BATCH, verbose=0)
    for path, probabilities in zip(paths, probability_of_each(outputs), strict=True):
        print(f"{one_line(path)}: {classes[probabilities.argmax()]}, {probabilities.max():.1%}")
    path = Path(args.out) / "my_pictures.png"
    show_picture(
        lambda figure: draw_predictions(figure, images, None, outputs, classes), path, "My pictures", args
    )
