"""What a run leaves behind in its folder, and how an interrupted run goes on.

model.keras       the trained model
history.csv       one row an epoch: epoch, loss, metrics, their val_ twins, learning_rate, seconds
result.json       the result and how it came about
dashboard.png     the window's last picture, written by `LivePlot`
feature_maps.png  written by `show_feature_maps`
predictions.png   written by `show_predictions`
my_pictures.png   written by `predict_photos`
curves.csv        the points of the window's curves, written by `LivePlot`
checkpoint.npz    all variables at the end of the last complete epoch, for --resume
"""

import contextlib
import csv
import json
import os
import platform
import re
import sys
import time
from pathlib import Path

import keras
import numpy as np

from common.distribution import in_several_processes, part_ways
from common.files import UnexpectedArray, by_product, disk_full, hold_room, names_in_npz, read_npz, replacing
from common.terminal import STARTED, UserError, interrupt

# what makes a run what it is, where the lesson has it
SETTINGS = (
    "script", "step", "seed", "epochs", "batch_size", "learning_rate", "decay", "dropout", "batch_norm",
    "augment", "image_size", "input_half", "l1", "pairs", "train_size", "mixed_precision",
)  # fmt: skip


def _read_checkpoint(folder, expected, optional=()):
    """What `read_npz` finds in a run's checkpoint. Raises UserError if there is none, or it is damaged."""
    path = Path(folder) / "checkpoint.npz"
    if not path.is_file():
        raise UserError(f"--resume: there is no run to go on with in {folder}")
    try:
        return read_npz(path, expected, optional)
    except UnexpectedArray as error:
        raise UserError(f"--resume: {folder} holds a run of another network: {path} {error}") from error
    except Exception as error:  # a damaged archive can fail anywhere in zipfile, zlib or NumPy
        raise UserError(f"--resume: {path} is damaged, start anew without --resume") from error


def _read_state(folder):
    """The settings, history, data and early stopping of the run in a folder, a dictionary."""
    arrays = _read_checkpoint(folder, {"state": (np.str_, ())})
    try:
        state = json.loads(str(arrays["state"]))
        return {name: state[name] for name in ("settings", "history", "data", "stopping")}
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"--resume: {Path(folder) / 'checkpoint.npz'} is damaged") from error


