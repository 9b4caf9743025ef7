"""Tests of texts of one's own, in the formats that people have; pandas and Keras are second opinions."""

import csv
import gzip
import io
import random
import tarfile
import zipfile
from collections import Counter

import keras
import numpy as np
import pandas as pd
import pytest
from helpers import WAYS, data_flags, spoilt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common import UserError
from subjects.reviews import Reviews, WordSentiments, load_imdb
from subjects.reviews.data import words_of
from subjects.reviews.own_texts import clean_text

import imdb_text

SENTIMENTS = ["negative", "positive"]


BETWEEN = (";", ",", ",\t", "; |", "\n\n")


def frame(labels, count=100):
    """As many texts, with these labels in turn, and columns that are neither."""
    numbers = range(count)
    return pd.DataFrame(
        {
            "text": [
                f'Film{i} is, "they" say{BETWEEN[i % 5]} {i} minutes long{BETWEEN[i % 4]}' for i in numbers
            ],
            "label": [labels[i % len(labels)] for i in numbers],
            "id": [1000 + i for i in numbers],
            "user": [f"user{i % 40}" for i in numbers],
            "title": [f'Title "{i}' for i in numbers],
            "constant": "NO_QUERY",
        }
    )


def as_csv(*columns, **options):
    """Writes these columns as pandas does."""

    def write(table):
        written = table[list(columns or ("text", "label"))].to_csv(**({"index": False} | options))
        return written.encode(options.get("encoding", "utf-8"))

    return write


def unquoted(*columns, header=False):
    """Writes columns between tabs; quotation marks are parts of the texts."""

    def write(table):
        table = table.assign(text=table.text.str.replace(r"\s+", " ", regex=True))[list(columns)].astype(str)
        rows = [*([columns] if header else []), *table.itertuples(index=False)]
        return "".join("\t".join(row) + "\n" for row in rows).encode()

    return write


def imdb_dataset(table):
    table = table.assign(text=table.text + "<br /><br />").rename(columns={"label": "sentiment"})
    return as_csv("text", "sentiment")(table)


def spam(table):
    empty = {name: [None] * (len(table) - 1) + ["rest"] for name in "abc"}
    written = as_csv("label", "text", *empty)(table.assign(**empty))
    return b"v1,v2,,,\n" + written.partition(b"\n")[2].replace(b" minutes", b" \x96 minutes")


FORMATS = {
    "IMDB Dataset.csv": (SENTIMENTS, imdb_dataset),
    "spam.csv": (["ham", "spam"], spam),
    "training.1600000.csv": (
        ["0", "4"],
        as_csv("label", "id", "title", "constant", "user", "text", header=False, quoting=csv.QUOTE_ALL),
    ),
    "amazon.tsv": (list("12345"), unquoted("user", "label", "title", "text", header=True)),
    "ag_news.csv": (list("1234"), as_csv("label", "title", "text", header=False, quoting=csv.QUOTE_ALL)),
    "SMSSpamCollection": (["ham", "spam"], unquoted("label", "text")),
    "index.csv": (["1.0", "2.0"], as_csv(index=True)),
    "semicolon.csv": (SENTIMENTS, as_csv(sep=";", encoding="utf-8-sig", lineterminator="\r\n")),
    "utf_16.tsv": (SENTIMENTS, as_csv(sep="\t", encoding="utf-16")),
    "escaped.csv": (SENTIMENTS, as_csv(escapechar="\\", doublequote=False)),
    "pipe.txt": (SENTIMENTS, as_csv("user", "text", "label", sep="|", quoting=csv.QUOTE_NONNUMERIC)),
    "packed.csv.gz": (SENTIMENTS, lambda table: gzip.compress(as_csv()(table))),
}  # fmt: skip


def read_back(data, part="train"):
    """The words of each text that the network gets, with its class. It knows all words to learn from."""
    return [
        (" ".join(data.words[i] for i in row if i > 1), data.classes[label])
        for row, label in zip(*getattr(data, part), strict=True)
    ]


