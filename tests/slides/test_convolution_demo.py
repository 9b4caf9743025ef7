"""Tests that the convolution slides show what a convolution computes."""

import itertools
import math
import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.collections import PolyCollection
from matplotlib.colors import same_color
from PIL import Image

from common import UserError
from keras_window.screens import File
from slides.shapes import BLUE, RED, WHITE, YELLOW, Numbers, number
from slides.show import KEYS, _Show, show_slides

from convolution_demo import UNCHANGED, make_slides, parse_args
from slides.convolution import friendly, volumes
from slides.convolution.computing import convolve, convolve_volume, margins, max_pool
from slides.convolution.filters import PLACES
from slides.convolution.inputs import KERNELS, POOLING_INPUT, input_numbers, kernel_numbers
from slides.convolution.sliding import written

import keras
from keras import layers, ops
from mnist_3_convolutional import build_model

SLIDE = {slide.name: slide for slide in make_slides(parse_args([]))}
NAMES = list(SLIDE)


def slide_of(name, *flags):
    return make_slides(parse_args(["--slide", name, *flags]))[NAMES.index(name)]


def rows(table):
    """A table as it is typed."""
    return " / ".join(" ".join(f"{value:g}" for value in row) for row in table)


def drawn(slide, step):
    """The tables of a slide, each its title and its numbers, all other texts, and the figure."""
    figure = File().figure
    slide.put_on(figure, step, KEYS)
    (axes,) = figure.axes
    tables = [
        (cells.get_label().replace("\n", " "), numbers.texts)
        for cells, numbers in itertools.pairwise(axes.collections)
        if isinstance(numbers, Numbers)
    ]
    return tables, [text.get_text() for text in axes.texts], figure


def table(title, slide, step=-1):
    """The numbers in the last table of this title."""
    return dict(drawn(slide, range(slide.steps)[step])[0])[title]


def last(slide):
    return drawn(slide, slide.steps - 1)


def cells_of(figure):
    return [drawn for drawn in figure.axes[0].collections if isinstance(drawn, PolyCollection)]


def box_of(part):
    """Where a part of a slide is, in pixels."""
    if isinstance(part, PolyCollection):
        return part.get_datalim(part.axes.transData).transformed(part.axes.transData)
    return part.get_window_extent()


def check_looks(figure):
    """Nothing is cut off, and neither texts nor tables and pictures lie on each other."""
    figure.draw_without_rendering()
    (axes,) = figure.axes
    texts = [text for text in [*figure.texts, *axes.texts] if text.get_text()]
    parts = [*texts, *cells_of(figure), *axes.images]
    boxes = [(box_of(part), part) for part in parts]
    for box, part in boxes:
        assert (
            figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1
            and figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1
        ), part  # fmt: skip
    for (one, part), (other, another) in itertools.combinations(boxes, 2):
        assert not one.padded(-1).overlaps(other), (part, another)


def test_the_slide_s_feature_map_fills_up_number_by_number():
    expected = list("434243234")
    for step in range(9):
        assert table("feature map 3×3", SLIDE["convolution"], step) == expected[: step + 1]
    assert SLIDE["convolution"].steps == 9


def test_products_and_sum_are_written_out():
    _, texts, _ = drawn(SLIDE["convolution"], 3)
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
    products = next(text for text in texts if "\n=" in text).partition("\ndark")[0]
    terms, total = products.replace("−", "-").replace("(", "").replace(")", "").split("=")
    pairs = [term.split("·") for term in terms.replace("\n", " ").split(" + ")]
    assert len(pairs) == kernel.size
    assert sum(float(a) * float(b) for a, b in pairs) == float(total)
    assert [float(b) for _, b in pairs] == kernel.ravel().tolist()
    (shown,) = [texts for title, texts in parts if title.startswith("feature map")]
    assert shown[step].replace("−", "-") == total.strip()


