"""The convolution slides: what stands on them is what a convolution computes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from common import UserError
from common.screens import File
from common.slide_shapes import number
from common.slides import _Show, show_slides

import convolution_demo
from convolution_demo import KERNELS, convolve, input_numbers, make_slides, max_pool, numbers

SLIDE = make_slides(input_numbers("slide"), numbers("slide"), 1, "valid")


def drawn(slide, step):
    """The texts in each part of a slide, by the part's title, and those outside the parts."""
    figure = File().figure
    slide.put_on(figure, step)
    parts = [(axes.get_title(), [text.get_text() for text in axes.texts]) for axes in figure.axes]
    return parts, [text.get_text() for text in figure.texts], figure


def test_the_slide_s_feature_map_fills_up_number_by_number():
    expected = list("434243234")
    for step in range(9):
        parts, _, _ = drawn(SLIDE[0], step)
        assert parts[2] == ("feature map 3×3", expected[: step + 1])
    assert SLIDE[0].steps == 9


def test_products_and_sum_are_written_out():
    _, texts, _ = drawn(SLIDE[0], 3)
    assert "0·1 + 1·0 + 1·1\n+ 0·0 + 0·1 + 1·0\n+ 0·1 + 0·0 + 1·1\n= 2" in texts


small = st.integers(1, 6)
whole = st.integers(-9, 9)


@given(st.data(), small, small, st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.booleans())
@settings(max_examples=25, deadline=None)
def test_every_number_is_the_sum_of_the_products_written_beside_it(data, h, w, kh, kw, stride, same):
    if not same and (kh > h or kw > w):
        return
    x = data.draw(arrays(np.int64, (h, w), elements=whole))
    kernel = data.draw(arrays(np.float32, (kh, kw), elements=st.integers(-3, 3)))
    slide = make_slides(x, kernel, stride, "same" if same else "valid")[0]
    step = data.draw(st.integers(0, slide.steps - 1))
    parts, texts, _ = drawn(slide, step)
    (products,) = [text for text in texts if "=" in text]
    terms, total = products.replace("−", "-").replace("(", "").replace(")", "").split("=")
    pairs = [term.split("·") for term in terms.replace("\n", " ").split(" + ")]
    assert len(pairs) == kernel.size
    assert sum(float(a) * float(b) for a, b in pairs) == float(total)
    assert [float(b) for _, b in pairs] == kernel.ravel().tolist()
    assert parts[2][1][step].replace("−", "-") == total.strip()


@given(st.integers(3, 9), st.integers(1, 3), st.integers(1, 3), st.booleans())
@settings(max_examples=25, deadline=None)
def test_the_feature_map_is_that_of_the_picture_with_its_margin(size, k, stride, same):
    x, kernel = np.arange(size * size).reshape(size, size) % 7, np.arange(k * k).reshape(k, k) - 2
    padding = "same" if same else "valid"
    padded = np.pad(x, convolution_demo.margins(x.shape, kernel.shape, stride, padding))
    assert np.array_equal(convolve(padded, kernel, stride), convolve(x, kernel, stride, padding))


def test_pooling_leaves_the_largest_of_each_square():
    assert max_pool(numbers(convolution_demo.POOLING_INPUT)).tolist() == [[6, 8], [3, 4]]
    parts, texts, _ = drawn(SLIDE[3], 3)
    assert parts[1][1] == ["6", "8", "3", "4"]
    assert "max(1, 0, 3, 4) = 4" in texts


@pytest.mark.parametrize(
    "slide, titles",
    [
        (1, ["input 7×7", "feature map 5×5", "input 7×7", "feature map 3×3"]),
        (2, ["input 5×5", "feature map 3×3", "input 5×5", "feature map 5×5"]),
        (
            4,
            ["", "input 28×28", "vertical", "26×26", "horizontal", "26×26", "edge", "26×26", "blur", "26×26"],
        ),
    ],
)
def test_sizes_are_those_of_the_slides(slide, titles):
    parts, _, _ = drawn(SLIDE[slide], SLIDE[slide].steps - 1)
    assert sorted(title for title, _ in parts) == sorted(titles)


