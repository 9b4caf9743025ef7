"""The way down the loss of two weights, w and b, of a line; and the slide that shows it as a landscape."""

import functools

from slides.gradient_descent.numbers import number, signed
from slides.shapes import ORANGE, write

import keras
import matplotlib
import numpy as np
from keras import ops
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import BoundaryNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from mpl_toolkits.mplot3d.proj3d import proj_transform

# Points (x, y) near the line y = x + 1, and the same points further to the right, which make a long valley
POINTS = np.array([0, 0.5, 1, 1.5, 2]), np.array([1.2, 1.2, 2.2, 2.2, 3.2])
FAR_POINTS = POINTS[0] + 2, POINTS[1]
START = 0.0, 4.0  # w, b
VIEW, FAR_VIEW = (-2.2, 3, -1, 4.5), (-2, 2.6, -3.2, 5)  # lowest and highest w, b


def loss(w, b, points):
    """The mean squared error of the line y = w·x + b. w and b may be numbers or arrays of one shape."""
    x, y = points
    return np.mean((np.multiply.outer(w, x) + np.asarray(b)[..., None] - y) ** 2, axis=-1)


def slope(weights, points):
    """The gradient of the loss: (∂C/∂w, ∂C/∂b) at weights = (w, b)."""
    x, y = points
    error = weights[0] * x + weights[1] - y
    return np.array([np.mean(2 * error * x), np.mean(2 * error)])


def descend(optimizer, points, steps, batch_size=None):
    """The path of a new Keras optimizer from START downhill: w and b, float32 [steps + 1, 2].

    With a batch size, each step uses the slope of so many points, drawn at random.
    """
    weights, random = keras.Variable(START, dtype="float32"), np.random.default_rng(2)
    path = [np.array(START, "float32")]
    for _ in range(steps):
        chosen = random.choice(len(points[0]), batch_size) if batch_size else ...
        gradient = slope(path[-1], (points[0][chosen], points[1][chosen]))
        optimizer.apply([ops.convert_to_tensor(gradient, "float32")], [weights])
        path.append(np.array(ops.convert_to_numpy(weights)))
    return np.array(path)


def in_picture(path, view):
    """The path up to the first step that leaves the picture."""
    outside = ((path < view[::2]) | (path > view[1::2])).any(axis=1)
    return path[: outside.argmax() + 1] if outside.any() else path


def way_down(learning_rate):
    """The path down the loss of `POINTS` with plain steps, as far as slide surface shows it.

    `descend` with Keras' SGD gives the same path, but takes too long while a finger moves the learning rate.
    """
    path = [np.array(START)]
    for _ in range(24):
        path.append(path[-1] - learning_rate * slope(path[-1], POINTS))
    return in_picture(np.array(path), VIEW)


class Landscape:
    """The loss of all lines in a view, computed once for all frames.

    Args:
        points: (x, y), each [n].
        view: lowest and highest w, lowest and highest b.
    """

    def __init__(self, points, view):
        self.points, self.view = points, view

    @functools.cached_property
    def picture(self):
        """Colours, uint8 [rows, columns, 4], lighter where the loss is lower."""
        grid = np.meshgrid(np.linspace(*self.view[:2], 240), np.linspace(*self.view[2:], 240))
        costs, colours = loss(*grid, self.points), matplotlib.colormaps["Blues"]
        levels = np.geomspace(1.02 * costs.min(), costs.max(), 16)
        return colours(BoundaryNorm(levels, colours.N, extend="both")(costs), bytes=True)

    def draw(self, axes, path, box=None):
        """Draw the landscape, and the weights' path on it, in a box (left, right, low, high) of the axes."""
        box = np.array(self.view if box is None else box)
        axes.imshow(
            self.picture, extent=box, origin="lower", aspect=axes.get_aspect(), interpolation="nearest"
        )
        low, high = np.array(self.view)[::2], np.array(self.view)[1::2]
        path = box[::2] + (path - low) / (high - low) * (box[1::2] - box[::2])
        frame = Rectangle(box[::2], *(box[1::2] - box[::2]), transform=axes.transData)
        lines = axes.plot(*path.T, "o-", color=ORANGE, linewidth=2, markersize=5)
        lines += axes.plot(*path[-1], "o", color=ORANGE, markeredgecolor="black", markersize=12)
        for line in lines:
            line.set_clip_path(frame)


