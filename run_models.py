"""Run several lessons one after another and compare them, for example to test a computer before the class.

    python3 run_models.py                                    M1, M2 and M3
    python3 run_models.py M1 mnist_3_convolutional:3.1       any lessons, with a step where there are several;
                                                             M4 and M5 are pix2pix and nmt_attention
    python3 run_models.py M1 M2 -- --epochs 1 --plot none    flags after -- go to each lesson

Each lesson runs in its own process, with its window, which closes at the end. The results are printed as a
table, and saved in runs/run_models as results.json and as a picture, results.png. A failed lesson's row says
why it failed, and the exit status is then 1. Seconds are those of the whole command; memory is its peak.
"""

import argparse
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# common comes first: it keeps TensorFlow quiet
from common import UserError
from common.signals import interrupt
from common.training.results import NAME, is_complete, read_result
from common.values import some_path
from keras_window.style import DesignedFigure, as_designed

ROOT = Path(__file__).parent
LESSONS = sorted(
    path.stem
    for path in ROOT.glob("*.py")
    if path.name != "run_models.py" and "parse_args(__doc__" in path.read_text("utf-8")
)
# the lecture's models: the lesson, and the seconds it took in the lecture
MODELS = {
    "M1": ("fashion_mnist", 65),
    "M2": ("imdb_text", 46),
    "M3": ("boston_regression", 43),
    "M4": ("pix2pix", None),
    "M5": ("nmt_attention", None),
}
ROW = "{:<26} {:>9} {:>9} {:>8} {:>13} {:>9}   {}"


class OneLineParser(argparse.ArgumentParser):
    def error(self, message):
        raise UserError(f"{message} (flags for the lessons go after --)")


def parse_args():
    own, flags = sys.argv[1:], []
    if "--" in own:
        own, flags = own[: own.index("--")], own[own.index("--") + 1 :]
    parser = OneLineParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = ", ".join([*MODELS, *LESSONS])
    parser.add_argument("models", nargs="*", metavar="LESSON", help=f"{known} (default: M1 M2 M3)")
    parser.add_argument(
        "--out", type=some_path, default=Path("runs/run_models"), help="folder for the results"
    )
    args = parser.parse_args(own)
    args.flags, args.models = flags, args.models or ["M1", "M2", "M3"]
    for model in args.models:
        if model not in MODELS and model.partition(":")[0] not in LESSONS:
            parser.error(f"there is no lesson {model[:60]!r} (there are {known})")
    return args


def wait(process):
    """The exit status of a process, and its peak memory in bytes (None on Windows)."""
    if not hasattr(os, "wait4"):
        return process.wait(), None
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def pass_on(process, number, frame):
    """Pass a signal on, so that the lesson saves and ends. Ctrl-C already reaches it from the terminal."""
    interrupt.requested, interrupt.status = True, 128 + number
    if number != signal.SIGINT:
        process.send_signal(number)


def run(model, args):
    """Run a lesson; returns its row, a dictionary."""
    name, lecture_seconds = MODELS.get(model, (model, None))
    lesson, _, step = name.partition(":")
    folder = args.out / name.replace(":", "-")
    (folder / NAME).unlink(missing_ok=True)
    command = [sys.executable, str(ROOT / f"{lesson}.py"), *args.flags, "--close", "--out", str(folder)]
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+", errors="replace") as stderr:
        process = subprocess.Popen([*command, "--step", step] if step else command, stderr=stderr)
        for number in interrupt.SIGNALS:
            signal.signal(number, functools.partial(pass_on, process))
        status, memory = wait(process)
        seconds = round(time.perf_counter() - began, 1)
        stderr.seek(0)
        said = stderr.read().strip().splitlines()
    print("\n".join(said), file=sys.stderr, end="\n" * bool(said))
    row = {"model": model, "lesson": lesson, "status": status, "seconds": seconds, "memory": memory}
    row |= {"lecture_seconds": lecture_seconds}
    if status or not is_complete(folder):
        return row | {"status": status or 1, "error": said[-1] if said else f"it ended with status {status}"}
    result = read_result(folder)
    return row | {key: result[key] for key in ("step", "test", "shown", "device", "versions")}


def table(rows):
    lines = [ROW.format("model", "result", "lecture", "seconds", "lecture, s", "memory", "device")]
    for row in rows:
        name = row["lesson"] if row["model"] == row["lesson"] else f"{row['model']} {row['lesson']}"
        memory = f"{row['memory'] / 2**20:,.0f} MB" if row["memory"] else "-"
        shown = row.get("shown", {"test": "failed", "lecture": "-"})
        device = row.get("device", row.get("error"))
        times = f"{row['seconds']:.1f}", row["lecture_seconds"] or "-"
        lines.append(ROW.format(name, shown["test"], shown["lecture"], *times, memory, device))
    return "\n".join(lines)


@as_designed()
def draw(rows, path):
    figure = DesignedFigure((10, 1.5 + 0.9 * len(rows)), layout="constrained")
    axes, places = figure.subplots(), range(len(rows))
    seconds = [row["seconds"] for row in rows]
    shown = [row["shown"]["test"] if "shown" in row else "failed" for row in rows]
    bars = axes.barh([i - 0.2 for i in places], seconds, 0.38, color="#0072B2", label="here")
    labels = [f"{time:.0f} s, {result}" for time, result in zip(seconds, shown, strict=True)]
    axes.bar_label(bars, labels, fontsize=14, padding=5)
    lecture = [row["lecture_seconds"] or 0 for row in rows]
    axes.barh([i + 0.2 for i in places], lecture, 0.38, color="#BBBBBB", label="in the lecture")
    axes.set_yticks(places, [row["model"] for row in rows], fontsize=14)
    axes.set(xlabel="seconds", ylim=(len(rows) - 0.5, -0.5), xlim=(0, 1.3 * max(seconds + lecture)))
    axes.legend(loc="lower right", fontsize=14)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=100)


def main():
    interrupt.lesson = True
    args, rows = parse_args(), []
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        for model in args.models:
            print(f"--- {model}", flush=True)
            rows.append(run(model, args))
            if interrupt.requested:
                break
        (args.out / "results.json").write_text(json.dumps(rows, indent=2) + "\n", "utf-8")
        draw(rows, args.out / "results.png")
    except OSError as error:
        raise UserError(f"cannot write to {args.out}: {error.strerror}") from error
    print(f"\n{table(rows)}\n\nThe same as numbers and as a picture: {args.out}")
    return interrupt.status or int(any(row["status"] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
