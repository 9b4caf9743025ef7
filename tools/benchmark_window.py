"""Measures the cost of the window: runs a lesson with `--plot window` and `--plot none` in turn.

    python3 tools/benchmark_window.py --runs 5
    python3 tools/benchmark_window.py --runs 3 --lesson mnist_3_convolutional -- --step 3.0

Prints the seconds of the whole process, the share of the window, the time until its first picture, and the
frames per second. Needs a screen (for example `xvfb-run -s "-screen 0 1920x1080x24"` before the command).
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run(lesson, folder, *flags):
    """Seconds of the whole process, and of the training alone."""
    out = Path(folder) / "run"
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, ROOT / f"{lesson}.py", "--out", out, *flags], check=True, stdout=subprocess.DEVNULL
    )
    result = json.loads((out / "result.json").read_text())
    return time.perf_counter() - began, result["seconds"]["fit"]


def seconds_to_import():
    code = "import keras"
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--lesson", default="mnist_1_softmax")
    parser.add_argument("flags", nargs="*", help="flags for the lesson, after --")
    args = parser.parse_args()
    columns = {"none": [], "window": [], "import": [], "first": [], "rate": []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(args.runs):
            columns["import"].append(seconds_to_import())
            seconds, plain = run(args.lesson, folder, "--plot", "none", *args.flags)
            columns["none"].append(seconds)
            seconds, shown = run(args.lesson, folder, "--plot", "window", "--close", *args.flags)
            columns["window"].append(seconds)
            cost = json.loads(Path(folder, "run", "window.json").read_text())
            columns["first"].append(cost["first_picture_after"])
            columns["rate"].append(cost["pictures_per_second_at_first"])
            print(
                f"none {columns['none'][-1]:.2f} s (fit {plain:.2f})"
                f"   window {seconds:.2f} s (fit {shown:.2f})   {cost}",
                flush=True,
            )
    median = {name: statistics.median(values) for name, values in columns.items()}
    costs = [w - n for w, n in zip(columns["window"], columns["none"], strict=True)]
    allowed = 2 + 0.05 * plain
    print(f"whole process: none {median['none']:.2f} s, window {median['window']:.2f} s (medians)")
    print(f"the window costs {statistics.median(costs):.2f} s (median of pairs), allowed {allowed:.2f} s")
    print(f"first picture after {median['first']:.2f} s; import keras alone {median['import']:.2f} s")
    print(f"frames per second in the first ten seconds: {median['rate']:.2f}")


if __name__ == "__main__":
    main()
