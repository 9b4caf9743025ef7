"""An area to draw in with the mouse, beside the networks' predictions."""

import sys
import time
from pathlib import Path
from textwrap import fill

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter
from PIL import Image

from common.data.cut_out import PEN, SIDE
from common.files import replacing
from drawing.class_drawings import ClassDrawings
from drawing.class_names import shorten
from drawing.ink import draw_stroke
from drawing.wall import Wall
from common.errors import UserError
from common.screens import open_screen
from inside.drawing import Columns
from keras_window.panes.pane import PaintedArtist
from keras_window.style import HEIGHT, LARGE, SMALL, STYLE, TRAIN, WIDTH, as_designed, fit_text

PREDICT_EVERY = 0.06  # seconds, at least, while the pen moves
OTHER = "#BBBBBB"
BUTTONS = {"c": "clear", " ": "next picture", "s": "save", "q": "close"}
KEYS = "c clears    s saves the picture    f fills the screen    q closes"
WITH_CLASS = {"w": "the class's drawings"}


class DrawingPad:
    """An area to draw in, the small image made from it, and the networks' predictions for that image.

    Args:
        plot: "auto", "window", "web", "share" or "file".
        title: the window's title.
        preprocess: converts ink, float [280, 280], 0 (paper) to 1 (ink), to the networks' input, an image,
            uint8 [n, n, 1].
        box: (first, last) row and column of the marked part of that image.
        out: the folder for saved pictures.

    Attributes:
        no_window: the reason why a requested window could not be opened, else None.
    """

    def __init__(self, plot, title, preprocess, box, out):
        self._preprocess, self._out, self._networks, self._waiting = preprocess, Path(out), [], []
        self._layers = None
        self._pen = None  # its position while it draws, else None
        self._drawn = self._predicted = True  # whether the window shows this ink, and predictions for it
        self._predicted_at, self._background = 0, None
        buttons = WITH_CLASS | BUTTONS if plot == "share" else BUTTONS
        self.screen, self.no_window = open_screen(plot, title, lambda key: None, buttons, PEN / SIDE)
        self.figure = self.screen.figure
        self._class = ClassDrawings(self.screen, preprocess) if plot == "share" else None
        self._wall = Wall(self.figure, self._class) if self._class else None
        self._build(box)
        canvas = self.figure.canvas
        canvas.mpl_connect("draw_event", self._on_draw)
        canvas.mpl_connect("resize_event", lambda event: fit_text(self.figure))
        canvas.mpl_connect("key_press_event", lambda event: self._on_key(event.key))
        canvas.mpl_connect("button_press_event", self._on_press)
        canvas.mpl_connect("motion_notify_event", self._on_move)
        canvas.mpl_connect("button_release_event", self._on_release)
        self.show(np.zeros((SIDE, SIDE), np.float32))
        fit_text(self.figure)
        canvas.draw()

    @as_designed(STYLE | {"axes.spines.top": True, "axes.spines.right": True})
    def _build(self, box):
        self._area, self._input = (
            self.figure.add_axes(place, xticks=[], yticks=[], box_aspect=1, anchor="N")
            for place in ((0.02, 0.1, 0.36, 0.8), (0.41, 0.35, 0.16, 0.55))
        )
        for axes, title in ((self._area, "Draw here"), (self._input, "What it sees")):
            axes.set_title(title, fontsize=18, fontweight="bold", loc="left")
            axes.spines[:].set(color="#666666", lw=2)
        self._drawing, self._image = PaintedArtist(self._area), PaintedArtist(self._input)
        pixels = len(self._preprocess(np.zeros((1, 1))))
        self._input.set(xlim=(0, pixels), ylim=(pixels, 0))
        first, last = box
        marks = {"color": TRAIN, "alpha": 0.4, "animated": True}
        frame = Rectangle((first, first), last + 1 - first, last + 1 - first, fill=False, ls="--", **marks)
        self._input.add_patch(frame)
        middle = (pixels + 1) / 2
        (cross,) = self._input.plot(middle, middle, "+", ms=14, **marks)
        about = (
            f"{pixels} × {pixels} pixels: the digit",
            "is fitted into the square,",
            "then moved so that its",
            "centre of mass is at +",
        )
        style = {"fontsize": SMALL, "va": "top", "linespacing": 1.4}
        self._input.text(0, -0.05, "\n".join(about), transform=self._input.transAxes, **style)
        style = {"fontsize": 15, "va": "bottom", "transform": self.figure.transFigure, "animated": True}
        self._hint = self._area.text(0.02, 0.03, "", **style)
        self._moving = [self._drawing, self._image, frame, cross, self._hint]

    @as_designed(STYLE)
    def put_readers(self, networks, inside=None):
        """Add one or two networks, whose predictions are shown from now on.

        Args:
            networks: for each its name, one or two lines, the names of its classes, and a function from its
                input, as `preprocess` returns it, to their probabilities, float [classes].
            inside: None, or an `inside.tracing.Network` whose layers light up above, and its classes.
        """
        if self._class:
            self._class.networks = networks
        if inside:
            self._put_layers(*inside)
        left, right, gap, high, largest = (
            (0.55, 0.98, 0.04, 0.3, 34) if inside else (0.62, 0.98, 0.04, 0.53, 72)
        )
        width = (right - left - gap * (len(networks) - 1)) / len(networks)
        for i, (name, classes, predict) in enumerate(networks):
            classes = [shorten(one, 14) for one in classes]
            longest = max(map(len, classes))
            beside = 0.007 * max(longest - 2, 0)  # room for the names of the classes
            start = -beside / (width - beside)
            axes = self.figure.add_axes((left + i * (width + gap) + beside, 0.1, width - beside, high))
            axes.text(start, 1.58, name, fontsize=SMALL, va="top", transform=axes.transAxes, linespacing=1.4)
            count = len(classes)
            axes.set(xlim=(0, 1), ylim=(count - 0.4, -0.6), xticks=(0, 0.5, 1), xlabel="probability in %")
            axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=""))
            size = min(LARGE, 380 * high / count, LARGE if longest < 3 else SMALL)
            axes.set_yticks(range(count), classes, fontsize=size, fontweight="bold")
            bars = axes.barh(range(count), np.zeros(count), lw=0, animated=True)
            style = {"fontweight": "bold", "color": TRAIN, "va": "center", "animated": True}
            size = min(largest, 1500 * width / longest)
            digit = axes.text(start, 1.2, "", fontsize=size, transform=axes.transAxes, **style)
            place = (0.064 / width, 1.18) if longest < 3 else (start, 1.07)  # beside or below it
            share = axes.text(*place, "", fontsize=LARGE, transform=axes.transAxes, **style)
            self._networks.append((classes, predict, bars, digit, share))
            self._moving += [*bars, digit, share]
        self._predicted = False
        self.figure.canvas.draw()

    def _put_layers(self, network, classes):
        """Make room above, and show the layers of a network there."""
        self._area.set_position((0.02, 0.1, 0.3, 0.5))
        self._input.set_position((0.35, 0.3, 0.13, 0.3))
        page = self.figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(0, HEIGHT), zorder=-1)
        page.axis("off")
        page.set_autoscale_on(False)
        network.see(self._preprocess(np.zeros((1, 1))))
        self._layers = Columns(page, network, classes, top=7.0, bottom=5.0)
        for artist in self._layers.changing:
            artist.set_animated(True)
        self._moving = self._layers.changing + self._moving

    def show(self, ink):
        """Replace the drawing with a copy of this ink, float [280, 280], 0 (paper) to 1 (ink), to draw on."""
        self.ink = np.array(ink, np.float32)
        self._drawn = self._predicted = False
        keys = "w shows the class's drawings" if self._wall else "" if self.screen.lists_keys else KEYS
        self._hint.set_text("space brings the next picture\n" * (len(self._waiting) > 1) + keys)

    def show_in_turn(self, drawings):
        """Show the first of several drawings; the space key shows the next."""
        self._waiting = list(drawings)
        self._turn()

    def _turn(self):
        if self._waiting:
            self.show(self._waiting[0])
            self._waiting.append(self._waiting.pop(0))

    def run(self):
        """Handle drawing until the window is closed."""
        while self.screen.open:
            self.flush()
            time.sleep(0.01)

    def flush(self):
        """Handle mouse and keys, and update the window."""
        self.screen.flush()
        if not self.screen.open:
            return
        if self._class:
            self._class.flush()
        if self._on_the_wall:
            if self._wall.update():
                self._draw([self._wall.picture], self.figure.bbox)
            return
        pause = time.perf_counter() - self._predicted_at
        if not self._predicted and (self._pen is None or pause > PREDICT_EVERY):
            self._predict()
            self._draw(self._moving, self.figure.bbox)
        elif not self._drawn:
            self._show_ink()
            self._draw([self._drawing], self._area.bbox)

    def _show_ink(self):
        grey = Image.fromarray((255 * (1 - self.ink)).astype(np.uint8))
        self._drawing.show(lambda width, height: grey.resize((width, height), Image.Resampling.BILINEAR))
        self._drawn = True

    def _predict(self):
        self._show_ink()
        image = self._preprocess(self.ink)
        grey = Image.fromarray(255 - image[..., 0])
        self._image.show(lambda width, height: grey.resize((width, height), Image.Resampling.NEAREST))
        if self._layers:
            self._layers.network.see(image)
            if not image.any():  # nothing is drawn: nothing lights up
                for values in self._layers.network.values:
                    values[:] = 0
            self._layers.update()
        for classes, predict, bars, digit, share in self._networks:
            probabilities = predict(image) if image.any() else np.zeros(len(classes))
            best = probabilities.argmax()
            for i, (bar, probability) in enumerate(zip(bars, probabilities, strict=True)):
                bar.set(width=probability, color=TRAIN if i == best else OTHER)
            digit.set_text(classes[best] if image.any() else "")
            share.set_text(f"{100 * probabilities[best]:.1f} %" if image.any() else "")
        self._predicted, self._predicted_at = True, time.perf_counter()

    def _draw(self, artists, part):
        if self._background is None:
            self.figure.canvas.draw()
            return
        if artists is self._moving:
            self.figure.canvas.restore_region(self._background)
        with as_designed(self.figure.settings):
            for artist in artists:
                artist.axes.draw_artist(artist)
        self.figure.canvas.blit(part)

    def _on_draw(self, event):
        canvas = self.figure.canvas
        if not canvas.is_saving() and self.screen.live:
            self._background = canvas.copy_from_bbox(self.figure.bbox)
            for artist in [self._wall.picture] if self._on_the_wall else self._moving:
                artist.axes.draw_artist(artist)

    # -- mouse and keys

    @property
    def _on_the_wall(self):
        return self._wall is not None and self._wall.shown

    def _place(self, event):
        box = self._area.bbox
        return SIDE * (event.x - box.x0) / box.width, SIDE * (box.y1 - event.y) / box.height

    def _on_press(self, event):
        if self._on_the_wall:
            self._wall.on_press(event)
        elif event.button == 1 and event.inaxes is self._area:
            self.show(self.ink)
            self._pen = self._place(event)
            self._on_move(event)

    def _on_move(self, event):
        if self._pen is not None:
            place = self._place(event)
            draw_stroke(self.ink, self._pen, place)
            self._pen, self._drawn, self._predicted = place, False, False

    def _on_release(self, event):
        if event.button == 1:
            self._pen = None

    def _on_key(self, key):
        if key == "s":
            self._save_next()
        elif key == "f":
            self.screen.toggle_full_screen()
        elif key == "q":
            self.screen.close()
        elif (self._wall and key == "w") or (self._on_the_wall and key == "escape"):
            self._pen, self._drawn, self._predicted = None, False, False
            self._wall.toggle()
        elif self._on_the_wall:
            self._wall.on_key(key)
        elif key == "c":
            self.show(np.zeros_like(self.ink))
        elif key == " ":
            self._turn()

    def _save_next(self):
        name = "wall" if self._on_the_wall else "drawing"
        numbers = (n for n in range(1, 10**6) if not (self._out / f"{name}-{n}.png").exists())
        path = self._out / f"{name}-{next(numbers)}.png"
        try:
            self.save(path)
            said = f"saved as {path}"
        except UserError as error:
            print(error, file=sys.stderr)
            said = str(error)
        if self._on_the_wall:
            self._wall.note = said
        else:
            self._hint.set_text(fill(said, 70))
        self.figure.canvas.draw()

    def save(self, path):
        """Save the whole figure. Raises UserError if it cannot be written."""
        self._predict()
        with replacing(path) as new:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            self.figure.savefig(new, dpi=100)
        print(f"Saved {path}", flush=True)
