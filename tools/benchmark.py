"""Speed and memory of the lessons, side by side with what people use; writes docs/performance.md.

    python3 tools/benchmark.py                        all tables, more than an hour
    python3 tools/benchmark.py steps memory           only these; the page keeps the others as they were

steps   seconds of an epoch without a window: the lesson, plain `model.fit`, a TensorFlow 1 program, PyTorch
        and the lesson on JAX, each in its own process, which waits while another has its turn
window  what a window costs: ours, livelossplot's, and one in the manner of the lecture's tool
target  seconds from the command to the lecture's accuracy, evaluated on the test set after each epoch
rate    the share of the machine's float32 matrix product that training reaches
growth  how an epoch's seconds and the window's share grow with the flags
memory  the peak memory of each lesson

Needs a screen for the windows (`xvfb-run -s "-screen 0 1920x1080x24"` before it). JAX,
PyTorch and livelossplot are measured where they are installed. Nothing else should run on the machine.
"""

import argparse
import csv
import importlib.util
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from functools import partial
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
OUT = ROOT / "runs" / "benchmark"
PAGE = ROOT / "docs" / "performance.md"
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from run_models import LESSONS, wait  # noqa: E402

RUNGS = {  # for each rung its lesson, the digits of an epoch here, and the lecture's accuracy
    "softmax": ("mnist_1_softmax", 60_000, 0.92),
    "five layers": ("mnist_2_five_layers:2.2", 60_000, 0.98),
    "3.1": ("mnist_3_convolutional:3.1", 20_000, 0.993),
    "4.2": ("mnist_4_batchnorm:4.2", 6_000, 0.995),
}
try:  # as TensorFlow decides it, unless it is told, as the lessons do
    usual = "1" if re.search("vnni|amx_tile|avx512_bf16", Path("/proc/cpuinfo").read_text()) else "0"
except OSError:
    usual = "1"
USUAL = {"TF_ENABLE_ONEDNN_OPTS": usual}
WAYS = {  # for each way the peer, its environment, and the package it needs
    "lesson": ("lesson", {}, "tensorflow"),
    "plain fit": ("plain", USUAL, "tensorflow"),
    "TensorFlow 1": ("graph", USUAL, "tensorflow"),
    "PyTorch": ("torch", {}, "torch"),
    "lesson on JAX": ("lesson", {"KERAS_BACKEND": "jax"}, "jax"),
}
ONE_THREAD = {  # as a user gets them they compute on all cores, which is not always their best
    f"{way}, one thread": (WAYS[way][0], WAYS[way][1] | {variable: "1"}, WAYS[way][2])
    for way, variable in (("TensorFlow 1", "TF_NUM_INTRAOP_THREADS"), ("PyTorch", "OMP_NUM_THREADS"))
}
GROWTH = {  # for each flag its values, the lesson, the examples of an epoch, and the work of each value
    "--batch-size": ((10, 100, 1000, 10_000), "mnist_2_five_layers:2.2", 60_000, lambda value: 1),
    "--train-size": ((1000, 10_000, 60_000), "mnist_2_five_layers:2.2", None, lambda value: value),
    "--image-size": ((32, 64, 128, 256), "cats_dogs_cnn", 320, lambda value: value**2),
}
LONGEST = 420  # seconds, on the way to an accuracy
SHORT = 30  # seconds: what is over sooner is measured several times


class Peer:
    """A process of tools/peers.py."""

    def __init__(self, way, rung, size=60_000, flags=()):
        kind, variables, _ = (WAYS | ONE_THREAD)[way]
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, ROOT / "tools" / "peers.py", kind, rung, str(size), *flags],
            cwd=ROOT,
            env=os.environ | variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._read("ready")

    def _read(self, word):
        for line in self.process.stdout:
            if line.startswith(word):
                return line.removeprefix(word).strip()
        raise SystemExit(f"benchmark.py: {self.process.args} ended")

    def __call__(self, question):
        print(question, file=self.process.stdin, flush=True)
        return float(self._read("answer"))

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.process.kill()
        self.process.wait()


def installed(package):
    return importlib.util.find_spec(package) is not None


