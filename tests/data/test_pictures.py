"""Tests that images of any format are read, or named in a message."""

import io
import os
import struct
import sys
import types
import zlib

import numpy as np
import pytest
from helpers import on_linux
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from common.data.pictures import _learn_heic, is_picture, photo_size, read_photo


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


def saved(picture, kind, **options):
    """The bytes of a file."""
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


@pytest.mark.parametrize("kind, dtype, white", [
    ("png", "u2", 65535), ("png", "u2", 255), ("tiff", "u2", 255), ("tiff", ">u2", 255),
    ("tiff", ">u2", 65535), ("tiff", "u2", 4095), ("jpeg2000", "u2", 255), ("tiff", "i4", 255),
    ("tiff", "i4", 65535),
    ("tiff", "f4", 1), ("tiff", "f4", 255), ("tiff", "f4", 65535),
])  # fmt: skip
def test_grey_values_of_any_depth_are_neither_black_nor_white(kind, dtype, white):
    values = np.array([[0, 0.25, 0.5, 1]]) * white
    pixels = read_photo(saved(Image.fromarray(values.astype(dtype)), kind), None)
    assert np.abs(pixels[0, :, 1].astype(int) - (0, 64, 128, 255)).max() <= 1


def test_a_deep_photo_taken_on_its_side_is_turned():
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = Image.fromarray(np.array([[0, 65535]], np.uint16))
    assert read_photo(saved(picture, "png", exif=exif), None)[:, 0, 0].tolist() == [0, 255]


@pytest.mark.parametrize("values, said", [
    ([0, 1.5], "0 to 1.5"), ([-1, 1], "-1 to 1"), ([0, np.nan], "nan"), ([0, np.inf], "0 to inf"),
])  # fmt: skip
def test_numbers_that_are_no_shades_are_named(values, said):
    picture = Image.fromarray(np.array([values], np.float32))
    with pytest.raises(ValueError, match=f"its values are from .*{said}.*: save it with 8 bits"):
        read_photo(saved(picture, "tiff"), None)


def deep_colours(values):
    """A PNG with 16 bits a colour, which Pillow cannot write."""

    def part(name, content):
        return (
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        )

    height, width, _ = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        part(*chunk) for chunk in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    )


def test_colours_of_16_bits_are_read_or_named():
    values = np.arange(0, 256, dtype=np.uint16).repeat(3).reshape(16, 16, 3)
    assert np.array_equal(read_photo(deep_colours(values * 257), None), values)
    as_ppm = b"P6 16 16 65535 " + values.astype(">u2").tobytes()
    for low in (deep_colours(values), as_ppm):
        with pytest.raises(ValueError, match=r"16 bits a colour.* nearly 0: save it with 8 bits"):
            read_photo(low, None)


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99)


@pytest.mark.parametrize("content, said", [
    (HEIC, "is a HEIC photo, which Pillow cannot read: pip install pillow-heif, or save it as JPEG"),
    (HEIC.replace(b"ftypheic", b"ftypmif1"), "is a HEIC photo"),
    (HEIC.replace(b"heic", b"avif"), "AVIF"),
    (b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a drawing -->\n<svg/>', "is an SVG drawing"),
    (b"<svg/>", "is an SVG drawing"),
    (b"%PDF-1.7", "is a PDF document"),
    (b"II*\0" + bytes(20), "is a TIFF picture of a kind"),
    (b"", "is an empty file"),
    (b"<html><svg/></html>", "is not a picture$"),
    (b"a,b\n1,2\n", "is not a picture$"),
    (b"\0\0\0\x18ftypisom\0\0\0\0isommp41" + bytes(99), "is not a picture$"),
])  # fmt: skip
def test_what_people_take_for_a_picture_is_called_by_its_name(content, said, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    _learn_heic.cache_clear()
    with pytest.raises(ValueError, match=said):
        read_photo(content, 16)


def test_heic_is_read_where_the_package_for_it_is(monkeypatch, picture):
    def register():
        def read(file, name):
            return Image.open(io.BytesIO(saved(picture, "png")))

        Image.register_open("HEIF", read, lambda begin: begin[4:12] == b"ftypheic")

    monkeypatch.setattr(Image, "ID", [*Image.ID])
    monkeypatch.setattr(Image, "OPEN", {**Image.OPEN})
    monkeypatch.setitem(sys.modules, "pillow_heif", types.SimpleNamespace(register_heif_opener=register))
    _learn_heic.cache_clear()
    assert np.array_equal(read_photo(HEIC, None), np.asarray(picture))
    _learn_heic.cache_clear()


@on_linux
def test_a_pipe_is_not_waited_for_and_a_device_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    for path in (tmp_path / "pipe.jpg", "/dev/zero"):
        with pytest.raises(ValueError, match=r"cannot be read \(it is not a regular file"):
            read_photo(path, 16)
    with pytest.raises(ValueError, match=r"cannot be read \(Is a directory"):
        read_photo(tmp_path, 16)


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
    content = (tmp_path / "a.jpg").read_bytes()
    assert photo_size(content) == read_photo(content, None).shape[1::-1] == (40, 48)


def test_the_size_of_a_picture_is_known_without_its_pixels(picture):
    content = saved(picture, "png")
    assert photo_size(content[:60]) == (48, 40)
    with pytest.raises(ValueError, match="is an empty file"):
        photo_size(b"")
    with pytest.raises(ValueError, match="is not a picture"):
        photo_size(b"text")


def test_names_of_other_files_are_known():
    assert all(map(is_picture, ("1.JPG", "1.png", "photo", "cat.0.jpeg", "a.jpg_large", "1.heic", "cat.0")))
    assert not any(map(is_picture, ("1.xml", "labels.csv", "README.md", "a.tar.gz", "photos.ZIP")))


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


def test_damaged_pictures_are_named_and_nothing_else_is_printed(run_code):
    code = """
import io, random
from common.data.pictures import read_photo
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
