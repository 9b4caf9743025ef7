"""Tests of cats and dogs from its command, and of predictions for the user's own photos."""

import os
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import data_flags, dropout_of, learning_rates, on_linux, result_of
from matplotlib.figure import Figure
from PIL import Image

import cats_dogs_cnn
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
        (("--predict", "one.jpg", "--data-dir", "runs"), "is without --data-dir"),
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


def test_a_run_remembers_its_classes_when_the_photos_are_gone(run, tmp_path):
    for number, kind in enumerate(("ants", "bees", "big wasps")):
        (tmp_path / "mine" / kind).mkdir(parents=True)
        for i in range(10):
            pixels = np.full((20, 20, 3), 20 * i, np.uint8)
            pixels[..., number] = 255
            Image.fromarray(pixels).save(tmp_path / "mine" / kind / f"{i}.png")
    lesson = {"lesson": "cats_dogs_cnn"}
    few = ("--image-size", 16, "--batch-size", 8, "--plot", "none", "--no-augment", "--dropout", 0)
    first = run("--data-dir", "mine", *few, "--epochs", 8, **lesson)
    assert (first.returncode, first.stderr) == (0, "")
    assert "3 classes: 24 pictures to learn from, 6 to validate with" in first.stdout
    assert "(the lecture" not in first.stdout
    folder = tmp_path / "runs" / "cats_dogs_cnn"
    result = result_of(folder)
    assert result["classes"] == ["ants", "bees", "big wasps"]
    assert result["data"]["split"] == "a fifth held out, seed 0"
    again = run("--resume", "--epochs", 9, "--plot", "none", **lesson)
    assert (again.returncode, again.stderr) == (0, "") and result_of(folder)["epochs"] == 9
    (tmp_path / "mine" / "ants" / "3.png").rename(tmp_path / "who.png")
    (tmp_path / "mine").rename(tmp_path / "gone")
    answer = run("--predict", "who.png", "--plot", "none", **lesson)
    assert (answer.returncode, answer.stderr) == (0, "") and "who.png: ants, " in answer.stdout
    for name in ("my_pictures.png", "predictions.png"):
        assert Image.open(folder / name).size == (1344, 756)


@pytest.mark.parametrize("count", [2, 3, 10, 30])
def test_of_many_classes_the_matrix_shows_those_most_often_confused(count):
    names = [f"a class with a long name {i}" if count == 10 else f"class {i}" for i in range(count)]
    true = np.arange(300) % count
    outputs = 0.9 * np.eye(count)[true] + 0.1 / count
    outputs[true == count - 1] = np.eye(count)[0]
    figure = Figure()
    if count == 2:
        outputs = outputs[:, 1:]
    draw_predictions(figure, np.zeros((300, 20, 20, 3), np.uint8), true, outputs, names)
    matrix = figure.axes[-1]
    shown = [label.get_text() for label in matrix.get_yticklabels()]
    assert len(shown) == min(count, 15) and max(map(len, shown)) <= 14
    assert shown[0].endswith(" 0") and shown[-1].endswith(f" {count - 1}")
    written = {text.get_position(): text for text in matrix.texts}
    assert written[0, len(shown) - 1].get_text() == str(300 // count)
    assert ("15 of 30" in matrix.get_title()) == (count == 30)


def test_the_colour_of_the_matrix_follows_the_number():
    """Also of the mistakes, which are few beside what is right; the largest is the darkest."""
    true = np.repeat(np.arange(3), 1000)
    read = true.copy()
    read[:293], read[1000:1124], read[2000:2010] = 1, 2, 0
    figure = Figure()
    draw_predictions(figure, np.zeros((3000, 8, 8, 1), np.uint8), true, np.eye(3)[read], list("abc"))
    matrix = figure.axes[-1]
    cells = matrix.images[0].get_array()[..., :3]
    light = [cells[place].mean() for place in ((0, 1), (1, 2), (2, 0), (0, 2))]
    assert light == sorted(light) and len(set(light)) == 4  # of 293, 124, 10 and 0 mistakes
    assert cells[0, 1].argmax() == 0 and cells[0, 0].argmax() == 2  # red and blue
    bars = [text.get_text() for text in figure.axes[1].texts]
    assert sorted(bars) == ["a", "b", "c"] and bars[0] == "b"  # the most probable class comes first


def test_two_classes_share_a_sigmoid_and_more_have_a_softmax():
    two, five = (cats_dogs_cnn.build_model(32, classes).layers[-1] for classes in (2, 5))
    assert (two.units, two.activation.__name__) == (1, "sigmoid")
    assert (five.units, five.activation.__name__) == (5, "softmax")


def test_answers_of_a_softmax_name_the_likeliest_class(tmp_path, picture, capsys):
    picture.save(tmp_path / "1.jpg")
    outputs = np.array([[0.2, 0.5, 0.3]], np.float32)
    model = SimpleNamespace(input_shape=(None, 20, 20, 3), predict=lambda x, **options: outputs)
    args = data_flags(predict=[str(tmp_path / "1.jpg")], out=tmp_path, plot="none", close=True)
    predict_photos(model, ["ants", "bees", "wasps"], args)
    assert f"{tmp_path / '1.jpg'}: bees, 50.0%" in capsys.readouterr().out