@given(st.integers(3, 9), st.integers(1, 3), st.integers(1, 3), st.booleans())
@settings(max_examples=25, deadline=None)
def test_the_feature_map_is_that_of_the_picture_with_its_margin(size, k, stride, same):
    x, kernel = np.arange(size * size).reshape(size, size) % 7, np.arange(k * k).reshape(k, k) - 2
    padding = "same" if same else "valid"
    padded = np.pad(x, margins(x.shape, kernel.shape, stride, padding))
    assert np.array_equal(convolve(padded, kernel, stride), convolve(x, kernel, stride, padding))


def test_stride_3_takes_every_third_place():
    slide = slide_of("stride", "--stride", "3")
    parts, texts, figure = last(slide)
    titles = ["input 7×7", "feature map 5×5", "input 7×7", "feature map 2×2", "filter 3×3"]
    assert [title for title, _ in parts] == titles
    x = np.outer(np.arange(7), np.arange(7))[None, :, :, None] % 4.0
    y = ops.conv(x, kernel_numbers("slide")[:, :, None, None], strides=3)
    assert parts[3][1] == [number(value) for value in ops.convert_to_numpy(y).flat]
    assert {"stride 1:  (7 − 3) / 1 + 1 = 5", "stride 3:  ⌊(7 − 3) / 3⌋ + 1 = 2"} <= set(texts)
    assert slide.steps == 25
    assert any("dark: never under the filter" in text for text in texts)
    dark = [patch.get_bbox() for patch in figure.axes[0].patches if patch.get_hatch()]
    box = cells_of(figure)[2].get_datalim(figure.axes[0].transData)
    assert np.allclose((dark[0].x0, dark[0].x1, dark[0].y0), (box.x0, box.x1, box.y0))  # the last row
    assert np.allclose((dark[1].y0, dark[1].y1, dark[1].x1), (box.y0, box.y1, box.x1))  # the last column
    _, texts, figure = last(SLIDE["stride"])  # 7 − 3 is a multiple of 2
    assert not any("dark" in text for text in texts)
    assert not any(patch.get_hatch() for patch in figure.axes[0].patches)


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
    assert [title for title, _ in parts][::2] == ["input 2×3", "input 2×3", "filter 1×1"]
    assert parts[1][1] == ["2", "4", "6", "8", "10", "12"]
    assert parts[3][1] == ["2", "6"]
    assert "stride 2:  2 / 2 = 1 high,\n⌈3 / 2⌉ = 2 wide" in texts


def test_padding_compares_valid_and_same_for_every_kernel_and_stride():
    parts, _, _ = last(slide_of("padding", "--kernel", rows(np.eye(5))))
    assert [title for title, _ in parts][1::2] == ["feature map 1×1", "feature map 5×5"]
    _, texts, _ = last(slide_of("padding", "--stride", "2", "--input", "digit"))
    assert {"feature map\n13×13", "feature map\n14×14"} <= set(texts)


def test_pooling_leaves_the_largest_of_each_square():
    assert max_pool(input_numbers(POOLING_INPUT)).tolist() == [[6, 8], [3, 4]]
    parts, texts, _ = last(SLIDE["pooling"])
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
    cells, maps = (table.get_facecolor() for table in cells_of(figure))
    assert [n for n, colour in enumerate(cells) if not same_color(colour, WHITE)] == list(coloured)
    assert same_color(cells[coloured[-1]], maps[-1])


def test_sizes_are_those_of_the_slides():
    for name, titles in {
        "stride": ["input 7×7", "feature map 5×5", "input 7×7", "feature map 3×3", "filter 3×3"],
        "padding": ["input 5×5", "feature map 3×3", "input 5×5", "feature map 5×5", "filter 3×3"],
        "pooling": ["input 4×4", "max pooling 2×2, stride 2: 2×2"],
    }.items():
        parts, _, figure = last(SLIDE[name])
        assert [title for title, _ in parts] == titles
        shapes = [[int(size) for size in re.search(r"(\d+)×(\d+)$", title).groups()] for title in titles]
        if name == "padding":
            shapes[2] = [7, 7]  # with its margin
        boxes = [box_of(table) for table in cells_of(figure)]
        sizes = np.array([(box.height, box.width) for box in boxes]) / shapes
        assert np.allclose(
            sizes, sizes[0, 0]
        )  # one cell is as large as the other, so a smaller map looks smaller


