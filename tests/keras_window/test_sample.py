"""Tests of a sample's pictures and classes, and of the ruler, which must be Keras' accuracy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_window.sample import Sample, threshold_of

import keras

ENCODINGS = {
    "uint8": (lambda grey: grey, 0),
    "int64": (lambda grey: grey.astype(np.int64), 0),
    "uint16": (lambda grey: grey.astype(np.uint16) * 257, 0),
    "float 0 to 255": (lambda grey: grey.astype(np.float32), 0),
    "float 0 to 1": (lambda grey: grey / 255, 0),
    "half floats": (lambda grey: (grey / 255).astype(np.float16), 1),
    "-1 to 1": (lambda grey: (grey / 127.5 - 1).astype(np.float32), 0),
    "resized": (lambda grey: grey * 1.02 - 2, 4),  # which goes a little below 0 and above 255
    "standardized": (lambda grey: (grey - grey.mean()) / grey.std(), 4),
    "0 to 16": (lambda grey: grey / 255 * 16, 0),  # scikit-learn's digits
}


@given(
    encoding=st.sampled_from(sorted(ENCODINGS)),
    shape=st.tuples(st.integers(1, 20), st.integers(9, 14), st.integers(9, 14)),
    channels=st.sampled_from([(), (1,), (3,)]),
    first=st.booleans(),
    seed=st.integers(0, 99),
)
@settings(max_examples=200, deadline=None)
def test_pixels_are_the_same_however_they_are_encoded(encoding, shape, channels, first, seed):
    grey = np.random.default_rng(seed).integers(0, 256, (*shape, *channels), np.uint8)
    grey.reshape(-1)[:4] = 0, 255, 0, 255
    encode, tolerance = ENCODINGS[encoding]
    x = encode(grey)
    if channels and first:
        x = np.moveaxis(x, -1, 1)
    sample = Sample(x)
    assert sample.why_no_images() is None and len(sample) == len(grey)
    pixels = sample.pixels(slice(None))
    assert pixels.dtype == np.uint8
    assert np.abs(pixels.reshape(grey.shape).astype(int) - grey).max() <= tolerance
    assert np.array_equal(sample.pixels([0]), pixels[:1])  # not stretched picture by picture


@given(values=st.lists(st.floats(width=32), min_size=1, max_size=9), kind=st.sampled_from("fd"))
@settings(max_examples=200, deadline=None)
def test_no_value_is_too_wild_to_be_drawn(values, kind):
    x = np.resize(np.array(values, kind), (3, 5, 4, 3))
    assert Sample(x).pixels(slice(None)).shape == x.shape


def test_opacity_is_laid_on_white():
    x = np.full((2, 9, 9, 4), 100, np.uint8)
    x[0, ..., 3], x[1, ..., 3] = 0, 255
    assert [picture.max() for picture in Sample(x).pixels([0, 1])] == [255, 100]
    assert Sample(np.eye(9)[None] > 0).pixels([0]).max() == 255


@pytest.mark.parametrize(
    "x, words",
    [
        (np.zeros((3, 20)), r"its inputs are \[n, 20\], not images"),
        (np.zeros((3, 100, 6)), r"\[n, 100, 6\]"),
        ({"a": np.zeros((3, 20)), "b": np.zeros((3, 4, 5, 6, 3))}, r"\[n, 20\] and \[n, 4, 5, 6, 3\]"),
        (np.array(["good", "bad"]), "its inputs are text"),
    ],
)
def test_what_is_no_image_is_named(x, words):
    sample = Sample(x)
    with pytest.raises(ValueError, match=words):
        sample.pixels([0])


def test_of_several_inputs_the_first_of_images_is_shown():
    images = np.full((3, 9, 9, 1), 7, np.uint8)
    sample = Sample([np.zeros((3, 2)), {"a": images, "b": images + 1}], (np.arange(3), None))
    assert (sample.pixels([1]) == 7).all()
    taken = sample.take([2, 0])
    (numbers, _), (labels, nothing) = taken.x, taken.y
    assert numbers.shape == (2, 2) and labels.tolist() == [2, 0] and nothing is None


DIGITS = np.array([3, 1, 0, 2, 1])


@pytest.mark.parametrize(
    "y, width, classes",
    [
        (DIGITS.astype(np.uint8), 4, DIGITS),
        (DIGITS[:, None].astype(float), 4, DIGITS),
        (np.eye(4, dtype=bool)[DIGITS], 4, DIGITS),
        (np.eye(4)[DIGITS] * 0.9 + 0.025, 4, DIGITS),  # smoothed
        (DIGITS > 1, 1, DIGITS > 1),
        (np.sign(DIGITS - 1.5), 1, np.sign(DIGITS - 1.5)),
        (None, 1, "it has no labels"),
        (DIGITS + 0.5, 4, "its labels are real numbers"),
        (DIGITS.astype(float), 1, "its labels are numbers"),
        (DIGITS - 3, 4, "its labels are numbers"),
        (np.where(DIGITS > 1, np.nan, 1), 1, "its labels are real numbers"),
        (np.tile(DIGITS, (4, 1)).T, 4, r"its labels are \[n, 4\], not classes"),
        (np.array([[1, 1, 0]] * 5), 3, "its labels are several classes at once"),
        (np.full((5, 3), 0.5), 3, "its labels are real numbers"),
        (np.eye(3)[DIGITS % 3], 4, r"its labels are \[n, 3\], its outputs \[n, 4\]"),
        (np.zeros((5, 32, 32, 3)), 3, "its labels are images"),
        (np.zeros((5, 32, 32), int), 3, "its labels are images"),
        (np.array(["a"] * 5), 3, "its labels are text"),
    ],
)
def test_labels_are_classes_or_it_says_why_not(y, width, classes):
    sample = Sample(np.zeros((5, 2)), y, np.zeros((5, width)))
    if isinstance(classes, str):
        with pytest.raises(ValueError, match=classes):
            sample.classes()
        assert not sample.misclassified().any()
    else:
        assert sample.why_no_classes() is None
        assert sample.classes().dtype == int and sample.classes().tolist() == classes.astype(int).tolist()


def test_a_hundred_thousand_masks_are_judged_by_their_shape():
    masks = np.broadcast_to(np.uint8(1), (100_000, 256, 256, 1))  # 6.5 GB if anything is computed of it
    sample = Sample(masks, masks, masks)
    assert sample.why_no_classes() == "its labels are images, not classes"
    assert not sample.misclassified().any() and (sample.pixels([5]) == 255).all()


@pytest.mark.parametrize("outputs", ["list", "dictionary", "other names"])
def test_of_several_outputs_the_first_of_classes_is_compared(outputs):
    prices, right = np.random.default_rng(0).normal(size=(5, 1)), np.eye(4)[DIGITS]
    y, names = {"z": prices, "kind": DIGITS}, ("z", "kind")
    predicted = [prices, right]
    if outputs == "dictionary":
        predicted = dict(zip(names, predicted, strict=True))
    elif outputs == "other names":
        y, names = list(y.values()), ()
    sample = Sample(np.zeros((5, 2)), y, predicted, output_names=names)
    assert sample.predictions().tolist() == DIGITS.tolist() and not sample.misclassified().any()


LOGITS = keras.losses.BinaryCrossentropy(from_logits=True)
BINARY = keras.metrics.BinaryAccuracy


@pytest.mark.parametrize(
    "loss, metric, labels, activation",
    [
        (LOGITS, "accuracy", [0, 1], None),
        (LOGITS, BINARY(threshold=0.0), [0, 1], None),
        (LOGITS, keras.metrics.binary_accuracy, [0.0, 1.0], None),
        ("binary_crossentropy", BINARY(threshold=0.3), [False, True], "sigmoid"),
        ("hinge", "acc", [-1, 1], "tanh"),
        ("hinge", BINARY(threshold=0.0), [-1.0, 1.0], "tanh"),
        ("sparse_categorical_crossentropy", "accuracy", [0.0, 1.0, 2.0], "softmax"),
        ("categorical_crossentropy", "accuracy", np.eye(3), "softmax"),
    ],
)
def test_the_ruler_is_keras_accuracy(loss, metric, labels, activation):
    keras.utils.set_random_seed(1)
    x = np.random.normal(size=(300, 5)).astype(np.float32)
    y = np.array(labels)[np.random.randint(len(labels), size=300)]
    units = 1 if len(labels) == 2 else 3
    model = keras.Sequential([keras.Input([5]), keras.layers.Dense(units, activation)])
    model.compile("sgd", loss, metrics=[metric])
    _, accuracy = model.evaluate(x, y, verbose=0)
    sample = Sample(x, y, model.predict(x, verbose=0), threshold=threshold_of(model))
    assert 1 - sample.misclassified().mean() == pytest.approx(accuracy, abs=1e-6)
    assert 0 < accuracy < 1


def test_without_a_metric_logits_are_compared_with_zero():
    model = keras.Sequential([keras.Input([5]), keras.layers.Dense(1)])
    assert threshold_of(model) == 0.5
    model.compile("sgd", {"dense": LOGITS})
    assert threshold_of(model) == 0
