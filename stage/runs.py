"""Reads the runs in runs/: their results, their curves, and whether a command has been run already."""

import contextlib
import csv
import json
import math
from pathlib import Path

from stage.commands import split
from stage.settings import flags_of, settings_of
from stage.topics import folder_of

MOST = 300  # runs that are looked at
LARGEST = 2**24  # bytes of a file that is read
FORM = {"script": str, "epochs": int, "data": dict, "shown": dict, "seconds": dict}
PICTURES = "dashboard.png", "feature_maps.png", "predictions.png"
# what result.json holds beside the settings
RESULT = {
    "script", "epochs", "interrupted", "stopped_early", "picture", "test", "lecture", "shown", "best",
    "seconds", "steps", "classes", "data", "backend", "device", "versions",
}  # fmt: skip
# flags of which result.json does not tell
UNKNOWN = {"resume", "review", "predict", "translate", "movie", "distribute", "process"}


class Run:
    """A run in a folder, which may still be training.

    Attributes:
        folder: its `Path`.
        result: what result.json holds, a dictionary; None if it is not there yet, or damaged.
        ended: the time of result.json, in seconds; 0 without one.
        began: when that run began.
        shown: its test result as text.
    """

    def __init__(self, folder):
        self.folder, self.result, self.ended, self.began = folder, None, 0, 0
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            result, ended = json.loads(_read(folder / "result.json")), _time(folder / "result.json")
            if all(isinstance(result[name], kind) for name, kind in FORM.items()):
                self.began = ended - result["seconds"]["total"]
                self.shown = str(result["shown"]["test"])
                self.result, self.ended = result, ended

    @property
    def settings(self):
        """The settings that say more than that a flag was not given, and the epochs, a dictionary."""
        return {name: value for name, value in self.result.items() if name not in RESULT} | {
            "epochs": self.result["epochs"]
        }

    def pictures(self):
        """The pictures of this run, not those of an earlier one in the same folder, a list of `Path`."""
        return [path for path in (self.folder / name for name in PICTURES) if _time(path) >= self.began]

    def draws(self, overlay, x_axis):
        """Whether its picture has these --overlay and --x-axis, and those runs are still the same."""
        drawn = self.result.get("picture", {"overlay": [], "x_axis": "iterations"})
        same = all(_time(Path(folder) / "history.csv") <= self.ended for folder in drawn["overlay"])
        return same and Path(overlay) == Path(" ".join(drawn["overlay"])) and x_axis == drawn["x_axis"]

    def curve(self):
        """Its test curve from history.csv: the name, "loss" without a metric, and [[epoch, value], ...]."""
        try:
            rows = list(csv.DictReader(_read(self.folder / "history.csv").splitlines()))
            measured = [name for name in rows[0] if name.startswith("val_") and name != "val_loss"]
            name = [*measured, *(name for name in ("val_loss", "loss") if name in rows[0])][0]
            points = [[int(row["epoch"]), float(row[name])] for row in rows if row[name]]
        except (OSError, ValueError, KeyError, IndexError, TypeError, csv.Error):
            return None, []
        return name.removeprefix("val_"), [point for point in points if math.isfinite(point[1])]

    def row(self, current, differing):
        """What the page shows of this run: a dictionary; `current` says whether it is the command's own."""
        metric, points = self.curve()
        of_this_run = self.result and _time(self.folder / "history.csv") <= self.ended + 1
        about = {"test": "training", "seconds": None, "differs": ""}
        if of_this_run and not self.result["epochs"]:
            points = []  # stopped in its first epoch; the file is of an earlier run
        if of_this_run:
            settings = {name.replace("_", " "): self.settings.get(name) for name in differing}
            differs = ", ".join(f"{name} {value}" for name, value in settings.items() if value is not None)
            about = {"test": self.shown, "seconds": self.result["seconds"].get("fit"), "differs": differs}
        folder = self.folder.as_posix()
        return about | {"folder": folder, "current": current, "metric": metric, "points": points}


def _read(path):
    with open(path, encoding="utf-8") as file:
        return file.read(LARGEST)


