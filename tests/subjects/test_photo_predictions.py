"""Tests of cats and dogs from its command, and of predictions for the user's own photos."""

import os
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import data_flags, dropout_of, learning_rates, on_linux
from matplotlib.figure import Figure
from PIL import Image

from common import UserError, parse_args, trained_model
from common.answers.predictions import draw_predictions
from subjects.photos import predict_photos


def test_predict_asks_the_trained_model_and_leaves_out_what_is_no_picture(
    run, picture, tmp_path, monkeypatch
):
    picture.save(tmp_path / "one.jpg")
    picture.convert("CMYK").save(tmp_path / "two.jpg")
    (tmp_path / "three.jpg").write_text("no picture")
    lesson = {"lesson": "cats_dogs_cnn"}
    first = run("--train-size", 64, "--epochs", 1, "--plot", "file", "--predict", "one.jpg", **lesson)
    assert (first.returncode, first.stderr) == (0, "") and "training one first" in first.stdout
    assert [line.split()[0] for line in first.stdout.splitlines()] == [
        "There", "Cat", "cats_dogs_cnn:", "32×32×3", "epoch", "The", "Validation", "one.jpg:", "My",
        "Predictions:",
    ]  # fmt: skip
    again = run("--plot", "file", "--predict", "one.jpg", "three.jpg", "--predict", "two.jpg", **lesson)
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout.splitlines()[0] == "Left out: three.jpg is not a picture"
    answers = [line.split() for line in again.stdout.splitlines() if ".jpg: " in line]
    assert [answer[0] for answer in answers] == ["one.jpg:", "two.jpg:"]
    assert " ".join(answers[0]) in first.stdout and answers[0][1] in ("cat,", "dog,")
    folder = tmp_path / "runs" / "cats_dogs_cnn"
    assert Image.open(folder / "dashboard.png").size == (1344, 756)
    assert learning_rates(folder)[-1] < 1e-6 and dropout_of(folder) == [0.5]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["cats_dogs_cnn.py"])
    for name in ("my_pictures.png", "predictions.png"):
        assert Image.open(folder / name).size == (1344, 756)
    for flags, message in (
        (("--predict", "three.jpg"), "--predict: three.jpg is not a picture$"),
        (("--predict", "four.jpg", "three.jpg", "."), r"four.jpg cannot be read \(No such .*the other 2 be"),
        (("--predict", "one.jpg", "--data-dir", "runs"), "was trained on"),
        (("--predict", "one.jpg", "--no-augment"), "is without --no-augment"),
    ):
        with pytest.raises(UserError, match=message):
            trained_model(parse_args("", argv=flags, augment=True, image_size=None, full=False, predict=[]))


@on_linux
def test_a_pipe_or_a_device_is_named_before_the_training(tmp_path, picture, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["cats_dogs_cnn.py"])
    os.mkfifo("pipe.jpg")
    picture.save("one.jpg")
    words = ["--predict", "pipe.jpg", "/dev/zero", "one.jpg", "."]
    args = parse_args("", argv=words, epochs=1, batch_size=1, learning_rate=0.1, predict=[])
    assert args.predict == ["one.jpg"]
    assert capsys.readouterr().out.splitlines() == [
        "Left out: pipe.jpg cannot be read (it is not a regular file)",
        "Left out: /dev/zero cannot be read (it is not a regular file)",
        "Left out: . cannot be read (Is a directory)",
    ]


def test_all_pictures_are_answered_and_the_picture_says_how_many_it_shows(tmp_path, picture, capsys):
    for i in range(13):
        picture.save(tmp_path / f"{i}.jpg")
    paths = [str(tmp_path / f"{i}.jpg") for i in range(14)]  # the last has gone since the start
    model = SimpleNamespace(
        input_shape=(None, 20, 20, 3), predict=lambda x, **options: np.full((len(x), 1), 0.9, np.float32)
    )
    args = data_flags(predict=paths, out=tmp_path, plot="none", close=True)
    predict_photos(model, ["cat", "dog"], args)
    said = capsys.readouterr().out
    assert said.count(": dog, 90.0%") == 13 and f"Left out: {paths[13]} cannot be read" in said
    assert Image.open(tmp_path / "my_pictures.png").size == (1344, 756)

    def heading(count):
        figure = Figure()
        images, outputs = np.zeros((count, 20, 20, 3), np.uint8), np.zeros((count, 1), np.float32)
        draw_predictions(figure, images, None, outputs, ["cat", "dog"])
        return figure.texts[0].get_text()

    assert heading(37) == "the first 12 of 37: predicted, probability"
    assert heading(12) == "predicted, probability"


def test_pictures_that_have_all_gone_are_named(tmp_path, capsys):
    model = SimpleNamespace(input_shape=(None, 20, 20, 3))
    predict_photos(model, ["cat", "dog"], data_flags(predict=[str(tmp_path / "gone.jpg")]))
    assert "gone.jpg cannot be read (No such file or directory)" in capsys.readouterr().out
