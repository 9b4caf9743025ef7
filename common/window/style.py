"""Sizes, colours and lettering of all that is drawn in a window."""

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


def fit_text(figure):
    """Let the text grow with the window."""
    width, height = figure.canvas.get_width_height(physical=True)
    dpi = max(min(width / WIDTH, height / HEIGHT), 10)
    figure._set_dpi(dpi, forward=False)  # figure.dpi = ... would resize the window again
    figure._original_dpi = (
        dpi / figure.canvas.device_pixel_ratio
    )  # on a screen of another scale it grows, too
    figure.set_size_inches(width / dpi, height / dpi, forward=False)
