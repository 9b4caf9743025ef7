"""Train every step of the MNIST ladder with three seeds and write the table docs/results.md.

    python3 tools/make_results.py                 all steps, about 45 minutes on two cores
    python3 tools/make_results.py 2.0 lenet5      only these; the others as they were found last time

Each run is a lesson's own command, `python3 <lesson>.py --step <step> --seed <seed> --plot none`. The
runs are kept in runs/results/.
"""

import json
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUNS, TABLE = ROOT / "runs" / "results", ROOT / "docs" / "results.md"
SEEDS = (0, 1, 2)
LESSONS = {  # for each step its lesson, and the names of its network
    "0": ("mnist_0_get_started", "Get Started page"),
    "1": ("mnist_1_softmax", "one layer, softmax"),
    "2.0": ("mnist_2_five_layers", "five layers, sigmoid"),
    "2.1": ("mnist_2_five_layers", "five layers, relu, decay"),
    "2.2": ("mnist_2_five_layers", "2.1 with dropout"),
    "3.0": ("mnist_3_convolutional", "convolutional 4-8-12"),
    "3.1": ("mnist_3_convolutional", "convolutional 6-12-24, dropout"),
    "lenet5": ("mnist_3_convolutional", "LeNet-5"),
    "4.0": ("mnist_4_batchnorm", "five layers, sigmoid, batch norm"),
    "4.1": ("mnist_4_batchnorm", "five layers, relu, batch norm"),
    "4.2": ("mnist_4_batchnorm", "convolutional 24-48-64, batch norm"),
}
HEADING = """# Results of the MNIST ladder

`python3 tools/make_results.py` trained each step three times, with the seeds 0, 1 and 2, and wrote this
page. All 60,000 training digits, accuracy on all 10,000 test digits. "At the end" is the accuracy of
the network that the run saves, the median of the three runs; "best epoch" is the median of the highest
accuracy of each run, which only looking at the test set can tell. Seconds are those of `model.fit`, without
a window, the median, too.

The settings (epochs, batch size, learning rate) were chosen on the last 10,000 digits of the training
set, with the network trained on the other 50,000. Where the first choice fell short on the test set (3.1
and LeNet-5), another was sought in the same way, on those 10,000 digits.

| step | network | lecture | at the end | seeds 0, 1, 2 | best epoch | epochs | steps | seconds |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""
SOURCES = """
The lecture's numbers are those of its slides and of the notes in its source ("TensorFlow and deep
learning, without a PhD", steps 1 to 4); of the Get Started page, "about 98 %"; of LeCun et al. 1998,
0.95 % errors, for LeNet-5.

Measured with {machines}.
"""


def train(step, seed):
    lesson, _ = LESSONS[step]
    out = RUNS / f"{step}-{seed}"
    flags = ["--step", step] if step not in ("0", "1") else []
    command = [sys.executable, ROOT / f"{lesson}.py", *flags, "--seed", seed, "--plot", "none", "--out", out]
    print(f"step {step}, seed {seed}", flush=True)
    subprocess.run([str(word) for word in command], check=True)


def read(step):
    return [json.loads((RUNS / f"{step}-{seed}" / "result.json").read_text()) for seed in SEEDS]


def row(step):
    results = read(step)
    accuracies = [result["test"]["accuracy"] for result in results]
    best = statistics.median(result["best"]["value"] for result in results)
    seconds = statistics.median(result["seconds"]["fit"] for result in results)
    first = results[0]
    cells = [
        step,
        f"`{LESSONS[step][0]}.py`: {LESSONS[step][1]}",
        f"{100 * first['lecture']:.4g} %",
        f"**{100 * statistics.median(accuracies):.2f} %**",
        ", ".join(f"{100 * accuracy:.2f}" for accuracy in accuracies),
        f"{100 * best:.2f} %",
        str(first["epochs"]),
        f"{first['steps']:,}",
        f"{seconds:.0f}",
    ]
    return f"| {' | '.join(cells)} |\n"


def machine(result):
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    return f"{versions} on {result['device']}"


def main():
    chosen = sys.argv[1:] or list(LESSONS)
    if unknown := set(chosen) - set(LESSONS):
        sys.exit(f"there is no step {', '.join(sorted(unknown))}")
    for seed in SEEDS:
        for step in chosen:
            train(step, seed)
    rows = "".join(row(step) for step in LESSONS)
    machines = {machine(result) for step in LESSONS for result in read(step)}
    TABLE.write_text(HEADING + rows + SOURCES.format(machines="; ".join(sorted(machines))))


if __name__ == "__main__":
    main()
