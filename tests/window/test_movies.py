"""Films of a training."""

import numpy as np
from PIL import Image
from small_trainings import share_of


def test_movies_are_recorded_and_earlier_runs_are_drawn(run, tmp_path):
    flags = ("--train-size", 5000, "--plot", "file")
    early = run(*flags, "--epochs", 2, "--movie", "film.mp4", "--out", "early")
    assert (early.returncode, early.stderr) == (0, "")
    assert (tmp_path / "film.mp4").read_bytes()[4:8] == b"ftyp"
    done = run(*flags, "--epochs", 6, "--movie", "film.gif", "--out", "b", "--overlay", "early")
    assert (done.returncode, done.stderr) == (0, "")
    with Image.open(tmp_path / "film.gif") as film:
        assert film.n_frames >= 2 and film.size == (1344, 756)
    pixels = np.asarray(Image.open(tmp_path / "b" / "dashboard.png").convert("RGB"))
    assert share_of((115, 204, 183), pixels, 25) > 1e-4  # the earlier run's green
