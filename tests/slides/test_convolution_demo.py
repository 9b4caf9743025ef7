"""Tests that the convolution slides show what a convolution computes."""

import itertools
import math
import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.colors import same_color
from PIL import Image

from common import UserError
from keras_window.screens import File
from slides.shapes import WHITE, YELLOW, number
from slides.show import KEYS, _Show, show_slides

import convolution_demo
from convolution_demo import (
    KERNELS, convolve, convolve_volume, input_numbers, kernel_numbers, make_slides, max_pool, parse_args,
    written,
)  # fmt: skip

from keras import layers, ops

SLIDE = make_slides(parse_args([]))
NAMES = [slide.name for slide in SLIDE]
UNCHANGED = "channels", "volumes"  # no flag changes them


def slide_of(name, *flags):
    return make_slides(parse_args(["--slide", name, *flags]))[NAMES.index(name)]


def rows(table):
    """A table as it is typed."""
    return " / ".join(" ".join(f"{value:g}" for value in row) for row in table)


def drawn(slide, step):
    """The texts in each part of a slide, by the part's title, and those outside the parts."""
    figure = File().figure
    slide.put_on(figure, step, KEYS)
    parts = [(axes.get_title(), [text.get_text() for text in axes.texts]) for axes in figure.axes]
    return parts, [text.get_text() for text in figure.texts], figure


def last(slide):
    return drawn(slide, slide.steps - 1)


def check_looks(figure):
    """Nothing is cut off, and neither titles nor other texts lie on each other or on a table."""
    figure.draw_without_rendering()
    texts = [*figure.texts, *(text for axes in figure.axes for text in [*axes.texts, axes.title])]
    for text in texts:
        box = text.get_window_extent()
        assert not text.get_text() or (
            figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1
            and figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1
        ), text  # fmt: skip
    titles = [text for text in [*figure.texts, *(axes.title for axes in figure.axes)] if text.get_text()]
    boxes = [(part.get_window_extent(), part) for part in [*titles, *figure.axes]]
    for (one, part), (other, another) in itertools.combinations(boxes, 2):
        assert not one.padded(-1).overlaps(other), (part, another)


def test_the_slide_s_feature_map_fills_up_number_by_number():
    expected = list("434243234")
    for step in range(9):
        parts, _, _ = drawn(SLIDE[0], step)
        assert parts[2] == ("feature map 3×3", expected[: step + 1])
    assert SLIDE[0].steps == 9


def test_products_and_sum_are_written_out():
    _, texts, _ = drawn(SLIDE[0], 3)
    assert "0·1 + 1·0 + 1·1\n+ 0·0 + 0·1 + 1·0\n+ 0·1 + 0·0 + 1·1\n= 2" in texts


def computed(text):
    """What a sum of products on a slide comes to, the number that is written below it, and its signs."""
    left, right = text.translate(str.maketrans("−·\n", "-* ")).split("=")
    return eval(left), float(right), re.findall("[+*]", left)


small = st.integers(1, 6)
paddings = st.sampled_from(["valid", "same"])


@given(st.data(), small, small, st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.booleans())
@settings(max_examples=25, deadline=None)
def test_every_number_is_the_sum_of_the_products_written_beside_it(data, h, w, kh, kw, stride, same):
    if not same and (kh > h or kw > w):
        return
    x = data.draw(arrays(np.int64, (h, w), elements=st.integers(-9, 9)))
    kernel = data.draw(arrays(np.int64, (kh, kw), elements=st.integers(-3, 3)))
    flags = f"--input={rows(x)}", f"--kernel={rows(kernel)}", f"--stride={stride}"
    slide = slide_of("convolution", *flags, "--padding", "same" if same else "valid")
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


