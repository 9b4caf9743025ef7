"""Tests of dates and sentences: texts, tokens and ids."""

import csv
import datetime
import gzip
import random
import zipfile

import pandas as pd
import pytest
from helpers import WAYS, data_flags, spoilt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common import UserError
from subjects.translation import load_dates, load_sentences
from subjects.translation.data import END, PAD, START, UNKNOWN, Language, Task, _written
from subjects.translation.data import tokens_of


@pytest.fixture(scope="module")
def dates():
    return load_dates(data_flags())


def test_dates_are_written_as_people_do(dates):
    assert [len(dates.splits[split][0]) for split in ("train", "validation", "test")] == [20_000, 1000, 2000]
    iso = dict(zip(*dates.splits["train"], strict=True))
    assert _written(datetime.date(2018, 3, 3), 0) == "Saturday, 3 March 2018"
    assert _written(datetime.date(2018, 3, 3), 1) == "3.3.18"
    short = [(text.split("."), day) for text, day in iso.items() if "." in text and len(text) <= 8]
    short = [((d, m, int(y)), day) for (d, m, y), day in short if len(y) == 2]
    assert len(short) > 1000
    for (d, m, y), day in short:
        assert day == f"{1900 + y if y >= 50 else 2000 + y}-{int(m):02}-{int(d):02}"
    slashed = [(text.split("/"), day) for text, day in iso.items() if "/" in text]
    assert all(day == f"{y}-{int(m):02}-{int(d):02}" for (m, d, y), day in slashed) and len(slashed) > 1000
    assert sum(text[0].isalpha() for text in iso) > 5000


def test_no_day_to_be_tested_is_learnt(dates):
    train, test = (set(dates.splits[split][1]) for split in ("train", "test"))
    assert len(train) == 20_000 and len(test) == 2000 and not train & test


