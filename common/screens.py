"""The screen of slides, a drawing or a still picture, as --plot says."""

from common.files import user_errors
from keras_window import screens


def open_screen(plot, *args):
    """Like `keras_window.screens.open_screen`, but the reason why no window opens names the way out.

    Raises UserError if the page in the browser cannot be served.
    """
    with user_errors():
        screen, why_not = screens.open_screen(plot, *args)
    return screen, why_not and f"{why_not}; --plot web shows it in a browser"
