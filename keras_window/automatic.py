"""The panes of a `LivePlot` that was given none: one for each metric, and the images."""

from keras_window.naming import is_share, title_of
from keras_window.panes.curves import Accuracy, Loss
from keras_window.panes.pictures import TestImages, TrainImages

MOST = 6


def choose_panes(model, values, records):
    """Choose up to six panes.

    Args:
        model: the `keras.Model` in training.
        values: a dictionary from each name in Keras' logs, without those with val_, to its value.
        records: the `Records`, whose examples are shown if they are images of classes.

    Returns:
        A list of panes, and a list of the names of the metrics for which there is no room.
    """
    images = [
        pane
        for pane, sample in (
            (TrainImages("Training examples"), records.train),
            (TestImages(f"{records.test_name} examples".capitalize()), records.test),
        )
        if sample is not None and not (sample.why_no_images() or sample.why_no_classes())
    ]
    # the losses of several outputs are parts of the loss
    names = sorted(values, key=lambda name: (name != "loss", name.endswith("_loss")))
    room = MOST - len(images)
    curves = [
        (Accuracy if is_share(name, values[name]) else Loss)(title=title_of(name, model), metric=name)
        for name in names[:room]
    ]
    half = -(-(len(curves) + len(images)) // 2)
    if len(images) == 2 and len(curves) > 1:  # at the end of each row
        return [*curves[: half - 1], images[0], *curves[half - 1 :], images[1]], names[room:]
    return [*curves, *images], names[room:]
