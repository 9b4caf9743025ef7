"""Sizes, colours and fonts of everything in the window, independent of the user's matplotlibrc."""

from matplotlib import rc_context, rcParamsDefault
from matplotlib.figure import Figure

# Okabe and Ito's colours, which colour-blind people can tell apart
TRAIN, TEST = "#0072B2", "#D55E00"
EARLIER = ("#009E73", "#CC79A7", "#666666", "#E69F00")
RED, DARK_RED = (200, 0, 30), (110, 0, 20)  # RGB, for misclassified examples
SMALL, LARGE = 13, 19  # points, on a figure 13.44 inches wide
WIDTH, HEIGHT = 13.44, 7.56  # inches; text sizes are chosen for this width
STYLE = {
    "font.size": SMALL,
    "axes.titlesize": 18,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
}
# users' names and flags may contain $ signs, but are not formulas
DEFAULTS = {name: value for name, value in rcParamsDefault.items() if name != "backend"}
DEFAULTS["text.parse_math"] = False


def as_designed(settings=None):
    """Return a context manager in which matplotlib has its default settings and `settings`, not the user's.

    Args:
        settings: a dictionary like `matplotlib.rcParams`.
    """
    return rc_context(DEFAULTS | (settings or {}))


class DesignedFigure(Figure):
    """A figure that is drawn with `as_designed`, even when a GUI toolkit draws it.

    Attributes:
        settings: a dictionary of settings for drawing it, in addition to matplotlib's defaults.
    """

    def __init__(self, *args, **options):
        self.settings = {"text.hinting": "no_hinting"}  # halves the time for drawing text
        with as_designed():
            super().__init__(*args, **options)

    def set_size_inches(self, w, h=None, forward=False):
        """Set the size without resizing the window, even when the dots per inch change."""
        super().set_size_inches(w, h, forward=False)

    def draw(self, renderer):
        with as_designed(self.settings):
            super().draw(renderer)

    def savefig(self, *args, **options):
        with as_designed(self.settings):
            super().savefig(*args, **options)


def fit_text(figure):
    """Scale the text with the window."""
    width, height = figure.canvas.get_width_height(physical=True)
    figure.dpi = dpi = max(min(width / WIDTH, height / HEIGHT), 10)
    # private: matplotlib rescales the figure from this when the window moves to a screen of another scale
    figure._original_dpi = dpi / figure.canvas.device_pixel_ratio
    figure.set_size_inches(width / dpi, height / dpi)
