"""The live window, as one Keras callback: it measures and draws."""

import contextlib
import functools
import json
import math
import sys
import time
from argparse import Namespace
from pathlib import Path

import keras
import numpy as np

from common.files import by_product, replacing
from common.errors import UserError
from common.libraries import STARTED
from common.signals import interrupt
from common.training import distribution
from common.training.race import Race
from keras_window.guard import Guard
from keras_window.overlays import Follower, Overlay, read_curves, write_curves
from keras_window.pace import Pace
from keras_window.records import Records, Sample
from keras_window.validation_outputs import ValidationOutputs

BUTTONS = {" ": "freeze", **{n: n for n in "123456"}, "0": "all", "s": "save", "q": "close"}
NO_FLAGS = {
    "plot": "auto", "close": False, "movie": None, "overlay": [], "against": None, "x_axis": "iterations",
    "out": ".", "resume": False,
}  # fmt: skip


def _overlays(args):
    """The other runs that the flags name; that of a race comes last."""
    names = set()
    for folder in args.overlay:
        name = Path(folder).resolve().name
        yield Overlay(str(folder) if name in names else name, folder, args.x_axis)
        names.add(name)
    if args.against:
        yield Overlay(args.against.flags, args.against.out, args.x_axis, races=True)


def _guarded(method):
    """What fails in this method of `LivePlot` ends the drawing, not the training."""

    @functools.wraps(method)
    def call(self, *args, **options):
        with self._guard:
            method(self, *args, **options)

    return call


