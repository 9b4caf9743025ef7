"""pix2pix: the networks of the paper, the pairs, and a run of seconds."""

import io
import tarfile
import tempfile
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
from conftest import result_of
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from common import ShuffledBatches, UserError, jitter, load_edges, load_facades
from common.image_pairs import edges_of

import keras
import pix2pix

SIZES = 256, (3, 3), 64, 1  # the paper's


def shapes(model, kind):
    return [layer.output.shape[1:] for layer in model.layers if type(layer) is kind]


def test_the_generator_is_the_papers_unet():
    generator = pix2pix.build_generator(*SIZES)
    assert shapes(generator, keras.layers.Conv2D) == [
        (128, 128, 64), (64, 64, 128), (32, 32, 256), (16, 16, 512), (8, 8, 512), (4, 4, 512), (2, 2, 512),
        (1, 1, 512),
    ]  # fmt: skip
    assert shapes(generator, keras.layers.Concatenate) == [
        (2, 2, 1024), (4, 4, 1024), (8, 8, 1024), (16, 16, 1024), (32, 32, 512), (64, 64, 256),
        (128, 128, 128),
    ]  # fmt: skip
    assert generator.output.shape[1:] == (256, 256, 3)
    dropout = [layer.rate for layer in generator.layers if isinstance(layer, keras.layers.Dropout)]
    assert dropout == [0.5] * 3


def test_the_discriminator_judges_patches():
    discriminator = pix2pix.build_discriminator(*SIZES)
    assert shapes(discriminator, keras.layers.Conv2D) == [
        (128, 128, 64), (64, 64, 128), (32, 32, 256), (32, 32, 512), (32, 32, 1),
    ]  # fmt: skip


def weights_after_a_step(*kept):
    """Of both networks, after one step of plain gradient descent on the logits that are kept."""

    class Part(pix2pix.Pix2Pix):
        def judge(self, *args):
            parts = zip(("real", "drawn", "fooled"), super().judge(*args), strict=True)
            return [part if name in kept else 0 * part for name, part in parts]

    keras.utils.set_random_seed(0)
    sizes = 32, (1, 1), 4, 8
    model = Part(pix2pix.build_generator(*sizes), pix2pix.build_discriminator(*sizes), 0.0)
    model.compile(keras.optimizers.SGD(0.1))
    x, y = np.random.default_rng(0).integers(0, 256, (2, 8, 32, 32, 1), np.uint8)
    model.fit(x, y, batch_size=8, verbose=0, shuffle=False)
    networks = model.generator, model.discriminator
    return [np.concatenate([w.numpy().ravel() for w in n.trainable_variables]) for n in networks]


def test_each_network_learns_from_its_own_loss_alone():
    both, neither = weights_after_a_step("real", "drawn", "fooled"), weights_after_a_step()
    judge, painter = weights_after_a_step("real", "drawn"), weights_after_a_step("fooled")
    assert np.array_equal(judge[0], neither[0]) and np.array_equal(painter[1], neither[1])
    assert np.allclose(judge[1], both[1], atol=1e-6) and np.allclose(painter[0], both[0], atol=1e-6)
    assert not np.allclose(both[0], neither[0]) and not np.allclose(both[1], neither[1])


def test_edges_are_lines_where_the_brightness_changes():
    image = np.zeros((1, 12, 12), np.uint8)
    image[0, 4:8, 4:8] = 200
    (edges,) = edges_of(image)
    dark = set(zip(*np.nonzero(edges == 0), strict=True))
    assert dark and all(3 <= row <= 8 and 3 <= column <= 8 for row, column in dark)
    assert (5, 5) not in dark and (edges[5] == 0).sum() == 2 and (edges[:, 6] == 0).sum() == 2
    assert np.array_equal(edges_of(image.swapaxes(1, 2))[0], edges.T)


def flags(**changes):
    defaults = {
        "data_dir": None,
        "train_size": None,
        "batch_size": 1,
        "image_size": 32,
        "input_half": "right",
    }
    return Namespace(**(defaults | changes))


def test_all_clothes_have_their_edges(capsys):
    (x, y), (x_test, y_test) = load_edges(flags())
    assert x.shape == y.shape == (60_000, 32, 32, 1) and x_test.shape == y_test.shape == (10_000, 32, 32, 1)
    assert np.unique(x_test).tolist() == [0, 255]
    share = (x_test == 0).mean(axis=(1, 2, 3))
    assert 0.05 < share.mean() < 0.2 and share.min() > 0


@pytest.fixture
def pairs(tmp_path):
    """A folder of pairs: on the left a red picture, on the right a blue one, each a little different."""
    for split, count in (("train", 6), ("test", 2)):
        (tmp_path / "pairs" / split).mkdir(parents=True)
        for i in range(count):
            pixels = np.zeros((32, 64, 3), np.uint8)
            pixels[:, :32, 0], pixels[:, 32:, 2] = 200 + i, 100 + i
            Image.fromarray(pixels).save(tmp_path / "pairs" / split / f"{i}.png")
    return tmp_path / "pairs"


