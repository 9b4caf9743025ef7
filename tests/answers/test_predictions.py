"""Cats and dogs from its command, and photos of the user's own, named by the trained network."""

import pytest
from helpers import dropout_of, learning_rates
from PIL import Image

from common import UserError, parse_args, trained_model


def test_predict_asks_the_trained_model_and_refuses_what_is_no_picture(run, picture, tmp_path, monkeypatch):
    picture.save(tmp_path / "one.jpg")
    picture.convert("CMYK").save(tmp_path / "two.jpg")
    (tmp_path / "three.jpg").write_text("no picture")
    lesson = {"lesson": "cats_dogs_cnn"}
    first = run("--train-size", 64, "--epochs", 1, "--plot", "file", "--predict", "one.jpg", **lesson)
    assert (first.returncode, first.stderr) == (0, "") and "training one first" in first.stdout
    assert [line.split()[0] for line in first.stdout.splitlines()] == [
        "There", "Cat", "cats_dogs_cnn:", "epoch", "The", "Test", "one.jpg:", "My", "Predictions:",
    ]  # fmt: skip
    again = run("--plot", "file", "--predict", "one.jpg", "--predict", "two.jpg", **lesson)
    assert (again.returncode, again.stderr) == (0, "")
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
        (("--predict", "one.jpg", "three.jpg"), "'three.jpg' is not a picture"),
        (("--predict", "four.jpg"), "'four.jpg' is not a file that can be read"),
        (("--predict", "one.jpg", "--data-dir", "runs"), "was trained on"),
        (("--predict", "one.jpg", "--no-augment"), "is without --no-augment"),
    ):
        with pytest.raises(UserError, match=message):
            trained_model(parse_args("", argv=flags, augment=True, image_size=None, full=False, predict=[]))
