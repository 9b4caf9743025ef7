"""Trains every network of the lessons with three seeds; writes the results into docs/results.md.

    python3 tools/make_results.py                   all rows, about 80 minutes on two cores
    python3 tools/make_results.py 2.0 lenet5 M2     only these rows; the others are unchanged
    python3 tools/make_results.py --data-dir DIR    also the full-size data sets in DIR: 2 more hours
    python3 tools/make_results.py 2.0-mixed         with --mixed-precision, beside the row without it

Each run is the lesson's command with `--seed <seed> --plot none`. Runs are kept in runs/results/.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUNS, PAGE = ROOT / "runs" / "results", ROOT / "docs" / "results.md"
SEEDS = (0, 1, 2)
LADDER = {  # for each row its lesson and flags, and the name of its network
    "0": ("mnist_0_get_started", "Get Started page"),
    "1": ("mnist_1_softmax", "one layer, softmax"),
    "2.0": ("mnist_2_five_layers --step 2.0", "five layers, sigmoid"),
    "2.1": ("mnist_2_five_layers --step 2.1", "five layers, ReLU, decay"),
    "2.2": ("mnist_2_five_layers --step 2.2", "2.1 with dropout"),
    "3.0": ("mnist_3_convolutional --step 3.0", "convolutional 4-8-12"),
    "3.1": ("mnist_3_convolutional --step 3.1", "convolutional 6-12-24, dropout"),
    "lenet5": ("mnist_3_convolutional --step lenet5", "LeNet-5"),
    "4.0": ("mnist_4_batchnorm --step 4.0", "five layers, sigmoid, batch norm"),
    "4.1": ("mnist_4_batchnorm --step 4.1", "five layers, ReLU, batch norm"),
    "4.2": ("mnist_4_batchnorm --step 4.2", "convolutional 24-48-64, batch norm"),
}
MODELS = {
    "M1": ("fashion_mnist --step dense", "one hidden layer"),
    "M1-conv": ("fashion_mnist --step conv", "two convolutional layers"),
    "M2": ("imdb_text", "embedding, 15,000 reviews"),
    "M3": ("boston_regression", "two hidden layers"),
    "cats": ("cats_dogs_cnn", "4,000 pictures of 32 × 32"),
    "cats-plain": ("cats_dogs_cnn --no-augment", "the same without augmentation"),
}
FULL = {
    "M2-full": ("imdb_text", "embedding, 25,000 reviews, 15,000 of them for training"),
    "photos": ("cats_dogs_cnn", "2,000 photos of 150 × 150"),
    "photos-plain": ("cats_dogs_cnn --no-augment", "the same without augmentation"),
}
OTHERS = {  # only beside themselves with --mixed-precision
    "dates": ("nmt_attention --step dates", "attention"),
    "edges": ("pix2pix --step edges", "pix2pix: the L1 error"),
}
MIXED = {
    f"{name}-mixed": (f"{command} --mixed-precision", network)
    for name, (command, network) in (LADDER | MODELS | OTHERS).items()
}


def train(name, command, data_dir, seed):
    lesson, *flags = command.split()
    flags += ["--seed", str(seed), "--plot", "none", "--out", str(RUNS / f"{name}-{seed}")]
    flags += ["--data-dir", str(data_dir)] if name in FULL else []
    print(f"{name}, seed {seed}", flush=True)
    subprocess.run([sys.executable, str(ROOT / f"{lesson}.py"), *flags], check=True)


def read(name):
    """The results of a row's three runs, or None if they are missing."""
    paths = [RUNS / f"{name}-{seed}" / "result.json" for seed in SEEDS]
    return [json.loads(path.read_text()) for path in paths] if all(path.exists() for path in paths) else None


def values_of(results):
    """The metric at the end of each run, and its format."""
    metric = next(name for name in results[0]["test"] if name != "loss")

    def write(value, decimals=".2f"):
        if metric == "l1":
            return f"{value:.3f}"
        return f"${1000 * value:,.0f}" if metric == "mae" else f"{100 * value:{decimals}} %"

    return [result["test"][metric] for result in results], write


def seeds(values, write):
    return ", ".join(write(value).removesuffix(" %") for value in values)


def row(name, lesson, network):
    """The cells of a row."""
    results, median = read(name), statistics.median
    values, write = values_of(results)
    best = [write(median(result["best"]["value"] for result in results))] if name in LADDER else []
    return [
        name,
        f"`{lesson.split()[0]}.py`: {network}",
        "" if results[0]["lecture"] is None else write(results[0]["lecture"], ".4g"),
        f"**{write(median(values))}**",
        seeds(values, write),
        *best,
        f"{median(result['epochs'] for result in results)}",
        f"{median(result['steps'] for result in results):,}",
        f"{median(result['seconds']['fit'] for result in results):.0f}",
    ]


def put(page, table, name, change):
    """The page with a row changed: `change` gets the row's cells, or none if the row is new."""
    before, mark, rest = page.partition(f"<!-- {table} -->\n")
    rows = re.match(r"(?:\|.*\n)+", rest)[0].splitlines()
    names = [row.split("|")[1].strip() for row in rows]
    place = names.index(name) if name in names else len(rows)
    cells = change([cell.strip() for cell in "".join(rows[place : place + 1]).split("|")[1:-1]])
    rows[place : place + 1] = [f"| {' | '.join(cells)} |"]
    return before + mark + "\n".join(rows) + "\n" + re.sub(r"\A(?:\|.*\n)+", "", rest)


def put_results(page, name):
    """The page with a row's results filled in, for 32 or 16 bits."""
    alone = name.removesuffix("-mixed")
    column, written = (2 if name in MIXED else 1), seeds(*values_of(read(name)))
    if name not in MIXED | OTHERS:
        table = "ladder" if name in LADDER else "models"
        page = put(page, table, name, lambda before: row(name, *(LADDER | MODELS | FULL)[name]))
    if f"{alone}-mixed" in MIXED:
        page = put(
            page,
            "mixed",
            alone,
            lambda cells: [*(cells or [alone, "", ""])[:column], written, *cells[column + 1 :]],
        )
    known, machines = re.search("Measured with (.*)[.]\n", page), sorted(set(map(machine, read(name))))
    missing = [text for text in machines if text not in known[1]]
    return page.replace(known[1], "; ".join([known[1], *missing]))


def machine(result):
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    return f"{versions} on {result['device']}"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="rows of the tables")
    parser.add_argument("--data-dir", type=Path, help="folder with the full-size data")
    args = parser.parse_args()
    rows = LADDER | MODELS | FULL | OTHERS | MIXED
    names = args.names or list(LADDER | MODELS | (FULL if args.data_dir else {}))
    if wrong := [name for name in names if name not in rows or (name in FULL and not args.data_dir)]:
        parser.error(f"no such row, or it needs --data-dir: {', '.join(wrong)}")
    for seed in SEEDS:
        for name in names:
            train(name, rows[name][0], args.data_dir, seed)
    page = PAGE.read_text("utf-8")
    for name in names:
        page = put_results(page, name)
    PAGE.write_text(page, "utf-8")


if __name__ == "__main__":
    main()
