"""draw_digit.py: what stands on a picture is read as MNIST's digits are."""

import json
import re
import runpy
import shutil
import signal
import time

import numpy as np
import pytest
from drawings import SEVEN, drawing, larger, save
from helpers import on_linux
from PIL import Image

from common import UserError
from common.slides.ink import read_ink

import keras
from keras import layers

import draw_digit


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Run the script in this process, which is faster; returns its lines."""
    monkeypatch.chdir(tmp_path)

    def call(*flags):
        monkeypatch.setattr("sys.argv", ["draw_digit.py", *map(str, flags)])
        runpy.run_path(draw_digit.__file__, run_name="__main__")
        return capsys.readouterr().out.splitlines()

    return call


def test_enlarged_test_digits_are_read_as_well_as_the_originals(call, mnist, network, tmp_path):
    images, labels = mnist["x_test"][:25], mnist["y_test"][:25]
    files = [save(255 - larger(image), tmp_path / f"{i}.png").name for i, image in enumerate(images)]
    lines = call("--plot", "none", "--model", network, "--image", *files)
    assert re.fullmatch(rf"0\.png: 7 \(\d+\.\d %\) by {re.escape(str(network))}", lines[0])
    read = [int(line.split()[1]) for line in lines]
    originals = keras.models.load_model(network).predict(images[..., None], verbose=0).argmax(axis=-1)
    assert len(read) == 25
    assert abs((read == labels).sum() - (originals == labels).sum()) <= 1
    assert (originals == labels).sum() >= 23


def test_a_thin_pen_is_read_as_a_thick_one(tmp_path, network):
    _, read = draw_digit.load_network(network)
    page = np.full((1200, 900), 235)
    for row in range(400, 700):
        column = 500 - (row - 400) // 3
        page[row, column : column + 4] = 40
    page[398:402, 300:504] = 40
    assert read(draw_digit.as_mnist(read_ink(save(page, tmp_path / "thin.png")))).argmax() == 7


@on_linux
def test_without_a_screen_or_a_good_model_there_is_one_line(run, call, network, tmp_path):
    save(255 * (1 - drawing(SEVEN)), tmp_path / "seven.png")
    (tmp_path / "cut.keras").write_bytes(network.read_bytes()[:2000])
    keras.Sequential([keras.Input((5,)), layers.Dense(10)]).save(tmp_path / "other.keras")
    done = run("--model", network, lesson="draw_digit")
    assert (done.returncode, done.stdout) == (2, "") and done.stderr.count("\n") == 1
    assert "no window (there is no screen; --plot web shows it in a browser): name" in done.stderr
    for flags, message in (
        ((), "--plot none needs a picture to read: --image FILE"),
        (("--image", "cut.keras"), "'cut.keras' is not a picture"),
        (("--image", "seven.png", "--model", "cut.keras"), "cut.keras is missing, damaged or not"),
        (("--image", "seven.png", "--model", "other.keras"), "does not make 10 probabilities"),
        (("--image", "seven.png", "--model", *"abc"), "--model takes one or two networks"),
    ):
        with pytest.raises(UserError, match=message):
            call("--plot", "none", *flags)


def test_without_a_run_softmax_is_trained_and_then_found(run, call, network, tmp_path):
    save(255 * (1 - drawing(SEVEN)), tmp_path / "seven.png")
    first = run("--plot", "none", "--image", "seven.png", lesson="draw_digit")
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith("There is no trained network in runs/: training mnist_1_softmax first.\n")
    assert "Test accuracy 89." in first.stdout  # a tenth of the digits
    assert re.search(r"seven.png: 7 \(.* %\) by runs.mnist_1_softmax\n$", first.stdout)

    def leave_run(name, script, accuracy, model=True):
        folder = tmp_path / "runs" / "deeper" / name
        folder.mkdir(parents=True)
        result = {"script": script, "step": "9", "test": {"accuracy": accuracy}}
        (folder / "result.json").write_text(json.dumps(result), "utf-8")
        if model:
            shutil.copy(network, folder / "model.keras")
        return folder

    leave_run("better", "mnist_9", 0.96)
    leave_run("best", "mnist_9", 0.99, model=False)
    leave_run("clothes", "fashion_mnist", 0.999)
    (leave_run("cut", "mnist_9", 0.97) / "result.json").write_text('{"script": "mn', "utf-8")
    lines = call("--plot", "file", "--image", "seven.png", "--out", "out")
    lines = [line.replace("\\", "/") for line in lines]
    assert lines[0] == "Left out: runs/deeper/cut holds no complete run"
    assert lines[1].startswith("Left out: runs/deeper/best/model.keras is missing")
    assert [line.rpartition(" ")[2] for line in lines[-3:-1]] == [
        "runs/deeper/better",
        "runs/mnist_1_softmax",
    ]
    assert lines[-1] == "Saved out/seven-1.png"
    picture = np.asarray(Image.open(tmp_path / "out" / "seven-1.png").convert("L"))
    assert picture.shape == (756, 1344) and (picture < 50).mean() > 0.01


def test_ctrl_c_ends_the_window(start, screen, network):
    process = start("--model", network, lesson="draw_digit", DISPLAY=screen, MPLBACKEND="TkAgg")
    time.sleep(3)  # the window is open by then; before it is, Ctrl-C does the same
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (130, "")
