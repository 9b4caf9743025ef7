"""Tests that a drawn or photographed digit becomes an image like MNIST's."""

import numpy as np
import pytest
from drawings import SEVEN, drawing, larger, save
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from common import UserError
from common.data.cut_out import SIDE, read_ink
from drawing.ink import draw_stroke

import draw_digit


@pytest.mark.parametrize("top, left", [(0, 0), (300, 20), (150, 360)])
def test_an_enlarged_digit_anywhere_on_paper_is_the_digit_again(mnist, top, left):
    for image in mnist["x_test"][:100]:
        ink = np.zeros((440, 500))
        ink[top : top + 140, left : left + 140] = larger(image) / 255
        again = draw_digit.as_mnist(ink)
        assert again.shape == (28, 28, 1) and again.dtype == np.uint8
        assert np.abs(again[..., 0].astype(int) - image).mean() < 2.5


points = st.tuples(st.floats(-0.1, 1.1), st.floats(-0.1, 1.1))


@settings(deadline=None, max_examples=200, derandomize=True, database=None)
@given(strokes=st.lists(st.lists(points, min_size=2, max_size=6), min_size=1, max_size=4))
def test_any_drawing_fills_the_box_and_has_its_mass_in_the_middle(strokes):
    ink = drawing(strokes)
    image = draw_digit.as_mnist(ink)
    assert image.shape == (28, 28, 1) and image.dtype == np.uint8
    if ink.max() <= 0.03:
        assert not image.any()
        return
    assert image.max() == 255
    for axis, length in enumerate(image.shape[:2]):
        there = np.flatnonzero(image.any(axis=(1 - axis, 2)))
        mass = image.sum(axis=(1 - axis, 2), dtype=float)
        middle = (np.arange(length) * mass).sum() / mass.sum()
        assert there[-1] - there[0] < 20
        assert abs(middle - 14) < 0.6 or there[0] == 0 or there[-1] == 27  # moved no further than the edge
    longest = max(np.ptp(np.flatnonzero(image.any(axis=(axis, 2)))) + 1 for axis in (0, 1))
    assert 18 <= longest <= 20  # the pen's soft edge may vanish


@pytest.mark.parametrize("start, end", [((0, 0), (280, 280)), ((-50, 300), (400, 20.5)), ((7, 90), (7, 90))])
def test_a_stroke_is_as_wide_as_the_pen_at_every_place(start, end):
    ink = np.zeros((SIDE, SIDE), np.float32)
    draw_stroke(ink, start, end)
    way = np.linspace(start, end, 1000)
    for row, column in np.random.default_rng(0).integers(0, SIDE, (300, 2)):
        distance = np.hypot(*(way - (column + 0.5, row + 0.5)).T).min()
        assert ink[row, column] == pytest.approx(np.clip((15.5 - distance) / 6, 0, 1), abs=0.02)


def test_an_empty_drawing_is_an_empty_image():
    assert not draw_digit.as_mnist(np.zeros((280, 280))).any()


def test_light_on_dark_uneven_light_and_specks_change_nothing(mnist, tmp_path):
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[:600, :800] / 800
    for image in mnist["x_test"][:10]:
        ink = np.zeros((600, 800))
        ink[250:530, 400:680] = larger(image, 10) / 255
        plain = read_ink(save(255 * (1 - ink), tmp_path / "plain.png"))
        assert plain.shape == (SIDE, SIDE) and plain.dtype == np.float32
        seen = draw_digit.as_mnist(plain).astype(int)
        assert np.abs(seen[..., 0] - image).mean() < 5
        negative = read_ink(save(np.rint(255 * ink), tmp_path / "negative.png"))
        assert np.abs(draw_digit.as_mnist(negative) - seen).mean() < 1

        light = 0.3 + 0.3 * columns + 0.4 * rows  # 0.3 in one corner, 0.9 in the other
        light[:, :300] *= 0.6  # and the shadow of a hand
        ink[50:60, 700:710] = ink[100:105, 100:105] = 1
        photo = light * (1 - 0.8 * ink) + random.normal(0, 0.01, ink.shape)
        Image.fromarray((255 * photo.clip(0, 1)).astype(np.uint8)).save(tmp_path / "photo.jpg", quality=85)
        assert np.abs(draw_digit.as_mnist(read_ink(tmp_path / "photo.jpg")) - seen).mean() < 10


def test_a_photo_taken_on_its_side_and_a_transparent_drawing(tmp_path):
    ink = drawing(SEVEN)
    upright = draw_digit.as_mnist(ink).astype(int)
    picture = Image.fromarray((255 * (1 - ink[:, 30:])).astype(np.uint8))
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "side.png", exif=exif)
    assert np.abs(draw_digit.as_mnist(read_ink(tmp_path / "side.png")) - upright).mean() < 5
    clear = Image.new("RGBA", (SIDE, SIDE), (0, 0, 0, 0))
    clear.putalpha(Image.fromarray((255 * ink).astype(np.uint8)))
    clear.save(tmp_path / "clear.png")
    assert np.abs(draw_digit.as_mnist(read_ink(tmp_path / "clear.png")) - upright).mean() < 5


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 200), (2000, 10)])
@pytest.mark.parametrize("grey", [0, 120, 255])
def test_an_empty_picture_is_named(size, grey, tmp_path):
    Image.new("L", size, grey).save(tmp_path / "empty.png")
    with pytest.raises(UserError, match=r"empty\.png has nothing drawn on it"):
        read_ink(tmp_path / "empty.png")


def pixels(pad):
    return np.asarray(pad.figure.canvas.buffer_rgba())[..., :3].copy()