def as_words(texts, labels):
    names = {"1.0": "1", "2.0": "2"}
    return {
        (" ".join(words_of(text)), names.get(label, label)) for text, label in zip(texts, labels, strict=True)
    }


@pytest.mark.parametrize("name", FORMATS)
def test_each_table_is_read_as_it_was_written(name, tmp_path, capsys):
    labels, write = FORMATS[name]
    table = frame(labels)
    (tmp_path / name).write_bytes(write(table))
    data = load_imdb(data_flags(data_dir=tmp_path / name))
    assert data.classes == sorted({label.removesuffix(".0") for label in labels})
    assert [len(part.y) for part in data] == [60, 20, 20]
    for part in data:
        assert len(set(Counter(part.y.tolist()).values())) == 1  # as many of each class
    learned = read_back(data)
    assert set(learned) <= as_words(table.text, table.label) and len(set(learned)) == 60
    said = capsys.readouterr().out
    assert f"{len(labels)} classes of texts: " in said and f"{60 // len(labels)})" in said
    assert "a fifth held out for testing, a fifth for validation, seed 0" in said
    if name == "spam.csv":
        assert "spam.csv is not UTF-8 text (line 2): read as cp1252" in said
        assert "Texts: column 'v2'; labels: column 'v1'; not used: column 3, column 4, column 5" in said
    if name != "SMSSpamCollection":
        again = load_imdb(data_flags(data_dir=tmp_path))  # the only table in a folder
        assert read_back(again) == learned and again.file.sha256 == data.file.sha256


def test_a_csv_of_pandas_index_and_one_of_the_class_have_the_same_texts(tmp_path):
    for name in ("index.csv", "escaped.csv"):
        (tmp_path / name).write_bytes(FORMATS[name][1](frame(SENTIMENTS)))
        pandas = pd.read_csv(tmp_path / name, escapechar="\\" if name == "escaped.csv" else None)
        data = load_imdb(data_flags(data_dir=tmp_path / name))
        assert set(read_back(data)) <= as_words(pandas.text, pandas.label)


def test_texts_lose_what_would_stick_to_their_words():
    text = "“Good”…<br /><BR>it’s\x96well—\\n\\nThe end, \\no 好看。"
    assert words_of(clean_text(text)) == ["good", "it's", "well", "the", "end", "no", "好", "看", "。"]


def write_folders(folder, table, parts=("train", "test"), suffix=".txt"):
    for i, (text, label) in enumerate(zip(table.text, table.label, strict=True)):
        path = folder / (parts[i % 5 == 4] if parts else "") / label / f"{i}_7{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def acl_imdb(folder):
    """A folder like aclImdb."""
    write_folders(folder / "aclImdb", frame(["neg", "pos"]))
    for i in range(7):
        path = folder / "aclImdb" / "train" / "unsup" / f"{i}_0.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text("Nobody knows whether this is good")
    for name in ("README", "imdb.vocab", "imdbEr.txt", "train/labeledBow.feat", "train/urls_pos.txt"):
        (folder / "aclImdb" / name).write_text("not a review")
    return folder / "aclImdb"


def check_acl_imdb(data, said):
    assert data.classes == ["neg", "pos"] and [len(part.y) for part in data] == [64, 16, 20]
    assert "Not used: unsup/ (7 texts without a label)" in said
    assert "train/labeledBow.feat is not a text (.txt)" in said
    assert "a fifth held out for validation, seed 0" in said
    assert not any("nobody" in text or "review" in text for text, _ in read_back(data))


def test_acl_imdb_is_read_as_keras_reads_it(tmp_path, capsys):
    folder = acl_imdb(tmp_path)
    data = load_imdb(data_flags(data_dir=folder))
    check_acl_imdb(data, capsys.readouterr().out)
    assert read_back(load_imdb(data_flags(data_dir=tmp_path))) == read_back(data)  # one folder around it
    names = {"class_names": ["neg", "pos"], "batch_size": None, "verbose": False}
    train, test = (
        {
            (" ".join(words_of(text.decode())), ["neg", "pos"][label])
            for text, label in keras.utils.text_dataset_from_directory(
                folder / part, **names
            ).as_numpy_iterator()
        }
        for part in ("train", "test")
    )
    assert set(read_back(data)) <= train and len(train) == 80 and len(test) == 20
    assert Counter(label for _, label in test) == Counter(data.classes[label] for label in data.test.y)


