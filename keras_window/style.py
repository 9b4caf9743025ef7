"""Sizes, colours and lettering of all that is drawn in a window, whatever the user's matplotlibrc says."""

from matplotlib import rc_context, rcParamsDefault
from matplotlib.figure import Figure

# Okabe and Ito's colours, which colour-blind people tell apart
TRAIN, TEST = "#0072B2", "#D55E00"
EARLIER = ("#009E73", "#CC79A7", "#666666", "#E69F00")
RED, DARK_RED = (200, 0, 30), (110, 0, 20)  # RGB, of what is misclassified
SMALL, LARGE = 13, 19  # points, on a figure 13.44 inches wide
WIDTH, HEIGHT = 13.44, 7.56  # inches; text sizes are chosen for this width
STYLE = {
    "font.size": SMALL,
    "axes.titlesize": 18,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
}
# names and flags that users give are no formulas, though they may hold $ signs
DEFAULTS = {name: value for name, value in rcParamsDefault.items() if name != "backend"}
DEFAULTS["text.parse_math"] = False


def as_designed(settings=None):
    """A block in which matplotlib has its own settings, and these; after it the user's hold again.

    Args:
        settings: a dictionary, as `matplotlib.rcParams`.
    """
    return rc_context(DEFAULTS | (settings or {}))


class DesignedFigure(Figure):
    """A figure that is drawn as designed, also when a window's toolkit draws it.

    Attributes:
        settings: matplotlib's settings while it is drawn, beside its own; a dictionary.
    """

    def __init__(self, *args, **options):
        self.settings = {"text.hinting": "no_hinting"}  # halves the time that text takes
        with as_designed():
            super().__init__(*args, **options)

    def set_size_inches(self, w, h=None, forward=False):
        """As matplotlib's, but the window keeps its size, also when the dots per inch change."""
        super().set_size_inches(w, h, forward=False)

    def draw(self, renderer):
        with as_designed(self.settings):
            super().draw(renderer)

    def savefig(self, *args, **options):
        with as_designed(self.settings):
            super().savefig(*args, **options)


def fit_text(figure):
    """Let the text grow with the window."""
    width, height = figure.canvas.get_width_height(physical=True)
    figure.dpi = dpi = max(min(width / WIDTH, height / HEIGHT), 10)
    # private: by this matplotlib scales the figure when the window comes to a screen of another scale
    figure._original_dpi = dpi / figure.canvas.device_pixel_ratio
    figure.set_size_inches(width / dpi, height / dpi)
