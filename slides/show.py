"""Animated slides, shown step by step in a window, saved as pictures, or recorded as a movie."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from common.command_line import demo_parser
from common.files import by_product, replacing, user_errors
from common.errors import UserError
from common.screens import open_screen
from keras_window.movie import Movie
from keras_window.screens import File
from keras_window.style import STYLE, as_designed, fit_text
from slides.controls import control_under, draw_controls, make_room

PER_SECOND = 2  # steps, during playback
MOST = 50  # steps of a slide that are shown during playback
BUTTONS = {"ArrowLeft": "← frame", "ArrowRight": "→ frame", "ArrowUp": "↑ slide", "ArrowDown": "↓ slide"}
BUTTONS |= {"p": "play", "s": "save", "q": "close"}
KEYS = "space, ← →  frame      p  play      ↑ ↓  other slides      s  save      f  full screen      q  close"


@dataclass
class Slide:
    """One slide.

    Args:
        name: the name for `--slide` and for the saved picture.
        title: the text above it.
        count: the number of steps, or a function that computes it from the values of the controls.
        parts: a function and its arguments, (draw, *rest). `draw(figure, step, *rest, *values)` draws step 0
            to `steps` - 1 on an empty figure, with the values of the controls.
        picture: the step that is saved when there is no window; -1 is the last.
        controls: a `Slider` or `Choice` for each flag that changes the slide.
        fits: a function that says whether the slide can be drawn with other values of the controls.
    """

    name: str
    title: str
    count: int | Callable
    parts: tuple
    picture: int = -1
    controls: Sequence = ()
    fits: Callable = lambda *values: True

    @property
    def values(self):
        return [control.value for control in self.controls]

    @property
    def steps(self):
        return self.count(*self.values) if callable(self.count) else self.count

    @property
    def drawing(self):
        """The function that draws it and its arguments, with the values of the controls."""
        return *self.parts, *self.values

    def can(self, moved, choice):
        """Whether the slide can be drawn when a control is moved to a choice."""
        return self.fits(*(one.means(choice) if one is moved else one.value for one in self.controls))

    def next(self, step):
        """The next step during playback; a slide with very many steps skips some."""
        return min(step + max(1, self.steps // MOST), max(step + 1, self.steps - 1))

    def put_on(self, figure, step, footer="", movable=False):
        """Draw a step on a figure; if its flags are `movable`, with its controls below."""
        for axes in figure.axes:
            axes.remove()  # `clear` would first make them anew
        figure.clear()
        figure.settings.clear()  # text in pictures and movies uses font hinting
        movable = movable and self.controls
        with as_designed(STYLE):
            place, strip = make_room(figure) if movable else (figure, None)
            place.text(0.5, 0.95, self.title, fontsize=24, weight="bold", ha="center", va="center")
            figure.text(0.5, 0.025, footer, fontsize=13, ha="center", va="center", color="0.35")
            draw, *rest = self.drawing
            draw(place, step, *rest)
            if movable:
                draw_controls(strip, self.controls, self.can)


def slides_parser(description):
    """Make the parser of a slide show: `demo_parser` with --slide and --movie."""
    parser = demo_parser(description, ("plot", "share", "close", "movie", "out"))
    parser.add_argument("--slide", help="show only this slide (default: all of them)", metavar="NAME")
    return parser


def show_slides(slides, args):
    """Show slides in a window, controlled by the keys; save them as pictures if there is no window.

    With --close the window plays all steps once, then closes.

    Args:
        slides: list of `Slide`.
        args: from `slides_parser`; uses `slide`, `plot`, `close`, `movie` and `out`.

    Raises:
        UserError: there is no slide of that name.
    """
    names = ", ".join(slide.name for slide in slides)
    slides = [slide for slide in slides if args.slide in (None, slide.name)]
    if not slides:
        raise UserError(f"there is no slide {args.slide!r} (there are {names})")
    if args.movie:
        _record(slides, args.movie)
    if args.plot == "none":
        return
    show = _Show(slides, args)
    if not show.screen.stays:
        if show.trouble:
            print(f"No window ({show.trouble}): the pictures are saved instead.")
        for slide in slides:
            show.save(slide, range(slide.steps)[slide.picture])
    else:
        show.run()


def _record(slides, path):
    movie, figure = Movie(path, PER_SECOND), File().figure
    for slide in slides:
        step = 0
        while step < slide.steps:
            slide.put_on(figure, step)
            figure.canvas.draw()
            movie.add(figure.canvas)
            step = slide.next(step)
    with user_errors():
        movie.save()
    print(f"Movie: {path}")


class _Show:
    """Slides on a screen, and the actions of the keys and of mouse or finger."""

    def __init__(self, slides, args):
        self.slides, self.args = slides, args
        self.number = self.step = 0
        self.playing = args.close
        self.held, self.moved = None, False
        self.screen, self.trouble = open_screen(args.plot, "Slides", self.on_key, BUTTONS)
        connect = self.screen.figure.canvas.mpl_connect
        connect("resize_event", lambda event: self.draw())
        # in lambdas, which the figure keeps: it forgets methods
        connect("button_press_event", lambda event: self.on_press(event))
        connect("motion_notify_event", lambda event: self.on_move(event))
        connect("button_release_event", lambda event: self.on_release(event))

    def on_key(self, key):
        self.held = None
        if key in (" ", "right"):
            self.go(self.step + 1)
        elif key == "left":
            self.go(self.step - 1)
        elif key in ("down", "pagedown", "up", "pageup"):
            self.number = (self.number + (1 if "down" in key else -1)) % len(self.slides)
            self.step = 0
            self.draw()
        elif key == "p":
            self.playing = not self.playing
        elif key == "s":
            with by_product():
                self.save(self.slides[self.number], self.step)
        elif key == "f":
            self.screen.toggle_full_screen()
        elif key == "q":
            self.screen.close()

    def on_press(self, event):
        slide = self.slides[self.number]
        if event.button == 1 and not self.args.close:
            self.held = control_under(event, slide.controls)
            self.began = None if self.step == slide.steps - 1 else self.step
            self.on_move(event)

    def on_move(self, event):
        """Give the control that is held the value under the mouse; `update` draws it, so no drawing waits."""
        if not self.held:
            return
        slide, (control, left, width) = self.slides[self.number], self.held
        choice = control.at(event.x / self.screen.figure.dpi - left, width)
        if choice != control.chosen and slide.can(control, choice):
            control.chosen, self.moved = choice, True
            last = slide.steps - 1  # who has seen the last step sees the last, however many there are
            self.step = last if self.began is None else min(self.began, last)

    def on_release(self, event):
        self.held = None

    def go(self, step):
        """Go to a step; past the end, go to the next slide; before the beginning, to the previous one."""
        if 0 <= step < self.slides[self.number].steps:
            self.step = step
        elif 0 <= self.number + (1 if step > 0 else -1) < len(self.slides):
            self.number += 1 if step > 0 else -1
            self.step = 0 if step > 0 else self.slides[self.number].steps - 1
        else:
            self.playing = False
            if self.args.close:
                self.screen.close()
            return
        self.draw()

    def draw(self):
        slide, figure = self.slides[self.number], self.screen.figure
        self.moved = False
        fit_text(figure)
        footer = f"{self.number + 1}/{len(self.slides)}" + f"      {KEYS}" * (not self.screen.lists_keys)
        slide.put_on(figure, self.step, footer, movable=not self.args.close)
        figure.settings["text.hinting"] = "no_hinting"  # text takes a quarter less time
        figure.canvas.draw()
        self.screen.present()

    def save(self, slide, step):
        """Save a step as a picture, without footer and controls."""
        path = self.args.out / f"{slide.name}.png"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"cannot write to {path.parent}: {error.strerror}") from error
        figure = File().figure
        slide.put_on(figure, step)
        with replacing(path) as new:
            figure.savefig(new, dpi=100)
        print(f"{slide.title}: {path}")

    def update(self):
        """Handle mouse and keys, and draw the slide anew if a control has moved."""
        self.screen.flush()
        if self.moved and self.screen.open:
            self.draw()

    def run(self):
        self.draw()
        while self.screen.open:
            end = time.monotonic() + 1 / PER_SECOND
            while self.screen.open and (time.monotonic() < end or not self.playing):
                self.update()
                time.sleep(0.01)
            if self.screen.open:
                self.go(self.slides[self.number].next(self.step))
