"""The live window, as one Keras callback: measures, keeps its share of the time small, and draws."""

import contextlib
import sys
import time
from argparse import Namespace
from pathlib import Path

import keras
import numpy as np

from common.curves import Records, Sample, read_curves, write_curves
from common.terminal import STARTED

NO_FLAGS = {"plot": "auto", "close": False, "movie": None, "overlay": [], "out": ".", "resume": False}


class Pace:
    """Says when the next picture is due.

    In the first ten seconds that is more than three times a second. After that drawing must not have
    taken more, in all, than 1.5 s and 4 % of the time. Reading the test set, which can take long, is
    kept under 0.2 s and 1.5 % of the time from the beginning.
    """

    OPENING, INTERVAL = 10.0, 0.3  # seconds

    def __init__(self):
        self.began = self._next = time.perf_counter()
        self.spent = self._cost = 0.0
        self.spent_on_tests = self.test_cost = 0.0

    def due(self, now):
        if now < self._next:
            return False
        elapsed = now - self.began
        return elapsed < self.OPENING or self.spent + self._cost <= 1.5 + 0.04 * elapsed

    def may_read_test_set(self):
        elapsed = time.perf_counter() - self.began
        return self.spent_on_tests + self.test_cost <= 0.2 + 0.015 * elapsed

    @contextlib.contextmanager
    def reading_test_set(self):
        began = time.perf_counter()
        yield
        self.test_cost = time.perf_counter() - began
        self.spent_on_tests += self.test_cost

    def __enter__(self):
        self._entered = time.perf_counter()
        self._next = max(self._next, self._entered - self.INTERVAL) + self.INTERVAL

    def __exit__(self, *exception):
        self._cost = time.perf_counter() - self._entered
        self.spent += self._cost