@pytest.mark.parametrize("name", ["aclImdb_v1.tar.gz", "downloads/reviews.tgz", "reviews.tar", "reviews.zip"])
def test_the_archive_of_acl_imdb_is_read_under_any_name(name, tmp_path, capsys):
    folder, archive = acl_imdb(tmp_path / "unpacked"), tmp_path / "packed" / name
    archive.parent.mkdir(parents=True)
    if name.endswith("zip"):
        with zipfile.ZipFile(archive, "w") as packed:
            for path in folder.rglob("*"):
                packed.write(path, path.relative_to(folder.parent))
    else:
        with tarfile.open(archive, "w:gz" if "gz" in name else "w") as packed:
            packed.add(folder, "aclImdb")
    data = load_imdb(data_flags(data_dir=archive))
    check_acl_imdb(data, capsys.readouterr().out)
    assert read_back(data) == read_back(load_imdb(data_flags(data_dir=folder)))
    assert read_back(data) == read_back(load_imdb(data_flags(data_dir=archive.parent)))
    archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    with pytest.raises(UserError) as error:
        load_imdb(data_flags(data_dir=archive))
    assert archive.name in str(error.value) and "\n" not in str(error.value)


def test_folders_of_classes_without_parts_are_split(tmp_path, capsys):
    write_folders(tmp_path, frame(["joy", "Anger", "fear", "love"]), parts=(), suffix=".TXT")
    (tmp_path / "joy" / "empty.txt").write_text(" \n")
    (tmp_path / "joy" / "binary.txt").write_bytes(b"a\0b")
    data = load_imdb(data_flags(data_dir=tmp_path))
    assert data.classes == ["Anger", "fear", "joy", "love"] and [len(part.y) for part in data] == [60, 20, 20]
    said = capsys.readouterr().out
    assert "joy/binary.txt is not text" in said and "joy/empty.txt is empty" in said
    other = load_imdb(data_flags(data_dir=tmp_path, seed=1))
    assert set(read_back(other)) != set(read_back(data))
    few = load_imdb(data_flags(data_dir=tmp_path, train_size=20))
    assert read_back(few) != [] and len(few.train.y) == 20 and len(set(few.train.y.tolist())) > 1
    assert len(few.words) < len(data.words)


def test_tables_named_for_their_parts_are_these(tmp_path, capsys):
    table = frame(["0", "1"]).assign(text=lambda each: each.text.str.replace('"', "").str.replace("\t", " "))
    for name, rows in (("train", table[:70]), ("dev", table[70:])):
        (tmp_path / f"{name}.tsv").write_bytes(as_csv(sep="\t")(rows))
    (tmp_path / "test.tsv").write_bytes(as_csv("id", "text", sep="\t")(table[:30]))
    data = load_imdb(data_flags(data_dir=tmp_path))
    assert [len(part.y) for part in data] == [56, 30, 14]
    said = capsys.readouterr().out
    assert f"Not used: {tmp_path / 'test.tsv'} (it has no column 'label' with labels)" in said
    (tmp_path / "test.tsv").write_bytes(as_csv(sep="\t")(table[:30].replace("0", "2")))
    data = load_imdb(data_flags(data_dir=tmp_path))
    assert [len(part.y) for part in data] == [70, 30, 15]
    said = capsys.readouterr().out
    assert f"Left out: {tmp_path / 'test.tsv'}, line 2, is of the class '2', which is not learned" in said
    assert "Warning: 15 of the 15 held-out test texts are also among those to learn from" in said
    (tmp_path / "more.tsv").write_bytes(b"x")
    load_imdb(data_flags(data_dir=tmp_path))
    assert "Not used: more.tsv" in capsys.readouterr().out
    (tmp_path / "train.tsv").unlink()
    with pytest.raises(UserError, match=r"holds several tables, dev.tsv, more.tsv, \.\.\.: name one of them"):
        load_imdb(data_flags(data_dir=tmp_path))


