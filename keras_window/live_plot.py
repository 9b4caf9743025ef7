"""The live window as one Keras callback, which decides when to record, measure and draw."""

import functools
import os
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np

from keras_window.automatic import choose_panes
from keras_window.batch_values import synchronize
from keras_window.display import Display
from keras_window.examples import take_examples
from keras_window.guard import Guard, one_line, say_once
from keras_window.measuring import Measurer
from keras_window.overlays import Follower, Overlay
from keras_window.pace import Pace
from keras_window.panes.pane import Pane
from keras_window.recording import Recorder
from keras_window.records import Records
from keras_window.sample import Sample
from keras_window.screens import close_windows, wait_until_closed
from keras_window.validation_outputs import ValidationOutputs


PLOTS = "auto", "window", "web", "share", "file", "none"
X_AXES = "iterations", "epochs"


def _overlays(folders, x_axis):
    names = set()
    for folder in folders:
        name = Path(folder).resolve().name
        yield Overlay(str(folder) if name in names else name, folder, x_axis)
        names.add(name)


def _guarded(method):
    """Decorate a method of `LivePlot`: an error in it stops the drawing, not the training."""

    @functools.wraps(method)
    def call(self, *args, **options):
        with self.guard:
            method(self, *args, **options)

    return call


class LivePlot(keras.callbacks.Callback):
    """A window that shows a network learning. It never changes what is computed, and never ends a training.

        model.fit(x, y, validation_split=0.1, callbacks=[LivePlot()])

    Without panes, there is one for each metric. What cannot be measured or drawn is printed in one line.

        train, test = (x_train, y_train), (x_test, y_test)
        plot = LivePlot([Accuracy(), Loss(), TestImages()], (train, test))
        model.fit(*train, validation_data=test, callbacks=[plot])

    Keys: space freezes the picture while the training continues, 1 to 6 show one pane, 0 or Esc all,
    s saves a picture, f fills the screen, h lists the keys, q closes the window. Closing it does not end the
    training.

    If the same callback is given to `fit` again, the curves of the same model go on; those of another model
    are drawn over the earlier ones.

    Args:
        panes: one to six panes, from `keras_window.panes`; if None, they are chosen at the first batch.
        data: the training data and the test (or validation) data: each a pair (x, y), as for `model.fit`, or
            a data set of such batches. Panes of images need x [n, height, width, 1 or 3] and y int [n]. The
            test data are evaluated also during the first epoch. Without them, Keras' validation is drawn.
        plot: "auto" (a window if there is a screen, or the notebook cell), "window", "web" (the browser),
            "share" (the browser, where others can watch), "file" (only the picture at the end), or "none".
        title: the title of the window; if None, the script's name.
        out: the folder to write to: the last picture, `dashboard.png`, and the points of the curves,
            `curves.csv`. If None, nothing is written.
        overlays: folders of other runs, whose curves are drawn behind this run's.
        movie: the path of a .gif or .mp4 of the window, or None.
        x_axis: the horizontal axis of the curves, "iterations" or "epochs".
        close: whether the window closes when the program ends or calls `wait_until_closed`; if not, it stays
            until the user closes it.
        resume: whether the training continues the one whose curves are in `out`.

    Attributes:
        out: the folder, a `Path`, or None.
        records: the `Records`.
        display: the `Display`.
        pace: the `Pace` of this training.
        guard: the `Guard` around all drawing.

    Raises:
        ValueError: there are more than six panes, a pane cannot show these data, or an argument is wrong.
        OSError: a folder in `overlays` is not a run.
    """

    SHOWN = 60  # training examples; fewer if photos are larger than 150 × 150, to predict them in time
    VALUES = SHOWN * 150 * 150 * 3
    TESTED = 10_000  # examples taken from a data set

    def __init__(
        self,
        panes: Sequence[Pane] | None = None,
        data: Iterable[Any] | None = None,
        *,
        plot: Literal["auto", "window", "web", "share", "file", "none"] = "auto",
        title: str | None = None,
        out: str | os.PathLike[str] | None = None,
        overlays: Iterable[str | os.PathLike[str]] = (),
        movie: str | os.PathLike[str] | None = None,
        x_axis: Literal["iterations", "epochs"] = "iterations",
        close: bool = False,
        resume: bool = False,
    ) -> None:
        super().__init__()
        if panes is not None and not 1 <= len(panes) <= 6:
            raise ValueError(f"LivePlot shows one to six panes, not {len(panes)}")
        if plot not in PLOTS or x_axis not in X_AXES:
            raise ValueError(f"LivePlot's plot is one of {PLOTS}, x_axis one of {X_AXES}")
        if not out and (plot == "file" or resume):
            raise ValueError(f"LivePlot needs the folder to {'resume' if resume else 'write to'}: out=...")
        if movie and Path(movie).suffix.lower() not in (".gif", ".mp4"):
            raise ValueError(f"LivePlot's movie must end in .gif or .mp4, not {movie}")
        self._panes, self._plot, self.out = panes, plot, Path(out) if out else None
        self._close = close
        if out:
            self.out.mkdir(parents=True, exist_ok=True)
        self.records = Records(x_axis=x_axis, overlays=list(_overlays(overlays, x_axis)))
        self._evaluates = False  # whether the test examples are all there are, so that they can be evaluated
        if data is not None:
            self._take(data)
        for pane in panes or ():
            pane.check(self.records)
        self._said = set()  # lines that are not printed again
        self.guard = Guard("The window stops here", self._stop)
        title = Path(sys.argv[0]).stem if title is None else title
        self.display = Display(self.records, self.guard, plot, title, self.out, movie, self._said)
        self._recorder = Recorder(self.records, self.out, resume)
        self._validation = self._measurer = None

    def _take(self, data):
        parts = list(data)[:2]
        if len(parts) < 2:
            raise ValueError("LivePlot's data are two parts, training and test: each (x, y) or a data set")
        train, test = take_examples(parts[0], self.SHOWN), take_examples(parts[1], self.TESTED)
        size = sum(np.size(leaf[0]) for leaf in keras.tree.flatten(train.x))
        shown = min(self.SHOWN, max(12, self.VALUES // max(size, 1)))
        records = self.records
        records.train = Sample(train.x, train.y).take(slice(shown))
        records.test = Sample(test.x, test.y)
        records.test_name = "test" if getattr(data, "validation", None) is None else "validation"
        self._evaluates = test.whole and not test.weighted and test.y is not None

    # -- called by Keras

    def on_train_begin(self, logs=None):
        self._chosen, self._named, self._measurer, self._same = self._panes, None, None, None
        self._stopped, self._empty = False, []
        self.pace = Pace(len(self.records.test or [0]))
        with self.guard:
            self._undo_validation()
            self._recorder.begin_fit(self.model, self.params or {})
            self.pace.first_epoch = self.records.step == 0
            self._follow()
        if self._plot == "none" or self._stopped or self._recorder.complete:
            return
        try:
            with self.pace:
                self.display.open()
        except (OSError, ImportError) as error:
            self.no_window(error)
        with self.guard:
            if self._chosen and self.display.screen and self.model.built:
                self._begin_drawing()

    def _follow(self):
        """Draw the curves of other runs as they grow."""
        own = self.out and self.out.resolve()
        runs = [overlay for overlay in self.records.overlays if isinstance(overlay, Overlay)]
        self._follower = Follower([run for run in runs if run.folder.resolve() != own])

    def no_window(self, error):
        """Say why no browser can show the window, an OSError or ImportError; the training goes on."""
        self._say(one_line(error))

    def _say(self, text):
        say_once(f"LivePlot: {text}", self._said)

    def _begin_drawing(self):
        """Draw the first picture, and get ready to measure."""
        panes, screen = self._begin_panes(), self.display.screen
        self._measurer = Measurer(
            self.model,
            panes,
            self.records,
            self.pace,
            screen.flush,
            self.display.give_up,
            self._evaluates,
            self._said,
        )
        self._show_progress()
        if self._measurer.evaluates and not keras.distribution.distribution():
            self._validation = ValidationOutputs(self.model, self.records.test.y)
        self.pace.start()
        self._flushed = 0.0

    def _begin_panes(self):
        """Draw the first picture. Returns the panes that fit the model."""
        unfit = {}
        for pane in self._chosen:
            with Guard(
                f"LivePlot: no {pane.title}: {{why}}", functools.partial(unfit.setdefault, pane), self._said
            ):
                pane.adapt(self.model)
        with self.pace:
            self.display.begin(self._chosen)
        for pane, why in unfit.items():
            self.display.give_up(pane, why)
        return [pane for pane in self._chosen if pane not in unfit]

    def _choose_panes(self):
        """Draw a pane for each metric that there is."""
        values = self._recorder.latest()
        if not values:
            return
        self._chosen, left_out = choose_panes(self.model, values, self.records)
        if left_out and not self._named:
            self._say(f"no room for {', '.join(left_out)}")
        if self._named:
            self._begin_panes()  # more panes of curves, for which nothing is measured
        else:
            self._begin_drawing()
        self._named = set(values)

    @_guarded
    def on_epoch_begin(self, epoch, logs=None):
        self._recorder.begin_epoch(epoch)
        self._give_up_empty_panes()
        if self._named and len(self._named) < min(len(self._recorder.latest()), 6) and self.display.dashboard:
            self._choose_panes()

    def _give_up_empty_panes(self):
        if not (self._recorder.latest() and self.display.dashboard):
            return
        for pane in self._chosen:
            if (why := pane.why_empty(self.records)) and pane not in self._empty:
                self._empty.append(pane)
                self._say(f"no {pane.title}: {why}")
                self.display.give_up(pane, why)

    @_guarded
    def on_train_batch_end(self, batch, logs=None):
        self._recorder.end_batch(logs)
        if self.display.dashboard:
            self._go_on_drawing()
        elif self.display.screen and not self._stopped:
            synchronize(self.model)
            if self._panes is None:
                self._choose_panes()
            else:  # Keras has just built the model
                self._begin_drawing()

    def _go_on_drawing(self):
        step, steps = self.records.step, self._recorder.steps
        progress = step / (self.records.total_steps or np.inf)
        whole = self.pace.whole_due(step, steps, progress)
        if self._measurer.evaluates and (whole or self.pace.sample_due(step, steps, progress)):
            synchronize(self.model)
            rarely = whole and not self.pace.quick
            self._measurer.evaluate_test_set(whole, free=rarely, between_pictures=True)
        if self.pace.due():
            synchronize(self.model)
            self._show_progress()
        else:
            self._flush()

    def _flush(self):
        """Let the window answer its user, ten times a second."""
        if time.perf_counter() - self._flushed > 0.1:
            self.display.screen.flush()
            self._flushed = time.perf_counter()

    @_guarded
    def on_test_begin(self, logs=None):
        self._recorder.add_batches()
        if self._validation:
            self._validation.begin()

    @_guarded
    def on_test_batch_end(self, batch, logs=None):
        if self.display.dashboard:
            self._flush()

    @_guarded
    def on_test_end(self, logs=None):
        outputs = self._validation.end() if self._validation else None
        if outputs is not None:
            test = self.records.test
            test.outputs, test.predicted_at = outputs, self.records.step

    @_guarded
    def on_epoch_end(self, epoch, logs=None):
        validated = self._recorder.end_epoch(epoch, logs)
        if validated and self._validates_on_test_set(validated):
            self._add_validation(validated)
        self._recorder.write()
        self.pace.end_epoch()
        if not self.display.dashboard:
            return
        last = self.model.stop_training or epoch + 1 == self.params["epochs"]  # the last picture shows it
        if not (validated or self.pace.quick or last) and self.pace.test_affordable():
            self._measurer.evaluate_test_set(between_pictures=True)
            self._show_progress()

    def _add_validation(self, validated):
        self.records.add_test(validated)
        if self._measurer and self._measurer.evaluates:
            self.pace.validated(self.records.step)
            self._measurer.validated(validated)

    def _validates_on_test_set(self, validated):
        """Whether Keras' validation is drawn: it is on the test examples, or the window does not evaluate."""
        if not (self._measurer and self._measurer.evaluates):
            return True
        if self._same is None and self._validation:
            self._same = self._validation.same
        if self._same is None:  # by the numbers
            self._measurer.evaluate_test_set(between_pictures=True)
            curves = self.records.curves
            both = [(curves[name].latest, value) for name, value in validated.items() if name in curves]
            self._same = all(np.isclose(ours, theirs, rtol=1e-2, atol=1e-4) for ours, theirs in both)
        if not self._same:
            self._undo_validation()
            data = "the orange curves are of the test data given to it"
            self._say(f"{data}; fit's validation gives other numbers")
        return self._same

    @_guarded
    def on_train_end(self, logs=None):
        self._recorder.add_late_values()
        self._give_up_empty_panes()
        self._undo_validation()
        self._follower.end()
        if self.display.dashboard:
            with self.guard:
                self._show_progress(last=True)
        self.save()
        if self.display.screen:
            self.display.screen.finished, self.display.screen.awaited = True, not self._close

    def _undo_validation(self):
        if self._validation:
            self._validation.undo()
        self._validation = None

    def _stop(self, why):
        self._stopped = True
        self.display.stop()

    # -- files and windows after the training

    def save(self) -> None:
        """Save the current picture and the movie."""
        if self.display.dashboard and self.out:
            with self.guard, self.pace:
                self.display.save_latest()  # after Ctrl-C, there may be more to show
        with self.guard:
            self.display.save_movie()

    def wait_until_closed(self) -> None:
        """Keep the windows open and responsive until they are closed; with `close`, close them now."""
        with self.guard:
            screen = self.display.screen
            if self.display.dashboard and screen.open and screen.stays:
                how = "" if screen.lists_keys else f": {screen.to_finish} to finish"
                self.display.note(f"   ·   done{how}")
        if not self._close:
            with self.guard:
                wait_until_closed()
        close_windows()

    def _show_progress(self, last=False):
        with self.pace:
            self._measurer.measure(everything=last)
            if not self.display.frozen:
                self.display.draw()