class LivePlot(keras.callbacks.Callback):
    """A window that shows a network learning. It never changes what is computed.

        model.fit(x, y, callbacks=[LivePlot([Accuracy(), Loss()], (x, y), (x_test, y_test))])

    Keys: space freezes the picture while the training goes on, 1 to 6 shows one pane, 0 or Esc all,
    s saves a picture, f fills the screen, q closes. Closing the window does not end the training.

    Args:
        panes: one to six panes from `common.panes`, in two rows of three.
        train, test: (x, y), arrays as for `model.fit`; x uint8 [n, height, width, 1], y int [n].
        args: from `parse_args`: plot, close, movie, overlay, out and resume are used. Without it:
            a window if there is a screen, and `dashboard.png` and `curves.csv` in this folder.

    Raises:
        UserError: a run to overlay is no run.
    """

    SHOWN = 60  # training examples
    CHUNK = 1000  # examples read at a time, so that the window can answer in between

    def __init__(self, panes, train, test, args=None):
        super().__init__()
        self.args = args = args or Namespace(**NO_FLAGS)
        self._picture_times = []  # seconds since the training began
        self._panes = panes
        (x_train, y_train), (x_test, y_test) = train, test
        self._records = Records(
            Sample(x_train[: self.SHOWN], y_train[: self.SHOWN]), Sample(x_test, y_test), args.overlay
        )
        self._screen = self._dashboard = self._movie = None
        self._frozen = False
        self._flushed = 0.0

    @property
    def _live(self):
        return self._dashboard is not None and self._screen.open

    # -- called by Keras

    def on_train_begin(self, logs=None):
        records = self._records
        records.step = self._first_step = int(self.model.optimizer.iterations)
        records.total_steps = self.params["epochs"] * self.params["steps"]
        if self.args.resume:
            self._bring_back_curves()
        self._pace = Pace()
        self._seen = {}
        with self._pace:
            if self.args.plot != "none":
                self._open()
        if self._live:
            self._first_picture = time.perf_counter() - STARTED
            self._draw()

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch_step = self._records.step
        self._seen = {}

    def on_train_batch_end(self, batch, logs=None):
        self._records.step = self._epoch_step + batch + 1
        self._records.add(self._recent(batch + 1, logs))
        if not self._live:
            return
        now = time.perf_counter()
        if self._pace.due(now):
            self._draw()
        elif now - self._flushed > 0.05:
            self._screen.flush()
            self._flushed = now

    def on_epoch_end(self, epoch, logs=None):
        self._records.add({name: value for name, value in logs.items() if name.startswith("val_")})

    def on_train_end(self, logs=None):
        write_curves(self.args.out, self._number_curves())
        if self._dashboard is None:
            return
        self._frozen = False
        self._draw(last=True)
        with self._pace:
            self._dashboard.save(Path(self.args.out) / "dashboard.png")
        if self._screen.live:
            times = np.array(self._picture_times)
            opening = times[times < Pace.OPENING]
            self.args.window = {
                "pictures": len(times),
                "pictures_per_second_at_first": round(len(opening) / min(times[-1], Pace.OPENING), 2),
                "first_picture_after": round(self._first_picture, 3),
                "seconds": round(self._pace.spent, 3),
            }
        if self._movie:
            try:
                self._movie.save()
            except OSError as error:
                print(f"The movie could not be written: {error}", file=sys.stderr)

    def wait_until_closed(self):
        """Keep the window, answering to mouse and keys, until it is closed; with --close, close it."""
        if self._dashboard is None:
            return
        if self._screen.live and not self.args.close and hasattr(self._screen, "toggle_full_screen"):
            if self._screen.open:
                print("Close the window to end.")
            while self._screen.open:
                self._screen.flush()
                time.sleep(0.02)
        self._screen.close()

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
        model, records = self.model, self._records
        records.train.outputs = self._read(records.train.images)
        if everything or self._pace.may_read_test_set():
            with self._pace.reading_test_set():
                records.test.outputs = self._read(records.test.images)
                records.add(self._test_metrics(records.test))
        for pane in self._panes:
            pane.record(model, records)

    def _read(self, images):
        outputs = []
        for start in range(0, len(images), self.CHUNK):
            outputs.append(self.model.predict_on_batch(images[start : start + self.CHUNK]))
            self._screen.flush()
        return np.concatenate(outputs)

    def _test_metrics(self, sample):
        """Loss and metrics of the test set, leaving the training's own running means as they are."""
        model = self.model
        variables = model.metrics_variables
        kept = [np.array(variable) for variable in variables]
        model.reset_metrics()
        metrics = model.compute_metrics(sample.images, sample.labels, sample.outputs)
        metrics["loss"] = model.compute_loss(
            sample.images, sample.labels, keras.ops.convert_to_tensor(sample.outputs), training=False
        )
        for variable, value in zip(variables, kept, strict=True):
            variable.assign(value)
        return {f"val_{name}": float(value) for name, value in metrics.items()}

    def _number_curves(self):
        return {name: curve for name, curve in self._records.curves.items() if np.ndim(curve.latest) == 0}

    def _bring_back_curves(self):
        for name, (steps, values) in read_curves(self.args.out).items():
            for step, value in zip(steps, values, strict=True):
                if step <= self._first_step:
                    self._records.curves[name].add(step, value)

    # -- drawing

    def _open(self):
        from common.dashboard import Dashboard
        from common.screens import Movie, open_screen

        out = Path(self.args.out)
        name = Path(sys.argv[0]).stem
        self._screen, why_not = open_screen(self.args.plot, name, self._on_key)
        if why_not:
            print(f"No window ({why_not}): the picture will be in {out / 'dashboard.png'}")
        self._dashboard = Dashboard(self._screen.figure, self._panes, self._records)
        if self.args.movie:
            self._movie = Movie(self.args.movie)
        self._dashboard.update(self._records, "")
        self._screen.present()

    def _draw(self, last=False):
        with self._pace:
            self._measure(everything=last)
            if self._screen.open and not self._frozen:
                self._dashboard.update(self._records, self._header(last))
                self._screen.present()
                self._picture_times.append(time.perf_counter() - self._pace.began)
                if self._movie:
                    self._movie.add(self._screen.figure.canvas)

    def _header(self, last=False):
        records = self._records
        epochs = self.params["epochs"]
        epoch = min(records.step // self.params["steps"] + 1, epochs)
        return f"epoch {epoch} of {epochs}   ·   iteration {records.step:,} of {records.total_steps:,}"

    def _on_key(self, key):
        if key == " ":
            self._frozen = not self._frozen
        elif key in ("0", "escape"):
            self._dashboard.show()
        elif key in tuple("123456")[: len(self._panes)]:
            self._dashboard.show(int(key))
        elif key == "s":
            path = Path(self.args.out) / f"dashboard-{self._records.step}.png"
            self._dashboard.save(path)
            print(f"\nSaved {path}")
        elif key == "f":
            self._screen.toggle_full_screen()
        elif key == "q":
            self._screen.close()
