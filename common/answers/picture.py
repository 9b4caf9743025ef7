"""Saving and showing a still picture."""

from common.files import by_product, replacing
from common.screens import open_screen
from keras_window.guard import Guard
from keras_window.screens import File
from keras_window.style import as_designed, fit_text


def show_picture(draw, path, title, args):
    """Save a still picture, and show it as --plot says.

    If the picture cannot be drawn, a line on the terminal says so.

    Args:
        draw: a function that draws on an empty `DesignedFigure`.
        path: the file to save the picture in.
        title: the picture's name, for the window's title bar and the terminal.
        args: from `parse_args`; `plot` and `close` are used.
    """
    draw, guard = as_designed()(draw), Guard(f"{title} cannot be shown")
    with guard:
        _keep(draw, path, title)
    if args.plot == "none" or args.close:
        return
    screen = None

    def on_key(key):
        if key == "q" and screen:
            screen.close()

    screen, _ = open_screen(args.plot, title, on_key)
    if screen.live:
        with guard:
            _show(draw, screen)


def _keep(draw, path, title):
    figure = File().figure
    draw(figure)
    with by_product():
        with replacing(path) as new:
            figure.savefig(new)
        print(f"{title}: {path}")


def _show(draw, screen):
    screen.figure.canvas.mpl_connect("resize_event", lambda event: fit_text(screen.figure))
    fit_text(screen.figure)
    draw(screen.figure)
    screen.figure.canvas.draw()
    screen.present()
