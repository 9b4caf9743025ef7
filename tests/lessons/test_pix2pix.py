"""pix2pix: a run of seconds, with small house fronts."""

import numpy as np
from helpers import result_of

import keras


def test_a_run_leaves_the_generator_and_says_the_error(run, tmp_path, pairs_of_pictures):
    flags = ("--step", "facades", "--data-dir", pairs_of_pictures, "--image-size", 32)
    done = run(*flags, "--epochs", 1, "--plot", "none", lesson="pix2pix", new=True)
    assert (done.returncode, done.stderr) == (0, "")
    folder = tmp_path / "runs" / "pix2pix-facades"
    result = result_of(folder)
    assert 0 < result["test"]["l1"] < 1 and f"Test l1 {result['test']['l1']:.4f}" in done.stdout
    generator = keras.models.load_model(folder / "model.keras")
    picture = generator.predict(np.zeros((1, 32, 32, 3)), verbose=0)
    assert picture.shape == (1, 32, 32, 3) and picture.min() >= -1 and picture.max() <= 1