def _read_result(folder):
    try:
        return json.loads((Path(folder) / "result.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(
            f"{Path(folder) / 'result.json'} is damaged: train again into another --out"
        ) from error


def read_settings(folder, flag):
    """The settings of the run in a folder, to go on with it (--resume) or to ask its model (other flags).

    Raises UserError if it cannot be read.
    """
    if flag == "--resume":
        return _read_state(folder)["settings"]
    result = _read_result(folder)
    return {name: result[name] for name in SETTINGS if name in result}


def trained_model(args):
    """The model that an earlier run of this lesson left in its folder.

    Args:
        args: from `parse_args`; `out`, `data_dir` and `full` are used. `classes` is set as that run had it,
            and where `data_file` is set, it must be the same file's content.

    Returns:
        The `keras.Model`, or None if there is none yet, or --resume asks for more training.

    Raises:
        UserError: the model was trained on other data, or a file is damaged.
    """
    folder = Path(args.out)
    if args.resume:
        return None
    if not (folder / "result.json").is_file():
        print(f"There is no trained model in {folder} yet: training one first.")
        return None
    result = _read_result(folder)
    data = result["data"]
    if hasattr(args, "data_file"):
        same = args.data_file.sha256 == data["sha256"]
    else:
        path = Path(data["file"]).resolve()
        same = not args.data_dir or args.data_dir.resolve() in (path, *path.parents)
        same = same and not (args.full and data["origin"] == "bundled")
    if not same:
        raise UserError(f"the model in {folder} was trained on {data['file']}: name that, or another --out")
    try:
        model = keras.models.load_model(folder / "model.keras", compile=False)
    except Exception as error:  # a damaged archive can fail anywhere
        raise UserError(f"{folder / 'model.keras'} is damaged: train again into another --out") from error
    args.classes = result["classes"]
    stopped = f", stopped after {result['epochs']} epochs" if result["interrupted"] else ""
    print(f"The model is that of {folder}{stopped}")
    return model


_locks = {}  # the folders that runs of this program write to


def _lock(folder):
    """Keep other programs' runs out of the folder until `_unlock`, or until we end."""
    _unlock(folder)  # a notebook's cell may be run again before it has finished
    file = (folder / ".lock").open("w")  # also shows that the folder can be written
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        file.close()
        raise UserError(f"another run is writing to {folder}: give this one another --out") from None
    except OSError:
        pass  # a file system without locks
    _locks[folder.resolve()] = file


def _unlock(folder):
    if folder.resolve() in _locks:
        _locks.pop(folder.resolve()).close()


def _device():
    with contextlib.suppress(Exception):
        if keras.distribution.list_devices("gpu"):
            return "GPU"
    return f"CPU, {os.cpu_count()} cores"


def _rises(metric):
    """Whether more is better, as for accuracy; for a loss or an error, less is."""
    return "acc" in metric


class Run(keras.callbacks.Callback):
    """Keeps what a training yields in a folder, and brings back an interrupted one.

    From here on Ctrl-C, SIGTERM and SIGHUP stop the training at the next pause; `finish` then saves all and
    ends the program with status 130, 143 or 129. One of several processes ends at once: it can save nothing
    alone. A training that has died stops, too, and says so: the loss is not finite, or it is the same as an
    epoch ago and the accuracy that of guessing.

    The room on the disk that the model needs is taken now, and given back when it is saved.

    Args:
        args: from `parse_args`.
        model: a compiled `keras.Model`. With --resume its variables, the optimizer's too, are set
            as they were at the end of the last complete epoch.
        stopping: the lesson's `keras.callbacks.EarlyStopping` if it has one, which must stand before this
            callback in `model.fit`; with --resume it goes on where it was.

    Attributes:
        initial_epoch: how many epochs are complete, for `model.fit`.

    Raises:
        UserError: the folder cannot be written or has no room, another run writes to it, or with --resume
            there is no run of this lesson in it.
    """

    def __init__(self, args, model, stopping=None):
        super().__init__()
        self.args, self._stopping = args, stopping
        self.folder = Path(args.out)
        self.settings = {name: getattr(args, name) for name in SETTINGS if hasattr(args, name)}
        self.history = []
        self._open_folder()
        model.optimizer.build(model.trainable_variables)
        if keras.config.backend() == "torch":
            model.steps_per_execution = 1  # PyTorch takes its steps one by one
        self._stopping_state = {}
        if args.resume:
            self._restore(model)
        waited = self._stopping_state.get("wait", 0)
        stopped = stopping is not None and waited >= stopping.patience
        self.initial_epoch = args.epochs if stopped else len(self.history)
        if stopped:
            print(
                f"The run ended by itself after {len(self.history)} epochs: there is nothing to go on with."
            )
        self._last_complete = self._snapshot(model)
        self._room = self._take_room()
        self._fit_seconds = sum(row["seconds"] for row in self.history)
        print(
            f"{args.script}{f' {args.step}' if args.step else ''}: {model.count_params():,} parameters,"
            f" Keras {keras.__version__} on {keras.config.backend()}, {_device()}"
        )
        interrupt.saving = True
        if interrupt.requested:  # and a library has caught the SystemExit
            raise SystemExit(interrupt.status)

    def _open_folder(self):
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _lock(self.folder)
        except OSError as error:
            raise UserError(f"--out: cannot write to {self.folder}: {error.strerror}") from error

    def _take_room(self):
        """Make sure that all fits on the disk, and keep the model's part of it."""
        size = sum(value.nbytes for value in self._last_complete)
        room = hold_room(self.folder, 3 * size + 4_000_000)  # the model, two checkpoints, pictures and tables
        room.truncate(size + 1_000_000)
        return room

    # -- the checkpoint

    def _variables(self, model):
        return [*model.variables, *model.optimizer.variables]

    def _snapshot(self, model):
        return [np.array(keras.ops.convert_to_numpy(variable)) for variable in self._variables(model)]

    def _restore(self, model):
        state = _read_state(self.folder)
        if state["data"] != self.args.data_file.sha256:
            flags = "give its --full, --data-dir or --pairs"
            raise UserError(f"--resume: the run in {self.folder} was trained on other data: {flags}")
        variables = {f"variable_{i}": variable for i, variable in enumerate(self._variables(model))}
        best = {f"best_{i}": variable for i, variable in enumerate(model.weights)}
        expected = {
            name: (np.dtype(variable.dtype), tuple(variable.shape))
            for name, variable in (variables | best).items()
        }
        arrays = _read_checkpoint(self.folder, expected, optional=best)
        if f"variable_{len(variables)}" in names_in_npz(self.folder / "checkpoint.npz"):
            raise UserError(f"--resume: {self.folder} holds a run of another network")
        for name, variable in variables.items():
            variable.assign(arrays[name])
        self.history, self._stopping_state = state["history"], state["stopping"]
        if self._stopping_state:
            self._stopping_state["best_weights"] = [arrays[name] for name in best if name in arrays]
        if len(self.history) > self.args.epochs:
            raise UserError(f"--resume: {len(self.history)} epochs are done, more than --epochs asks for")
        if len(self.history) == self.args.epochs:
            print(f"All {self.args.epochs} epochs are done: more --epochs would go on.")

    def _write_checkpoint(self):
        state = {
            "settings": self.settings,
            "history": self.history,
            "data": self.args.data_file.sha256,
            "stopping": dict(self._stopping_state),
        }
        best_weights = state["stopping"].pop("best_weights", None) or []
        arrays = {f"variable_{i}": value for i, value in enumerate(self._last_complete)}
        arrays |= {f"best_{i}": value for i, value in enumerate(best_weights)}
        with replacing(self.folder / "checkpoint.npz") as new:
            np.savez(new, state=np.array(json.dumps(state)), **arrays)

    # -- called by Keras

    def on_train_begin(self, logs=None):
        self._batches_seen, self._died = 0, None
        self._epoch_began = time.perf_counter()
        if self._stopping and self._stopping_state:
            vars(self._stopping).update(self._stopping_state)

    def on_epoch_begin(self, epoch, logs=None):
        self._batches_seen = 0
        self._epoch_began = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self._batches_seen = batch + 1
        if interrupt.requested:
            if in_several_processes():
                raise SystemExit(interrupt.status)
            self.model.stop_training = True

    def on_epoch_end(self, epoch, logs=None):
        seconds = time.perf_counter() - self._epoch_began
        self._fit_seconds += seconds
        if interrupt.requested:
            self.model.stop_training = True
        if self._batches_seen < self.params["steps"]:
            return  # stopped in the middle: only complete epochs count
        row = {"epoch": epoch + 1}
        row |= {name: float(value) for name, value in logs.items()}
        row["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        row["seconds"] = round(seconds, 3)
        self.history.append(row)
        self._last_complete = self._snapshot(self.model)
        if self._stopping:
            self._stopping_state = {
                name: getattr(self._stopping, name) for name in ("wait", "best", "best_epoch", "best_weights")
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
        if self._died:
            print(f"The training has died: {self._died}. Try another --learning-rate.", file=sys.stderr)

    def _why_died(self):
        *_, before, last = [{}, *self.history]
        if not np.isfinite(last["loss"]):
            return f"after epoch {last['epoch']} the loss is {last['loss']}"
        guessing = 1 / max(2, self.model.output_shape[-1]) if "accuracy" in last else 0
        same = "loss" in before and np.isclose(last["loss"], before["loss"], rtol=1e-6, atol=0)
        if same and last["accuracy"] < 1.2 * guessing:
            shown = f"the loss was {last['loss']:.4f} and the accuracy {last['accuracy']:.2%}"
            return f"in epoch {last['epoch']} {shown}, as in the one before: that is guessing"
        return None

    # -- at the end

    def _write_history(self):
        with (
            replacing(self.folder / "history.csv") as new,
            open(new, "w", newline="", encoding="utf-8") as file,
        ):
            table = csv.DictWriter(file, fieldnames=list(self.history[0]))
            table.writeheader()
            table.writerows(self.history)

    def _best(self, metric):
        rows = [row for row in self.history if f"val_{metric}" in row]
        if not rows:
            return None
        best = (max if _rises(metric) else min)(rows, key=lambda row: row[f"val_{metric}"])
        return {"metric": metric, "value": best[f"val_{metric}"], "epoch": best["epoch"]}

    def _save_model(self, model):
        """Write the model; if the disk is full, in place of the checkpoint. Returns what went wrong."""
        trouble = None
        for _ in range(2):
            try:
                with replacing(self.folder / "model.keras") as new:
                    model.save(new)
                return None
            except UserError as error:
                trouble = error
            if not disk_full(trouble.__cause__):
                break
            with contextlib.suppress(OSError):
                (self.folder / "checkpoint.npz").unlink()
        return trouble

    def finish(self, test, *, lecture, write="{:.2%}".format, model=None):
        """Save the model and the result, and say the result beside the lecture's number.

        Args:
            test: what `model.evaluate(..., return_dict=True)` gave for the test set.
            lecture: the lecture's value of the metric in `test`; None if it has none.
            write: makes the text that stands for a value of the metric.
            model: what to save, if it is only a part of the model that was trained.

        Raises:
            SystemExit: with status 130, if Ctrl-C was pressed during the training (SIGTERM 143, SIGHUP 129).
            UserError: the model cannot be written. What else there is has been.
        """
        args = self.args
        metric = next(name for name in test if name != "loss")
        result = {
            **self.settings,
            "epochs": len(self.history),
            "interrupted": interrupt.requested,
            "test": {name: float(value) for name, value in test.items()},
            "lecture": lecture,
            "shown": {
                "test": write(test[metric]),
                "lecture": "-" if lecture is None else re.sub(r"[.]?0+%", "%", write(lecture)),
            },
            "best": self._best(metric),
            "seconds": {
                "fit": round(self._fit_seconds, 3),
                "total": round(time.perf_counter() - STARTED, 3),
            },
            "window": getattr(args, "window", None),
            "steps": int(self.model.optimizer.iterations),
            "classes": getattr(args, "classes", None),
            "backend": keras.config.backend(),
            "device": _device(),
            "versions": {
                "python": platform.python_version(),
                "keras": keras.__version__,
                keras.config.backend(): sys.modules[keras.config.backend()].__version__,
                "numpy": np.__version__,
            },
            "data": {
                "file": str(args.data_file.path),
                "sha256": args.data_file.sha256,
                "origin": args.data_file.origin,
            },
        }
        self._room.close()
        trouble = self._save_model(model or self.model)
        with by_product(), replacing(self.folder / "result.json") as new:
            new.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
        if interrupt.requested and not trouble:
            with by_product():
                self._write_checkpoint()
        _unlock(self.folder)
        part_ways()
        if trouble:
            raise trouble
        print(f"The model, its history and its picture are in {self.folder}")
        epochs = f"{len(self.history)} of {args.epochs}" if interrupt.requested else f"{len(self.history)}"
        beside = "" if lecture is None else f" (the lecture: {result['shown']['lecture']})"
        epochs += f" epoch{'s' * (args.epochs > 1)}"
        name = metric.replace("_", " ")
        print(f"Test {name} {result['shown']['test']} after {epochs}, {self._fit_seconds:.1f} s{beside}")
        interrupt.saving = False
        if interrupt.requested:
            print("To go on from the last complete epoch: the same command with --resume", file=sys.stderr)
            raise SystemExit(interrupt.status)
