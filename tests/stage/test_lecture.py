"""Tests of `python3 lecture.py` as its user starts it, with the real lecture."""

import os
import re
import signal
import subprocess
import sys

import pytest
from helpers import ROOT, not_on_windows
from small_suite import Page


def test_it_loads_neither_keras_nor_numpy():
    code = "import lecture, sys; print(sorted({'keras', 'numpy', 'matplotlib'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_flag_that_it_does_not_know_is_refused_in_one_line():
    done = subprocess.run([sys.executable, ROOT / "lecture.py", "--shar"], capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr == "lecture.py: unrecognized arguments: --shar (--help lists the flags)\n"


@not_on_windows
def test_it_goes_on_when_nobody_reads_what_it_prints(closed_pipe, start_script):
    lecture = start_script(ROOT / "lecture.py", new=True, stdout=closed_pipe, BROWSER="nobody")
    with pytest.raises(subprocess.TimeoutExpired):
        lecture.wait(3)
    lecture.send_signal(signal.SIGINT)
    assert lecture.wait(60) == 130 and "Error" not in lecture.stderr.read()


@not_on_windows
def test_ctrl_c_ends_all_that_it_started_and_the_training_is_saved(begin, tmp_path):
    lecture, addresses = begin()
    assert len(addresses) == 1
    page = Page(addresses[0])
    slide = page.start("python3 neuron_demo.py --slide neuron", (0, 1))
    training = page.start("python3 mnist_1_softmax.py --epochs 500", (15, 1))
    page.program(slide, lambda one: one["address"])
    page.program(training, lambda one: one["epochs"] and one["address"])
    lecture.send_signal(signal.SIGINT)
    assert lecture.wait(60) == 130
    assert (tmp_path / "runs" / "mnist_1_softmax" / "model.keras").exists()
    assert '"interrupted": true' in (tmp_path / "runs" / "mnist_1_softmax" / "result.json").read_text()
    if sys.platform == "linux":
        assert _processes_in(tmp_path) == []


def _processes_in(folder):
    """The processes that work in a folder."""
    found = []
    for number in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208
        try:
            if os.readlink(f"/proc/{number}/cwd") == str(folder):  # noqa: PTH115
                found.append(number)
        except OSError:
            continue
    return found


@not_on_windows
def test_with_share_the_class_gets_the_address_of_the_picture(begin):
    lecture, addresses = begin("--share")
    assert len(addresses) == 2
    page = Page(addresses[0])
    onlooker = Page(f"http://127.0.0.1:{addresses[1].split(':')[2]}")
    number = page.start("python3 convolution_demo.py --slide pooling", (5, 0))
    page.program(number, lambda one: one["address"])
    page.send("show", [5, 0], "python3 convolution_demo.py --slide pooling", ["program", int(number)])
    said = onlooker.wait(lambda said: said["frame"])
    assert said["title"] == "6. Pooling" and re.fullmatch(r"http://[\d.]+:\d+/\w+/", said["frame"])
    lecture.terminate()
    assert lecture.wait(60) == 143
