"""A training run of a lesson. Its folder holds:

model.keras       the trained model
history.csv       one row per epoch: epoch, loss, metrics, the same with val_, learning_rate, seconds
result.json       the result, the settings, the data and the versions
vocabulary.json   the words of a network that reads texts
dashboard.png     the window's last picture, written by `LivePlot`
feature_maps.png  written by `show_feature_maps`
predictions.png   written by `show_predictions`
my_pictures.png   written by `predict_pictures`
curves.csv        the points of the window's curves, written by `LivePlot`
window.json       the time the window took, written by `LivePlot`
checkpoint.npz    all variables at the end of the last complete epoch, for --resume
"""

import sys
import time
from pathlib import Path

import filelock
import keras

from common.files import by_product, remove_leftovers
from common.libraries import STARTED
from common.errors import UserError
from common.signals import interrupt
from common.training.checkpoints import Checkpoints
from common.training.distribution import part_ways
from common.training.faster import make_faster
from common.training.gathered_steps import gather_in_steps
from common.training.models import SaveModel
from common.training.progress import (
    DealOrder, History, HistoryFile, Progress, StopAtSignal, StopWhenDead, say_network,
)  # fmt: skip
from common.training.results import best_epoch, shown, write_result, write_vocabulary


class Run(keras.callbacks.CallbackList):
    """Saves a training run in a folder, and resumes an interrupted one.

    The model is saved when training ends, before any picture. Once the `Run` exists, Ctrl-C, SIGTERM and
    SIGHUP stop training after the current batch; `finish` then writes the result and exits with status 130,
    143 or 129.

    Args:
        args: from `parse_args`.
        data: the `Data` that the model is trained on.
        model: a compiled `keras.Model`. With --resume its variables and its optimizer's are set to
            their values at the end of the last complete epoch.
        train: the training batches, from `in_batches`.
        stopping: the lesson's `keras.callbacks.EarlyStopping`, or None. It must come before this callback in
            `model.fit`; with --resume its state is restored.
        saved: the part of the model to save; None for the whole model.

    Attributes:
        initial_epoch: the number of complete epochs, for `model.fit`.
        history: a list with a dictionary for each complete epoch, the columns of history.csv.

    Raises:
        UserError: the folder cannot be written, another run writes to it, or with --resume it holds no run
            of this lesson.
    """

    def __init__(self, args, data, model, train, stopping=None, saved=None):
        self.args, self.data, self.folder = args, data, Path(args.out)
        _, validated, *_ = data
        known = {"train_size": len(data.train.x), "image_size": validated.x.shape[1]}
        self.settings = {name: known.get(name, getattr(args, name)) for name in args.settings}
        self._open_folder()
        model.optimizer.build(model.trainable_variables)
        make_faster(model, args.batch_size, data.train)
        gather_in_steps(model, train)
        self.history = []
        state = {"settings": self.settings, "history": self.history, "data": data.file.sha256, "stopping": {}}
        checkpoints = Checkpoints(self.folder, state, stopping)
        self.initial_epoch = self._resume(checkpoints, model) if args.resume else 0
        try:
            checkpoints.write(model)  # find out before training whether the folder can be written
        except UserError as error:
            raise UserError(f"--out: {error}: make room there, or give another --out") from error
        self._model_file, self._epochs = SaveModel(self.folder, saved or model), History(self.history)
        super().__init__(
            [
                self._model_file,
                DealOrder(train),
                StopAtSignal(),
                self._epochs,
                checkpoints,
                HistoryFile(self.folder, self.history),
                Progress(self.history, args.verbose),
                StopWhenDead(self.history, data.train.y),
            ]
        )
        say_network(args, model)
        interrupt.saving = True
        if interrupt.requested:  # a library has caught the SystemExit
            raise SystemExit(interrupt.status)

    def _open_folder(self):
        # a notebook cell that runs again gets the lock it already holds
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

    def _resume(self, checkpoints, model):
        """Restore the run in the folder. Returns the epoch, from 0, at which training continues."""
        checkpoints.bring_back(model)
        done, epochs = len(self.history), self.args.epochs
        if done > epochs:
            raise UserError(f"--resume: {done} epochs are done, more than --epochs asks for")
        if done == epochs:
            print(f"All {epochs} epochs are done: give more --epochs to continue.")
        if checkpoints.stopped_early():
            print(f"Early stopping ended this run after {done} epochs: there is nothing to continue.")
            return epochs
        return done

    def finish(self, test, *, lecture, write="{:.2%}".format):
        """Save the result, and print it beside the lecture's number.

        Args:
            test: the result of `model.evaluate(..., return_dict=True)` on the test set, or on the validation
                set if the data has no test set.
            lecture: the lecture's value of the metric in `test`; None if it has none. It is not shown beside
                a result on the user's own data.
            write: formats a value of the metric as text.

        Raises:
            SystemExit: with status 130, if Ctrl-C was pressed during the training (SIGTERM 143, SIGHUP 129).
            UserError: the model could not be written; everything else has been.
        """
        keras.config.enable_interactive_logging()
        args, file, done = self.args, self.data.file, len(self.history)
        metric = next(name for name in test if name != "loss")
        lecture = None if self.data.own else lecture
        written = shown(test[metric], lecture, write)
        result = {
            **self.settings,
            "epochs": done,
            "interrupted": interrupt.requested,
            "stopped_early": done < args.epochs and not interrupt.requested,
            "picture": {"x_axis": args.x_axis, "overlay": [path.as_posix() for path in args.overlay]},
            "test": {name: float(value) for name, value in test.items()},
            "lecture": lecture,
            "shown": written,
            "best": best_epoch(self.history, metric),
            "seconds": {
                "fit": round(self._epochs.seconds, 3),
                "total": round(time.perf_counter() - STARTED, 3),
            },
            "steps": int(self.model.optimizer.iterations),
            "classes": self.data.classes,
            "data": {
                "file": str(file.path),
                "sha256": file.sha256,
                "origin": file.origin,
                "own": self.data.own,
                "split": self.data.split,
                "preparation": self.data.preparation,
                "x": list(self.data.train.x.shape[1:]),
                "y": list(self.data.train.y.shape[1:]),
            },
        }
        with by_product():
            if self.data.words:
                result["data"]["vocabulary"] = write_vocabulary(self.folder, self.data.words)
            write_result(self.folder, result)
        self._lock.release(force=True)
        part_ways()
        if self._model_file.trouble:
            raise self._model_file.trouble
        print(f"The model, its history and its picture are in {self.folder}")
        measured = "Validation" if self.data.test is None else "Test"
        of = f" of {args.epochs}" if interrupt.requested else ""
        beside = "" if lecture is None else f" (the lecture: {written['lecture']})"
        print(
            f"{measured} {metric.replace('_', ' ')} {written['test']} after {done}{of}"
            f" epoch{'s' * (args.epochs > 1)}, {self._epochs.seconds:.1f} s{beside}"
        )
        interrupt.saving = False
        if interrupt.requested:
            print(
                "To continue after the last complete epoch: the same command with --resume", file=sys.stderr
            )
            raise SystemExit(interrupt.status)