def test_stride_3_takes_every_third_place():
    slide = slide_of("stride", "--stride", "3")
    parts, texts, _ = last(slide)
    assert [title for title, _ in parts] == ["input 7×7", "feature map 5×5", "input 7×7", "feature map 2×2"]
    x = np.outer(np.arange(7), np.arange(7))[None, :, :, None] % 4.0
    y = ops.conv(x, kernel_numbers("slide")[:, :, None, None], strides=3)
    assert parts[3][1] == [number(value) for value in ops.convert_to_numpy(y).flat]
    assert {"stride 1:  (7 − 3) / 1 + 1 = 5", "stride 3:  ⌊(7 − 3) / 3⌋ + 1 = 2"} <= set(texts)
    assert slide.steps == 25


@given(st.tuples(small, small), st.tuples(small, small), st.integers(1, 7), paddings)
@settings(max_examples=40, deadline=None)
@example((6, 6), (3, 3), 2, "valid")
@example((5, 5), (3, 3), 2, "same")
def test_the_size_is_written_as_it_is_computed(shape, size, stride, padding):
    if padding == "valid" and any(np.less(shape, size)):
        return
    text = written(np.ones(shape), np.ones(size), stride, padding)
    found = []
    for line in text.replace("−", "-").split("\n"):
        formula, result = re.sub(" (high,|wide)", "", line).split(" = ")
        formula = re.sub("⌊(.*)⌋", r"math.floor(\1)", re.sub("⌈(.*)⌉", r"math.ceil(\1)", formula))
        assert eval(formula, {"math": math}) == int(result)
        found.append(int(result))
    assert (found if len(found) == 2 else found * 2) == list(
        convolve(np.ones(shape), np.ones(size), stride, padding).shape
    )


def test_both_sides_of_the_stride_slide_take_input_kernel_and_padding():
    flags = "--input", "1 2 3 / 4 5 6", "--kernel", "2", "--padding", "same"
    parts, texts, _ = last(slide_of("stride", *flags))
    assert [title for title, _ in parts][::2] == ["input 2×3", "input 2×3"]
    assert parts[1][1] == ["2", "4", "6", "8", "10", "12"]
    assert parts[3][1] == ["2", "6"]
    assert "stride 2:  2 / 2 = 1 high,\n⌈3 / 2⌉ = 2 wide" in texts


def test_padding_compares_valid_and_same_for_every_kernel_and_stride():
    parts, _, _ = last(slide_of("padding", "--kernel", rows(np.eye(5))))
    assert [title for title, _ in parts][1::2] == ["feature map 1×1", "feature map 5×5"]
    parts, _, _ = last(slide_of("padding", "--stride", "2", "--input", "digit"))
    assert [title for title, _ in parts][1::2] == ["feature map 13×13", "feature map 14×14"]


def test_pooling_leaves_the_largest_of_each_square():
    assert max_pool(input_numbers(convolution_demo.POOLING_INPUT)).tolist() == [[6, 8], [3, 4]]
    parts, texts, _ = last(SLIDE[3])
    assert parts[1][1] == ["6", "8", "3", "4"]
    assert "max(1, 0, 3, 4) = 4" in texts


@pytest.mark.parametrize(
    "flags, pooled",
    [
        (["--input", "1 1 2 4 / 5 6 8 7 / 3 2 1 0 / 1 2 3 4"], "6 8 3 4"),  # the 8 stays in its square
        (["--input", "1 1 2 4 / 5 6 7 0 / 3 2 1 8 / 1 2 3 4"], "6 7 3 8"),  # it moves to the next
        (["--input", "1 2 9 / 3 4 9 / 9 9 9"], "4"),
        (["--stride", "1"], "6 7 8 6 7 8 3 3 4"),
        (["--stride", "3"], "6"),
    ],
)
def test_pooling_of_other_numbers_and_strides(flags, pooled):
    parts, _, _ = last(slide_of("pooling", *flags))
    assert parts[1][1] == pooled.split()