def test_equal_texts_stay_in_one_part_and_rows_without_text_or_label_are_left_out(tmp_path, capsys):
    table = pd.concat([frame(SENTIMENTS)] * 3).assign(text=lambda each: each.text.str.upper())
    table = pd.concat([table, pd.DataFrame({"text": [" ", "Fine"], "label": ["positive", None]})])
    written = as_csv()(table)
    (tmp_path / "mine.csv").write_bytes(written)
    data = load_imdb(data_flags(data_dir=tmp_path / "mine.csv"))
    assert [len(part.y) for part in data] == [180, 60, 60]
    said = capsys.readouterr().out
    lines = written.count(b"\n")
    assert f"Left out: {tmp_path / 'mine.csv'}, line {lines - 1}, has no text\n" in said
    assert f"Left out: {tmp_path / 'mine.csv'}, line {lines}, has no label\n" in said
    assert "Warning" not in said
    numbers = [{text.split()[0] for text, _ in read_back(data, part)} for part in ("train", "test")]
    assert len(numbers[0]) == 60 and not numbers[0] & numbers[1]


def test_labels_in_the_texts_and_rare_classes_are_warned_of(tmp_path, capsys):
    table = frame(SENTIMENTS).assign(text=lambda each: each.label + ": " + each.text)
    table.label = ["rare"] * 5 + ["usual"] * 95
    table.text = table.label.str.upper() + ": " + table.text
    (tmp_path / "mine.csv").write_bytes(as_csv()(table))
    load_imdb(data_flags(data_dir=tmp_path))
    said = capsys.readouterr().out
    assert "Warning: 60 of the 60 texts to learn from begin with their label" in said
    assert "Warning: usual has 57 training examples, rare only 3" in said


NOTHING = {
    "empty.csv": (b"", "is empty"),
    "header.csv": (b"text,label\n", "has only a header|no column of texts"),
    "one_column.csv": (b"text\nGood film\nBad film\n", "has only one column, such as 'text'"),
    "one_class.csv": (as_csv()(frame(["good"])), "has, beside its column 'text', no column of labels"),
    "no_texts.csv": (b"a,b\n1,2\n3,4\n1,2\n", "no column of texts"),
    "no_labels.csv": (as_csv("id", "text")(frame(["a"])), "no column of labels"),
    "few.csv": (b"text,label\nGood film,a\nBad film,b\nSo so,a\n", "too few different texts"),
    "ragged.csv": (b"text,label\nGood film,a\nBad, bad film,b\n", "has 3 columns in line 3, not 2 as"),
    "open.csv": (as_csv()(frame(SENTIMENTS)) + b'"never closed,positive\n', "cannot be read from line"),
    "cut.csv": (as_csv()(frame(SENTIMENTS))[:-14], "is cut short in its last line|cannot be read"),
    "mixed.csv": (as_csv()(frame(SENTIMENTS)).replace(b"Film7", b"Film\0"), "is not UTF-8 text"),
    "cut_gz.csv.gz": (gzip.compress(as_csv()(frame(SENTIMENTS)))[:300], "is cut short or damaged"),
    "folder.zip": (b"PK\3\4 no zip", "is cut short"),
    "picture.jpg": (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "is not UTF-8 text"),
}  # fmt: skip


@pytest.mark.parametrize("name", NOTHING)
def test_what_cannot_be_read_is_named_in_one_line(name, tmp_path):
    content, message = NOTHING[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message) as error:
        load_imdb(data_flags(data_dir=tmp_path / name))
    assert str(tmp_path / name) in str(error.value) and "\n" not in str(error.value)