def test_ten_filters_make_ten_feature_maps_and_pooling_halves():
    (part,), _, _ = drawn(SLIDE[5], 9)
    assert {"32×32×3", "10 filters of 5×5×3", "32×32×10", "224×224×64", "112×112×64"} <= set(part[1])


def test_filters_find_what_they_are_named_after():
    bar = np.zeros((9, 9))
    bar[:, 4:] = 1  # a vertical edge
    assert abs(convolve(bar, numbers("vertical"))).max() == 4
    assert not convolve(bar, numbers("horizontal")).any()
    flat = np.full((5, 5), 100.0)
    assert not convolve(flat, numbers("edge")).any()
    assert np.allclose(convolve(flat, numbers("sharpen")), 100)
    assert np.allclose(convolve(flat, numbers("blur")), 100)


@pytest.mark.parametrize("slide", range(6))
@pytest.mark.parametrize("x", ["slide", "digit"])
def test_nothing_is_cut_off(slide, x):
    slide = make_slides(input_numbers(x), numbers("blur"), 2, "same")[slide]
    for step in (0, slide.steps // 2, slide.steps - 1):
        _, _, figure = drawn(slide, step)
        figure.canvas.draw()
        texts = [*figure.texts, *(text for axes in figure.axes for text in [*axes.texts, axes.title])]
        boxes = [text.get_window_extent() for text in texts if text.get_text()]
        assert all(
            figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 and figure.bbox.y0 <= box.y0
            and box.y1 <= figure.bbox.y1 for box in boxes
        )  # fmt: skip


def test_keys_step_and_play(tk, tmp_path):
    args = convolution_demo.parse_args(["--plot", "window", "--out", str(tmp_path)])
    show = _Show(SLIDE, args)
    show.draw()
    for key in (" ", "right", "left", "right"):
        show.on_key(key)
    assert (show.number, show.step) == (0, 2)
    show.on_key("up")
    assert show.number == 5
    show.on_key("down")
    show.on_key("left")  # there is none before the first
    assert (show.number, show.step) == (0, 0)
    for _ in range(9):
        show.on_key(" ")
    assert (show.number, show.step) == (1, 0)
    show.on_key("s")
    assert Image.open(tmp_path / "stride.png").size[0] > 400
    show.on_key("q")
    assert not show.screen.open


def test_pictures_without_a_screen(run, tmp_path):
    result = run("--padding", "same", "--out", "o", lesson="convolution_demo")
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    names = {path.stem for path in (tmp_path / "o").iterdir()}
    assert names == {"convolution", "stride", "padding", "pooling", "filters", "volumes"}


def test_a_movie_shows_every_step(tmp_path):
    film = str(tmp_path / "film.gif")
    args = convolution_demo.parse_args(["--movie", film, "--slide", "pooling", "--plot", "none"])
    show_slides(SLIDE, args)
    assert Image.open(film).n_frames == 4


def test_the_user_s_own_picture_keeps_its_shape(tmp_path):
    Image.new("RGB", (300, 150), "white").save(tmp_path / "wide.png")
    assert input_numbers(str(tmp_path / "wide.png")).shape == (32, 64)


@pytest.mark.parametrize(
    "flags, complaint",
    [
        (["--kernel", "1 2 / 3"], "rows of numbers"),
        (["--kernel", "1 nan"], "rows of numbers"),
        (["--kernel", "/"], "rows of numbers"),
        (["--kernel", "nonsense"], ", ".join(KERNELS)),
        (["--input", "missing.jpg"], "not a file that can be read"),
        (["--stride", "0"], "from 1 to 7"),
        (["--kernel", "1 1 1 1 1 1"], "--padding same"),
        (["--slide", "nonsense"], "there are convolution, stride"),
    ],
)
def test_a_mistake_is_one_line(flags, complaint):
    with pytest.raises(UserError) as error:
        args = convolution_demo.parse_args(flags)
        show_slides(SLIDE, args)
    assert complaint in str(error.value)
    assert "\n" not in str(error.value)


def test_numbers_are_written_short():
    assert [number(value) for value in (1020, 0.111, -1, 2.5)] == ["1020", "0.11", "−1", "2.5"]
