"""What tools/benchmark.py counts and writes."""

import sys

import pytest


def test_the_products_of_the_lectures_network_are_counted():
    from mnist_3_convolutional import build_model
    from peers import products

    first, second, third = 28 * 28 * 6 * 6 * 6, 14 * 14 * 5 * 5 * 6 * 12, 7 * 7 * 4 * 4 * 12 * 24
    assert products(build_model("3.1")) == first + second + third + 1176 * 200 + 200 * 10


def test_the_page_has_the_tables_that_were_measured(tmp_path, monkeypatch):
    import benchmark

    def times(value):
        return {"median": value, "least": value - 0.1, "most": value + 0.1}

    ways = dict.fromkeys([*benchmark.WAYS, "TensorFlow 1, one thread"], times(2.0))
    ways |= {"lesson": times(1.0), "PyTorch, one thread": times(1.5)}
    manner = {"without": times(2.0), "with": times(20.0), "iterations": 200, "pictures": 200}
    ours = {"without": times(60.0), "with": times(63.0), "iterations": 12_000, "pictures": 100}
    found = {
        "machines": {"steps": "2 CPU cores."},
        "steps": {"softmax": ways},
        "window": {"softmax": {"ours": ours, "the lecture's manner": manner}},
        "target": {
            "softmax": {
                "lesson, with its window": {"seconds": {"median": 6, "least": 5, "most": 14}, "epochs": 2},
                "TensorFlow 1": {"seconds": {"median": 9, "least": 9, "most": 9}, "epochs": 3},
                "PyTorch": None,
            }
        },
        "growth": {
            "--image-size": {
                "32": {"epoch": times(2.0), "work": 1024, "window": 1.0, "fit": 10.0},
                "64": {"epoch": times(9.0), "work": 4096, "window": 2.0, "fit": 20.0},
            }
        },
        "memory": {"mnist_1_softmax": 2**30},
    }
    monkeypatch.setattr(benchmark, "PAGE", tmp_path / "performance.md")
    benchmark.write(found)
    page = (tmp_path / "performance.md").read_text("utf-8")
    assert "| softmax | 1.00 (0.90 to 1.10) | 2.00" in page and "**0.50**" in page
    assert "| 2.00 (1.90 to 2.10) | 2.00 (1.90 to 2.10); 1.50 |" in page  # only PyTorch is faster
    assert "| `--image-size 64` | 4 | 9.00 (8.90 to 9.10) | 4.50 | 2.0 of 20.0 s |" in page
    assert "**1.05**" in page and "**10.00**" in page
    measured = "6 (5 to 14) s, 2 epochs | 9 s, 3 epochs | not in 420 s | 180 s (**30 ×**)"
    assert measured in page  # 1,800 iterations, a tenth of a second each
    assert "| `mnist_1_softmax.py` | 1,024 |" in page and "GFLOP/s | share" not in page
    assert page.count("Measured with 2 CPU cores.") == 1


@pytest.mark.parametrize("words", [["speed"], ["steps", "rat"]])
def test_an_unknown_table_is_named(words, monkeypatch, capsys):
    import benchmark

    monkeypatch.setattr(sys, "argv", ["benchmark.py", *words])
    with pytest.raises(SystemExit) as ended:
        benchmark.main()
    assert ended.value.code == 2 and f"no table {words[-1]!r}" in capsys.readouterr().err