def test_a_folder_of_pairs_and_its_archive_are_the_same(pairs, tmp_path, capsys):
    (pairs / "train" / "notes.png").write_text("no picture")
    archive = tmp_path / "facades.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(pairs, "facades")
    from_folder, from_archive = (load_facades(flags(data_dir=path)) for path in (pairs, tmp_path))
    assert "Left out: train/notes.png is no picture" in capsys.readouterr().out
    for split_a, split_b in zip(from_folder, from_archive, strict=True):
        for a, b in zip(split_a, split_b, strict=True):
            assert np.array_equal(a, b)
    (x, _), (x_test, y_test) = from_folder
    assert x.shape == (6, 36, 36, 3) and x_test.shape == (2, 32, 32, 3)
    assert x_test[1, 0, 0].tolist() == [0, 0, 101] and y_test[1, 0, 0].tolist() == [201, 0, 0]
    left = load_facades(flags(data_dir=pairs, input_half="left"))
    assert np.array_equal(left[1][0], y_test) and np.array_equal(left[1][1], x_test)


@settings(max_examples=40, deadline=None)
@given(st.floats(0, 0.99))
def test_a_cut_archive_is_named(share):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for split in ("train", "test"):
            file = io.BytesIO()
            pixels = np.random.default_rng(0).integers(0, 256, (32, 64, 3), np.uint8)
            Image.fromarray(pixels).save(file, "png")
            info = tarfile.TarInfo(f"facades/{split}/1.png")
            info.size = file.tell()
            file.seek(0)
            tar.addfile(info, file)
    content = content.getvalue()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "facades.tar.gz").write_bytes(content[: int(share * len(content))])
        with pytest.raises(UserError, match=r"facades.tar.gz is cut short"):
            load_facades(flags(data_dir=Path(folder)))


@pytest.mark.parametrize(
    "changes, message", [({"image_size": 100}, "must be 32, 64, 128 or 256"), ({}, "there is no train/")]
)
def test_what_cannot_be_drawn_is_one_line(changes, message, tmp_path):
    with pytest.raises(UserError, match=message):
        load_facades(flags(data_dir=tmp_path, **changes))


def test_pairs_are_cut_and_mirrored_alike():
    x = np.random.default_rng(0).integers(0, 256, (5, 36, 36, 3), np.uint8)
    a, b = jitter(32)(x, 255 - x, np.random.default_rng(1))
    assert a.shape == (5, 32, 32, 3) and np.array_equal(a, 255 - b)
    windows = np.lib.stride_tricks.sliding_window_view(x, (32, 32), axis=(1, 2)).reshape(5, 25, 3, 32, 32)
    for picture, places in zip(np.moveaxis(a, -1, 1), windows, strict=True):
        assert any(np.array_equal(picture, p) or np.array_equal(picture[..., ::-1], p) for p in places)


def test_short_epochs_pass_through_all_examples_in_turn():
    x = np.arange(10)
    args = Namespace(epochs=5, batch_size=2, seed=0)
    batches = ShuffledBatches(x, x, args, change=lambda x, y, random: (x, y), steps=3)
    seen = []
    for epoch in range(5):
        batches.on_epoch_begin(epoch)
        assert len(batches.data) == 3
        seen += [int(i) for x_batch, _ in batches.data for i in x_batch]
    assert batches.total_steps == 15 and len(seen) == 30
    for begin in (0, 10, 20):
        assert sorted(seen[begin : begin + 10]) == list(range(10))


def test_a_run_leaves_the_generator_and_says_the_error(run, tmp_path):
    flags = ("--train-size", 300, "--epochs", 1, "--plot", "file")
    done = run(*flags, lesson="pix2pix")
    assert (done.returncode, done.stderr) == (0, "")
    folder = tmp_path / "runs" / "pix2pix-edges"
    result = result_of(folder)
    assert 0 < result["test"]["l1"] < 1 and f"Test l1 {result['test']['l1']:.4f}" in done.stdout
    generator = keras.models.load_model(folder / "model.keras")
    picture = generator.predict(np.zeros((1, 32, 32, 1)), verbose=0)
    assert picture.shape == (1, 32, 32, 1) and picture.min() >= -1 and picture.max() <= 1
    assert (folder / "dashboard.png").stat().st_size > 50_000


def test_facades_run_from_a_folder(run, pairs, tmp_path):
    flags = ("--step", "facades", "--data-dir", pairs, "--image-size", 32, "--epochs", 2, "--plot", "none")
    done = run(*flags, lesson="pix2pix")
    assert (done.returncode, done.stderr) == (0, "")
    assert result_of(tmp_path / "runs" / "pix2pix-facades")["steps"] == 2 * 6
