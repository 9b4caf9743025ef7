"""Tests that the window changes nothing in anybody's program, and shows it. See run_programs.py."""

import json
import os
import subprocess
import sys

import pytest
import run_programs
from helpers import INSTALLED

EACH_TIME = {  # with what breaks most easily; the others take as long as all other tests
    "arrays_with_a_short_last_batch", "dataset_of_unknown_length", "interrupted", "metrics_that_are_no_means",
    "two_outputs", "vae_without_call",
}  # fmt: skip
ON_JAX = EACH_TIME | {  # which compiles each for several seconds
    "compute_loss_overridden", "dataset_of_known_length", "inputs_as_a_dict", "stateful_rnn",
    "train_step_in_jax", "vector_metric",
}  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in EACH_TIME else pytest.mark.extras)
        for name in run_programs.PROGRAMS
    ],
)
def test_a_program_with_the_window_is_the_same(name, tmp_path, errors_are_shown):
    if missing := run_programs.missing(name):
        pytest.skip(f"needs {missing}")
    assert run_programs.complaints(name, tmp_path) == []


@pytest.mark.extras
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_programs_with_the_window_are_the_same_on(backend, tmp_path):
    if backend not in INSTALLED:
        pytest.skip(f"needs {backend}")
    names = sorted(ON_JAX) if backend == "jax" else run_programs.PROGRAMS
    done = subprocess.run(
        [sys.executable, run_programs.__file__, tmp_path, *names],
        env=os.environ
        | {"KERAS_BACKEND": backend, "MPLBACKEND": "agg", "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert len(found) > 10 and not {name: wrong for name, wrong in found.items() if wrong}
