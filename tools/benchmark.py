"""Measures the lessons' speed and memory against other tools; writes the tables of docs/performance.md.

    python3 tools/benchmark.py                        all tables, more than an hour
    python3 tools/benchmark.py steps memory           only these; the rest of the page is unchanged

steps   seconds per epoch without a window: the lesson, plain `model.fit`, a TensorFlow 1 program, PyTorch
        and the lesson on JAX, each in its own process; they run in turn
again   the same once more, at another time: speeds differ from one sitting to the next
window  the cost of a window: this project's, livelossplot's, and one that imitates the lecture's tool
target  seconds from the command to the lecture's accuracy, evaluated on the test set after each epoch;
        uses results of the two tables above
rate    training speed as a share of the machine's float32 matrix product
growth  how the seconds per epoch and the window's share grow with the flags
memory  the peak memory of each lesson

The windows need a screen (for example `xvfb-run -s "-screen 0 1920x1080x24"` before the command). JAX,
PyTorch and livelossplot are measured if they are installed. Nothing else should run on the machine.
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
from run_models import LESSONS, read_result, wait  # noqa: E402

RUNGS = {  # for each rung its lesson, the digits of an epoch here, and the lecture's accuracy
    "softmax": ("mnist_1_softmax", 60_000, 0.92),
    "five layers": ("mnist_2_five_layers:2.2", 60_000, 0.98),
    "3.1": ("mnist_3_convolutional:3.1", 20_000, 0.993),
    "4.2": ("mnist_4_batchnorm:4.2", 6_000, 0.995),
}
try:  # TensorFlow's default; the lessons set the number of threads
    usual = "1" if re.search("vnni|amx_tile|avx512_bf16", Path("/proc/cpuinfo").read_text()) else "0"
except OSError:
    usual = "1"
USUAL = {"TF_ENABLE_ONEDNN_OPTS": usual}
WAYS = {  # for each way the peer, the package it needs (also Keras' backend), and its environment
    "lesson": ("lesson", "tensorflow", {}),
    "plain fit": ("plain", "tensorflow", USUAL),
    "TensorFlow 1": ("graph", "tensorflow", USUAL),
    "PyTorch": ("torch", "torch", {}),
    "lesson on JAX": ("lesson", "jax", {}),
}
ONE_THREAD = {  # by default they compute on all cores, which is not always fastest
    f"{way}, one thread": (*WAYS[way][:2], WAYS[way][2] | {variable: "1"})
    for way, variable in (("TensorFlow 1", "TF_NUM_INTRAOP_THREADS"), ("PyTorch", "OMP_NUM_THREADS"))
}
GROWTH = {  # for each flag its values, the lesson, the examples of an epoch, and the work of each value
    "--batch-size": ((10, 100, 1000, 10_000), "mnist_2_five_layers:2.2", 60_000, lambda value: 1),
    "--train-size": ((1000, 10_000, 60_000), "mnist_2_five_layers:2.2", None, lambda value: value),
    "--image-size": ((32, 64, 128, 256), "cats_dogs_cnn", 320, lambda value: value**2),
}
LONGEST = 420  # seconds, on the way to an accuracy
SHORT = 30  # seconds; what ends sooner is measured several times


class Peer:
    """A process of tools/peers.py."""

    def __init__(self, way, rung, size=60_000, flags=()):
        kind, backend, variables = (WAYS | ONE_THREAD)[way]
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, ROOT / "tools" / "peers.py", kind, rung, str(size), *flags],
            cwd=ROOT,
            env=os.environ | {"KERAS_BACKEND": backend} | variables,
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
        command = " ".join(map(str, self.process.args))
        raise SystemExit(f"benchmark.py: {command} ended with status {self.process.wait()}")

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
    """The seconds of an epoch of 60,000 digits, for each rung and way."""
    found = {}
    for rung, (lesson, size, _) in RUNGS.items():
        ways = WAYS | ONE_THREAD
        peers = {way: Peer(way, lesson, size) for way in ways if installed(ways[way][1])}
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
    """The duration of the whole process in seconds."""
    script, _, step = RUNGS[rung][0].partition(":")
    command = [sys.executable, ROOT / f"{script}.py", "--out", OUT / "lesson", *flags]
    began = time.perf_counter()
    subprocess.run(
        command + (["--step", step] if step else []), check=True, cwd=ROOT, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - began


def window(rounds):
    """Seconds without and with each window, and the iterations, for each rung; for 4.2 only ours."""
    found = {}
    for rung, epochs, beside_others in (("softmax", 20, True), ("3.1", 9, True), ("4.2", 3, False)):
        rows = found[rung] = {}
        pairs = []
        for _ in range(rounds):
            plain = lesson_seconds(rung, "--plot", "none", "--epochs", str(epochs))
            shown = lesson_seconds(rung, "--plot", "window", "--close", "--epochs", str(epochs))
            pairs.append((plain, shown))
        cost = json.loads((OUT / "lesson" / "window.json").read_text())
        print(rung, cost, flush=True)
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
    """Seconds from the command to the lecture's accuracy, for the lesson with its window."""
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
    """Seconds from the command to the lecture's accuracy, for another way, without a window."""
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
    """One thread or all cores, whichever was faster in `steps`."""
    kept = OUT / "performance.json"
    epochs = json.loads(kept.read_text()).get("steps", {}).get(rung, {}) if kept.is_file() else {}
    ways = [name for name in (way, f"{way}, one thread") if name in epochs]
    return min(ways, key=lambda name: epochs[name]["median"], default=way)


