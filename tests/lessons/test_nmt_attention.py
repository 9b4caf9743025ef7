"""Tests of the attention lesson: a short run of each step, and translations by its model."""

from helpers import result_of


def test_a_run_of_dates_translates(run, tmp_path):
    flags = ("--train-size", 300, "--epochs", 1, "--plot", "none", "--translate", "3 Märch 2018")
    done = run(*flags, lesson="nmt_attention")
    assert (done.returncode, done.stderr) == (0, "")
    assert "There is no trained model" in done.stdout and "unknown: ä" in done.stdout
    result = result_of(tmp_path / "runs" / "nmt_attention-dates")
    assert 0 <= result["test"]["exact_match"] <= 1
    long = "3" * 5000
    asked = run("--translate", long, "--translate", "äöü", "--beams", 3, lesson="nmt_attention")
    assert (asked.returncode, asked.stderr) == (0, "")
    assert "it has 5,000 tokens; only the first" in asked.stdout
    assert "none of its tokens is known" in asked.stdout and "epoch" not in asked.stdout
    empty = run("--translate", " ", lesson="nmt_attention")
    assert empty.returncode == 2 and "the text is empty" in empty.stderr


def test_few_sentences_of_ones_own_are_learnt(run, sentences, tmp_path):
    sentences.write_text("".join(sentences.read_text("utf-8").splitlines(keepends=True)[:600]), "utf-8")
    flags = ("--step", "translate", "--pairs", sentences.name, "--train-size", 300, "--epochs", 1)
    done = run(*flags, "--plot", "file", lesson="nmt_attention")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Test bleu" in done.stdout
    picture = tmp_path / "runs" / "nmt_attention-translate" / "dashboard.png"
    assert picture.stat().st_size > 50_000
    sentences.rename(tmp_path / "moved.txt")  # a trained network needs them no more
    asked = run("--step", "translate", "--translate", "I see k.", lesson="nmt_attention")
    assert (asked.returncode, asked.stderr) == (0, "")
    assert "unknown: k" in asked.stdout
    flags = ("--step", "translate", "--translate", "I see k.", "--pairs", "moved.txt")
    other = run(*flags, lesson="nmt_attention")
    assert other.returncode == 2 and "has --pairs" in other.stderr
