"""Photos of the user's own, named by a trained network."""

import pytest
from PIL import Image

from common import UserError, parse_args, trained_model


def test_predict_asks_the_trained_model_and_refuses_what_is_no_picture(run, picture, tmp_path, monkeypatch):
    picture.save(tmp_path / "one.jpg")
    picture.convert("CMYK").save(tmp_path / "two.jpg")
    (tmp_path / "three.jpg").write_text("no picture")
    lesson = {"lesson": "cats_dogs_cnn"}
    quick = ("--train-size", 64, "--epochs", 1, "--plot", "none")
    first = run(*quick, "--predict", "one.jpg", **lesson)
    assert first.returncode == 0 and "training one first" in first.stdout
    again = run("--plot", "file", "--predict", "one.jpg", "--predict", "two.jpg", **lesson)
    assert (again.returncode, again.stderr) == (0, "")
    answers = [line.split() for line in again.stdout.splitlines() if ".jpg: " in line]
    assert [answer[0] for answer in answers] == ["one.jpg:", "two.jpg:"]
    assert " ".join(answers[0]) in first.stdout and answers[0][1] in ("cat,", "dog,")
    folder = tmp_path / "runs" / "cats_dogs_cnn"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["cats_dogs_cnn.py"])
    assert Image.open(folder / "my_pictures.png").size == Image.open(folder / "predictions.png").size
    for flags, message in (
        (("--predict", "one.jpg", "three.jpg"), "'three.jpg' is not a picture"),
        (("--predict", "four.jpg"), "'four.jpg' is not a file that can be read"),
        (("--predict", "one.jpg", "--data-dir", "runs"), "was trained on"),
        (("--predict", "one.jpg", "--no-augment"), "is without --no-augment"),
    ):
        with pytest.raises(UserError, match=message):
            trained_model(parse_args("", argv=flags, augment=True, image_size=None, full=False, predict=[]))