@pytest.mark.parametrize("stride, coloured", [("1", [10, 11, 14, 15]), ("2", range(16)), ("3", [0, 1, 4, 5])])
def test_a_square_has_the_colour_of_what_comes_out_of_it(stride, coloured):
    _, _, figure = last(slide_of("pooling", "--stride", stride))
    cells, maps = ([patch.get_facecolor() for patch in axes.patches[:-1]] for axes in figure.axes)
    assert [n for n, colour in enumerate(cells) if not same_color(colour, WHITE)] == list(coloured)
    assert same_color(cells[coloured[-1]], maps[-1])


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
    parts, _, _ = last(SLIDE[slide])
    assert sorted(title for title, _ in parts) == sorted(titles)


def test_filters_take_input_stride_and_padding():
    for flags, size in (
        (["--stride", "2"], "13×13"),
        (["--stride", "2", "--padding", "same"], "14×14"),
        (["--input", "1 2 3 4 / 5 6 7 8 / 9 8 7 6"], "1×2"),
    ):
        parts, _, _ = last(slide_of("filters", *flags))
        assert [title for title, _ in parts].count(size) == 4


CS231N = "2 3 3 / 3 7 3 / 8 10 -3", "-8 -8 -3 / -3 1 0 / -3 -8 -5"  # the output in its example


def test_the_volume_is_what_cs231n_and_a_layer_make_of_it():
    _, x, kernels, biases, *way = SLIDE[5].drawing
    y = convolve_volume(x, kernels, biases, *way)
    assert [rows(y[:, :, n]) for n in range(2)] == list(CS231N)
    layer, padded = layers.Conv2D(2, 3, strides=2), np.pad(x, ((1, 1), (1, 1), (0, 0)))[None]
    layer.build(padded.shape)
    layer.set_weights([kernels, biases])
    assert np.array_equal(layer(padded)[0], y)


def test_each_number_of_the_volume_is_computed_before_our_eyes():
    _, x, _, biases, *_ = SLIDE[5].drawing
    expected = [number(value) for table in CS231N for value in kernel_numbers(table).flat]
    assert SLIDE[5].steps == len(expected) == 18
    for step in (0, 8, 9, 13, 17):
        parts, (_, _, *sums, field, total), figure = drawn(SLIDE[5], step)
        n, i, j = step // 9, step % 9 // 3, step % 3
        channels = []
        for text in sums:
            value, written, signs = computed(text)
            assert value == written and signs.count("*") == 9 and signs.count("+") == 8
            channels.append(value)
        value, written, signs = computed(total)
        assert value == written == sum(channels) + biases[n] and signs == ["+"] * 3
        assert number(value) == expected[step]
        maps = [texts for title, texts in parts if title.startswith("o[")]
        assert maps == [expected[:9][: step + 1], expected[9 : step + 1]]
        assert f"the receptive field\nof o[{i},{j},{n}], 3×3×3 numbers" in field
        inputs = [axes for axes in figure.axes if axes.get_title().startswith("input")]
        for c, axes in enumerate(inputs):
            assert [text.get_text() for text in axes.texts] == [number(v) for v in np.pad(x[:, :, c], 1).flat]
            yellow = [same_color(patch.get_facecolor(), YELLOW) for patch in axes.patches[:49]]
            place = [
                2 * i <= row < 2 * i + 3 and 2 * j <= column < 2 * j + 3 for row, column in np.ndindex(7, 7)
            ]
            assert yellow == place
        assert len(inputs) == 3


def test_without_a_slide_a_flag_changes_all_that_it_means_something_to():
    slides = make_slides(parse_args(["--stride", "3"]))
    titles = [{title for title, _ in last(slide)[0]} for slide in slides]
    assert "feature map 1×1" in titles[0]
    assert "feature map 2×2" in titles[1]
    assert {"feature map 1×1", "feature map 2×2"} <= titles[2]
    assert "max pooling 2×2, stride 3" in titles[3]
    assert "9×9" in titles[4]
    assert {"o[:,:,0]", "o[:,:,1]"} <= titles[5] and slides[5].steps == 18  # it has numbers of its own
    parts, _, _ = last(make_slides(parse_args(["--stride", "1"]))[1])
    assert parts[3][0] == "feature map 3×3"  # 1 beside 2, not beside itself


