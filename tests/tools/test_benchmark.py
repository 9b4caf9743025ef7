"""Tests of what tools/benchmark.py counts and writes."""

import json
import sys
from pathlib import Path

import benchmark
import pytest
from helpers import on_linux


def test_the_products_of_the_lectures_network_are_counted():
    from mnist_3_convolutional import build_model
    from peers import products

    first, second, third = 28 * 28 * 6 * 6 * 6, 14 * 14 * 5 * 5 * 6 * 12, 7 * 7 * 4 * 4 * 12 * 24
    assert products(build_model("3.1")) == first + second + third + 1176 * 200 + 200 * 10


def times(value):
    return {"median": value, "least": value - 0.1, "most": value + 0.1}


WAYS = dict.fromkeys([*benchmark.WAYS, "TensorFlow 1, one thread"], times(2.0))
WAYS |= {"lesson": times(1.0), "PyTorch, one thread": times(1.5)}
MANNER = {"without": times(2.0), "with": times(20.0), "iterations": 200, "pictures": 200}
OURS = {"without": times(60.0), "with": times(63.0), "iterations": 12_000, "pictures": 100}
FOUND = {
    "steps": {"softmax": WAYS},
    "again": {"softmax": WAYS},
    "window": {"softmax": {"ours": OURS, "the lecture's manner": MANNER}},
    "target": {
        "softmax": {
            "lesson, with its window": {"seconds": {"median": 6, "least": 5, "most": 14}, "epochs": 2},
            "TensorFlow 1": {"seconds": {"median": 9, "least": 9, "most": 9}, "epochs": 3},
            "PyTorch": None,
        }
    },
    "rate": {"3.1": {"training": times(50.0), "matrices": times(200.0)}},
    "growth": {
        "--image-size": {
            "32": {"epoch": times(2.0), "work": 1024, "window": 1.0, "fit": 10.0},
            "64": {"epoch": times(9.0), "work": 4096, "window": 2.0, "fit": 20.0},
        }
    },
    "memory": {"mnist_1_softmax": 2**30},
}
STEPS = (  # only PyTorch is faster on one thread
    "| softmax | 1.00 (0.90 to 1.10) | 2.00 (1.90 to 2.10) | 2.00 (1.90 to 2.10) |"
    " 2.00 (1.90 to 2.10); 1.50 | 2.00 (1.90 to 2.10) | **0.50** | **0.67** | **0.50** |"
)
ROWS = {  # some of what must be in each table
    "steps": STEPS,
    "again": STEPS,
    "window": "| 200 | 200 | 2.00 (1.90 to 2.10) | 20.00 (19.90 to 20.10) | **10.00** | 90.00 |",
    "target": "6 (5 to 14) s, 2 epochs | 9 s, 3 epochs | not in 420 s | 180 s (**30 ×**)",
    "rate": "| 3.1 | 50 (50 to 50) | 200 (200 to 200) | 25% |",
    "growth": "| `--image-size 64` | 4 | 9.00 (8.90 to 9.10) | 4.50 | 2.0 of 20.0 s |",
    "memory": "| `mnist_1_softmax.py` | 1,024 |",
}


@pytest.mark.parametrize("name", benchmark.TABLES)
def test_a_table_that_is_measured_replaces_only_its_own(name, tmp_path, monkeypatch):
    """As in a fresh clone, where nothing of the other tables has been measured but what this one takes."""
    needed = {"steps", "window"} if name == "target" else set()
    page = tmp_path / "performance.md"
    page.write_text(benchmark.PAGE.read_text("utf-8"), "utf-8")
    before = page.read_text("utf-8")
    (tmp_path / "performance.json").write_text(json.dumps({name: FOUND[name] for name in needed}))
    monkeypatch.setattr(benchmark, "PAGE", page)
    monkeypatch.setattr(benchmark, "OUT", tmp_path)
    monkeypatch.setitem(benchmark.TABLES, name, (lambda rounds: FOUND[name], benchmark.TABLES[name][1]))
    monkeypatch.setattr(sys, "argv", ["benchmark.py", name])
    benchmark.main()
    after = page.read_text("utf-8")
    mark = f"<!-- {name} -->\n"
    table, _, rest = after.partition(mark)[2].partition("\nMeasured with ")
    assert ROWS[name] in table and rest.startswith("Python ")
    old, _, old_rest = before.partition(mark)[2].partition("\nMeasured with ")
    assert old != table and before.partition(mark)[0] == after.partition(mark)[0]
    assert old_rest.partition("\n")[2] == rest.partition("\n")[2]
    assert json.loads((tmp_path / "performance.json").read_text()).keys() == {name, *needed}


def test_the_time_to_the_accuracy_wants_the_tables_that_it_takes_numbers_of(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(benchmark, "OUT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["benchmark.py", "target", "steps"])
    with pytest.raises(SystemExit) as ended:
        benchmark.main()
    assert ended.value.code == 2 and "'target' takes numbers of window" in capsys.readouterr().err


@on_linux
@pytest.mark.parametrize(
    "way",
    ["TensorFlow 1", *(pytest.param(way, marks=pytest.mark.extras) for way in ("PyTorch", "lesson on JAX"))],
)
def test_a_peer_trains_and_has_no_other_library_in_its_process(way, tmp_path, monkeypatch):
    """PyTorch's triton beside TensorFlow ends in a segmentation fault."""
    package = benchmark.WAYS[way][1]
    if not benchmark.installed(package):
        pytest.skip(f"needs {package}")
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")  # what the user has set is for the lessons
    with benchmark.Peer(way, "mnist_1_softmax", 500) as peer:
        assert peer("epoch") > 0
        loaded = Path(f"/proc/{peer.process.pid}/maps").read_text()
    assert [name for name in ("tensorflow", "jaxlib", "torch") if f"/{name}/" in loaded] == [
        {"jax": "jaxlib"}.get(package, package)
    ]


@pytest.mark.parametrize("words", [["speed"], ["steps", "rat"]])
def test_an_unknown_table_is_named(words, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["benchmark.py", *words])
    with pytest.raises(SystemExit) as ended:
        benchmark.main()
    assert ended.value.code == 2 and f"no table {words[-1]!r}" in capsys.readouterr().err