def test_blue_is_above_0_and_red_below():
    _, _, figure = last(SLIDE["filters"])
    vertical, *_, blur = cells_of(figure)
    for cell, value in zip(vertical.get_facecolor(), kernel_numbers("vertical").flat, strict=True):
        assert same_color(cell, RED if value < 0 else BLUE if value > 0 else WHITE)
    parts, texts, _ = last(SLIDE["filters"])
    assert parts[-1] == ("blur", ["1/9"] * 9) and all(same_color(cell, BLUE) for cell in blur.get_facecolor())
    assert any(text.startswith("blue: above 0") for text in texts)
    _, edges = figure.axes[0].images[1:3]  # of the horizontal ones
    least, most = (edges.cmap(edges.norm(value))[:3] for value in (edges.norm.vmin, edges.norm.vmax))
    assert edges.norm.vmin == -edges.norm.vmax and least[0] > least[2] and most[2] > most[0]


def test_filters_take_input_stride_and_padding():
    for flags, size in (
        (["--stride", "2"], "13×13"),
        (["--stride", "2", "--padding", "same"], "14×14"),
        (["--input", "1 2 3 4 / 5 6 7 8 / 9 8 7 6"], "1×2"),
    ):
        _, texts, _ = last(slide_of("filters", *flags))
        assert texts.count(size) == 4


CS231N = "2 3 3 / 3 7 3 / 8 10 -3", "-8 -8 -3 / -3 1 0 / -3 -8 -5"  # the output in its example


def test_the_volume_is_what_cs231n_and_a_layer_make_of_it():
    _, x, kernels, biases, *way = SLIDE["channels"].drawing
    y = convolve_volume(x, kernels, biases, *way)
    assert [rows(y[:, :, n]) for n in range(2)] == list(CS231N)
    layer, padded = layers.Conv2D(2, 3, strides=2), np.pad(x, ((1, 1), (1, 1), (0, 0)))[None]
    layer.build(padded.shape)
    layer.set_weights([kernels, biases])
    assert np.array_equal(layer(padded)[0], y)


def test_each_number_of_the_volume_is_computed_before_our_eyes():
    _, x, _, biases, *_ = SLIDE["channels"].drawing
    expected = [number(value) for table in CS231N for value in kernel_numbers(table).flat]
    assert SLIDE["channels"].steps == len(expected) == 18
    for step in (0, 8, 9, 13, 17):
        parts, texts, figure = drawn(SLIDE["channels"], step)
        *sums, total = [text for text in texts if "\n=" in text]
        (field,) = [text for text in texts if "receptive" in text]
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
        inputs = [
            (texts, cells.get_facecolor())
            for (title, texts), cells in zip(parts, cells_of(figure), strict=True)
            if title.startswith("input")
        ]
        place = [2 * i <= row < 2 * i + 3 and 2 * j <= column < 2 * j + 3 for row, column in np.ndindex(7, 7)]
        for c, (texts, colours) in enumerate(inputs):
            assert texts == [number(value) for value in np.pad(x[:, :, c], 1).flat]
            assert [same_color(colour, YELLOW) for colour in colours] == place
        assert len(inputs) == 3


