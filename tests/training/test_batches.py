"""Batches of a training."""

from argparse import Namespace

import numpy as np

from common import ShuffledBatches


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
