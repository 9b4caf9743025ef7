"""The live window as one Keras callback, which decides when to record, measure and draw."""

import contextlib
import functools
import sys
import time
import weakref
from pathlib import Path

import keras
import numpy as np

from keras_window.automatic import choose_panes
from keras_window.batch_values import BatchValues, numbers
from keras_window.curves_file import read_curves, write_curves
from keras_window.display import Display
from keras_window.examples import take_examples
from keras_window.guard import Guard, by_product, one_line
from keras_window.measuring import Measurer
from keras_window.overlays import EarlierFit, Follower, Overlay
from keras_window.pace import Pace
from keras_window.records import Records
from keras_window.sample import Sample
from keras_window.screens import close_windows, wait_until_closed
from keras_window.validation_outputs import ValidationOutputs

EARLIER_FITS = 20  # whose curves are kept


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
        model.fit(*train, validation_data=test, callbacks=[LivePlot([Accuracy(), TestImages()], (train, test))])

    Keys: space freezes the picture while the training continues, 1 to 6 show one pane, 0 or Esc all,
    s saves a picture, f fills the screen, q closes the window. Closing it does not end the training.

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
        self, panes=None, data=None, *, plot="auto", title=None, out=None, overlays=(), movie=None,
        x_axis="iterations", close=False, resume=False,
    ):  # fmt: skip
        super().__init__()
        if panes is not None and not 1 <= len(panes) <= 6:
            raise ValueError(f"LivePlot shows one to six panes, not {len(panes)}")
        if plot == "file" and not out:
            raise ValueError('LivePlot(plot="file") needs the folder of the file: out=...')
        self._panes, self._plot, self.out = panes, plot, Path(out) if out else None
        self._close, self._resume = close, resume
        if out:
            self.out.mkdir(parents=True, exist_ok=True)
        self.records = Records(x_axis=x_axis, overlays=list(_overlays(overlays, x_axis)))
        self._evaluates = False  # whether the test examples are all there are, so that they can be evaluated
        if data is not None:
            self._take(data)
        for pane in panes or ():
            pane.check(self.records)
        self.guard = Guard("The window stops here ({why}): everything else goes on", self._stop)
        title = Path(sys.argv[0]).stem if title is None else title
        self.display = Display(self.records, self.guard, plot, title, self.out, movie)
        self._fitted = self._validation = self._measurer = None

    def _take(self, data):
        parts = list(data)[:2]
        if len(parts) < 2:
            raise ValueError("LivePlot's data are two parts, training and test: each (x, y) or a data set")
        train, test = (take_examples(part, most) for part, most in zip(parts, (self.SHOWN, self.TESTED)))
        size = sum(np.size(leaf[0]) for leaf in keras.tree.flatten(train.x))
        shown = min(self.SHOWN, max(12, self.VALUES // max(size, 1)))
        records = self.records
        records.train = Sample(train.x, train.y).take(slice(shown))
        records.test = Sample(test.x, test.y)
        records.test_name = "test" if getattr(data, "validation", None) is None else "validation"
        self._evaluates = test.whole and not test.weighted and test.y is not None

    # -- called by Keras

    def on_train_begin(self, logs=None):
        with self.guard:
            self._begin_records()
        complete = self._resume and self._steps and self.records.step >= self._epochs * self._steps
        if self._plot == "none" or complete or self._stopped:
            return
        try:
            with self.pace:
                self.display.open()
        except (OSError, ImportError) as error:
            self.no_window(error)
        with self.guard:
            if self._chosen and self.display.screen:
                self._begin_drawing()

    def _begin_records(self):
        params, records = self.params or {}, self.records
        self._steps, self._epochs = params.get("steps") or 0, params.get("epochs") or 0
        self._chosen, self._named, self._measurer, self._same = self._panes, None, None, None
        self._logs, self._epoch_logs, self._stopped = None, None, False
        self._undo_validation()
        self._batch_values = BatchValues(self.model)
        self.pace = Pace(len(records.test or [0]))
        continues = self._fitted and self._fitted() is self.model
        if not continues:
            if any(curve.values for curve in records.curves.values()):
                records.overlays.append(EarlierFit(records))
                earlier = [one for one in records.overlays if isinstance(one, EarlierFit)]
                records.overlays = [one for one in records.overlays if one not in earlier[:-EARLIER_FITS]]
            records.curves.clear()
            records.step = records.first_step = records.epoch = 0
            if records.test:
                records.test.outputs, records.test.predicted_at = None, 0
        self._fitted = weakref.ref(self.model)
        if self._steps:
            records.steps_per_epoch = self._steps
        if self._resume and not continues:
            records.step = int(self.model.optimizer.iterations)
            with by_product():
                self._bring_back_curves()
        done = records.step // self._steps if self._resume and self._steps else 0
        self._expect_epochs(self._epochs - done)
        self._epochs_before = records.epoch
        records.epoch, records.epochs = (n + records.epoch for n in (done + 1, self._epochs))
        self.pace.first_epoch = records.step == 0
        self._epoch_step, self._first = records.step, True
        self._write_curves()  # programs that follow this run see that it begins
        own = self.out and self.out.resolve()
        others = [one for one in records.overlays if isinstance(one, Overlay) and one.folder.resolve() != own]
        self._follower = Follower(others)

    def _expect_epochs(self, epochs):
        """Set the number of iterations of the whole training, of which so many epochs are left."""
        records = self.records
        records.total_steps = records.steps_per_epoch and records.step + epochs * records.steps_per_epoch

    def no_window(self, error):
        """Say why the window cannot be served to a browser, an OSError or ImportError, and go on without."""
        print(f"LivePlot: {one_line(error)}", file=sys.stderr)

    def _begin_drawing(self):
        """Draw the first picture, and make ready to measure."""
        unfit = self._begin_panes()
        screen, panes = self.display.screen, [pane for pane in self._chosen if pane not in unfit]
        self._measurer = Measurer(
            self.model, panes, self.records, self.pace, screen.flush, self._give_up, self._evaluates
        )
        self._show_progress()
        if self._measurer.evaluates and not keras.distribution.distribution():
            self._validation = ValidationOutputs(self.model, self.records.test.y)
        self.pace.start()
        self._flushed = 0.0

    def _begin_panes(self):
        """Draw the first picture. Returns the panes that do not fit the model."""
        unfit = {}
        for pane in self._chosen:
            with Guard(f"LivePlot: no {pane.title}: {{why}}", functools.partial(unfit.setdefault, pane)):
                pane.adapt(self.model)
        with self.pace:
            self.display.begin(self._chosen)
        for pane, why in unfit.items():
            self._give_up(pane, why)
        return unfit

    def _give_up(self, pane, why):
        self.display.give_up(pane, why)

    @_guarded
    def on_epoch_begin(self, epoch, logs=None):
        self._add_late_values()
        if self._named and len(self._named) < len(self._values()) <= 6 and self.display.dashboard:
            self._choose_panes()
        records = self.records
        if self._first:
            if epoch and self._steps and not records.step:
                records.step = records.first_step = epoch * self._steps
            self._epochs_before = max(self._epochs_before - epoch, 0)
            self._first = False
        self._epoch_step = records.step
        records.epoch, records.epochs = (n + self._epochs_before for n in (epoch + 1, self._epochs))
        self._expect_epochs(self._epochs - epoch)
        self._batch_values.begin_epoch()
        self._next_values = 0.0

    @_guarded
    def on_train_batch_end(self, batch, logs=None):
        self.records.step = self._epoch_step + batch + 1
        self._logs = logs
        if batch + 1 == self._steps or time.perf_counter() >= self._next_values:
            self._add_values()
        if self.display.dashboard:
            self._go_on_drawing()
        elif self._panes is None and self.display.screen and not self._stopped:
            self._choose_panes()

    def _add_values(self):
        """Add the loss and metrics of the latest batches to the curves, in at most 5 % of the time."""
        if self._logs is None:
            return
        began = time.perf_counter()
        self.records.add(self._batch_values(self._logs))
        self._logs = None
        now = time.perf_counter()
        self._next_values = now + min(20 * (now - began), 0.02)  # seconds
        if now >= self._next_writing:
            self._write_curves()

    def _values(self):
        """The latest values of the curves of the training."""
        curves = self.records.curves.items()
        numbers = {name: curve.latest for name, curve in curves if np.ndim(curve.latest) == 0}
        return {name: value for name, value in numbers.items() if not name.startswith("val_")}

    def _choose_panes(self):
        """Draw a pane for each metric that there is."""
        values = self._values()
        if not values:
            return
        self._chosen, left_out = choose_panes(self.model, values, self.records)
        if left_out:
            self._say(f"no room for {', '.join(left_out)}")
        if self._named:
            self._begin_panes()  # other panes of curves, for which nothing is measured
        else:
            self._begin_drawing()
        self._named = set(values)

    def _say(self, text):
        print(f"\nLivePlot: {text}", file=sys.stderr)

    def _go_on_drawing(self):
        step = self.records.step
        if self.pace.due():
            self._synchronize()
            self._show_progress()
        elif self._measurer.evaluates and self.pace.test_due(step):
            self._synchronize()
            quarter = self._steps / 4  # of the first epoch: by then many examples are classified correctly
            whole = self.records.test.predicted_at < quarter <= step
            self._measurer.evaluate_test_set(1 if whole else self.pace.stride, between_pictures=True)
        elif time.perf_counter() - self._flushed > 0.1:
            self.display.screen.flush()
            self._flushed = time.perf_counter()

    def _synchronize(self):
        if hasattr(self.model, "jax_state_sync"):
            self.model.jax_state_sync()  # otherwise the model's variables are empty in the middle of an epoch

    @_guarded
    def on_test_begin(self, logs=None):
        self._add_values()  # Keras is about to reset the metrics
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

    @_guarded
    def on_epoch_end(self, epoch, logs=None):
        self._add_values()
        records = self.records
        if not self._steps:
            records.steps_per_epoch = records.step - self._epoch_step
            self._expect_epochs(self._epochs - epoch - 1)
        self._epoch_logs, self._known = logs, set(self._batch_values.names)
        values = numbers(logs)
        validated = {name: value for name, value in values.items() if name.startswith("val_")}
        if validated and self._validates_on_test_set(validated):
            records.add(validated)
            if self._measurer and self._measurer.evaluates:
                self._measurer.validated_at = records.step
                self.pace.validated(records.step)
        self._add_late_values()
        if self.out:
            with by_product():
                write_curves(self.out, records.curves, records.steps_per_epoch)
        self.pace.end_epoch()
        if not self.display.dashboard:
            return
        last = self.model.stop_training or epoch + 1 == self._epochs  # the last picture shows it
        if self.pace.stride > 1 and self.pace.test_affordable() and not last:
            self._measurer.evaluate_test_set(between_pictures=True)
            self._show_progress()

    def _validates_on_test_set(self, validated):
        """Whether Keras validates on the test examples, so that its numbers belong to the same curve."""
        if not (self._measurer and self._measurer.evaluates):
            return True
        if self._same is None and self._validation:
            self._same = self._validation.same
        if self._same is None:  # by the numbers
            self._measurer.evaluate_test_set(between_pictures=True)
            curves = self.records.curves
            self._same = all(
                np.isclose(curves[name].latest, value, rtol=1e-2, atol=1e-4)
                for name, value in validated.items()
                if name in curves
            )
        if not self._same and self._validation:
            self._undo_validation()
            self._say("the orange curves are of the test data given to it; fit validates on other examples")
        return self._same

    def _add_late_values(self):
        """Add what other callbacks have put into the logs of the epoch since, such as the learning rate."""
        if self._epoch_logs is None:
            return
        values = numbers(self._epoch_logs)
        new = [name for name in values if not name.startswith("val_") and name not in self._known]
        self.records.add({name: values[name] for name in new})
        self._known.update(new)

    @_guarded
    def on_train_end(self, logs=None):
        self._add_late_values()
        self._undo_validation()
        self._follower.end()
        if self.display.dashboard:
            self.display.frozen = False
            with self.guard:
                self._show_progress(last=True)
        self.save()

    def _undo_validation(self):
        if self._validation:
            self._validation.undo()
        self._validation = None

    def _stop(self, why):
        self._stopped = True
        self.display.stop()

    # -- files and windows after the training

    def save(self):
        """Save the current picture and the movie."""
        if self.display.dashboard and self.out:
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
        if not self.out:
            self._next_writing = float("inf")
            return
        began = time.perf_counter()
        with contextlib.suppress(OSError):  # the end of the epoch reports it
            write_curves(self.out, self.records.curves, self.records.steps_per_epoch or 1)
        now = time.perf_counter()
        self._next_writing = now + max(1, 100 * (now - began))

    def _bring_back_curves(self):
        for name, (steps, values) in read_curves(self.out).items():
            for step, value in zip(steps, values, strict=True):
                if step <= self.records.step:
                    self.records.curves[name].add(step, value)
