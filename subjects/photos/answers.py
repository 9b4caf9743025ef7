"""Predictions of a trained network for the user's own images."""

from pathlib import Path

import numpy as np

from common.answers.picture import show_picture
from common.answers.predictions import BATCH, draw_predictions
from common.data.pictures import read_each, say_left_out


def predict_photos(model, classes, args):
    """Print the predicted class and its probability for each of the user's images, and draw the first ones.

    The picture is saved as `my_pictures.png`, and shown as --plot says. A file that can no longer be read is
    named and left out.

    Args:
        model: a trained model from uint8 [n, size, size, 3] to the probability of the second class, [n, 1].
        classes: the names of the two classes.
        args: from `parse_args`; `predict` (the paths), `out`, `plot` and `close` are used.
    """
    photos, left_out = read_each(args.predict, model.input_shape[1])
    say_left_out(left_out)
    if not photos:
        return
    paths, images = zip(*photos, strict=True)
    images = np.stack(images)
    outputs = model.predict(images, batch_size=BATCH, verbose=0)
    for path, probability in zip(paths, outputs[:, 0], strict=True):
        name = classes[int(probability > 0.5)]
        print(f"{path}: {name}, {max(probability, 1 - probability):.1%}")
    path = Path(args.out) / "my_pictures.png"
    show_picture(
        lambda figure: draw_predictions(figure, images, None, outputs, classes), path, "My pictures", args
    )
