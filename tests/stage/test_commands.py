"""Tests of what the page starts, and of what it refuses."""

import shlex

import pytest
from helpers import ROOT

from stage.commands import Refused, asks, read_command
from stage.topics import commands_and_pictures, scripts_of

PAGE = ROOT / "docs" / "lecture.md"
SCRIPTS = scripts_of(PAGE)


def test_every_command_of_the_lecture_may_be_started():
    for words, _ in commands_and_pictures(PAGE):
        command = read_command(shlex.join(words).replace("'", '"'), SCRIPTS)
        assert ["python3", command.script, *command.flags] == words


def test_what_a_shell_would_change_stays_as_it_is_typed():
    line = (
        'python3 mnist_1_softmax.py --out $HOME/*;~ --data-dir C:\\a --against "--epochs 2 | `x`" > a && b #c'
    )
    flags = [
        "--out",
        "$HOME/*;~",
        "--data-dir",
        "C:\\a",
        "--against",
        "--epochs 2 | `x`",
        ">",
        "a",
        "&&",
        "b",
        "#c",
    ]
    assert read_command(line, SCRIPTS).flags == flags
    assert read_command("python3 mnist_1_softmax.py --plot web --epochs 2", SCRIPTS).flags == [
        "--epochs",
        "2",
    ]


def test_the_commands_that_only_print_an_answer_are_known():
    asking = [words for words, _ in commands_and_pictures(PAGE) if asks(words)]
    assert [words[1] for words in asking] == ["imdb_text.py", "nmt_attention.py"]
    assert asks(["--review=good"]) and not asks(["--out", "review"])


SOFTMAX = "python3 mnist_1_softmax.py"


@pytest.mark.parametrize(
    "line",
    [
        "", " ", "python3", "ls", "sh -c ls", "rm -rf runs", "mnist_1_softmax.py", "python3 mnist_1_softmax",
        "/usr/bin/python3 mnist_1_softmax.py", "python3 -c pass mnist_1_softmax.py", "python3 -m pip x.py",
        "python3 -i mnist_1_softmax.py", "python3 ./mnist_1_softmax.py", "python3 ../x/mnist_1_softmax.py",
        "python3 /elsewhere/mnist_1_softmax.py", "python3 tools/run_page.py docs/lecture.md",
        "python3 lecture.py", "python3 run_models.py", "python3 no_such.py",
        "python3 'mnist_1_softmax.py", f"{SOFTMAX} x.py",
        f"{SOFTMAX} --plot window", f"{SOFTMAX} --plot=file", f"{SOFTMAX} --plot", f"{SOFTMAX} --share",
        f"{SOFTMAX}\nls", f"{SOFTMAX} --out a\0b", f"{SOFTMAX} \ud800", f"{SOFTMAX} --out {'x' * 2000}",
    ],
)  # fmt: skip
def test_anything_else_is_refused_in_one_line(line):
    with pytest.raises(Refused) as refused:
        read_command(line, SCRIPTS)
    assert 10 < len(str(refused.value)) < 500 and "\n" not in str(refused.value)
