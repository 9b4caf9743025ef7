"""pix2pix: a run of seconds of each step."""

import numpy as np
from helpers import result_of

import keras


def test_a_run_leaves_the_generator_and_says_the_error(run, tmp_path):
    flags = ("--train-size", 100, "--epochs", 1, "--plot", "file")
    done = run(*flags, lesson="pix2pix", new=True)
    assert (done.returncode, done.stderr) == (0, "")
    folder = tmp_path / "runs" / "pix2pix-edges"
    result = result_of(folder)
    assert 0 < result["test"]["l1"] < 1 and f"Test l1 {result['test']['l1']:.4f}" in done.stdout
    generator = keras.models.load_model(folder / "model.keras")
    picture = generator.predict(np.zeros((1, 32, 32, 1)), verbose=0)
    assert picture.shape == (1, 32, 32, 1) and picture.min() >= -1 and picture.max() <= 1
    assert (folder / "dashboard.png").stat().st_size > 50_000


def test_facades_run_from_a_folder(run, pairs_of_pictures, tmp_path):
    flags = (
        "--step",
        "facades",
        "--data-dir",
        pairs_of_pictures,
        "--image-size",
        32,
        "--epochs",
        2,
        "--plot",
        "none",
    )
    done = run(*flags, lesson="pix2pix")
    assert (done.returncode, done.stderr) == (0, "")
    assert result_of(tmp_path / "runs" / "pix2pix-facades")["steps"] == 2 * 6
