"""The slides of the way down: the loss of two weights as a landscape, learning rates, optimizers."""

from slides.gradient_descent.numbers import number, signed
from slides.shapes import ORANGE, write

import keras
import numpy as np
from keras import ops

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


def descend(optimizer, points, steps):
    """The path of a new Keras optimizer from START downhill: w and b, float32 [steps + 1, 2]."""
    weights = keras.Variable(START, dtype="float32")
    path = [np.array(START, "float32")]
    for _ in range(steps):
        optimizer.apply([ops.convert_to_tensor(slope(path[-1], points), "float32")], [weights])
        path.append(np.array(ops.convert_to_numpy(weights)))
    return np.array(path)


def in_picture(path, view):
    """The path up to the first step that leaves the picture."""
    outside = ((path < view[::2]) | (path > view[1::2])).any(axis=1)
    return path[: outside.argmax() + 1] if outside.any() else path


def draw_path(axes, path, points, view):
    """Draw the loss as a map, lighter where it is lower, and the path of the weights on it."""
    w, b = np.meshgrid(np.linspace(*view[:2], 80), np.linspace(*view[2:], 80))
    levels = np.geomspace(0.06, 60, 16)
    axes.contourf(w, b, loss(w, b, points), levels, cmap="Blues", norm="log", extend="both")
    path = in_picture(path, view)
    axes.plot(*path.T, "o-", color=ORANGE, linewidth=2, markersize=5)
    axes.plot(*path[-1], "o", color=ORANGE, markeredgecolor="black", markersize=12)
    axes.set(xlim=view[:2], ylim=view[2:], xlabel="w")
    axes.set_ylabel("b", rotation=0)


def draw_surface(figure, step, path, learning_rate):
    """Draw the line for the current weights, the loss of all lines as a map and in 3D, and the next step."""
    path = path[: step + 1].astype(float)
    w, b = path[-1]
    axes = figure.add_axes((0.05, 0.34, 0.24, 0.48), title=f"y = {signed(w)}·x + {signed(b)}")
    axes.plot(*POINTS, "o", color="black", markersize=9)
    axes.plot((-0.3, 2.3), (b - 0.3 * w, b + 2.3 * w), color=ORANGE, linewidth=3)
    axes.vlines(POINTS[0], w * POINTS[0] + b, POINTS[1], color="0.5", linestyle="dotted", linewidth=2)
    axes.set(xlim=(-0.3, 2.3), ylim=(-1, 4.8), xlabel="x")
    axes.set_ylabel("y", rotation=0)
    axes = figure.add_axes((0.35, 0.34, 0.24, 0.48), title=f"loss C = {number(loss(w, b, POINTS))}")
    draw_path(axes, path, POINTS, VIEW)
    axes = figure.add_axes((0.61, 0.24, 0.35, 0.66), projection="3d", computed_zorder=False)
    grid = np.meshgrid(np.linspace(*VIEW[:2], 40), np.linspace(*VIEW[2:], 40))
    axes.plot_surface(*grid, loss(*grid, POINTS), cmap="Blues", norm="log", linewidth=0)
    seen = np.clip(path, VIEW[::2], VIEW[1::2]).T
    axes.plot(*seen, loss(*seen, POINTS), "o-", color=ORANGE, linewidth=2, markersize=5)
    axes.view_init(35, -60)
    axes.set(xlabel="w", ylabel="b", zlabel="C")
    down = slope(path[-1], POINTS)
    text = f"step {step}:    ∂C/∂w = {number(down[0])}        ∂C/∂b = {number(down[1])}"
    write(figure, 0.5, 0.18, text)
    text = "        ".join(
        f"{name} ← {number(old)} − {learning_rate:g} · {signed(by)} = {number(old - learning_rate * by)}"
        for name, old, by in zip("wb", path[-1], down, strict=True)
    )
    write(figure, 0.5, 0.11, text)


def draw_ways(figure, step, points, view, ways, pace=1):
    """Draw several paths, each (title, formula, path), and their losses; a frame is `pace` steps."""
    cells = figure.subplots(2, len(ways), height_ratios=(2.4, 1)).T
    figure.subplots_adjust(left=0.05, right=0.98, top=0.8, bottom=0.14, wspace=0.2, hspace=0.42)
    for (upper, lower), (title, formula, path) in zip(cells, ways, strict=True):
        costs = loss(*path.T.astype(float), points)[: pace * step + 1]
        upper.set_title(title, pad=32)
        upper.text(0.5, 1.03, formula, fontsize=16, ha="center", transform=upper.transAxes)
        draw_path(upper, path[: len(costs)], points, view)
        lower.semilogy(costs, color=ORANGE, linewidth=3)
        lower.set(xlim=(0, len(path) - 1), ylim=(0.04, 30), xlabel=f"step {len(costs) - 1}")
        lower.set_yticks((0.1, 1, 10), ("0.1", "1", "10"))
        lower.minorticks_off()
        lower.set_title(f"loss C = {number(costs[-1])}", fontsize=16, weight="normal")
