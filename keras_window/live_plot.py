"""The live window as one Keras callback, which decides when to record, measure and draw."""

import contextlib
import functools
import sys
import time
from pathlib import Path

import keras

from keras_window.curves_file import read_curves, write_curves
from keras_window.display import Display
from keras_window.guard import Guard, by_product
from keras_window.measuring import Measurer
from keras_window.overlays import Follower, Overlay
from keras_window.pace import Pace
from keras_window.records import RecentMeans, Records, Sample
from keras_window.screens import close_windows, wait_until_closed
from keras_window.validation_outputs import ValidationOutputs


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

        train, test = (x_train, y_train), (x_test, y_test)
        model.fit(*train, validation_data=test, callbacks=[LivePlot([Accuracy(), Loss()], (train, test))])

    Keys: space freezes the picture while the training continues, 1 to 6 show one pane, 0 or Esc all,
    s saves a picture, f fills the screen, q closes the window. Closing it does not end the training.

    It writes the last picture, `dashboard.png`, and the points of the curves, `curves.csv`.

    Args:
        panes: one to six panes, from `keras_window.panes`, in two rows of three.
        data: two pairs (x, y), the training data and the test (or, if there is any, validation) data, as
            for `model.fit`. Panes of images need x [n, height, width, 1 or 3], uint8 from 0 to 255 or
            float from 0 to 1, and y int [n].
        plot: "auto" (a window if there is a screen, or the notebook cell), "window", "web" (the browser),
            "share" (the browser, where others can watch), "file" (only the picture at the end), or "none".
        title: the title of the window; if None, the script's name.
        out: the folder to write to.
        overlays: folders of other runs, whose curves are drawn behind this run's.
        movie: the path of a .gif or .mp4 of the window, or None.
        x_axis: the horizontal axis of the curves, "iterations" or "epochs".
        close: whether `wait_until_closed` closes the window.
        resume: whether the training continues the one whose curves are in `out`.

    Attributes:
        out: the folder, a `Path`.
        records: the `Records`.
        display: the `Display`.
        pace: the `Pace` of this training.
        guard: the `Guard` around all drawing.

    Raises:
        ValueError: there are no panes or more than six, or a pane cannot show these data.
        OSError: a folder in `overlays` is not a run; or, when the training begins, no port is free.
        ImportError: when the training begins, a package for the browser is not installed.
    """

    SHOWN = 60  # training examples; fewer if photos are larger than 150 × 150, to predict them in time
    VALUES = SHOWN * 150 * 150 * 3

    def __init__(
        self, panes, data, *, plot="auto", title=None, out=".", overlays=(), movie=None,
        x_axis="iterations", close=False, resume=False,
    ):  # fmt: skip
        super().__init__()
        if not 1 <= len(panes) <= 6:
            raise ValueError(f"LivePlot shows one to six panes, not {len(panes)}")
        self._panes, self._plot, self.out = panes, plot, Path(out)
        self._close, self._resume = close, resume
        self.out.mkdir(parents=True, exist_ok=True)
        (x_train, y_train), (x_test, y_test), *_ = data
        shown = min(self.SHOWN, max(12, self.VALUES // x_train[0].size))
        self.records = Records(
            Sample(x_train[:shown], y_train[:shown]),
            Sample(x_test, y_test),
            "test" if getattr(data, "validation", None) is None else "validation",
            x_axis,
            list(_overlays(overlays, x_axis)),
        )
        for pane in panes:
            pane.check(self.records)
        self.guard = Guard("The window stops here", lambda: self.display.stop())
        title = Path(sys.argv[0]).stem if title is None else title
        self.display = Display(panes, self.records, self.guard, plot, title, out, movie)
        self._validation = None

    # -- called by Keras

    def on_train_begin(self, logs=None):
        self._steps = self.params["steps"] or 0
        self.pace = Pace(len(self.records.test.y))
        with self.guard:
            self._begin_records()
        complete = self._steps and self.records.step >= self.records.total_steps  # with `resume`
        if self._plot != "none" and not complete:
            with self.pace:
                self.display.open()  # not guarded: the user must learn what the browser needs
            with self.guard:
                self._begin_drawing()

    def _begin_records(self):
        records = self.records
        records.curves.clear()
        records.test.outputs, records.test.predicted_at = None, 0
        records.steps_per_epoch = self._steps or 1
        records.step, records.total_steps = 0, self.params["epochs"] * self._steps
        if self._resume:
            records.step = int(self.model.optimizer.iterations)
            with by_product():
                self._bring_back_curves()
        self.pace.first_epoch = records.step == 0
        self._write_curves()  # programs that follow this run see that it begins
        own = self.out.resolve()
        self._follower = Follower([other for other in records.overlays if other.folder.resolve() != own])

    def _begin_drawing(self):
        with self.pace:
            self.display.begin()
        flush = self.display.screen.flush
        self._measurer = Measurer(self.model, self._panes, self.records, self.pace, flush)
        self._show_progress()
        if not keras.distribution.distribution():
            self._validation = ValidationOutputs(self.model, self.records.test.y)
        self.pace.start()
        self._flushed = 0.0

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch_step, self._executions = self.records.step, 0
        self._recent_means = RecentMeans()

    @_guarded
    def on_train_batch_end(self, batch, logs=None):
        # before Keras 3.11, `batch` is the first batch of an execution; later, the last
        self._executions += 1
        batches = self._executions * self.model.steps_per_execution
        batches = min(batches, self._steps or batches)  # the last one may be shorter
        self.records.step = self._epoch_step + batches
        self.records.add(self._recent_means(batches, logs))
        if time.perf_counter() >= self._next_writing:
            self._write_curves()
        if self.display.dashboard:
            self._go_on_drawing()

    def _go_on_drawing(self):
        if hasattr(self.model, "jax_state_sync"):
            self.model.jax_state_sync()  # otherwise the model's variables are empty in the middle of an epoch
        step = self.records.step
        if self.pace.due():
            self._show_progress()
        elif self.pace.test_due(step):
            quarter = self._steps / 4  # of the first epoch: by then many examples are classified correctly
            whole = self.records.test.predicted_at < quarter <= step
            self._measurer.evaluate_test_set(1 if whole else self.pace.stride, between_pictures=True)
        elif time.perf_counter() - self._flushed > 0.1:
            self.display.screen.flush()
            self._flushed = time.perf_counter()

    def on_test_begin(self, logs=None):
        if self._validation:
            self._validation.begin()

    @_guarded
    def on_test_batch_end(self, batch, logs=None):
        if self.display.dashboard:
            self.display.screen.flush()

    @_guarded
    def on_test_end(self, logs=None):
        outputs = self._validation.end() if self._validation else None
        if outputs is not None:
            test = self.records.test
            test.outputs, test.predicted_at = outputs, self.records.step
            self.pace.validated(self.records.step)

    @_guarded
    def on_epoch_end(self, epoch, logs=None):
        validated = {name: value for name, value in logs.items() if name.startswith("val_")}
        self.records.add(validated)
        with by_product():
            write_curves(self.out, self.records.curves, self.records.steps_per_epoch)
        self.pace.end_epoch()
        if not self.display.dashboard:
            return
        if validated:
            self._measurer.validated_at = self.records.step
        last = self.model.stop_training or epoch + 1 == self.params["epochs"]  # the last picture shows it
        if self.pace.stride > 1 and self.pace.test_affordable() and not last:
            self._measurer.evaluate_test_set(between_pictures=True)
            self._show_progress()

    @_guarded
    def on_train_end(self, logs=None):
        if self._validation:
            self._validation.undo()
            self._validation = None
        self._follower.end()
        if self.display.dashboard:
            self.display.frozen = False
            with self.guard:
                self._show_progress(last=True)
        self.save()

    # -- files and windows after the training

    def save(self):
        """Save the current picture and the movie."""
        if self.display.dashboard:
            with self.guard, self.pace:
                self.display.save_picture()
        with self.guard:
            self.display.save_movie()

    def wait_until_closed(self):
        """Keep the windows open and responsive until they are closed; with `close`, close them now."""
        with self.guard:
            screen = self.display.screen
            if self.display.dashboard and screen.open and screen.stays:
                self.display.note(f"   ·   done: {screen.to_finish} to finish")
        if not self._close:
            with self.guard:
                wait_until_closed()
        close_windows()

    def _show_progress(self, last=False):
        with self.pace:
            self._measurer.measure(everything=last)
            if not self.display.frozen:
                self.display.draw()

    def _write_curves(self):
        """Write the curves for programs that follow this run, in at most 1 % of the time."""
        began = time.perf_counter()
        with contextlib.suppress(OSError):  # the end of the epoch reports it
            write_curves(self.out, self.records.curves, self.records.steps_per_epoch)
        now = time.perf_counter()
        self._next_writing = now + max(1, 100 * (now - began))

    def _bring_back_curves(self):
        for name, (steps, values) in read_curves(self.out).items():
            for step, value in zip(steps, values, strict=True):
                if step <= self.records.step:
                    self.records.curves[name].add(step, value)
