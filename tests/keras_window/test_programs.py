"""Tests that the window changes nothing in anybody's program, and shows it. See run_programs.py."""

import json
import os
import subprocess
import sys

import pytest
import run_programs
from helpers import INSTALLED


@pytest.mark.parametrize("name", run_programs.PROGRAMS)
def test_a_program_with_the_window_is_the_same(name, tmp_path, monkeypatch):
    if missing := run_programs.missing(name):
        pytest.skip(f"needs {missing}")
    monkeypatch.undo()  # what fails in a picture is to end nothing
    assert run_programs.complaints(name, tmp_path) == []


@pytest.mark.extras
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_programs_with_the_window_are_the_same_on(backend, tmp_path):
    if backend not in INSTALLED:
        pytest.skip(f"needs {backend}")
    done = subprocess.run(
        [sys.executable, run_programs.__file__, tmp_path],
        env=os.environ | {"KERAS_BACKEND": backend, "MPLBACKEND": "agg"},
        stdout=subprocess.PIPE,
        text=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert len(found) > 20 and not {name: wrong for name, wrong in found.items() if wrong}
