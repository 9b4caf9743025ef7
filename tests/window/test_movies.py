"""Films of a training."""

import numpy as np
from PIL import Image
from small_trainings import share_of


def test_a_movie_is_recorded_and_earlier_runs_are_drawn(run, tmp_path):
    assert run("--train-size", 5000, "--epochs", 2, "--plot", "none", "--out", "early").returncode == 0
    done = run("--train-size", 5000, "--epochs", 6, "--plot", "file", "--movie", "film.gif", "--out", "b",
               "--overlay", "early")  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    with Image.open(tmp_path / "film.gif") as film:
        assert film.n_frames >= 2 and film.size == (1344, 756)
    pixels = np.asarray(Image.open(tmp_path / "b" / "dashboard.png").convert("RGB"))
    assert share_of((115, 204, 183), pixels, 25) > 1e-4  # the earlier run's green


def test_an_mp4_is_recorded(run, tmp_path):
    done = run("--train-size", 5000, "--epochs", 3, "--plot", "file", "--movie", "film.mp4")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "film.mp4").read_bytes()[4:8] == b"ftyp"