def test_a_folder_in_which_there_is_nothing_to_read_says_what_it_holds(tmp_path):
    (tmp_path / "pos").mkdir()
    (tmp_path / "notes.md").write_text("Film")
    with pytest.raises(UserError) as error:
        load_imdb(data_flags(data_dir=tmp_path))
    assert str(error.value) == (
        f"--data-dir: {tmp_path} holds notes.md, pos/; this lesson reads imdb.npz, train/<class>/*.txt,"
        " <class>/*.txt, or one table (.csv, .tsv, .txt) of texts and labels there: leave --data-dir out for"
        " the bundled data"
    )
    for name in ("1.txt", "2.txt"):
        (tmp_path / "pos" / name).write_text("Good")
    with pytest.raises(UserError, match=r"holds notes.md, pos/; this lesson reads .*<class>/"):
        load_imdb(data_flags(data_dir=tmp_path))
    (tmp_path / "neg").mkdir()
    (tmp_path / "neg" / "1.txt").write_text("")
    with pytest.raises(
        UserError, match="holds only texts of the class 'pos': at least two classes are needed"
    ):
        load_imdb(data_flags(data_dir=tmp_path))
    with pytest.raises(UserError, match=r"there is no .*nowhere"):
        load_imdb(data_flags(data_dir=tmp_path / "nowhere"))


def packed_zip(table):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("reviews.csv", as_csv()(table))
    return file.getvalue()


WRITERS = {name: write for name, (_, write) in FORMATS.items()} | {"x.zip": packed_zip}


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(name=st.sampled_from(sorted(WRITERS)), way=st.sampled_from(WAYS), chance=st.integers(0, 10**9))
def test_60_spoilt_files_are_named_or_hold_the_same_texts_but_for_one_or_two(
    name, way, chance, tmp_path, capsys
):
    table = frame(FORMATS.get(name, (SENTIMENTS,))[0])
    path = tmp_path / name
    path.write_bytes(spoilt(WRITERS[name](table), way, random.Random(chance)))
    try:
        data = load_imdb(data_flags(data_dir=path))
    except UserError as error:
        assert name in str(error) and "\n" not in str(error)
        return
    known = as_words(table.text, table.label)
    strange = [text for text in read_back(data) if text not in known]
    assert way != "binary" and len(strange) <= 2
    said = capsys.readouterr().out
    if strange and way == "cut":
        assert f"{path} does not end with a new line: if it was cut short" in said


@pytest.mark.parametrize(
    "classes", [["ham", "spam"], ["World", "Sports", "Business", "Sci/Tech", "A long name of a class"]]
)
def test_the_panes_show_the_classes_of_ones_own(classes, tmp_path):
    table = frame(classes).assign(
        text=lambda each: each.text + " " + each.label.str.replace("[/ ]", "", regex=True)
    )
    (tmp_path / "mine.csv").write_bytes(as_csv()(table))
    data = load_imdb(data_flags(data_dir=tmp_path))
    keras.utils.set_random_seed(0)
    model = imdb_text.build_model(len(data.words), len(data.classes))
    assert model.output_shape == (None, 1 if len(classes) == 2 else len(classes))
    loss = "binary_crossentropy" if len(classes) == 2 else "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.Adam(0.05), loss)
    model.fit(*data.train, epochs=30, verbose=0)
    words = WordSentiments(data.words, data.classes)
    assert words.title == ("Words: ham, spam" if len(classes) == 2 else "Words for each class")
    words.record(model, None, None)
    orders = words._orders(words._logits[4:])
    for name, order in zip(data.classes[:4], orders, strict=True):
        assert data.words[4 + order[0]] == "".join(filter(str.isalpha, name)).lower()
    reviews = Reviews(*data.test, data.words, data.classes)
    reviews.record(model, None, None)
    right = np.mean(reviews._shares.argmax(axis=1) == data.test.y)
    assert right > 0.9 and reviews._heading(0).startswith(f"{data.classes[data.test.y[0]]} → ")
