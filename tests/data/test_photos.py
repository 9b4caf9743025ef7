"""Pictures of the user's own: whatever the format, they are read or named."""

import zipfile

import numpy as np
import pytest
from helpers import data_flags, not_on_windows
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from common import UserError, load_cats_dogs
from common.data.photos import read_photo


@pytest.mark.parametrize("mode, name", [
    ("RGB", "a.jpg"), ("CMYK", "a.jpg"), ("RGBA", "a.png"), ("P", "a.png"), ("P", "a.gif"), ("RGB", "a.bmp"),
    ("RGB", "a.webp"), ("RGB", "a.tif"),
])  # fmt: skip
def test_each_format_shows_the_same_picture(mode, name, picture, tmp_path):
    picture.convert(mode).save(tmp_path / name)
    pixels = read_photo(tmp_path / name, 32).astype(int)
    assert pixels.shape == (32, 32, 3)
    assert np.abs(pixels[8:24, 2:12].mean(axis=(0, 1)) - (255, 0, 0)).max() < 20
    assert np.abs(pixels[8:24, 20:30].mean(axis=(0, 1)) - (0, 255, 0)).max() < 20


def test_transparent_becomes_white_and_grey_stays_grey(tmp_path):
    Image.new("RGBA", (9, 9), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    assert (read_photo(tmp_path / "clear.png", 16) == 255).all()
    Image.new("L", (1, 1), 77).save(tmp_path / "grey.png")
    assert (read_photo(tmp_path / "grey.png", 16) == 77).all()
    Image.fromarray(np.full((5, 5), 77 * 257, np.uint16)).save(tmp_path / "deep.png")
    assert (read_photo(tmp_path / "deep.png", 16) == 77).all()


def test_of_an_animation_the_first_frame_is_read(picture, tmp_path):
    frames = [Image.new("P", (48, 40), 1)] * 3
    picture.convert("P").save(tmp_path / "a.gif", save_all=True, append_images=frames)
    assert read_photo(tmp_path / "a.gif", 16)[8, 2].argmax() == 0


def test_a_photo_taken_on_its_side_is_turned(picture, tmp_path):
    exif = picture.getexif()
    exif[0x0112] = 6  # turn by 90° clockwise: the left becomes the top
    picture.save(tmp_path / "a.jpg", exif=exif)
    pixels = read_photo(tmp_path / "a.jpg", 32)
    assert pixels[4, 16].argmax() == 0 and pixels[28, 16].argmax() == 1


@settings(deadline=None, max_examples=200, derandomize=True, database=None)
@given(data=st.data())
def test_a_damaged_picture_is_read_or_named(data, picture, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp()
    name = data.draw(st.sampled_from(["a.jpg", "a.png", "a.gif", "a.webp", "a.tif"]))
    picture.save(folder / name)
    content = bytearray((folder / name).read_bytes())
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=5)):
        content[at] ^= 0x55
    content = bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        assert read_photo(content, 16).shape == (16, 16, 3)
    except ValueError as error:
        assert "\n" not in str(error) and "picture" in str(error)


@pytest.fixture
def folder(picture, tmp_path):
    """A class's own pictures of ants and bees; some are none."""
    for split, count in (("train", 5), ("validation", 2)):
        for kind in ("bees", "ants"):
            place = tmp_path / "mine" / split / kind
            place.mkdir(parents=True)
            for i in range(count):
                picture.save(place / f"{i}.jpg")
    (tmp_path / "mine" / "train" / "ants" / "notes.jpg").write_text("no picture")
    (tmp_path / "mine" / "train" / "ants" / "photo.heic").write_text("of a phone")
    (tmp_path / "mine" / "train" / ".thumbnails").mkdir()
    picture.save(tmp_path / "mine" / "train" / ".thumbnails" / "0.jpg")
    (tmp_path / "mine" / "train" / "ants" / "notes.txt").write_text("not meant as one")
    (tmp_path / "mine" / "train" / "ants" / ".hidden.jpg").write_text("not meant as one")
    return tmp_path / "mine"


@not_on_windows  # there a link needs the Developer Mode
def test_a_folder_of_ones_own(folder, capsys):
    (folder / "train" / "ants" / "gone.jpg").symlink_to("nowhere.jpg")
    data = load_cats_dogs(data_flags(data_dir=folder))
    (x_train, y_train), (x, y) = data
    assert x_train.shape == (10, 150, 150, 3) and x.shape == (4, 150, 150, 3)
    assert y_train.tolist() == [0, 1] * 5 and y.tolist() == [0, 1] * 2
    assert data.classes == ["ants", "bees"]
    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("Left out")] == [
        "Left out: train/ants/gone.jpg cannot be read (No such file or directory)",
        "Left out: train/ants/notes.jpg is not a picture",
        "Left out: train/ants/photo.heic is not a picture",
    ]
    (folder / "train" / "ants" / "0.jpg").unlink()
    without = load_cats_dogs(data_flags(data_dir=folder))
    assert without.file.sha256 != data.file.sha256 and len(data.file.sha256) == 64


def test_the_zip_file_is_like_its_folder(folder, tmp_path):
    for name in ("notes.jpg", "photo.heic"):
        (folder / "train" / "ants" / name).unlink()
    whole = load_cats_dogs(data_flags(data_dir=folder, image_size=20))
    path = tmp_path / "zipped" / "cats_and_dogs_filtered.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.glob("*/*/*.*"):
            archive.write(file, f"cats_and_dogs_filtered/{file.relative_to(folder)}")
    args = data_flags(data_dir=path.parent, image_size=20)
    same = load_cats_dogs(args)
    assert np.array_equal(same.train.x, whole.train.x) and same.file.sha256 == whole.file.sha256

    content = bytearray(path.read_bytes())
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match=r"cats_and_dogs_filtered\.zip is cut short, damaged"):
        load_cats_dogs(args)
    content[200] ^= 0x55  # in the first picture
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"cats_and_dogs_filtered\.zip is damaged \("):
        load_cats_dogs(args)


def test_two_classes_are_needed(folder, picture):
    (folder / "train" / "wasps").mkdir()
    picture.save(folder / "train" / "wasps" / "0.jpg")
    with pytest.raises(UserError, match=r"two classes.* not of ants, bees, wasps and of ants, bees"):
        load_cats_dogs(data_flags(data_dir=folder))


def test_the_bundled_pictures():
    data = load_cats_dogs(data_flags())
    (x_train, y_train), (x, y) = data
    assert x_train.shape == (4000, 32, 32, 3) and np.bincount(y_train).tolist() == [2000, 2000]
    assert x.shape == (1000, 32, 32, 3) and np.bincount(y).tolist() == [500, 500]
    assert data.classes == ["cat", "dog"]
    (larger, _), _ = load_cats_dogs(data_flags(image_size=64))
    assert larger.shape == (4000, 64, 64, 3)


def test_damaged_pictures_are_named_and_nothing_else_is_printed(run_code):
    code = """
import io, random
from common.data.photos import read_photo
from PIL import Image
random.seed(1)
information = Image.Exif()
information[0x0112], information[0x010E] = 6, "a picture"
for kind in ("TIFF", "JPEG", "PNG", "WEBP"):
    content = io.BytesIO()
    Image.radial_gradient("L").resize((40, 40)).convert("RGB").save(content, kind, exif=information)
    for _ in range(200):
        damaged = bytearray(content.getvalue())
        for _ in range(4):
            damaged[random.randrange(min(len(damaged), 400))] = random.randrange(256)
        try:
            read_photo(bytes(damaged), 20)
        except ValueError as error:
            print(error)
"""
    done = run_code(code)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.count("\n") > 100
