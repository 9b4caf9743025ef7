"""Tests that the commands, pictures and quotations in docs/ exist."""

import re
import runpy
import shlex
import sys
from pathlib import Path

import pytest
from helpers import ROOT
from PIL import Image, ImageChops

from tools import make_flags
from tools.make_results import PAGE, put
from tools.run_page import commands_and_pictures, folder_of, main

PAGES = [ROOT / "docs" / name for name in ("contrasts.md", "lecture.md")]
COMMANDS = [command for page in PAGES for command, _ in commands_and_pictures(page)]
for _command in COMMANDS[:]:  # what runs beside another is a command, too
    if "--against" in _command:
        COMMANDS.append([*_command[:2], *shlex.split(_command[_command.index("--against") + 1])])


def test_the_pages_have_pictures_that_their_commands_make():
    for page in PAGES:
        named = set(re.findall(r"!\[.+\]\((.+-\w+\.png)\)", page.read_text("utf-8")))
        made = [picture for _, pictures in commands_and_pictures(page) for picture in pictures]
        assert {picture.relative_to(page.parent).as_posix() for picture in made} >= named
        assert len(named) >= 4
        assert not [picture for picture in made if not picture.is_file()]


def test_the_guide_has_the_lecture_s_topics_in_order():
    topics = re.findall(r"^## (\d+)(\. .+\n)", PAGES[1].read_text("utf-8"), re.MULTILINE)
    assert [int(number) for number, _ in topics] == list(range(1, len(topics) + 1))
    text = "".join(title for _, title in topics).lower()
    places = [
        text.index(f". {topic}")
        for topic in (
            "what a neuron is", "what a convolutional network is", "convolution\n", "stride\n", "padding\n",
            "pooling\n", "volumes", "dropout\n", "convnets", "max pooling or stride", "lenet",
            "look inside", "gradient descent", "backpropagation", "mnist", "softmax", "cross-entropy",
            "mini-batches and the training loop", "five layers", "relu", "a learning rate that decays",
            "dropout, seen", "overfitting", "convolution: 99.3", "batch normalization", "fashion-mnist",
            "imdb", "boston", "cats and dogs", "pix2pix", "attention",
        )
    ]  # fmt: skip
    assert places == sorted(places)


def test_the_guide_quotes_the_training_loop_as_it_stands_in_the_script():
    lines = re.findall(r"^\| \d \| \*\*(\w+)\*\*.* \| `(.+)` \|$", PAGES[1].read_text("utf-8"), re.MULTILINE)
    assert [name for name, _ in lines] == ["batch", "forward", "loss", "gradient", "update", "again"]
    script = (ROOT / "mnist_1_softmax.py").read_text("utf-8")
    assert all(code in script for _, code in lines)


def test_the_page_has_the_flags_as_the_command_line_has_them():
    page = make_flags.PAGE.read_text("utf-8")
    assert make_flags.table() in page, "run python3 tools/make_flags.py"
    assert make_flags.put(page.replace("| `--seed N` |", "| `--seeds` |")) == page
    usages = ["--step NAME", "--no-decay", "--x-axis {iterations,epochs}", "--overlay RUN ...", "--resume"]
    assert all(f"| `{usage}` |" in page for usage in usages)


def test_one_row_of_the_results_is_put_in_and_all_else_stays():
    page = PAGE.read_text("utf-8")
    changed = put(page, "models", "M3", lambda cells: [*cells[:3], "**new**", *cells[4:]])
    lines = [(a, b) for a, b in zip(page.splitlines(), changed.splitlines(), strict=True) if a != b]
    ((before, now),) = lines
    assert before.startswith("| M3 | `boston_regression.py`") and "| **new** |" in now
    more = put(page, "mixed", "M9", lambda cells: ["M9", *cells, "1", "2"]).splitlines()
    assert sorted(set(more) - set(page.splitlines())) == ["| M9 | 1 | 2 |"]
    assert (
        more[more.index("| M9 | 1 | 2 |") - 1].startswith("| dates | ") and len(more) == page.count("\n") + 1
    )


@pytest.mark.parametrize("script", sorted({command[1] for command in COMMANDS}))
def test_a_script_knows_the_flags_that_the_pages_give_it(script, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [script, "--help"])
    with pytest.raises(SystemExit):
        runpy.run_path(str(ROOT / script), run_name="__main__")
    text = capsys.readouterr().out
    flags = set(re.findall(r"--[a-z0-9-]+", text[text.index("options:") :]))
    for command in COMMANDS:
        if command[1] == script:
            assert {word for word in command if re.fullmatch("--[^ ]+", word)} <= flags
            if "--step" in command:
                assert command[command.index("--step") + 1] in re.search(r"--step \{(.*?)\}", text)[1].split(
                    ","
                )
            if "--slide" in command:
                slide = command[command.index("--slide") + 1]
                assert re.search(rf"\b{slide}\b", text.partition("options:")[0])


def test_a_page_is_run_its_pictures_are_put_in_and_what_fails_is_reported(tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    command = f"python3 convolution_demo.py --slide pooling --out {(tmp_path / 'o').as_posix()}"
    page.write_text(f"```\n{command}\n```\n\n![4×4](page-pooling.png)\n", "utf-8")
    monkeypatch.setattr(sys, "argv", ["run_page.py", str(page)])
    assert main() == 0
    made, put_in = (Image.open(tmp_path / name) for name in ("o/pooling.png", "page-pooling.png"))
    assert put_in.size == (1344, 756) and not ImageChops.difference(made, put_in).getbbox()  # no colour moved
    page.write_text("```\npython3 no_such_lesson.py\n```\n")
    assert main() == 1


def test_where_a_command_leaves_its_files():
    assert folder_of(["python3", "a.py", "--step", "2.0", "--epochs", "3"]) == Path("runs/a-2.0")
    assert folder_of(["python3", "a.py", "--out", "runs/b", "--close"]) == Path("runs/b")
    against = ["--against", "--step 2.0 --out runs/c"]
    assert folder_of(["python3", "a.py", "--step", "2.1", *against]) == Path("runs/a-2.1")


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_all_commands_of_a_page_run(page, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["run_page.py", str(page)])
    assert main() == 0
