"""Tests that a run which is there is found, only for a command that would train the same."""

import json
import os
import runpy
import sys
from pathlib import Path

import pytest
from helpers import ROOT

from stage.commands import asks, read_command
from stage.runs import Runs
from stage.settings import flags_of, is_lesson, settings_of
from stage.topics import commands_and_pictures, scripts_of

PAGE = ROOT / "docs" / "lecture.md"


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Runs(ROOT, Path("runs"))


def command(flags, script="mnist_1_softmax.py"):
    return read_command(f"python3 {script} {flags}", scripts_of(PAGE))


def test_a_run_is_there_for_its_own_command_and_stands_beside_others(run, runs):
    run("--epochs", "2", "--plot", "file")
    run("--epochs", "1", "--learning-rate", "0.1", "--out", "runs/other", "--plot", "none")
    found = runs.there(command("--epochs 2"))
    assert found.folder == Path("runs/mnist_1_softmax") and found.shown.endswith("%")
    assert [path.name for path in found.pictures()] == ["dashboard.png"]
    others = [
        "", "--epochs 1", "--epochs 2 --seed 1", "--epochs 2 --learning-rate 0.1", "--epochs 2 --resume",
        "--epochs 2 --x-axis epochs",
        "--epochs 2 --train-size 100", "--epochs 2 --overlay runs/other", "--epochs 2 --mixed-precision",
        '--epochs 2 --against "--seed 1"', "--epochs 2 --out runs/other",
        "--epochs 1 --learning-rate 0.1 --out runs/other",  # it has no picture
    ]  # fmt: skip
    for flags in others:
        assert runs.there(command(flags)) is None, flags
    assert runs.there(command("--learning-rate 0.30 --epochs=2 --batch-size 100 --close")) is found
    own, other = runs.beside(command("--epochs 2"))
    assert own["current"] and not other["current"] and other["folder"] == "runs/other"
    assert own["test"] == found.shown and own["metric"] == "accuracy"
    assert [epoch for epoch, _ in own["points"]] == [1, 2] and 0.5 < own["points"][-1][1] < 1
    assert (
        "learning rate 0.1" in other["differs"]
        and "epochs 1" in other["differs"]
        and "seed" not in other["differs"]
    )
    os.utime("runs/mnist_1_softmax/history.csv", (2e9, 2e9))  # it trains again
    assert runs.beside(command("--epochs 2"))[0]["test"] == "training"
    rows = runs.beside(command("--epochs 2"), since=2e9 + 1)  # in its first epoch
    assert [row["current"] for row in rows] == [False]
    overlaid = "--epochs", "2", "--overlay", "runs/other", "--out", "runs/both"
    run(*overlaid, "--plot", "file")
    assert runs.there(command(" ".join(overlaid))) and not runs.there(command("--epochs 2 --out runs/both"))
    os.utime("runs/other/history.csv", (2e9, 2e9))  # what was overlaid is trained anew
    assert not runs.there(command(" ".join(overlaid)))


def test_a_run_that_stopped_early_is_also_that_of_more_epochs(run, runs):
    run("--epochs", "2", "--plot", "file")
    path = Path("runs/mnist_1_softmax/result.json")
    result, time = json.loads(path.read_text()), path.stat().st_mtime
    for early, found in (False, [2]), (True, [2, 3]):
        path.write_text(json.dumps(result | {"stopped_early": early}))
        os.utime(path, (time + 0.01 * (1 + early),) * 2)
        assert [n for n in (1, 2, 3) if runs.there(command(f"--epochs {n}"))] == found
    path.write_text(json.dumps(result | {"epochs": 0, "interrupted": True}))  # stopped in its first epoch
    os.utime(path, (time + 0.03,) * 2)
    assert runs.beside(command("--epochs 2")) == []  # the curve is of an earlier run


def test_fewer_examples_are_another_run(run, runs):
    run("--epochs", "1", "--train-size", "500", "--plot", "file")
    run("--epochs", "1", "--plot", "none", "--out", "runs/whole")
    assert runs.there(command("--epochs 1 --train-size 500")) and not runs.there(command("--epochs 1"))


FEW = "--step", "2.1", "--epochs", "1", "--train-size", "500"


@pytest.mark.extras  # four trainings
def test_a_race_is_there_for_the_same_race_only(run, runs):
    script, race = "mnist_2_five_layers.py", (*FEW, "--against", "--step 2.0")
    run(*race, "--plot", "file", lesson="mnist_2_five_layers")
    assert runs.there(command('--step 2.1 --epochs 1 --train-size 500 --against "--step 2.0"', script))
    assert not runs.there(
        command('--step 2.1 --epochs 1 --train-size 500 --against "--step 2.0 --seed 1"', script)
    )
    assert not runs.there(command("--step 2.1 --epochs 1 --train-size 500", script))
    run(*FEW, "--plot", "file", lesson="mnist_2_five_layers")
    assert runs.there(command("--step 2.1 --epochs 1 --train-size 500", script))
    assert not runs.there(command('--step 2.1 --epochs 1 --train-size 500 --against "--step 2.0"', script))


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "[" * 100_000, '{"script": "mnist_1_softmax"}', "\0" * 50]
)
def test_a_damaged_result_is_no_run(runs, content):
    folder = Path("runs/mnist_1_softmax")
    folder.mkdir(parents=True)
    for name in ("result.json", "history.csv"):
        (folder / name).write_text(content)
    assert runs.there(command("")) is None and runs.beside(command("")) == []


def test_no_training_of_the_lecture_overwrites_another(runs):
    folders = []
    for words, _ in commands_and_pictures(PAGE):
        flags = flags_of(words[2:])
        if is_lesson(ROOT / words[1]) and not asks(words):
            folders.append(runs.own_folder(words[1], flags))
            folders += [folders[-1].with_name(f"{folders[-1].name}-against")] * ("against" in flags)
    assert len(folders) > 25 and len({*folders}) == len(folders)


def test_the_settings_of_every_training_of_the_lecture_are_those_that_the_lesson_reads():
    import common

    checked = 0
    for words, _ in commands_and_pictures(PAGE):
        flags, lesson = flags_of(words[2:]), ROOT / words[1]
        if not is_lesson(lesson) or flags.keys() & {"overlay", "review", "translate"}:  # these need a run
            continue
        read = {}

        def stop(description, read=read, **options):
            read |= vars(common.command_line.parse_args(description, **options))
            raise KeyError("the command line has been read")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", words[1:])
            patch.setattr(common, "parse_args", stop)
            with pytest.raises(KeyError, match="has been read"):
                runpy.run_path(str(lesson), run_name="__main__")
        wanted = settings_of(lesson, flags)
        for name in read["settings"]:
            if name not in ("script", "train_size", "image_size"):
                value = wanted.get(name)
                same = (value or None) == (read[name] or None) or str(value) == str(read[name])
                assert same or float(value) == read[name], (words, name)
        checked += 1
    assert checked >= 20
