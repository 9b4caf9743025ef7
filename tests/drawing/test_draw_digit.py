"""Tests of draw_digit.py: digits in pictures are prepared as MNIST's are, and predicted."""

import re
import runpy
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from drawings import SEVEN, drawing, larger, save
from helpers import on_linux
from PIL import Image

from common import UserError
from common.data.cut_out import read_ink
from common.data.sources import BUNDLED_SHA256
from common.training import results

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


def leave_a_run(folder, accuracy, model, script="mnist_9", classes=None, **file):
    """A run's result, and the network of a file."""
    folder.mkdir(parents=True, exist_ok=True)
    known = {"script": script, "step": "9", "epochs": 1, "interrupted": False, "classes": classes}
    known["data"] = {"file": "mnist.npz", "sha256": "abc", "origin": "bundled"} | file
    results.write_result(folder, known | {"test": {"accuracy": accuracy}})
    if model:
        shutil.copy(model, folder / "model.keras")
    return folder


def test_enlarged_test_digits_are_classified_as_well_as_the_originals(call, mnist, network, tmp_path):
    images, labels = mnist["x_test"][:25], mnist["y_test"][:25]
    files = [save(255 - larger(image), tmp_path / f"{i}.png").name for i, image in enumerate(images)]
    lines = call("--plot", "none", "--model", network, "--image", *files)
    assert re.fullmatch(rf"0\.png: 7 \(\d+\.\d %\) by {re.escape(str(network))}", lines[0])
    predicted = [int(line.split()[1]) for line in lines]
    originals = keras.models.load_model(network).predict(images[..., None], verbose=0).argmax(axis=-1)
    assert len(predicted) == 25
    assert abs((predicted == labels).sum() - (originals == labels).sum()) <= 1
    assert (originals == labels).sum() >= 23


def test_a_thin_pen_is_classified_as_a_thick_one(tmp_path, network):
    predict = draw_digit.load_network(network).predict
    page = np.full((1200, 900), 235)
    for row in range(400, 700):
        column = 500 - (row - 400) // 3
        page[row, column : column + 4] = 40
    page[398:402, 300:504] = 40
    assert predict(draw_digit.as_mnist(read_ink(save(page, tmp_path / "thin.png")))).argmax() == 7


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
        (
            ("--image", "seven.png", "--model", "cut.keras"),
            "cut.keras is damaged \\(File is not a zip file\\): name another one",
        ),
        (("--image", "seven.png", "--model", "other.keras"), "does not make 10 probabilities"),
        (("--image", "seven.png", "--model", *"abc"), "--model takes one or two networks"),
    ):
        with pytest.raises(UserError, match=message):
            call("--plot", "none", *flags)


def test_without_a_run_softmax_is_trained_and_then_found(run, call, network, tmp_path):
    save(255 * (1 - drawing(SEVEN)), tmp_path / "seven.png")
    first = run("--plot", "none", "--image", "seven.png", lesson="draw_digit")
    assert (first.returncode, first.stderr) == (0, "")
    says = "There is no network trained on MNIST in runs/: training mnist_1_softmax first.\n"
    assert first.stdout.startswith(says)
    assert "Test accuracy 89." in first.stdout  # a tenth of the digits
    assert re.search(r"seven.png: 7 \(.* %\) by runs.mnist_1_softmax\n$", first.stdout)

    runs = tmp_path / "runs" / "deeper"

    def leave_run(name, accuracy, model=True, **known):
        return leave_a_run(runs / name, accuracy, network if model else None, **known)

    leave_run("better", 0.96)
    leave_run("best", 0.99, model=False)
    leave_run("clothes", 0.999, script="fashion_mnist", file="fashion_mnist.npz", classes=["Shirt"] * 10)
    leave_run("mine", 0.999, origin="data-dir")
    (leave_run("cut", 0.97) / "result.json").write_text('{"script": "mn', "utf-8")
    (runs / "stopped").mkdir()
    (runs / "stopped" / "checkpoint.npz").touch()
    lines = call("--plot", "file", "--image", "seven.png", "--out", "out")
    lines = [line.replace("\\", "/") for line in lines]
    mine = "runs/deeper/mine was trained on your digits (--model runs/deeper/mine takes it)"
    assert lines[0].startswith("Left out: runs/deeper/cut/result.json is damaged (")
    assert lines[1:3] == [f"Left out: {mine}", "Left out: runs/deeper/stopped holds no complete run"]
    assert lines[3] == "Left out: runs/deeper/best/model.keras cannot be read: No such file or directory"
    assert [line.rpartition(" ")[2] for line in lines[-3:-1]] == [
        "runs/deeper/better",
        "runs/mnist_1_softmax",
    ]
    assert lines[-1] == "Saved out/seven-1.png"
    picture = np.asarray(Image.open(tmp_path / "out" / "seven-1.png").convert("L"))
    assert picture.shape == (756, 1344) and (picture < 50).mean() > 0.01