def test_a_slide_that_is_not_shown_refuses_nothing():
    assert len(slide_of("convolution", "--input", "5", "--kernel", "2").drawing) == 5


def test_ten_filters_make_ten_feature_maps_and_pooling_halves():
    (part,), _, _ = drawn(SLIDE[6], 9)
    assert {
        "32×32×3",
        "10 filters of 5×5×3,\nas deep as the input",
        "32×32×10",
        "224×224×64",
        "112×112×64",
    } <= set(part[1])


def test_filters_find_what_they_are_named_after():
    bar = np.zeros((9, 9))
    bar[:, 4:] = 1  # a vertical edge
    assert abs(convolve(bar, kernel_numbers("vertical"))).max() == 4
    assert not convolve(bar, kernel_numbers("horizontal")).any()
    flat = np.full((5, 5), 100.0)
    assert not convolve(flat, kernel_numbers("edge")).any()
    assert np.allclose(convolve(flat, kernel_numbers("sharpen")), 100)
    assert np.allclose(convolve(flat, kernel_numbers("blur")), 100)


@pytest.mark.parametrize(
    "name, x", [(name, x) for name in NAMES for x in (None, "digit") if not x or name not in UNCHANGED]
)
def test_nothing_is_cut_off(name, x):
    flags = {
        "convolution": ["--kernel", "blur", "--stride", "2", "--padding", "same"],
        "stride": ["--kernel", "blur", "--stride", "3", "--padding", "same"],
        "padding": ["--kernel", "blur", "--stride", "2"],
    }.get(name, [])
    if x:
        flags += ["--input", x]
    slide = slide_of(name, *flags)
    for step in (0, slide.steps // 2, slide.steps - 1):
        check_looks(drawn(slide, step)[2])


def tables(most):
    element = st.sampled_from([0, 1, 3, 255, -2, 0.25, -999])
    size = st.integers(1, most)
    return st.tuples(size, size).flatmap(lambda shape: arrays(float, shape, elements=element)).map(rows)


FLAGS = {
    "slide": st.sampled_from(NAMES),
    "input": st.one_of(st.just("digit"), tables(12)),
    "kernel": st.one_of(st.sampled_from(list(KERNELS)), tables(7)),
    "stride": st.integers(1, 7),
    "padding": paddings,
}


@given(st.fixed_dictionaries({}, optional=FLAGS))
@settings(max_examples=6, deadline=None)
@example({"slide": "convolution", "input": " / ".join("1" * 12), "kernel": " / ".join("1" * 7)})
@example({"slide": "stride", "input": " / ".join("1" * 12), "kernel": "1 / 1"})
@example({"slide": "padding", "input": rows(np.full((12, 12), -999)), "kernel": rows(np.full((7, 7), -999))})
@example({"slide": "filters", "input": rows(np.full((12, 1), 255)), "padding": "same"})
@example({"slide": "pooling", "input": rows(np.full((2, 12), -999)), "stride": 7})
def test_all_flags_together_are_drawn_or_refused_in_one_line(flags):
    try:
        slides = make_slides(parse_args([f"--{name}={value}" for name, value in flags.items()]))
    except UserError as error:
        assert re.fullmatch(".{20,150}", str(error))
        return
    for slide in slides:
        if flags.get("slide", slide.name) == slide.name and slide.name not in UNCHANGED:
            check_looks(last(slide)[2])


def test_keys_step_and_play(tk, tmp_path):
    args = parse_args(["--plot", "window", "--out", str(tmp_path)])
    show = _Show(SLIDE, args)
    show.draw()
    for key in (" ", "right", "left", "right"):
        show.on_key(key)
    assert (show.number, show.step) == (0, 2)
    show.on_key("up")
    assert show.number == len(SLIDE) - 1
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


def test_a_movie_shows_every_step(tmp_path):
    film = str(tmp_path / "film.gif")
    args = parse_args(["--movie", film, "--slide", "pooling", "--plot", "none"])
    show_slides(SLIDE, args)
    assert Image.open(film).n_frames == 4


def test_the_user_s_own_picture_keeps_its_shape(tmp_path):
    Image.new("RGB", (300, 150), "white").save(tmp_path / "wide.png")
    assert input_numbers(str(tmp_path / "wide.png")).shape == (32, 64)


@pytest.mark.parametrize(
    "flags, complaint",
    [
        ("--kernel|1 2 / 3", "rows of numbers"),
        ("--kernel|1 nan", "rows of numbers"),
        ("--kernel|/", "rows of numbers"),
        ("--kernel|1_0", "rows of numbers"),
        ("--kernel|９", "rows of numbers"),
        ("--kernel|1000", "from −999 to 999"),
        ("--kernel|1 1 1 1 1 1 1 1", "at most 7×7"),
        ("--kernel|nonsense", ", ".join(KERNELS)),
        ("--input|missing.jpg", "'missing.jpg' is neither digit, a file that can be read nor rows"),
        ("--input|.", "'.' is not a file that can be read"),
        ("--input|1 2 / 3", "equally long"),
        ("--input|1 1 1 1 1 1 1 1 1 1 1 1 1", "at most 12×12"),
        ("--input|1e3", "from −999 to 999"),
        ("--input|1 inf", "rows of numbers"),
        ("--input|９ ９ / 1 1", "rows of numbers"),
        ("--input|", "rows of numbers"),
        ("--stride|0", "from 1 to 7"),
        ("--slide|nonsense", "there are convolution, stride"),
        ("--slide|pooling|--kernel|edge", "--kernel does not change slide pooling (only --input, --stride)"),
        ("--slide|pooling|--padding|same", "--padding does not change slide pooling"),
        ("--slide|padding|--padding|same", "change slide padding (only --input, --kernel, --stride)"),
        ("--slide|filters|--kernel|edge", "--kernel does not change slide filters"),
        ("--slide|volumes|--stride|2", "--stride does not change slide volumes"),
        ("--slide|channels|--input|digit", "--input does not change slide channels"),
        ("--slide|channels|--padding|same", "--padding does not change slide channels"),
        ("--slide|stride|--stride|1", "--stride 2 or more"),
        ("--slide|pooling|--input|1 2 3", "slide pooling: the input is 1×3 and must be at least 2×2"),
        ("--slide|filters|--input|1 2 / 3 4", "at least 3×3 (or use --slide filters --padding same)"),
        ("--slide|stride|--kernel|1|--input|1 2|--kernel|1 / 1", "at least 2×1 (or use --slide stride --pad"),
        ("--slide|padding|--input|1 2", "slide padding: the input is 1×2 and must be at least 3×3"),
        ("--kernel|1 1 1 1 1 1", "slide convolution: the input is 5×5 and must be at least 1×6 (or use"),
        ("--kernel|1 1 1 1 1 1|--padding|same", "slide padding: the input is 5×5 and must be at least 1×6"),
    ],
)
def test_a_mistake_is_one_line(flags, complaint):
    with pytest.raises(UserError) as error:
        args = parse_args(flags.split("|"))
        show_slides(make_slides(args), args)
    assert complaint in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("flag", ["--input", "--kernel"])
@pytest.mark.parametrize("text", ["1 " * 50_000, "x" * 100_000, "1 / " * 9_999])
def test_a_long_text_makes_a_short_complaint(flag, text):
    with pytest.raises(UserError) as error:
        parse_args([flag, text])
    assert len(str(error.value)) < 300


def test_a_flag_that_means_nothing_ends_with_status_2(run):
    result = run("--slide", "pooling", "--kernel", "edge", lesson="convolution_demo", KERAS_HOME="")
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1 and "--kernel does not change slide pooling" in result.stderr


def test_numbers_are_written_short():
    assert [number(value) for value in (1020, 0.111, -1, 2.5)] == ["1020", "0.11", "−1", "2.5"]