def test_without_a_slide_a_flag_changes_all_that_it_means_something_to():
    slides = {slide.name: slide for slide in make_slides(parse_args(["--stride", "3"]))}
    titles = {name: " ".join(last(slide)[1]).replace("\n", " ") for name, slide in slides.items()}
    assert "feature map 1×1" in titles["convolution"]
    assert "feature map 2×2" in titles["stride"]
    assert "feature map 1×1" in titles["padding"] and "feature map 2×2" in titles["padding"]
    assert "max pooling 2×2, stride 3" in titles["pooling"]
    assert "9×9" in titles["filters"]
    assert slides["channels"].steps == 18  # it has numbers of its own
    _, texts, _ = last(make_slides(parse_args(["--stride", "1"]))[NAMES.index("stride")])
    assert "feature map\n3×3" in texts  # 1 beside 2, not beside itself


def test_the_slide_s_own_numbers_have_a_name():
    for name in ("convolution", "stride", "padding", "pooling", "filters"):
        for one, other in zip(slide_of(name, "--input", "slide").drawing, SLIDE[name].drawing, strict=True):
            assert name == "filters" or np.array_equal(one, other)
        assert last(slide_of(name, "--input", "slide"))[:2] == last(SLIDE[name])[:2]


def test_a_slide_that_is_not_shown_refuses_nothing():
    assert len(slide_of("convolution", "--input", "5", "--kernel", "2").drawing) == 5


def test_ten_filters_make_ten_feature_maps_and_pooling_halves():
    _, texts, _ = drawn(SLIDE["volumes"], 9)
    expected = {"32×32×3", "32×32×10", "224×224×64", "112×112×64"}
    assert {*expected, "10 filters of 5×5×3, as deep\nas the input; zero padding 2"} <= set(texts)


def test_one_filter_tells_four_pixels_apart():
    _, texts, _ = last(SLIDE["slashes"])
    sums = [text.rpartition("= ")[2] for text in texts if "\n=" in text]
    pictures = [friendly.BACKSLASH, friendly.SLASH, np.array([[1, -1], [-1, -1]])]
    kernel = friendly.BACKSLASH[:, :, None, None].astype("float32")
    computed = ops.conv(np.stack(pictures)[..., None].astype("float32"), kernel)
    assert sums == ["4", "−4", "2"] == [number(value) for value in ops.convert_to_numpy(computed).flat]


@pytest.mark.parametrize("name, verdict", [("cross", "4 + 4 = 8:  above 0, an X"), ("ring", "below 0, an O")])
def test_the_friendly_network_is_one_of_keras(name, verdict):
    _, pixels, *_ = SLIDE[name].drawing
    convolution, pooling = layers.Conv2D(2, 2, use_bias=False), layers.MaxPooling2D(2)
    flatten, dense = layers.Flatten(), layers.Dense(1, use_bias=False)
    model = keras.Sequential([keras.Input((5, 5, 1)), convolution, pooling, flatten, dense])
    kernels = np.stack([friendly.BACKSLASH, friendly.SLASH], axis=-1)
    model.set_weights([kernels[:, :, None], np.moveaxis(friendly.WEIGHTS, 0, -1).reshape(8, 1)])
    maps = convolution(pixels[None, :, :, None].astype("float32"))
    parts, texts, _ = last(SLIDE[name])
    for title, values in (("map 4×4", maps), ("pooled", pooling(maps))):
        shown = [texts for other, texts in parts if other == title]
        values = ops.convert_to_numpy(values)[0]
        assert shown == [[number(value) for value in values[:, :, n].flat] for n in range(2)]
    score = float(dense(flatten(pooling(maps)))[0, 0])
    (said,) = [text for text in texts if verdict in text]
    assert f"= {number(score)}:" in said and ("above" in said) == (score > 0)
    for step in range(1, 5):  # each row of the first map, and how its last number comes about
        _, texts, _ = drawn(SLIDE[name], step)
        (text,) = [text for text in texts if " = " in text]
        value, result, _ = computed(text)
        assert value == result == float(maps[0, step - 1, 3, 0])


