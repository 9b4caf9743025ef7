"""Tests that any command line either runs or gives a one-line error. Never a traceback."""

import json
import os

from helpers import ROOT, on_linux

pytestmark = on_linux  # a fork
QUICK = ["--plot", "none", "--epochs", "1", "--train-size", "600"]

NUMBERS = [
    "999999999999999999999999999999", "1e39", "-1", "-0.5", "nan", "inf", "-inf", "９", "٣", "½", "1_000",
    " 3", "3 ", "", "0x10", "1,5", "1e-400", "1e9999", "9" * 5000, "1\n2", "\udcff", "--", "two",
]  # fmt: skip

PATHS = [
    "x" * 300,
    "x/" * 2500,
    "",
    "loop",
    "loop/x",
    "file/x",
    "~nobody/x",
    "a\nb/c",
    "\udcff",
    "/dev/null",
    "empty",
]


def each(flags, values, *rest):
    """A line for each of some flags, parted by spaces, and each value."""
    return [[flag, value, *rest] for flag in flags.split() for value in values]


LINES = {
    "mnist_1_softmax": [
        *each("--epochs --batch-size --seed --learning-rate --train-size", NUMBERS),
        *each("--process", NUMBERS, "--distribute", "a:1,b:2"),
        *each("--distribute", ["a", "a:1", "a:1,b", "a:９,b:1", "a:99999999,b:1", ",", "\n"]),
        *each("--data-dir --overlay --movie", PATHS),
        *each("--out", PATHS, "--resume"),
        *each("--out", ["a\nb/c", "\udcff", "/dev/null"]),
        *each("--movie", ["film.avi", "loop/film.gif", f"{'x' * 300}.gif"]),
        *each("--plot --x-axis", ["x" * 5000, "screen\nsaver"]),
        *each(
            "--against", ["'", " ", "\n", "\udcff", "--", "x" * 5000, "--epochs " + "9" * 5000, "--plot none"]
        ),
        *([f"--against=--out={path}/x"] for path in PATHS[:2]),
        *each("--step --dropout --review --predict --beams", ["9", "loop"]),
        *([word] for word in ("--movie", "--overlay", "--out", "--nonsense", "\n", "\udcff", "---", "-h\n")),
        *([word] for word in ("--close=yes", "--distribute", "--epoch=3", "--batch-size=601", "x" * 5000)),
        ["--train-size", "60001"],
        ["--plot", "none", "--movie", "film.gif"],
    ],
    "mnist_2_five_layers": [
        *each("--dropout", NUMBERS),
        *each("--step", ["２.0", "", "2.9"]),
        ["--no-decay", "1"],
    ],
    "cats_dogs_cnn": [*each("--image-size", NUMBERS), *each("--predict", PATHS), ["--predict"]],
    "imdb_text": [
        *each("--out", PATHS[:2] + PATHS[3:6], "--review", "good"),
        *each("--review", ["", " \n"]),
        ["--review"],
    ],
    "nmt_attention": [
        *each("--beams", NUMBERS),
        *each("--pairs", PATHS, "--step", "translate"),
        *each("--pairs --translate", [""]),
    ],
    "pix2pix": [*each("--l1", NUMBERS, "--train-size", "60001"), ["--input-half", "up"]],
    "convolution_demo": [
        *each("--stride --kernel --input", NUMBERS, "--plot", "none"),
        *each("--input", PATHS, "--plot", "none"),
        *each("--out", PATHS, "--plot", "file", "--slide", "stride"),
        *each("--slide", ["x" * 5000, "\n"]),
        *each("--kernel", ["1 2 / 3", " / ".join(["1 " * 50] * 50)], "--plot", "none"),
        ["--plot", "none", "--movie", "loop/a.gif"],
    ],
    "gradient_descent_demo": [
        *each("--learning-rate", NUMBERS, "--plot", "none"),
        ["--learning-rate", "0.1", "--slide", "cost"],
    ],
    "neuron_demo": [
        *each("--bias --activation", NUMBERS[-12:], "--plot", "none"),
        ["--slide", "batch", "--bias", "2"],
    ],
    "draw_digit": [
        *each("--model --image", PATHS, "--plot", "none"),
        ["--model", "a", "b", "c"],
        ["--close"],
        ["--plot", "file"],
    ],
    "look_inside": [*each("--model --image", PATHS, "--plot", "file"), ["--plot", "none"], ["--close"]],
    "run_models": [*([word] for word in ("M9", "x" * 5000, "M1:\n")), *each("--out", PATHS, "M9")],
}

DRIVER = """
import json, os, runpy, sys
root, lines = sys.argv[1], json.load(open("lines.json"))
sys.path.insert(0, root)
import common
from common.signals import interrupt
seen = []
for script, words in lines:
    sys.argv = [f"{root}/{script}.py", *words]
    interrupt.saving = False
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
        seen.append(["runs", ""])
    except common.UserError as error:
        seen.append(["refused", str(error)])
    except SystemExit as exit_:
        seen.append(["ended", str(exit_.code)])
    except BaseException as error:
        seen.append(["traceback", repr(error)])
print("SEEN" + json.dumps(seen))
"""

TRAINING = {
    "cats_dogs_cnn",
    "imdb_text",
    "mnist_1_softmax",
    "mnist_2_five_layers",
    "nmt_attention",
    "pix2pix",
}


def what_becomes_of_the_lines(folder, fork, few_examples):
    """For each line its script, its words, what happened and the message."""
    (folder / "file").write_text("no picture, no run")
    (folder / "empty").mkdir()
    (folder / "loop").symlink_to("loop")
    lines = [
        (script, [*(QUICK if script in TRAINING else []), *words])
        for script, some in LINES.items()
        for words in some
    ]
    (folder / "lines.json").write_text(json.dumps(lines))
    (folder / "driver.py").write_text(DRIVER)
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    environment |= {"HOME": str(folder), "KERAS_HOME": str(few_examples)}
    driver = fork([str(folder / "driver.py"), str(ROOT)], folder, environment)
    stdout, stderr = driver.communicate(timeout=280)
    assert "SEEN" in stdout, stderr[-2000:]
    seen = json.loads(stdout.rpartition("SEEN")[2])
    return [(*line, *became) for line, became in zip(lines, seen, strict=True)]


def test_a_hostile_line_runs_or_is_refused_in_one_short_line(tmp_path, fork, few_examples):
    seen = what_becomes_of_the_lines(tmp_path, fork, few_examples)
    assert len(seen) > 300
    assert [line for line in seen if line[2] == "traceback"] == []
    refusals = [message for *_, what, message in seen if what == "refused"]
    assert len(refusals) > 250
    assert [message for message in refusals if "\n" in message or len(message) > 400] == []
    # numbers that no machine has, and digits of other scripts
    never = {"999999999999999999999999999999", "1e39", "９", "٣", "1_000", "9" * 5000}
    assert [line for line in seen if never & set(line[1]) and line[2] != "refused"] == []