def test_a_network_is_asked_what_it_was_trained_on(call, network, tmp_path):
    save(255 * (1 - drawing(SEVEN)), tmp_path / "seven.png")

    def named(**known):
        leave_a_run(tmp_path / "run", 0.979, network, **known)
        line = call("--plot", "none", "--image", "seven.png", "--model", "run")[-1]
        return line.partition(" by ")[2], draw_digit.load_network(tmp_path / "run").name

    assert named() == ("run", "mnist_9\nstep 9, test 97.90 %")
    assert named(origin="data-dir") == (
        "run (trained on your digits)",
        "mnist_9 9\nyour digits: 97.90 %",
    )
    copy = {"origin": "data-dir", "sha256": BUNDLED_SHA256["mnist.npz"]}  # in the class's folder
    assert named(file=r"D:\class\mnist.npz", **copy)[0] == "run"
    for known, learnt in (
        ({"script": "fashion_mnist", "file": "fashion_mnist.npz", "classes": ["Shirt", "Bag"]}, "Shirt, Bag"),
        ({"script": "imdb_text", "file": "imdb.npz"}, "imdb.npz"),
    ):
        with pytest.raises(UserError, match=f"run was not trained on drawings, but on {learnt}"):
            named(**known)
    (tmp_path / "run" / "result.json").write_text("[]")
    with pytest.raises(UserError, match=r"result\.json is damaged"):
        call("--plot", "none", "--image", "seven.png", "--model", "run")
    (tmp_path / "run" / "result.json").unlink()
    assert draw_digit.load_network(tmp_path / "run").name == "run\nmodel.keras"


def test_a_network_of_named_classes_answers_with_their_names(call, network, tmp_path):
    save(255 * (1 - drawing(SEVEN)), tmp_path / "seven.png")
    letters = list("ABCDEFGHIJ")
    run = leave_a_run(tmp_path / "run", 0.9, network, script="mnist_1_softmax", classes=letters, own=True)
    (line,) = call("--plot", "none", "--image", "seven.png", "--model", "run")
    assert re.fullmatch(r"seven\.png: H \(\d+\.\d %\) by run \(trained on your pictures\)", line)
    assert draw_digit.load_network(run).classes == letters
    leave_a_run(run, 0.9, network, script="mnist_1_softmax", classes=["cat", "dog"], own=True)
    with pytest.raises(UserError, match="does not make 2 probabilities from 28 × 28 × 1 pixels"):
        draw_digit.load_network(run)
    idle = draw_digit.drawings_of({"script": "mnist_1_softmax", "classes": None, "data": FROM_IDX})
    assert idle == "MNIST"  # the known digits from other files


FROM_IDX = {"file": "/home/ann/digits", "sha256": "abc", "origin": "data-dir", "own": False}


def test_to_train_softmax_overwrites_nobody_s_run(tmp_path, network, monkeypatch):
    class Training:
        """Stands for the lesson."""

        returncode = 0

        def __init__(self, command):
            leave_a_run(Path(command[command.index("--out") + 1]), 0.92, network)

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def poll(self):
            return 0

        terminate = poll

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(draw_digit.subprocess, "Popen", Training)
    leave_a_run(Path("runs", "mnist_1_softmax"), 0.979, network, origin="data-dir")
    (trained,) = draw_digit.train_softmax(pad=None)
    assert Path(trained.source) == Path("runs", "mnist_1_softmax-draw_digit")
    shutil.rmtree("runs")
    (trained,) = draw_digit.train_softmax(pad=None)
    assert Path(trained.source) == Path("runs", "mnist_1_softmax")


def test_ctrl_c_ends_the_window(start, screen, network):
    process = start("--model", network, lesson="draw_digit", DISPLAY=screen, MPLBACKEND="TkAgg")
    time.sleep(3)  # the window is open by then; before it is, Ctrl-C does the same
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (130, "")
