"""What a run leaves in its folder, and how an interrupted run continues.

model.keras       the trained model
history.csv       one row an epoch: epoch, loss, metrics, their val_ twins, learning_rate, seconds
result.json       the result and how it came about
dashboard.png     the window's last picture, written by `LivePlot`
feature_maps.png  written by `show_feature_maps`
predictions.png   written by `show_predictions`
my_pictures.png   written by `predict_photos`
curves.csv        the points of the window's curves, written by `LivePlot`
window.json       what the window cost, written by `LivePlot`
checkpoint.npz    all variables at the end of the last complete epoch, for --resume
"""

import contextlib
import csv
import itertools
import sys
import time
from pathlib import Path

import filelock
import keras
import numpy as np

from common.files import by_product, disk_full, hold_room, remove_leftovers, replacing
from common.errors import UserError
from common.libraries import STARTED
from common.signals import interrupt
from common.training import distribution
from common.training.checkpoints import STOPPING, read_state, restore, snapshot, write_checkpoint
from common.training.distribution import in_several_processes, part_ways
from common.training.faster import make_faster
from common.training.results import best_epoch, device, shown, write_result


class Run(keras.callbacks.Callback):
    """Keeps what a training yields in a folder, and brings back an interrupted one.

    The model is saved when the training ends, before any picture is. From here on Ctrl-C, SIGTERM and SIGHUP
    stop the training at the next pause; `finish` then writes the result and ends the program with status 130,
    143 or 129. One of several processes ends at once: it can save nothing
    alone. A training that has died stops, too, and says so: the loss is not finite, or it is the same as an
    epoch ago and the accuracy that of guessing.

    The room on the disk that the model needs is taken now, and given back when it is saved.

    Args:
        args: from `parse_args`.
        data: the `Data` that the model is trained on.
        train: its training examples, as `in_batches` returns them.
        model: a compiled `keras.Model`. With --resume its variables, the optimizer's too, are set
            as they were at the end of the last complete epoch.
        stopping: the lesson's `keras.callbacks.EarlyStopping` if it has one, which must stand before this
            callback in `model.fit`; with --resume it continues where it was.
        saved: the part of the model that is saved; None if it is all of it.

    Attributes:
        initial_epoch: how many epochs are complete, for `model.fit`.

    Raises:
        UserError: the folder cannot be written or has no room, another run writes to it, or with --resume
            there is no run of this lesson in it.
    """

    def __init__(self, args, data, model, train, stopping=None, saved=None):
        super().__init__()
        self.args, self.data, self._train, self._stopping = args, data, train, stopping
        self._saved = saved or model
        self.folder = Path(args.out)
        _, validated, *_ = data
        known = {"train_size": len(data.train.x), "image_size": validated.x.shape[1]}
        self.settings = {name: known.get(name, getattr(args, name)) for name in args.settings}
        self.history = []
        self._open_folder()
        model.optimizer.build(model.trainable_variables)
        make_faster(model, args.batch_size, data.train)
        self._stopping_state = {}
        if args.resume:
            self._restore(model)
        waited = self._stopping_state.get("wait", 0)
        stopped = stopping is not None and waited >= stopping.patience
        self.initial_epoch = args.epochs if stopped else len(self.history)
        if stopped:
            done = len(self.history)
            print(f"Early stopping ended this run after {done} epochs: there is nothing to continue.")
        self._last_complete = snapshot(model)
        self._room = self._take_room()
        self._fit_seconds = sum(row["seconds"] for row in self.history)
        print(
            f"{args.script}{f' {args.step}' if args.step else ''}: {model.count_params():,} parameters,"
            f" Keras {keras.__version__} on {keras.config.backend()}, {device()}"
        )
        if not args.verbose:
            keras.config.disable_interactive_logging()  # no progress bar
        interrupt.saving = True
        if interrupt.requested:  # and a library has caught the SystemExit
            raise SystemExit(interrupt.status)

    def _open_folder(self):
        # a notebook's cell that is run again gets the lock that it has
        self._lock = filelock.FileLock(self.folder / ".lock", is_singleton=True)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(blocking=False)
            remove_leftovers(self.folder)
        except filelock.Timeout:
            message = f"another run is writing to {self.folder}: give this one another --out"
            raise UserError(message) from None
        except NotImplementedError:
            pass  # a file system without locks
        except OSError as error:
            raise UserError(f"--out: cannot write to {self.folder}: {error.strerror}") from error

    def _take_room(self):
        """Make sure that all fits on the disk, and keep the model's part of it."""
        size = sum(value.nbytes for value in self._last_complete)
        room = hold_room(self.folder, 3 * size + 4_000_000)  # the model, two checkpoints, pictures and tables
        room.truncate(size + 1_000_000)
        return room

    def _restore(self, model):
        state = read_state(self.folder)
        if state["data"] != self.data.file.sha256:
            flags = "give its --full, --data-dir or --pairs"
            raise UserError(f"--resume: the run in {self.folder} was trained on other data: {flags}")
        best_weights = restore(self.folder, model)
        self.history, self._stopping_state = state["history"], state["stopping"]
        if self._stopping_state:
            self._stopping_state["best_weights"] = best_weights
        if len(self.history) > self.args.epochs:
            raise UserError(f"--resume: {len(self.history)} epochs are done, more than --epochs asks for")
        if len(self.history) == self.args.epochs:
            print(f"All {self.args.epochs} epochs are done: give more --epochs to continue.")

    def _write_checkpoint(self):
        state = {
            "settings": self.settings,
            "history": self.history,
            "data": self.data.file.sha256,
            "stopping": self._stopping_state,
        }
        write_checkpoint(self.folder, self._last_complete, state)

    # -- called by Keras

    def on_train_begin(self, logs=None):
        self._died = None
        if self._stopping and self._stopping_state:
            vars(self._stopping).update(self._stopping_state)

    def on_epoch_begin(self, epoch, logs=None):
        self._train.deal(epoch)
        if data_parallel := distribution.data_parallel:
            data_parallel.training_batches = True
        self._steps_before = int(self.model.optimizer.iterations)
        self._epoch_began = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        if data_parallel := distribution.data_parallel:
            data_parallel.training_batches = False  # Keras has asked for the epoch's layout
        if interrupt.requested:
            if in_several_processes():
                raise SystemExit(interrupt.status)
            self.model.stop_training = True

    def on_epoch_end(self, epoch, logs=None):
        seconds = time.perf_counter() - self._epoch_began
        self._fit_seconds += seconds
        if interrupt.requested:
            self.model.stop_training = True
        steps = int(self.model.optimizer.iterations) - self._steps_before
        if self.model.stop_training and steps < self.params["steps"]:
            return  # stopped in the middle: only complete epochs count
        row = {"epoch": epoch + 1}
        row |= {name: float(value) for name, value in logs.items()}
        row["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        row["seconds"] = round(seconds, 3)
        self.history.append(row)
        self._last_complete = snapshot(self.model)
        if self._stopping:
            self._stopping_state = {
                name: getattr(self._stopping, name) for name in (*STOPPING, "best_weights")
            }
        with by_product():
            self._write_checkpoint()
            self._write_history()
        if not self.args.verbose:
            shown = "  ".join(f"{name} {value:.4f}" for name, value in row.items() if name in logs)
            print(f"epoch {epoch + 1:2}/{self.args.epochs}  {shown}  {seconds:.1f} s", flush=True)
        self._died = self._why_died()
        if self._died:
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        keras.config.disable_interactive_logging()  # of the evaluation `finish` says the result
        self._room.truncate(100_000)  # for the result
        self._trouble = self._save_model()
        if not (self.history or interrupt.requested):
            print("No epoch is complete: there is nothing to continue with --resume.", file=sys.stderr)
        if self._died:
            print(f"The training has died: {self._died}. Try another --learning-rate.", file=sys.stderr)

    def _why_died(self):
        *_, before, last = [{}, *self.history]
        if not np.isfinite(last["loss"]):
            return f"after epoch {last['epoch']} the loss is {last['loss']}"
        same = "loss" in before and np.isclose(last["loss"], before["loss"], rtol=1e-6, atol=0)
        if same and "accuracy" in last and last["accuracy"] < 1.2 * self._share_of_largest_class():
            shown = f"the loss was {last['loss']:.4f} and the accuracy {last['accuracy']:.2%}"
            return f"in epoch {last['epoch']} {shown}, as in the epoch before: it is guessing"
        return None

    def _share_of_largest_class(self):
        return np.unique(self.data.train.y, return_counts=True)[1].max() / len(self.data.train.y)

    # -- at the end

    def _write_history(self):
        with (
            replacing(self.folder / "history.csv") as new,
            open(new, "w", newline="", encoding="utf-8") as file,
        ):
            table = csv.DictWriter(file, fieldnames=list(dict.fromkeys(itertools.chain(*self.history))))
            table.writeheader()
            table.writerows(self.history)

    def _save_model(self):
        """Write the model; if the disk is full, in place of the checkpoint. Returns what went wrong."""
        trouble = None
        for _ in range(2):
            try:
                with replacing(self.folder / "model.keras") as new:
                    self._saved.save(new)
                return None
            except UserError as error:
                trouble = error
            if not disk_full(trouble.__cause__):
                break
            with contextlib.suppress(OSError):
                (self.folder / "checkpoint.npz").unlink()
        return trouble

    def finish(self, test, *, lecture, write="{:.2%}".format):
        """Save the result, and say it beside the lecture's number.

        Args:
            test: what `model.evaluate(..., return_dict=True)` gave for the test set, or where the data have
                none for the validation set.
            lecture: the lecture's value of the metric in `test`; None if it has none.
            write: makes the text that stands for a value of the metric.

        Raises:
            SystemExit: with status 130, if Ctrl-C was pressed during the training (SIGTERM 143, SIGHUP 129).
            UserError: the model could not be written. What else there is has been.
        """
        keras.config.enable_interactive_logging()
        args, file = self.args, self.data.file
        metric = next(name for name in test if name != "loss")
        written = shown(test[metric], lecture, write)
        result = {
            **self.settings,
            "epochs": len(self.history),
            "interrupted": interrupt.requested,
            "test": {name: float(value) for name, value in test.items()},
            "lecture": lecture,
            "shown": written,
            "best": best_epoch(self.history, metric),
            "seconds": {
                "fit": round(self._fit_seconds, 3),
                "total": round(time.perf_counter() - STARTED, 3),
            },
            "steps": int(self.model.optimizer.iterations),
            "classes": self.data.classes,
            "data": {"file": str(file.path), "sha256": file.sha256, "origin": file.origin},
        }
        self._room.close()
        with by_product():
            write_result(self.folder, result)
        if interrupt.requested and not self._trouble:
            with by_product():
                self._write_checkpoint()
        self._lock.release(force=True)
        part_ways()
        if self._trouble:
            raise self._trouble
        print(f"The model, its history and its picture are in {self.folder}")
        epochs = f"{len(self.history)} of {args.epochs}" if interrupt.requested else f"{len(self.history)}"
        beside = "" if lecture is None else f" (the lecture: {written['lecture']})"
        epochs += f" epoch{'s' * (args.epochs > 1)}"
        name = metric.replace("_", " ")
        measured = "Validation" if self.data.test is None else "Test"
        print(f"{measured} {name} {written['test']} after {epochs}, {self._fit_seconds:.1f} s{beside}")
        interrupt.saving = False
        if interrupt.requested:
            print(
                "To continue after the last complete epoch: the same command with --resume", file=sys.stderr
            )
            raise SystemExit(interrupt.status)