def test_one_more_layer_is_one_of_keras():
    filters, pooling, letters = (
        layers.Conv2D(2, 2, use_bias=False),
        layers.MaxPooling2D(2),
        layers.Conv2D(1, 2),
    )
    dense = layers.Dense(1, use_bias=False)
    steps = [filters, pooling, letters, layers.Flatten(), dense]
    model = keras.Sequential([keras.Input((5, 11, 1)), *steps])
    kernels = np.stack([friendly.BACKSLASH, friendly.SLASH], axis=-1)[:, :, None]
    deep = np.moveaxis(friendly.WEIGHTS, 0, -1)[..., None]
    model.set_weights([kernels, deep, np.zeros(1), friendly.LAST.T])
    for step, pixels, verdict in ((4, friendly.XO, "16:  above 0"), (5, friendly.OX, "−16:  below 0")):
        parts, texts, _ = drawn(SLIDE["two_letters"], step)
        y = pixels[None, :, :, None].astype("float32")
        for layer, title in zip(steps, ("map 4×10", "pooled 2×5", "X, or not: 1×4", "", ""), strict=True):
            y = layer(y)
            shown = [texts for other, texts in parts if other == title]
            values = ops.convert_to_numpy(y)[0]
            assert not title or shown == [list(map(number, map_.flat)) for map_ in np.moveaxis(values, -1, 0)]
        assert any(text.startswith(verdict) for text in texts) and verdict.startswith(number(float(y[0, 0])))


def test_two_filters_at_four_places_make_what_a_layer_makes():
    _, x, kernels = SLIDE["places"].drawing
    layer = layers.Conv2D(2, 3, use_bias=False)
    layer.build((1, 14, 14, 1))
    layer.set_weights([np.stack(list(kernels.values()), axis=-1)[:, :, None]])
    y = ops.convert_to_numpy(layer(x[None, :, :, None].astype("float32")))[0]
    values = [number(y[i, j, n]) for n in range(2) for i, j, _ in PLACES]
    _, texts, figure = drawn(SLIDE["places"], 4)
    assert [text for text in texts if re.fullmatch(r"[−.\d]+", text)] == values
    for n, picture in enumerate(figure.axes[0].images[1:]):
        shown = picture.get_array()
        assert np.ma.count(shown) == 4
        assert np.allclose(shown.compressed(), y[:, :, n][~shown.mask])
    whole = [picture.get_array() for picture in last(SLIDE["places"])[2].axes[0].images[1:]]
    assert np.allclose(np.stack(whole, axis=-1), y)


def test_a_feature_map_before_and_after_pooling_and_how_much_a_pixel_s_move_changes():
    _, x, kernel = SLIDE["pooled"].drawing
    convolution = layers.Conv2D(1, 3, padding="same", activation="relu", use_bias=False)
    steps = [convolution, layers.MaxPooling2D(2), layers.MaxPooling2D(2)]
    model = keras.Sequential([keras.Input((28, 28, 1)), *steps])
    model.set_weights([kernel[:, :, None, None]])
    images = np.stack([x, np.roll(x, 1, axis=1)])[..., None].astype("float32")
    changes, pictures = [], last(SLIDE["pooled"])[2].axes[0].images[1:]
    for layer, picture in zip(steps, pictures, strict=True):
        images = layer(images)
        before, after = ops.convert_to_numpy(images)[..., 0]
        assert np.allclose(picture.get_array(), after, atol=1e-5)
        changes.append(f"{100 * abs(after - before).sum() / before.sum():.0f} %")
    _, texts, _ = last(SLIDE["pooled"])
    assert [text for text in texts if text.endswith(" %")] == changes
    assert [int(change[:-2]) for change in changes] == sorted((int(c[:-2]) for c in changes), reverse=True)