@pytest.mark.parametrize(
    "text, tokens",
    [
        ("Don't stop!", ["don't", "stop", "!"]),
        ("“Is it far?” he said.", ["“", "is", "it", "far", "?", "”", "he", "said", "."]),
        ("a well-known man", ["a", "well-known", "man"]),
        ("the 'best' dogs' home", ["the", "'", "best", "'", "dogs", "'", "home"]),
        ("你好,Tom。", ["你", "好", ",", "tom", "。"]),
        ("¿Dónde está?", ["¿", "dónde", "está", "?"]),
        ("שלום עולם!", ["שלום", "עולם", "!"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("", []),
    ],
)
def test_texts_become_words_and_marks(text, tokens):
    assert tokens_of(text) == tokens


@given(st.text(max_size=60))
def test_any_text_becomes_tokens_without_spaces(text):
    tokens = tokens_of(text)
    assert all(token and not any(character.isspace() for character in token) for token in tokens)


@pytest.mark.parametrize("text", ["i can't swim.", "你好，汤姆。", "no lo sé. ¿y tú?", "¡sí! (a, b) «c»!"])
def test_tokens_become_a_text_again(text):
    assert Language([]).text(tokens_of(text)) == text


def test_a_text_is_numbers_with_an_end_and_its_translation_comes_one_token_late():
    splits = {"train": (["ab", "c"], ["xyz", "y"]), "validation": (["ad"], ["x"])}
    task = Task(splits, ["x"], None, exact=True)
    x, y = task.data.train
    a, b, c = (task.source.ids[letter] for letter in "abc")
    X, Y, Z = (task.target.ids[letter] for letter in "xyz")
    assert x.tolist() == [[a, b, END, START, X, Y, Z], [c, END, PAD, START, Y, END, PAD]]
    assert y.tolist() == [[X, Y, Z, END], [Y, END, PAD, PAD]]
    assert task.data.validation.x[0, :3].tolist() == [a, UNKNOWN, END]


def test_sentences_to_be_tested_are_not_learnt(sentences, tmp_path):
    task = load_sentences(data_flags(pairs=sentences))
    train, validation, test = (
        {tuple(s) for s in task.splits[split][0]} for split in ("train", "validation", "test")
    )
    assert (len(validation), len(test)) == (500, 520)
    assert not train & test and not train & validation and not validation & test
    with zipfile.ZipFile(tmp_path / "spa-eng.zip", "w") as archive:
        archive.write(sentences, "spa-eng/spa.txt")
    again = load_sentences(data_flags(data_dir=tmp_path))
    assert again.splits == task.splits


def test_of_a_file_a_tenth_is_for_validation_and_a_tenth_for_testing(sentences):
    lines = sentences.read_text("utf-8").splitlines(keepends=True)
    for count, sizes in ((2999, (2401, 299, 299)), (240, (192, 24, 24))):
        sentences.write_text("".join(lines[:count]), "utf-8")
        task = load_sentences(data_flags(pairs=sentences))
        assert tuple(len(task.splits[split][0]) for split in ("train", "validation", "test")) == sizes
    for flags, message in (
        ({"batch_size": 193}, "--batch-size 193 is more than the 192 training examples: try --batch-size 16"),
        ({"train_size": 193}, "193"),
    ):
        with pytest.raises(UserError, match=message):
            load_sentences(data_flags(pairs=sentences, **flags))
    sentences.write_text("".join(lines[:199]), "utf-8")
    with pytest.raises(UserError, match=r"has 199 different sentences, .* at least 200 are needed"):
        load_sentences(data_flags(pairs=sentences))


def test_of_a_large_file_500_sentences_are_for_validation_and_1000_for_testing(tmp_path):
    (tmp_path / "large.txt").write_text("".join(f"see {i}\tvea {i}\n" for i in range(12_000)))
    task = load_sentences(data_flags(data_dir=tmp_path))
    assert [len(task.splits[split][0]) for split in ("train", "validation", "test")] == [10_500, 500, 1000]


def test_what_is_left_out_is_said(sentences, capsys):
    lines = sentences.read_text("utf-8").splitlines(keepends=True)[:300]
    long = f"I {'really ' * 19}see it.\t我 看.\n"
    sentences.write_text("".join(["English\tChinese\n", *lines, "no\t\n", "\n", long, "no tab\n"]), "utf-8")
    task = load_sentences(data_flags(pairs=sentences))
    said = capsys.readouterr().out
    assert (
        "left out: the heading 'English → Chinese', 2 without a translation, 1 with 20 words or more" in said
    )
    assert "english" not in task.source.ids and (task.data.file.origin, said[:4]) == ("pairs", "240 ")
    sentences.write_text("".join(["…\t!\n", *lines]), "utf-8")  # a line of marks names no columns
    load_sentences(data_flags(pairs=sentences))
    assert "left out" not in capsys.readouterr().out


def as_csv(**options):
    def write(table):
        return table.to_csv(**({"index": False} | options)).encode(options.get("encoding", "utf-8"))

    return write


def as_tatoeba(table):
    rows = table.itertuples()
    return "".join(f"{1276 + i}\t{source}\t{99 + i}\t{target}\n" for i, source, target in rows).encode()


FORMATS = {
    "two.txt": as_csv(sep="\t", header=False),
    "three.txt": lambda table: as_csv(sep="\t", header=False)(table.assign(by="CC-BY 2.0 " + table.English)),
    "tatoeba.tsv": as_tatoeba,
    "heading.csv": as_csv(),
    "none.csv": as_csv(header=False),
    "index.csv": as_csv(index=True),
    "semicolon.csv": as_csv(sep=";", lineterminator="\r\n"),
    "quoted.tsv": as_csv(sep="\t", quoting=csv.QUOTE_ALL),
    "mark.txt": as_csv(sep="\t", header=False, encoding="utf-8-sig"),
    "utf_16.txt": as_csv(sep="\t", header=False, encoding="utf-16"),
    "packed.txt.gz": lambda table: gzip.compress(as_csv(sep="\t")(table)),
    "names.csv": lambda table: as_csv(header=["English words/sentences", "zh_CN"])(table),
}


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_is_read_as_pandas_wrote_it(name, tmp_path, sentences):
    pairs = [line.split("\t")[:2] for line in sentences.read_text("utf-8").splitlines()[:300]]
    pairs[0] = ['He said: "Go, now!"', "他说：“走！”"]
    table = pd.DataFrame(pairs, columns=["English", "Chinese"])
    (tmp_path / "mine").mkdir()
    path = tmp_path / "mine" / name
    path.write_bytes(FORMATS[name](table))
    (tmp_path / "mine" / "_about.txt").write_text("about")
    task = load_sentences(data_flags(data_dir=path))
    assert {name: len(part[0]) for name, part in task.splits.items()} == {
        "test": 30,
        "validation": 30,
        "train": 240,
    }
    read = {
        (tuple(source), tuple(target))
        for part in task.splits.values()
        for source, target in zip(*part, strict=True)
    }
    assert read == {tuple(tuple(tokens_of(text)) for text in pair) for pair in pairs}
    for flags in ({"pairs": path}, {"data_dir": path.parent}):
        again = load_sentences(data_flags(**flags))
        assert (again.splits, again.data.file.path) == (task.splits, path)


@pytest.mark.parametrize(
    "form, message",
    [
        ("{}".format, "5,200 of its 5,202 lines have no translation behind a tab, such as 'I see"),
        ("{}\teng".format, "1 of its 2 columns hold sentences, such as 'One"),
        ("12\t{}".format, "1 of its 2 columns hold sentences, such as 'One"),
        ("{}, {}, {}".format, "has 3 columns in line 2, not 2 as in line 1"),
    ],
)
def test_a_table_of_another_form_is_refused(form, message, sentences):
    pairs = [line.split("\t")[:2] for line in sentences.read_text("utf-8").splitlines()[:5200]]
    between = "," if "," in form("", "", "") else "\t"
    lines = [f"One.{between}一。", *(form(*pair, "") for pair in pairs), f"Two.{between}二。", ""]
    sentences.write_text("\n".join(lines), "utf-8-sig")
    with pytest.raises(UserError, match=message):
        load_sentences(data_flags(pairs=sentences))


def test_sentences_with_quotations_are_read(sentences):
    lines = sentences.read_text("utf-8").splitlines()[:300]
    lines = [
        f'"{line[:9]}," he said.\t"{line[-20:]}"' if i % 3 == 0 else line for i, line in enumerate(lines)
    ]
    sentences.write_text("\n".join(lines), "utf-8")
    assert load_sentences(data_flags(pairs=sentences)).source.ids.keys() >= {'"', "said"}


@pytest.mark.parametrize(
    "damage, message",
    [
        (
            lambda text: text[: text.rindex("。".encode())],
            "is cut short in its last line, 'we see jtz.\\\\t我 看",
        ),
        (lambda text: text[: text.rindex("我".encode()) - 1], "is cut short in its last line, 'we see jtz."),
        (lambda text: text[: text.rindex("我".encode()) + 2], "line 5,200, is not UTF-8 text"),
        (lambda text: text.replace("我".encode(), b"\xe6\x88X", 1), "line 1, is not UTF-8 text"),
        (lambda text: text[:999] + bytes(99) + text[1098:], r"line \d+, is not UTF-8 text"),
        (lambda text: text.decode().encode("utf-16-le"), "line 1, is not UTF-8 text"),
        (lambda text: text.decode().encode("utf-16")[:-1], "is not UTF-16 text"),
        (lambda text: gzip.compress(text)[:5000], "is cut short or damaged"),
        (lambda text: b"\xff\xfa no text", "line 1, is not UTF-8 text"),
        (lambda text: b"", "is empty: replace it, or name another file"),
        (lambda text: b"PK\3\4" + text, "is cut short or damaged"),
    ],
)
def test_a_damaged_file_is_named(damage, message, sentences):
    text = b"".join(sentences.read_bytes().splitlines(keepends=True)[:5200])
    sentences.write_bytes(damage(text))
    with pytest.raises(UserError, match=message):
        load_sentences(data_flags(pairs=sentences))


def zipped(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_a_zip_file_holds_one_text_file_beside_others(sentences, tmp_path):
    text, path = sentences.read_bytes(), tmp_path / "fra-eng.zip"
    beside = {"_about.txt": "about", "__MACOSX/._fra.txt": b"\0\5\x16\7Mac OS X", "fra.pdf": b"%PDF"}
    task = load_sentences(data_flags(pairs=zipped(path, **beside, **{"fra.txt": text})))
    assert (len(task.splits["test"][0]), task.data.file.path) == (520, path)
    with pytest.raises(
        UserError, match=r"holds fra.txt, deu.txt, not one .txt or .csv or .tsv file: unpack it"
    ):
        load_sentences(data_flags(pairs=zipped(path, **{"fra.txt": text, "deu.txt": text})))
    with pytest.raises(
        UserError, match=r"holds _about.txt, .*fra.pdf, not one .txt or .csv or .tsv file: unpack it"
    ):
        load_sentences(data_flags(pairs=zipped(path, **beside)))
    whole = bytearray(zipped(path, **{"fra.txt": text}).read_bytes())
    whole[2000] ^= 1
    for damaged in (whole, whole[:5000]):
        path.write_bytes(damaged)
        with pytest.raises(
            UserError, match=r"is cut short or damaged \(.*: replace it, or name another file"
        ):
            load_sentences(data_flags(pairs=path))


def test_a_folder_may_hold_one_file_of_sentences_and_its_archive(sentences, tmp_path):
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "_about.txt").write_text("about")
    with pytest.raises(UserError) as refused:
        load_sentences(data_flags(data_dir=folder))
    assert str(refused.value) == (
        f"--data-dir: {folder} holds _about.txt; this lesson reads spa-eng.zip or one .txt, .tsv, .csv or"
        " .zip file of sentences there: name one file with --data-dir FILE, or leave --data-dir out to"
        " download spa-eng.zip"
    )
    zipped(folder / "fra-eng.zip", **{"fra.txt": sentences.read_bytes()})
    assert load_sentences(data_flags(data_dir=folder)).data.file.path == folder / "fra-eng.zip"
    (folder / "fra.txt").write_bytes(sentences.read_bytes())
    assert load_sentences(data_flags(data_dir=folder)).data.file.path == folder / "fra.txt"
    (folder / "deu.txt").write_bytes(sentences.read_bytes())
    with pytest.raises(UserError, match=r"holds _about.txt, deu.txt, .* name one file with --data-dir FILE"):
        load_sentences(data_flags(data_dir=folder))
    (folder / "spa-eng.zip").write_bytes((folder / "fra-eng.zip").read_bytes()[:5000])
    with pytest.raises(UserError, match=r"spa-eng.zip is cut short .*: replace it, or leave --data-dir out$"):
        load_sentences(data_flags(data_dir=folder))
    with pytest.raises(UserError, match=r"there is no .*nowhere"):
        load_sentences(data_flags(data_dir=tmp_path / "nowhere"))


@settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(name=st.sampled_from(sorted(FORMATS)), way=st.sampled_from(WAYS), chance=st.integers(0, 10**9))
def test_50_spoilt_files_are_named_or_hold_the_same_sentences_but_for_a_few(name, way, chance, tmp_path):
    pairs = [(f"I see {i} of them", f"veo {i}, ¡sí!") for i in range(300)]
    table = pd.DataFrame(pairs, columns=["English", "Chinese"])
    path = tmp_path / name
    path.write_bytes(spoilt(FORMATS[name](table), way, random.Random(chance)))
    try:
        task = load_sentences(data_flags(data_dir=path))
    except UserError as error:
        assert name in str(error) and "\n" not in str(error)
        return
    known = {tuple(tuple(tokens_of(text)) for text in pair) for pair in pairs}
    read = [pair for part in task.splits.values() for pair in zip(*part, strict=True)]
    strange = [pair for pair in read if tuple(map(tuple, pair)) not in known]
    assert way != "binary" and len(strange) <= 2 and len(read) >= 200


def test_flags_that_would_have_no_effect_are_refused(sentences, tmp_path):
    with pytest.raises(UserError, match="--pairs and --data-dir both name sentences"):
        load_sentences(data_flags(pairs=sentences, data_dir=tmp_path))
    with pytest.raises(UserError, match="--data-dir: the dates of this step are made, not read"):
        load_dates(data_flags(data_dir=tmp_path))