def spread(values):
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def steps(rounds):
    """For each rung and way the seconds of an epoch of 60,000 digits."""
    found = {}
    for rung, (lesson, size, _) in RUNGS.items():
        ways = WAYS | ONE_THREAD
        peers = {way: Peer(way, lesson, size) for way in ways if installed(ways[way][2])}
        seconds = {way: [] for way in peers}
        for counted in range(-1, rounds):
            for way, peer in peers.items():
                taken = peer("epoch") * 60_000 / size
                if counted >= 0:
                    seconds[way].append(taken)
        for peer in peers.values():
            peer.__exit__()
        found[rung] = {way: spread(values) for way, values in seconds.items()}
        print(rung, {way: round(value["median"], 3) for way, value in found[rung].items()}, flush=True)
    return found


def lesson_seconds(rung, *flags):
    """Seconds of the whole process."""
    script, _, step = RUNGS[rung][0].partition(":")
    command = [sys.executable, ROOT / f"{script}.py", "--out", OUT / "lesson", *flags]
    began = time.perf_counter()
    subprocess.run(
        command + (["--step", step] if step else []), check=True, cwd=ROOT, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - began


def window(rounds):
    """For each rung and window: seconds without and with it, and the iterations. Of 4.2 only ours."""
    found = {}
    for rung, epochs, beside_others in (("softmax", 20, True), ("3.1", 9, True), ("4.2", 3, False)):
        rows = found[rung] = {}
        pairs = []
        for _ in range(rounds):
            plain = lesson_seconds(rung, "--plot", "none", "--epochs", str(epochs))
            shown = lesson_seconds(rung, "--plot", "window", "--close", "--epochs", str(epochs))
            pairs.append((plain, shown))
        cost = json.loads((OUT / "lesson" / "window.json").read_text())
        rows["ours"] = pairs, 600 * epochs, cost["pictures"]
        if beside_others:
            pairs, iterations = [], 200
            with Peer("TensorFlow 1", RUNGS[rung][0], 20_000) as peer:
                peer("epoch")
                for _ in range(rounds):
                    pairs.append((peer("epoch"), peer(f"window {iterations}")))
            rows["the lecture's manner"] = pairs, iterations, iterations
        if beside_others and installed("livelossplot"):
            pairs = []
            with Peer("plain fit", RUNGS[rung][0]) as peer:
                peer("fits 1")
                for _ in range(rounds):
                    pairs.append((peer("fits 3"), peer("plots 3")))
            rows["livelossplot"] = pairs, 1800, 3
        for name, (pairs, iterations, pictures) in rows.items():
            rows[name] = {
                "without": spread([plain for plain, _ in pairs]),
                "with": spread([shown for _, shown in pairs]),
                "iterations": iterations,
                "pictures": pictures,
            }
            print(rung, name, rows[name], flush=True)
    return found


def first_time(rung):
    """Seconds from the command to the accuracy of the lecture, of the lesson with its window."""
    script, _, step = RUNGS[rung][0].partition(":")
    command = [sys.executable, ROOT / f"{script}.py", "--plot", "window", "--close", "--out", OUT / "target"]
    (OUT / "target" / "history.csv").unlink(missing_ok=True)
    began = time.perf_counter()
    process = subprocess.Popen(command + (["--step", step] if step else []), stdout=subprocess.DEVNULL)
    reached = None
    while reached is None and process.poll() is None:
        time.sleep(0.05)
        if (OUT / "target" / "history.csv").is_file():
            with open(OUT / "target" / "history.csv") as file:
                rows = list(csv.DictReader(file))
            if any(float(row["val_accuracy"]) >= RUNGS[rung][2] for row in rows):
                reached = time.perf_counter() - began, len(rows)
    process.kill()
    process.wait()
    return reached


def first_time_of_peer(way, rung):
    """The same of another way, without a window."""
    lesson, _, accuracy = RUNGS[rung]
    with Peer(way, lesson) as peer:
        epochs = 0
        while time.perf_counter() - peer.began < LONGEST:
            peer("epoch")
            epochs += 1
            if peer("test") >= accuracy:
                return time.perf_counter() - peer.began, epochs
    return None


def best_way(way, rung):
    """On one thread or on all, as was faster in `steps`."""
    kept = OUT / "performance.json"
    epochs = json.loads(kept.read_text()).get("steps", {}).get(rung, {}) if kept.is_file() else {}
    ways = [name for name in (way, f"{way}, one thread") if name in epochs]
    return min(ways, key=lambda name: epochs[name]["median"], default=way)


def target(rounds):
    """For each rung and way the seconds to the lecture's accuracy and the epochs, or None."""
    found = {}
    for rung in RUNGS:
        ways = {"lesson, with its window": partial(first_time, rung)}
        for way in ("TensorFlow 1", "PyTorch"):
            if installed(WAYS[way][2]):
                ways[way] = partial(first_time_of_peer, best_way(way, rung), rung)
        runs = {way: [measure()] for way, measure in ways.items()}
        for _ in range(rounds - 1):
            for way, measure in ways.items():
                if runs[way][0] and runs[way][0][0] < SHORT:
                    runs[way].append(measure())
        found[rung] = {
            way: {"seconds": spread([run[0] for run in those]), "epochs": max(run[1] for run in those)}
            if all(those)
            else None
            for way, those in runs.items()
        }
        print(rung, found[rung], flush=True)
    return found


def rate(rounds):
    """For each rung GFLOP/s of training, and of a matrix product in the same process, in turn.

    Training a layer takes its products of numbers three times: forwards, and for the slopes by its input and
    by its weights. A product and its sum are two operations.
    """
    found = {}
    for name, rung, size in (
        ("3.1", "mnist_3_convolutional:3.1", 20_000),
        ("4.2", "mnist_4_batchnorm:4.2", 6_000),
        ("cats and dogs", "cats_dogs_cnn", 2_000),
    ):
        with Peer("lesson", rung, size) as peer:
            work = 3 * 2 * peer("products") * size / 1e9
            peer("epoch")
            training, matrices = [], []
            for _ in range(rounds):
                matrices.append(peer("matrices"))
                training.append(work / peer("epoch"))
        found[name] = {"training": spread(training), "matrices": spread(matrices)}
        print(name, found[name], flush=True)
    return found


def growth(rounds):
    """For each flag and value: seconds of an epoch, its work, and the window's share of a run of 2 epochs."""
    found = {}
    for flag, (values, lesson, size, work) in GROWTH.items():
        found[flag] = {}
        script, _, step = lesson.partition(":")
        for value in values:
            examples = size or value
            flags = [flag, str(value)] if size else []
            with Peer("lesson", lesson, examples, flags) as peer:
                peer("epoch")
                seconds = [peer("epoch") for _ in range(rounds)]
            command = [sys.executable, ROOT / f"{script}.py", "--out", OUT / "growth", "--epochs", "2"]
            command += ["--plot", "window", "--close", "--train-size", str(examples), *flags]
            subprocess.run(
                command + (["--step", step] if step else []), check=True, cwd=ROOT, stdout=subprocess.DEVNULL
            )
            window, result = (
                json.loads((OUT / "growth" / name).read_text()) for name in ("window.json", "result.json")
            )
            found[flag][str(value)] = {
                "epoch": spread(seconds),
                "work": work(value),
                "window": window["seconds"],
                "fit": result["seconds"]["fit"],
            }
            print(flag, value, found[flag][str(value)], flush=True)
    return found


def memory(rounds):
    """For each lesson the most memory of one epoch with the whole data, in bytes."""
    found = {}
    for lesson in LESSONS:
        command = [
            sys.executable,
            ROOT / f"{lesson}.py",
            "--epochs",
            "1",
            "--plot",
            "file",
            "--out",
            OUT / "memory",
        ]
        _, found[lesson] = wait(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        print(lesson, found[lesson], flush=True)
    return found


def matrix_rate():
    """GFLOP/s of NumPy, the best of five: how fast this machine is."""
    a = np.random.default_rng(0).random((2048, 2048), np.float32)
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        a @ a
        seconds.append(time.perf_counter() - began)
    return 2 * 2048**3 / min(seconds) / 1e9


def write(found):
    """The page, of all tables that were measured."""
    tables = dict.fromkeys(TEXTS, "")

    def row(*cells):
        return f"| {' | '.join(cells)} |\n"

    def heading(*cells):
        return row(*cells) + row(*["---"] * len(cells))

    def between(value, digits=2):
        median, least, most = (f"{value[key]:.{digits}f}" for key in ("median", "least", "most"))
        return f"{median} ({least} to {most})" if value["least"] < value["most"] else median

    if "steps" in found:
        ways = [way for way in WAYS if all(way in rung for rung in found["steps"].values())]
        tables["steps"] = heading("", *ways, "lesson / TensorFlow 1")
        for rung, values in found["steps"].items():
            ratio = values["lesson"]["median"] / values["TensorFlow 1"]["median"]
            cells = []
            for way in ways:
                one = values.get(f"{way}, one thread")
                faster = one and one["median"] < values[way]["median"]
                cells.append(between(values[way]) + (f"; {one['median']:.2f}" if faster else ""))
            tables["steps"] += row(rung, *cells, f"**{ratio:.2f}**")
    if "window" in found:
        titles = (
            "",
            "window",
            "iterations",
            "frames",
            "without, s",
            "with, s",
            "ratio",
            "more for 1,000 iterations, s",
        )
        tables["window"] = heading(*titles)
        for rung, values in found["window"].items():
            for name, value in values.items():
                plain, shown = value["without"]["median"], value["with"]["median"]
                if name == "the lecture's manner":  # an epoch of 200 iterations against 200 iterations
                    plain *= value["iterations"] / 200
                more = 1000 * (shown - plain) / value["iterations"]
                cells = (
                    between(value["without"]),
                    between(value["with"]),
                    f"**{shown / plain:.2f}**",
                    f"{more:.2f}",
                )
                tables["window"] += row(
                    rung, name, f"{value['iterations']:,}", f"{value['pictures']:,}", *cells
                )
    if "target" in found:
        ways = list(next(iter(found["target"].values())))
        tables["target"] = heading("", "accuracy", *ways, "TensorFlow 1 with the lecture's window")
        for rung, values in found["target"].items():
            shown = [
                f"{between(v['seconds'], 0)} s, {v['epochs']} epochs" if v else f"not in {LONGEST} s"
                for v in values.values()
            ]
            by_window, graph = found.get("window", {}).get(rung, {}), values.get("TensorFlow 1")
            manner = by_window.get("the lecture's manner")
            if manner and graph:
                seconds = graph["epochs"] * 600 * manner["with"]["median"] / manner["iterations"]
                ours = values["lesson, with its window"]["seconds"]["median"]
                shown.append(f"{seconds:,.0f} s (**{seconds / ours:.0f} ×**)")
            else:
                shown.append("")
            tables["target"] += row(rung, f"{RUNGS[rung][2]:.1%}", *shown)
    if "rate" in found:
        tables["rate"] = heading("", "training, GFLOP/s", "matrix product, GFLOP/s", "share")
        for name, value in found["rate"].items():
            share = value["training"]["median"] / value["matrices"]["median"]
            tables["rate"] += row(
                name, *(between(value[key], 0) for key in ("training", "matrices")), f"{share:.0%}"
            )
    if "growth" in found:
        tables["growth"] = heading("flag", "work", "an epoch, s", "times", "the window's share of 2 epochs")
        for flag, values in found["growth"].items():
            first = next(iter(values.values()))
            for number, value in values.items():
                tables["growth"] += row(
                    f"`{flag} {number}`",
                    f"{value['work'] / first['work']:,.0f}",
                    between(value["epoch"]),
                    f"{value['epoch']['median'] / first['epoch']['median']:,.2f}",
                    f"{value['window']:.1f} of {value['fit']:.1f} s",
                )
    if "memory" in found:
        tables["memory"] = heading("lesson", "MB")
        for lesson, value in found["memory"].items():
            tables["memory"] += row(f"`{lesson}.py`", f"{value / 2**20:,.0f}")
    measured = {name: f"\nMeasured with {found['machines'][name]}\n" for name in found.get("machines", {})}
    parts = (TEXTS[name] + tables[name] + measured.get(name, "") for name in TEXTS if name in found)
    PAGE.write_text(HEAD + "".join(parts), "utf-8")


HEAD = """# Performance

For engineers who want to know what the lessons cost. Written by `tools/benchmark.py`: medians, with the
minimum and maximum in brackets. `python3 tools/benchmark.py` makes all tables, the command above a table
only that one. Compare within a table: machines differ, as the line below each says.
"""
TEXTS = {
    "steps": """
## An epoch without a window

`python3 tools/benchmark.py steps`. Seconds for 60,000 digits in batches of 100 (3.1 measured on 20,000, 4.2
on 6,000); the programs take turns, each in its own process. "Plain fit" is `model.fit` on NumPy arrays with
Keras' defaults; "TensorFlow 1" a graph, a session and a `feed_dict` for each step, as in the lecture's
source; "PyTorch" its usual loop. After a semicolon: on one thread, where that is faster for the program.
The lessons of softmax and five layers say themselves that they compute on one (on JAX, too). All lessons
have oneDNN's convolutions, TensorFlow by itself only on processors with instructions for them, as here: on
one without, the last column was 0.35, 0.57, 0.55 and 0.51. PyTorch computes batch normalization (4.2) in one
fused kernel, and so does the lesson.

""",
    "window": """
## What the window costs

`python3 tools/benchmark.py window`. "Ours" is the whole command with `--plot window --close` and with
`--plot none`; opening the window, and three frames per second for ten seconds, weigh more in a short run.
"The lecture's manner" is a TensorFlow 1 program in matplotlib's `FuncAnimation` that redraws all six panes
at each iteration and evaluates on the test set at every 100th. livelossplot's Keras callback draws two
pairs of curves once an epoch.

""",
    "target": """
## From the command to the lecture's accuracy

`python3 tools/benchmark.py target`. The network is evaluated on the test set after each epoch, and the
first epoch that reaches the accuracy stops the clock: this is the best epoch, not the end. What takes less
than half a minute is measured several times, in turn; the first process after a boot, which reads the
libraries from the disk, takes some seconds longer. TensorFlow 1 and PyTorch train with the lecture's
settings, without a window, on one thread or on all, as was faster in the first table. The last column is
computed: the iterations that TensorFlow 1 took, times its seconds per iteration with the lecture's window
(the table above); in brackets, how many times longer this is than the lesson with its window. Softmax and
five layers are measured on the machine of the first table, 3.1 and 4.2 on that of the line below.

""",
    "rate": """
## How much of the machine is used

`python3 tools/benchmark.py rate`. Floating-point operations per second in training, beside those of a float32
product of two 2048 × 2048 matrices in the same process, in turn.

""",
    "growth": """
## How the cost grows

`python3 tools/benchmark.py growth`. Seconds of an epoch without validation and window; "work" (products and
sums of numbers) and "times" (seconds) are multiples of the flag's first row. `--batch-size` and
`--train-size` are of `mnist_2_five_layers.py` 2.2 (60,000 digits, batches of 100), `--image-size` of
`cats_dogs_cnn.py` with 320 pictures. The window's share is that of a run of two epochs with it, of the
seconds of `model.fit` with validation: in the first ten seconds it has more than three frames a second, and
in the first epoch it reads all test pictures once (of the photos 1,000: most of its share at 256 × 256).

""",
    "memory": """
## Memory

`python3 tools/benchmark.py memory`. The peak memory of each lesson for one epoch, with its default variant
and data, and a picture at the end.

""",
}


def main():
    tables = {
        "steps": steps, "window": window, "target": target, "rate": rate, "growth": growth, "memory": memory,
    }  # fmt: skip
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=", ".join(tables))
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (default: 5)")
    args = parser.parse_args()
    if wrong := set(args.tables) - set(tables):
        parser.error(f"there is no table {wrong.pop()!r} (there are {', '.join(tables)})")
    OUT.mkdir(parents=True, exist_ok=True)
    kept = OUT / "performance.json"
    found = json.loads(kept.read_text()) if kept.is_file() else {}
    for name in args.tables or tables:
        found[name] = tables[name](args.rounds)
        packages = ("keras", "tensorflow", "jax", "torch", "livelossplot")
        versions = [f"{name} {version(name)}" for name in packages if installed(name)]
        found.setdefault("machines", {})[name] = (
            f"Python {platform.python_version()}, {', '.join(versions)}, {os.cpu_count()} CPU cores,"
            f" NumPy's product of two 2048 × 2048 matrices at {matrix_rate():.0f} GFLOP/s."
        )
        kept.write_text(json.dumps(found, indent=2))
        write(found)


if __name__ == "__main__":
    main()