def target(rounds):
    """The seconds and epochs to the lecture's accuracy, or None, for each rung and way."""
    found = {}
    for rung in RUNGS:
        ways = {"lesson, with its window": partial(first_time, rung)}
        for way in ("TensorFlow 1", "PyTorch"):
            if installed(WAYS[way][1]):
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
    """GFLOP/s of training, and of a matrix product in the same process, measured in turn, for each rung.

    Training a layer computes its multiplications three times: in the forward pass, and for the gradients
    with respect to its input and its weights. A multiplication with its addition counts as two operations.
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
    """Seconds and work of an epoch, and the window's share of a run of 2 epochs, for each flag and value."""
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
            window = json.loads((OUT / "growth" / "window.json").read_text())
            found[flag][str(value)] = {
                "epoch": spread(seconds),
                "work": work(value),
                "window": window["seconds"],
                "fit": read_result(OUT / "growth")["seconds"]["fit"],
            }
            print(flag, value, found[flag][str(value)], flush=True)
    return found


def memory(rounds):
    """The peak memory of one epoch on the whole data set, in bytes, for each lesson."""
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


def row(*cells):
    return f"| {' | '.join(cells)} |\n"


def heading(*cells):
    return row(*cells) + row(*["---"] * len(cells))


def between(value, digits=2):
    median, least, most = (f"{value[key]:.{digits}f}" for key in ("median", "least", "most"))
    return f"{median} ({least} to {most})" if value["least"] < value["most"] else median


def steps_table(found, name="steps"):
    """The seconds, and the lesson's as multiples of the others', each on one thread or all, as is faster."""
    ways = [way for way in WAYS if all(way in rung for rung in found[name].values())]
    others = [way for way in ways if way not in ("lesson", "plain fit")]
    table = heading("", *ways, *(f"lesson / {way}" for way in others))
    for rung, values in found[name].items():
        cells, best = [], {}
        for way in ways:
            one = values.get(f"{way}, one thread")
            faster = one and one["median"] < values[way]["median"]
            cells.append(between(values[way]) + (f"; {one['median']:.2f}" if faster else ""))
            best[way] = (one if faster else values[way])["median"]
        table += row(rung, *cells, *(f"**{best['lesson'] / best[way]:.2f}**" for way in others))
    return table


def window_table(found):
    titles = "", "window", "iterations", "frames", "without, s", "with, s", "ratio"
    table = heading(*titles, "more for 1,000 iterations, s")
    for rung, values in found["window"].items():
        for name, value in values.items():
            plain, shown = value["without"]["median"], value["with"]["median"]
            if name == "the lecture's manner":  # an epoch of 200 iterations against 200 iterations
                plain *= value["iterations"] / 200
            more = 1000 * (shown - plain) / value["iterations"]
            numbers = f"{value['iterations']:,}", f"{value['pictures']:,}"
            seconds = between(value["without"]), between(value["with"])
            table += row(rung, name, *numbers, *seconds, f"**{shown / plain:.2f}**", f"{more:.2f}")
    return table