def test_stride_skips_what_pooling_keeps():
    _, x, kernel = SLIDE["pool_or_stride"].drawing
    strided = layers.Conv2D(1, 3, strides=2, activation="relu", use_bias=False)
    every = layers.Conv2D(1, 3, activation="relu", use_bias=False)
    image = x[None, :, :, None].astype("float32")
    for layer in (strided, every):
        layer.build(image.shape)
        layer.set_weights([kernel[:, :, None, None]])
    stride, pooled = strided(image), layers.MaxPooling2D(2)(every(image))
    _, texts, figure = last(SLIDE["pool_or_stride"])
    for picture, y in zip(figure.axes[0].images, (every(image), stride, pooled), strict=True):
        assert np.allclose(picture.get_array(), ops.convert_to_numpy(y)[0, :, :, 0], atol=1e-5)
    (said,) = [text for text in texts if "sums" in text]
    largest = [number(float(ops.max(y))) for y in (stride, pooled)]
    assert f"computes 169 sums; its largest is {largest[0]}." in said and f"keeps {largest[1]}" in said


@pytest.mark.parametrize("network, step", [(volumes.LENET, "lenet5"), (volumes.LARGER, "3.1")])
def test_the_networks_are_those_of_the_lesson(network, step):
    _, drawn_layers = network
    shapes = [(layer.output.shape[1:], layer.count_params()) for layer in build_model(step).layers]
    for _, shape, weights in drawn_layers[1:]:
        assert (shape, weights) in shapes
    assert sum(weights for *_, weights in drawn_layers) == build_model(step).count_params()
    _, texts, _ = last(SLIDE["networks"])
    assert {"×".join(map(str, shape)) for _, shape, _ in drawn_layers} <= set(texts)
    assert f"{build_model(step).count_params():,} weights and biases" in texts


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
    show = _Show(list(SLIDE.values()), args)
    show.draw()
    for key in (" ", "right", "left", "right"):
        show.on_key(key)
    assert (show.number, show.step) == (0, 2)
    show.on_key("up")
    assert show.number == len(SLIDE) - 1
    show.on_key("down")
    show.on_key("left")  # there is none before the first
    assert (show.number, show.step) == (0, 0)
    for _ in range(SLIDE["slashes"].steps):
        show.on_key(" ")
    assert (show.number, show.step) == (1, 0)
    show.on_key("s")
    assert Image.open(tmp_path / "cross.png").size[0] > 400
    show.on_key("q")
    assert not show.screen.open


def test_a_movie_shows_every_step(tmp_path):
    film = str(tmp_path / "film.gif")
    args = parse_args(["--movie", film, "--slide", "pooling", "--plot", "none"])
    show_slides(list(SLIDE.values()), args)
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
        ("--input|missing.jpg", "'missing.jpg' is neither slide, digit, a file that can be read nor rows"),
        ("--input|.", "'.' is not a file that can be read"),
        ("--input|1 2 / 3", "equally long"),
        ("--input|1 1 1 1 1 1 1 1 1 1 1 1 1", "at most 12×12"),
        ("--input|1e3", "from −999 to 999"),
        ("--input|1 inf", "rows of numbers"),
        ("--input|９ ９ / 1 1", "rows of numbers"),
        ("--input|", "rows of numbers"),
        ("--stride|0", "from 1 to 7"),
        ("--slide|nonsense", "there are slashes, cross"),
        ("--slide|pooling|--kernel|edge", "--kernel does not change slide pooling (only --input, --stride)"),
        ("--slide|pooling|--padding|same", "--padding does not change slide pooling"),
        ("--slide|padding|--padding|same", "change slide padding (only --input, --kernel, --stride)"),
        ("--slide|filters|--kernel|edge", "--kernel does not change slide filters"),
        ("--slide|volumes|--stride|2", "--stride does not change slide volumes"),
        ("--slide|channels|--input|digit", "--input does not change slide channels"),
        ("--slide|channels|--padding|same", "--padding does not change slide channels"),
        ("--slide|stride|--stride|1", "--stride 2 or more"),
        ("--slide|networks|--input|slide", "--input does not change slide networks"),
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
