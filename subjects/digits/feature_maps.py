"""A picture of a convolutional network: its first kernels, and its feature maps for one digit."""

from pathlib import Path

from common.answers.picture import show_picture
from inside.interaction import Inside
from inside.tracing import Network


def show_feature_maps(model, image, args, classes=None):
    """Draw the outputs of all layers for one digit, beside each map of the first layer its kernel; save it.

    In a window and in the browser the picture answers: a click on a number shows where it comes from. The
    input is shown as the first convolutional layer sees it, including any zero padding.

    The picture is saved as `feature_maps.png`, and shown as --plot says; `LivePlot.wait_until_closed` keeps
    it open.

    Args:
        model: a trained convolutional `keras.Sequential`.
        image: one image in the form that the model expects, [height, width, 1].
        args: from `parse_args`; `out`, `plot` and `close` are used.
        classes: the names of the classes; None for their numbers.

    Source: the lecture's slides "Example of a convolutional layer" and "The activations of an example
    ConvNet" (Stanford, CS231n).
    """

    def draw(figure):
        network = Network(model)
        network.see(image)
        Inside(figure, network, classes)

    show_picture(draw, Path(args.out) / "feature_maps.png", "Kernels and feature maps", args)