def _time(path):
    """When a file was written, in seconds; 0 if it is not there."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0


class Runs:
    """The runs in a folder.

    Args:
        root: the folder of the scripts, a `Path`.
        folder: the folder of the runs, a `Path`.
    """

    def __init__(self, root, folder):
        self._root, self._folder, self._known = root, folder, {}

    def _run(self, folder):
        """The `Run` in a folder, read again only if its result has changed."""
        stamp = _time(folder / "result.json")
        if self._known.get(folder, (None,))[0] != stamp:
            self._known[folder] = stamp, Run(folder)
        return self._known[folder][1]

    def _all(self):
        found = sorted(self._folder.rglob("history.csv"), key=_time, reverse=True)
        return [self._run(path.parent) for path in found[:MOST]]

    def own_folder(self, script, flags):
        """The folder where a training writes its files; a lesson's name has its step, also the usual one."""
        words = ["python3", script]
        settings = settings_of(self._root / script, flags)
        for name in ("step", "out"):
            if isinstance(settings.get(name), str):
                words += [f"--{name}", settings[name]]
        return folder_of(words)

    def there(self, command):
        """The `Run` that a `Command` would train again, or None if there is none.

        It has the command's folder and settings, is complete, and has its picture. A race is told by the
        other run, which ended after this one had begun.
        """
        flags = flags_of(command.flags)
        try:
            folder = self.own_folder(command.script, flags)
            run, rival = self._run(folder), self._run(folder.with_name(f"{folder.name}-against"))
            if flags.keys() & UNKNOWN or not self._made_by(run, command.script, flags):
                return None
            if not run.draws(flags.get("overlay", ""), flags.get("x_axis", "iterations")):
                return None
            against = flags.get("against")
            if bool(against) != (rival.ended > run.began):
                return None
            if against:
                others = flags | flags_of(split(str(against)))
                if not self._made_by(rival, command.script, others):
                    return None
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None
        names = [path.name for path in run.pictures()]
        filters = "feature_maps.png" in names or "show_filters" not in flags
        return run if "dashboard.png" in names and filters else None

    def _made_by(self, run, script, flags):
        """Whether a run was complete, and trained by this script with these flags."""
        if not run.result or run.result.get("interrupted") or run.result["script"] != Path(script).stem:
            return False
        wanted = settings_of(self._root / script, flags)
        measured = {name for name in ("train_size", "image_size") if flags.get(name) is None}
        for name, value in run.settings.items():
            if name not in measured and not _same(wanted.get(name), value):
                early = name == "epochs" and run.result.get("stopped_early") and value < int(wanted[name])
                if not early:
                    return False
        return "train_size" in flags or not self._is_shortened(run)

    def _is_shortened(self, run):
        """Whether other runs on the same file had more training examples."""
        ours = run.result
        return any(
            other.result["data"].get("sha256") == ours["data"].get("sha256")
            and other.result.get("train_size", 0) > ours.get("train_size", 0)
            for other in self._all()
            if other.result
        )

    def beside(self, command, since=0):
        """The runs of the same lesson, that of the `Command` first, a list as `Run.row` returns it.

        Until a training that has begun at `since`, in seconds, ends its first epoch, its folder may hold an
        earlier run, which is left out.
        """
        try:
            own = self.own_folder(command.script, flags_of(command.flags))
        except (OSError, ValueError, TypeError):
            return []
        script, others = Path(command.script).stem, []
        for run in self._all():
            if run.folder.absolute() != own.absolute() and run.result and run.result["script"] == script:
                others.append(run)
        current = [self._run(own)] if _time(own / "history.csv") >= since else []
        compared = [run.settings for run in (*current, *others) if run.result]
        names = dict.fromkeys(name for settings in compared for name in settings)
        differing = [name for name in names if len({str(settings.get(name)) for settings in compared}) > 1]
        rows = [run.row(run in current, differing) for run in (*current, *others)]
        return [row for row in rows if row["points"]]


def _same(wanted, found):
    """Whether a setting has the value that a flag gives it; one that is off may also be missing."""
    if isinstance(wanted, str) and type(found) in (int, float):
        try:
            return float(wanted) == found
        except ValueError:
            return False
    return wanted == found or (wanted or None) == (found or None)