def target_table(found):
    ways = list(next(iter(found["target"].values())))
    table = heading("", "accuracy", *ways, "TensorFlow 1 with the lecture's window")
    for rung, values in found["target"].items():
        shown = [
            f"{between(v['seconds'], 0)} s, {v['epochs']} epochs" if v else f"not in {LONGEST} s"
            for v in values.values()
        ]
        manner, graph = found["window"].get(rung, {}).get("the lecture's manner"), values.get("TensorFlow 1")
        if manner and graph:
            seconds = graph["epochs"] * 600 * manner["with"]["median"] / manner["iterations"]
            ours = values["lesson, with its window"]["seconds"]["median"]
            shown.append(f"{seconds:,.0f} s (**{seconds / ours:.0f} ×**)")
        else:
            shown.append("")
        table += row(rung, f"{RUNGS[rung][2]:.1%}", *shown)
    return table


def rate_table(found):
    table = heading("", "training, GFLOP/s", "matrix product, GFLOP/s", "share")
    for name, value in found["rate"].items():
        share = value["training"]["median"] / value["matrices"]["median"]
        table += row(name, *(between(value[key], 0) for key in ("training", "matrices")), f"{share:.0%}")
    return table


def growth_table(found):
    table = heading("flag", "work", "an epoch, s", "times", "the window's share of 2 epochs")
    for flag, values in found["growth"].items():
        first = next(iter(values.values()))
        for number, value in values.items():
            table += row(
                f"`{flag} {number}`",
                f"{value['work'] / first['work']:,.0f}",
                between(value["epoch"]),
                f"{value['epoch']['median'] / first['epoch']['median']:,.2f}",
                f"{value['window']:.1f} of {value['fit']:.1f} s",
            )
    return table


def memory_table(found):
    lessons = found["memory"].items()
    rows = (row(f"`{lesson}.py`", f"{value / 2**20:,.0f}") for lesson, value in lessons)
    return heading("lesson", "MB") + "".join(rows)


TABLES = {  # for each table the function that measures it, and the one that writes it
    "steps": (steps, steps_table),
    "again": (steps, partial(steps_table, name="again")),
    "window": (window, window_table),
    "target": (target, target_table),
    "rate": (rate, rate_table),
    "growth": (growth, growth_table),
    "memory": (memory, memory_table),
}


def put_in(page, name, table, machine):
    """The page with the table after the mark <!-- name --> and its "Measured with" line replaced."""
    old = re.compile(rf"(?<=<!-- {name} -->\n)(?:\|.*\n)*\nMeasured with .*\n")
    page, places = old.subn(lambda _: f"{table}\nMeasured with {machine}\n", page)
    if places != 1:
        raise SystemExit(f"benchmark.py: {PAGE} needs one mark <!-- {name} --> with a table and its machine")
    return page


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=", ".join(TABLES))
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (default: 5)")
    args = parser.parse_args()
    if wrong := set(args.tables) - set(TABLES):
        parser.error(f"there is no table {wrong.pop()!r} (there are {', '.join(TABLES)})")
    OUT.mkdir(parents=True, exist_ok=True)
    kept = OUT / "performance.json"
    found = json.loads(kept.read_text()) if kept.is_file() else {}
    names = [name for name in TABLES if name in args.tables or not args.tables]
    if "target" in names and (needed := {"steps", "window"} - {*names, *found}):
        parser.error(f"'target' takes numbers of {' and '.join(sorted(needed))}: measure these, too")
    for name in names:
        measure, write = TABLES[name]
        found[name] = measure(args.rounds)
        packages = ("keras", "tensorflow", "jax", "torch", "livelossplot")
        versions = [f"{name} {version(name)}" for name in packages if installed(name)]
        machine = (
            f"Python {platform.python_version()}, {', '.join(versions)}, {os.cpu_count()} CPU cores,"
            f" NumPy's product of two 2048 × 2048 matrices at {matrix_rate():.0f} GFLOP/s."
        )
        kept.write_text(json.dumps(found, indent=2))
        PAGE.write_text(put_in(PAGE.read_text("utf-8"), name, write(found), machine), "utf-8")


if __name__ == "__main__":
    main()
