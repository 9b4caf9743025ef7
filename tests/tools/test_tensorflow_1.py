"""Tests that the page about TensorFlow 1 quotes our scripts, and lines that TensorFlow still runs."""

import re
import subprocess
import sys

import pytest
from helpers import ROOT

PAGE = (ROOT / "docs" / "tensorflow_1.md").read_text("utf-8")
ROWS = re.findall(r"^\| ([\w ]+) \| `(.+?)` \| `(.+?)` \|$", PAGE, re.MULTILINE)

BEFORE = """
import numpy as np, tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
random = np.random.default_rng(0)
batch = random.random((100, 28, 28, 1)) > 0.9, np.eye(10)[random.integers(10, size=100)]
class mnist:
    class train:
        next_batch = lambda n: batch
"""
AFTER = """
print(sess.run(cross_entropy, feed_dict=train_data))
"""


def test_our_lines_stand_in_the_lesson():
    script = (ROOT / "mnist_1_softmax.py").read_text("utf-8")
    assert len(ROWS) == 18
    assert not [ours for _, _, ours in ROWS if ours not in script]


@pytest.mark.extras
def test_the_slide_s_lines_train_as_the_page_says():
    theirs = {name: line for name, line, _ in ROWS}
    inside = [theirs.pop(name) for name in ("batch", "feed", "train")]
    loop, last = (
        theirs.pop("loop").replace("1000", "20"),
        theirs.pop("test").replace("test_data", "train_data"),
    )
    code = "\n".join([*theirs.values(), loop, *(f"    {line}" for line in inside), last])
    result = subprocess.run(
        [sys.executable, "-c", BEFORE + code + AFTER], capture_output=True, text=True, check=True
    )
    assert float(result.stdout) < 100 * 2.3  # the sum over 100 digits, less than before the first step
