"""Tests of movies of a training."""

import numpy as np
from PIL import Image
from small_trainings import share_of


def test_movies_are_recorded_and_a_run_is_drawn_over_the_one_before_in_its_folder(run, tmp_path):
    flags = ("--train-size", 5000, "--plot", "file", "--out", "a")
    early = run(*flags, "--epochs", 2, "--movie", "film.mp4")
    assert (early.returncode, early.stderr) == (0, "")
    assert (tmp_path / "film.mp4").read_bytes()[4:8] == b"ftyp"
    done = run(*flags, "--epochs", 6, "--movie", "film.gif", "--overlay", "a")
    assert (done.returncode, done.stderr) == (0, "")
    with Image.open(tmp_path / "film.gif") as film:
        assert film.n_frames >= 2 and film.size == (1344, 756)
    pixels = np.asarray(Image.open(tmp_path / "a" / "dashboard.png").convert("RGB"))
    assert share_of((115, 204, 183), pixels, 25) > 1e-4  # the earlier run's green