@functools.lru_cache(maxsize=2)  # to draw it takes longer than all else on its slide
def surface_in_3d(width, height, dpi):
    """The loss as a surface in 3D: pixels, uint8 [height, width, 4], and the axes that it is drawn in."""
    size = (width + 0.01) / dpi, (height + 0.01) / dpi  # by rounding, it could be a pixel less
    figure = Figure(size, dpi=dpi, facecolor="none")
    canvas = FigureCanvasAgg(figure)
    box = 0, 0, 0.9, 1  # the numbers at its right need some room
    axes = figure.add_axes(box, projection="3d", computed_zorder=False, facecolor="none")
    grid = np.meshgrid(np.linspace(*VIEW[:2], 18), np.linspace(*VIEW[2:], 18))
    axes.plot_surface(*grid, loss(*grid, POINTS), rcount=18, ccount=18, cmap="Blues", norm="log", linewidth=0)
    axes.view_init(35, -60)
    axes.set(xticks=(-2, 0, 2), yticks=(0, 2, 4), zticks=(0, 15, 30))
    axes.set(xlabel="w", ylabel="b", zlabel="C")
    canvas.draw()
    return np.array(canvas.buffer_rgba()), axes


def draw_in_3d(figure, box, path):
    """Draw the path on the surface in 3D, in a box (left, low, right, high) of the figure."""
    left, low, right, high = np.round(figure.bbox.p0[[0, 1, 0, 1]] + figure.bbox.size[[0, 1, 0, 1]] * box)
    width, height = right - left, high - low  # whole pixels: the picture stays sharp
    picture, surface = surface_in_3d(int(width), int(height), figure.dpi)
    place = (np.array((left, low)) - figure.bbox.p0) / figure.bbox.size
    axes = figure.add_axes((*place, *((width, height) / figure.bbox.size)), xlim=(0, width), ylim=(0, height))
    axes.axis("off")
    axes.imshow(picture, extent=(0, width, 0, height), aspect="auto", interpolation="nearest")
    seen = np.clip(path, VIEW[::2], VIEW[1::2]).T
    x, y, _ = proj_transform(*seen, loss(*seen, POINTS), surface.get_proj())
    places = surface.transData.transform(np.stack((x, y), axis=1))
    axes.plot(*places.T, "o-", color=ORANGE, linewidth=2, markersize=5)


def draw_surface(figure, step, landscape, learning_rate):
    """Draw the line for the current weights, the loss of all lines as a map and in 3D, and the next step."""
    path, view = way_down(learning_rate)[: step + 1], landscape.view
    w, b = path[-1]
    axes = figure.add_axes((0.05, 0.34, 0.24, 0.48), title=f"y = {signed(w)}·x + {signed(b)}")
    axes.plot(*POINTS, "o", color="black", markersize=9)
    axes.plot((-0.3, 2.3), (b - 0.3 * w, b + 2.3 * w), color=ORANGE, linewidth=3)
    axes.vlines(POINTS[0], w * POINTS[0] + b, POINTS[1], color="0.5", linestyle="dotted", linewidth=2)
    axes.set(xlim=(-0.3, 2.3), ylim=(-1, 4.8), xticks=(0, 1, 2), yticks=(0, 2, 4), xlabel="x")
    axes.set_ylabel("y", rotation=0, labelpad=12)
    axes = figure.add_axes((0.35, 0.34, 0.24, 0.48), title=f"loss C = {number(loss(w, b, POINTS))}")
    landscape.draw(axes, in_picture(path, view))
    axes.set(xlim=view[:2], ylim=view[2:], xticks=(-2, 0, 2), yticks=(0, 2, 4), xlabel="w")
    axes.set_ylabel("b", rotation=0, labelpad=12)
    draw_in_3d(figure, (0.61, 0.24, 0.999, 0.9), path)
    down = slope(path[-1], POINTS)
    text = f"step {step}:    ∂C/∂w = {number(down[0])}        ∂C/∂b = {number(down[1])}"
    write(figure, 0.5, 0.18, text)
    text = "        ".join(
        f"{name} ← {number(old)} − {learning_rate:g} · {signed(by)} = {number(old - learning_rate * by)}"
        for name, old, by in zip("wb", path[-1], down, strict=True)
    )
    write(figure, 0.5, 0.11, text)