class LivePlot(keras.callbacks.Callback):
    """A window that shows a network learning. It never changes what is computed, and never ends it.

        train, test = (x_train, y_train), (x_test, y_test)
        model.fit(*train, validation_data=test, callbacks=[LivePlot([Accuracy(), Loss()], (train, test))])

    Keys: space freezes the picture while the training goes on, 1 to 6 shows one pane, 0 or Esc all,
    s saves a picture, f fills the screen, q closes. Closing the window does not end the training.

    Args:
        panes: one to six panes, from `keras_window.panes`, in two rows of three.
        data: the parts that are shown, to learn from and to test on or, if there are such, to validate with:
            `Data`, or two (x, y), arrays as for `model.fit`; for the panes of pictures x [n, height, width, 1
            or 3], uint8 from 0 to 255 or float from 0 to 1; y int [n].
        args: from `parse_args`: plot, close, movie, overlay, against, x_axis, out and resume are used.
            Without it: a window if there is a screen, and `dashboard.png` and `curves.csv` in this folder.

    Raises:
        UserError: a run to overlay is no run.
    """

    SHOWN = 60  # training examples; fewer if they are larger photos than 150 × 150, to be read in time
    VALUES = SHOWN * 150 * 150 * 3

    def __init__(self, panes, data, args=None):
        super().__init__()
        if not 1 <= len(panes) <= 6:
            raise ValueError(f"LivePlot shows one to six panes, not {len(panes)}")
        self.args = args = args or Namespace(**NO_FLAGS)
        Path(args.out).mkdir(parents=True, exist_ok=True)
        self._picture_times = []  # seconds since the training began
        self._panes = panes
        (x_train, y_train), (x_test, y_test), *_ = data
        shown = min(self.SHOWN, max(12, self.VALUES // x_train[0].size))
        self._records = Records(
            Sample(x_train[:shown], y_train[:shown]),
            Sample(x_test, y_test),
            "test" if getattr(data, "validation", None) is None else "validation",
            args.x_axis,
            list(_overlays(args)),
        )
        self._race = Race(args.against) if args.against else None
        self._screen = self._dashboard = self._movie = self._validation = None
        self._guard = Guard("The window stops here", self._stop_drawing)
        self._frozen = False
        self._flushed = 0.0

    # -- called by Keras

    @_guarded
    def on_train_begin(self, logs=None):
        records = self._records
        records.curves.clear()
        records.step, self._steps = 0, self.params["steps"] or 0
        records.steps_per_epoch = self._steps or 1
        records.test.outputs, records.test.read_at = None, 0
        records.total_steps = self.params["epochs"] * self._steps
        if self.args.resume:
            records.step = int(self.model.optimizer.iterations)
            with by_product():
                self._bring_back_curves()
        self._write_curves()  # those who follow this run see that it begins
        own = Path(self.args.out).resolve()
        self._follower = Follower([other for other in records.overlays if other.folder.resolve() != own])
        self._pace = Pace(len(records.test.y))
        self._pace.first_epoch = records.step == 0
        self._seen = {}
        self._reader = None
        self._validated_at = None  # the step at which Keras itself read the whole test set
        complete = self._steps and records.step >= records.total_steps  # with --resume
        if self.args.plot != "none" and not complete:
            with self._pace:
                self._open()
            self._first_picture = time.perf_counter() - STARTED
            self._wait_for_rival()
            self._pace.expect(self._seconds_for_test_set())
            self._show_progress()
            if not distribution.data_parallel:
                self._validation = ValidationOutputs(self.model, records.test.y)
            self._pace.start()

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch_step = self._records.step
        self._executions, self._seen = 0, {}

    @_guarded
    def on_train_batch_end(self, batch, logs=None):
        # Keras before 3.11 says with which batch an execution began, later ones with which it ended
        self._executions += 1
        batches = self._executions * self.model.steps_per_execution
        batches = min(batches, self._steps or batches)  # the last one may be shorter
        self._records.step = self._epoch_step + batches
        self._records.add(self._recent(batches, logs))
        if time.perf_counter() >= self._next_writing:
            self._write_curves()
        if self._dashboard is None:
            return
        if hasattr(self.model, "jax_state_sync"):
            self.model.jax_state_sync()  # else the model's variables are empty in the middle of an epoch
        if self._pace.due():
            self._show_progress()
        elif self._pace.test_due(self._records.step):
            quarter = self._steps / 4  # of the first epoch: there is more to see than red
            whole = self._records.test.read_at < quarter <= self._records.step
            self._read_test_set(1 if whole else self._pace.stride, between_pictures=True)
        elif time.perf_counter() - self._flushed > 0.1:
            self._screen.flush()
            self._flushed = time.perf_counter()

    def on_test_begin(self, logs=None):
        if self._validation:
            self._validation.begin()

    @_guarded
    def on_test_batch_end(self, batch, logs=None):
        if self._validation:
            self._screen.flush()

    @_guarded
    def on_test_end(self, logs=None):
        outputs = self._validation.end() if self._validation else None
        if outputs is not None:
            test = self._records.test
            test.outputs, test.read_at = outputs, self._records.step
            self._pace.validated(self._records.step)

    @_guarded
    def on_epoch_end(self, epoch, logs=None):
        if validated := {name: value for name, value in logs.items() if name.startswith("val_")}:
            self._records.add(validated)
            self._validated_at = self._records.step
        with by_product():
            write_curves(self.args.out, self._number_curves(), self._records.steps_per_epoch)
        self._pace.end_epoch()
        last = self.model.stop_training or epoch + 1 == self.params["epochs"]  # shown in the last picture
        if self._dashboard and self._pace.stride > 1 and self._pace.test_affordable() and not last:
            self._read_test_set(between_pictures=True)
            self._show_progress()

    @_guarded
    def on_train_end(self, logs=None):
        if not self._race:
            self._follower.end()
        elif interrupt.requested:
            self._race.stop()
        self._validation = None
        self._frozen = False
        if self._dashboard:
            with self._guard:
                self._show_progress(last=True)
        self._save_pictures()
        if self._screen and self._screen.live and self._picture_times:
            with by_product():
                self._write_cost()

    def _save_pictures(self):
        if self._dashboard:
            with self._guard, self._pace, by_product():
                self._dashboard.save(Path(self.args.out) / "dashboard.png")
        if self._movie:
            with self._guard, by_product():
                self._movie.save()

    def _write_cost(self):
        times = np.array(self._picture_times)
        opening = times[(times > 0) & (times < Pace.OPENING)]
        cost = {
            "pictures": len(times),
            "pictures_per_second_at_first": round(len(opening) / min(times[-1], Pace.OPENING), 2),
            "first_picture_after": round(self._first_picture, 3),
            "seconds": round(self._pace.spent, 3),
        }
        with replacing(Path(self.args.out) / "window.json") as new:
            new.write_text(json.dumps(cost, indent=2) + "\n", "utf-8")

    def wait_until_closed(self):
        """Keep the windows, answering to mouse and keys, until they are closed; with --close, close them.

        In a race the other run goes on to its end before, unless the window is closed.
        """
        from keras_window.screens import close_windows, wait_until_closed

        with self._guard:
            if self._race:
                self._finish_race()
            if self._dashboard and self._screen.open and self._screen.stays:
                self._dashboard.set_header(f"{self._header()}   ·   done: {self._screen.to_finish} to finish")
        if not self.args.close:
            with self._guard:
                wait_until_closed()
        close_windows()

    # -- measuring

    def _recent(self, batches, logs):
        """Keras' logs are means since the epoch began; from them the means since the last call."""
        before = self._seen.get("batches", 0)
        recent = {}
        for name, mean in logs.items():
            mean = float(mean)
            recent[name] = (mean * batches - self._seen.get(name, 0.0) * before) / (batches - before)
            self._seen[name] = mean
        self._seen["batches"] = batches
        return recent

    def _measure(self, everything):
        """Read the samples with the present network; the test set only if there is time for it."""
        self._read_train_sample()
        pace = self._pace
        due = pace.first_test_due() or (pace.stride == 1 and pace.test_affordable())
        if due or (everything and not self._test_set_known()):
            self._read_test_set()

    def _test_set_known(self):
        """Whether the test set was read with the network as it is: a callback may have changed it since."""
        test = self._records.test
        if test.read_at != self._records.step or test.outputs is None:
            return False
        return np.allclose(self._read(test.x[: self._chunk]), test.outputs[: self._chunk], atol=1e-4)

    def _read_train_sample(self):
        records, model = self._records, self.model
        if self._reader is None:
            self._tensors = [pane.tensors(model) for pane in self._panes]
            wanted = [tensor for tensors in self._tensors for tensor in tensors]
            self._reader = keras.Model(model.inputs[0], [*model.outputs, *wanted]) if wanted else model
        values = self._reader.predict_on_batch(records.train.x)
        records.train.outputs, *values = values if isinstance(values, list) else [values]
        for pane, tensors in zip(self._panes, self._tensors, strict=True):
            pane.record(model, values[: len(tensors)], records)
            del values[: len(tensors)]

    def _read_test_set(self, stride=1, between_pictures=False):
        records, test = self._records, self._records.test
        with self._pace.reading_test_set(records.step, stride, between_pictures):
            # by chance: every other example might be of the same class
            chosen = (
                np.random.default_rng(0).permutation(len(test.y))[::stride] if stride > 1 else slice(None)
            )
            read = Sample(test.x[chosen], test.y[chosen])
            read.outputs = self._read(read.x)
            if records.step != self._validated_at:
                records.add(self._test_metrics(read))
        if stride == 1:
            test.outputs, test.read_at = read.outputs, records.step

    def _seconds_for_test_set(self):
        x = self._records.test.x
        self._chunk = int(
            np.clip(784_000 // x[0].size, 4, 1000)
        )  # read at a time, the window answers between
        self._read(x[: self._chunk])  # builds Keras' function: not to be counted
        began = time.perf_counter()
        self._read(x[: self._chunk])
        return (time.perf_counter() - began) * len(x) / len(x[: self._chunk])

    def _read(self, x):
        outputs = []
        for start in range(0, len(x), self._chunk):
            outputs.append(self.model.predict_on_batch(x[start : start + self._chunk]))
            self._screen.flush()
        return np.concatenate(outputs)

    def _test_metrics(self, sample):
        """Loss and metrics of test examples, leaving the training's own running means as they are."""
        if distribution.in_several_processes():
            return {}  # to change these, all would have to be here
        model = self.model
        variables = model.metrics_variables
        kept = [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]
        try:
            model.reset_metrics()
            outputs = keras.ops.convert_to_tensor(sample.outputs)
            loss = model.compute_loss(sample.x, sample.y, outputs, training=False)
            metrics = model.compute_metrics(sample.x, sample.y, outputs) | {"loss": loss}
        finally:
            for variable, value in zip(variables, kept, strict=True):
                variable.assign(value)
        return {f"val_{name}": float(value) for name, value in metrics.items()}

    def _write_curves(self):
        """Write the curves for those who follow this run; it takes at most 1 % of the time."""
        began = time.perf_counter()
        with contextlib.suppress(UserError):  # at the end of the epoch it is said
            write_curves(self.args.out, self._number_curves(), self._records.steps_per_epoch)
        now = time.perf_counter()
        self._next_writing = now + max(1, 100 * (now - began))

    def _number_curves(self):
        return {name: curve for name, curve in self._records.curves.items() if np.ndim(curve.latest) == 0}

    def _bring_back_curves(self):
        for name, (steps, values) in read_curves(self.args.out).items():
            for step, value in zip(steps, values, strict=True):
                if step <= self._records.step:
                    self._records.curves[name].add(step, value)

    # -- drawing

    def _open(self):
        from keras_window.dashboard import Dashboard
        from keras_window.movie import Movie
        from keras_window.screens import open_screen

        out = Path(self.args.out)
        title = f"{Path(sys.argv[0]).stem} {getattr(self.args, 'step', None) or ''}"
        self._screen, why_not = open_screen(self.args.plot, title.strip(), self._on_key, BUTTONS)
        if why_not:
            print(f"No window ({why_not}): the picture will be in {out / 'dashboard.png'}")
        self._dashboard = Dashboard(self._screen.figure, self._panes, self._records)
        if self.args.movie:
            self._movie = Movie(self.args.movie)
        self._draw()

    def _show_progress(self, last=False):
        with self._pace:
            self._measure(everything=last)
            if not self._frozen:
                self._draw()

    def _draw(self, note=""):
        """Draw for those who look on; the picture at the end is drawn when it is saved."""
        changed = self._dashboard.update(self._records, self._header() + note)
        if self._screen.open and (self._screen.live or self._movie):
            self._dashboard.draw(changed)
            self._screen.present()
            self._picture_times.append(time.perf_counter() - self._pace.began)
            if self._movie:
                self._movie.add(self._screen.figure.canvas)

    def _header(self):
        records, epochs = self._records, self.params["epochs"]
        if not self._steps:  # data without a known end
            return f"iteration {records.step:,}"
        epoch = max(1, math.ceil(records.step / self._steps))
        return f"epoch {epoch} of {epochs}   ·   iteration {records.step:,} of {records.total_steps:,}"

    # -- a race

    def _wait_for_rival(self):
        """Both start together: the other one still has its libraries to import."""
        if not self._race:
            return
        self._dashboard.set_header(f"waiting for {self.args.against.flags} to begin")
        self._screen.present()
        while self._race.running() and not self._records.overlays[-1].begun and not interrupt.requested:
            self._screen.flush()
            time.sleep(0.02)

    def _finish_race(self):
        """Draw the other run until it ends; who closes the window stops it."""
        rival, windows = self.args.against.flags, [self._screen] if self._screen and self._screen.open else []
        if self._race.running():
            print(f"Waiting for {rival} to end (Ctrl-C stops it, and saves).", flush=True)
        try:
            while self._race.running() and all(window.open for window in windows):
                for window in windows:
                    if not self._frozen:
                        self._draw(f"   ·   waiting for {rival} to end")
                    end = time.monotonic() + 0.5
                    while time.monotonic() < end:
                        window.flush()
                        time.sleep(0.02)
                time.sleep(0.02)
        finally:
            self._race.end()
            self._follower.end()
        if self._dashboard:
            self._records.overlays[-1].refresh()
            self._draw()
            self._save_pictures()

    def _stop_drawing(self):
        screen, self._screen, self._dashboard, self._validation = self._screen, None, None, None
        if screen:
            with contextlib.suppress(Exception):  # it may be what has failed
                screen.close()

    # -- keys

    @_guarded
    def _on_key(self, key):
        dashboard = self._dashboard
        if dashboard is None:
            return
        if key == " ":
            self._frozen = not self._frozen
            dashboard.set_header(self._header() + ("   ·   frozen" if self._frozen else ""))
        elif key in ("0", "escape"):
            dashboard.show()
        elif key in tuple("123456")[: len(self._panes)]:
            dashboard.show(int(key))
        elif key == "s":
            path = Path(self.args.out) / f"dashboard-{self._records.step}.png"
            with by_product():
                dashboard.save(path)
                print(f"\nSaved {path}")
        elif key == "f":
            self._screen.toggle_full_screen()
        elif key == "q":
            self._screen.close()
