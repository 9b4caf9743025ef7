"""Data for translation: dates in two formats, and sentences in two languages."""

import datetime
import hashlib
import importlib.util
import re
import statistics
import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np

from common.data.dataset import Data, DataFile, Examples, training_size
from common.data.folders import names_in
from common.data.sources import broken, download, nothing_to_read, own_data
from common.data.tables import (
    NUMBER, are_numbers, decode, has_cells_in_quotes, parse_table, read_content,
)  # fmt: skip
from common.errors import UserError

PAD, START, END, UNKNOWN = range(4)  # ids; PAD fills up shorter texts
SPECIAL = ("", "<start>", "<end>", "<unknown>")
SPA_ENG = "spa-eng.zip"
SPA_ENG_SOURCE = f"http://storage.googleapis.com/download.tensorflow.org/data/{SPA_ENG}"
LONGEST = 20  # training sentences have fewer tokens
FEWEST = 200  # different sentences: eight tenths of them are for training, in batches of 64
# column names that a file's first line may have
HEADINGS = {
    "source", "target", "src", "tgt", "input", "output", "original", "phrase", "phrases", "text", "texts",
    "sentence", "sentences", "word", "words", "translation", "arabic", "chinese", "czech", "danish",
    "deutsch", "dutch", "english", "español", "finnish", "français", "french", "german", "greek", "hebrew",
    "hindi", "hungarian", "italian", "italiano", "japanese", "korean", "mandarin", "norwegian", "persian",
    "polish", "portuguese", "romanian", "russian", "spanish", "swedish", "turkish", "ukrainian", "vietnamese",
    "ara", "cmn", "deu", "eng", "fra", "ita", "jpn", "nld", "por", "rus", "spa", "tur", "ar", "de", "en",
    "es", "fr", "ja", "ko", "nl", "pl", "pt", "ru", "tr", "zh",
}  # fmt: skip
FILES = re.compile(r"(?![.]|_about|readme)(.*[.](txt|tsv|csv)([.]gz)?|.*[.]zip)", re.IGNORECASE)
MOST_TOKENS = 10_000  # of a language
OPENING = "¿", "¡"


class Language:
    """The tokens of a language and their ids.

    Args:
        texts: lists of tokens.
        least: how often a token must occur to be known; only the 10,000 most frequent are known.
        joined: the separator of two tokens in a text.
    """

    def __init__(self, texts, least=1, joined=" "):
        frequent = Counter(token for text in texts for token in text).most_common(MOST_TOKENS)
        self._know([*SPECIAL, *(token for token, times in frequent if times >= least)], joined)

    @classmethod
    def of_tokens(cls, tokens, joined):
        """The language with these tokens, list of str."""
        language = cls([])
        language._know(tokens, joined)
        return language

    def _know(self, tokens, joined):
        self.tokens, self.joined = tokens, joined
        self.ids = {token: i for i, token in enumerate(tokens)}

    def encode(self, texts, length):
        """Ids of each text, then END, then PAD: int32 [texts, length]; longer texts are cut."""
        ids = np.zeros((len(texts), length), np.int32)
        for row, text in zip(ids, texts, strict=True):
            found = [*(self.ids.get(token, UNKNOWN) for token in text[: length - 1]), END]
            row[: len(found)] = found
        return ids

    def decode(self, ids):
        """The tokens up to END."""
        ids = list(ids)
        return [self.tokens[i] for i in (ids[: ids.index(END)] if END in ids else ids) if i != PAD]

    def text(self, tokens):
        """Tokens as one text."""
        text, opened = "", True
        for token in tokens:
            close = (
                opened
                or not self.joined
                or _closes(token)
                or (is_written_alone(token) and is_written_alone(text[-1]))
            )
            text += token if close else self.joined + token
            opened = token in OPENING or unicodedata.category(token[0]) in ("Ps", "Pi")
        return text


def _closes(token):
    """Whether it is a punctuation mark without a space before it."""
    return token not in OPENING and unicodedata.category(token[0]) in ("Po", "Pe", "Pf")


def is_written_alone(character):
    """Whether it belongs to a script without spaces: Chinese, Japanese."""
    return "\u2e80" <= character[0] <= "\u9fff" or "\uf900" <= character[0] <= "\uffef"


def tokens_of(text):
    """The words and punctuation marks of a text in lower case; in Chinese and Japanese, each character."""
    tokens, word = [], ""
    text = unicodedata.normalize("NFC", text).lower() + " "
    for character, following in zip(text, text[1:] + " ", strict=True):
        inside = character in "'’-" and word and following.isalnum()
        if (
            not character.isspace()
            and not is_written_alone(character)
            and (inside or unicodedata.category(character)[0] not in "PSC")
        ):
            word += character
            continue
        if word:
            tokens.append(word)
        word = ""
        if not character.isspace() and unicodedata.category(character)[0] != "C":
            tokens.append(character)
    return tokens


class Languages:
    """What a network needs to know of two languages to translate.

    Attributes:
        source, target: the `Language`s.
        lengths: ids of a source text, of a target text.
        exact: whether texts are translated character by character, and only one translation is correct.
    """

    def __init__(self, source, target, lengths, exact):
        self.source, self.target, self.lengths, self.exact = source, target, lengths, exact

    def tokenize(self, text):
        """The tokens of a source text, list of str."""
        return list(text) if self.exact else tokens_of(text)

    def encode(self, sources):
        """The ids of source texts (lists of tokens): int32 [n, lengths[0]]."""
        return self.source.encode(sources, self.lengths[0])


def languages_of(trained):
    """The `Languages` of an earlier run (its `Trained`). Raises UserError if its files were tampered with."""
    words, known, model = trained.words, trained.preparation, trained.model
    try:
        count, lengths, exact = known["source_tokens"], known["lengths"], known["exact"]
        sizes = len(words) - count, *lengths, bool(exact)
        fits = sizes == (
            model.output_shape[2],
            model.input_shape[1] - lengths[1],
            model.output_shape[1],
            exact,
        )
    except (KeyError, TypeError, ValueError, IndexError):
        fits = False
    if not fits:
        raise UserError("this run's result.json is not what this lesson writes: train it again")
    joined = _joined(exact)
    languages = (Language.of_tokens(tokens, joined) for tokens in (words[:count], words[count:]))
    return Languages(*languages, lengths, exact)


def _joined(exact):
    return "" if exact else " "


class Task(Languages):
    """Texts to translate, as numbers: `Languages`, and

    Attributes:
        references: the correct translations of the test texts, unchanged.
        splits: "train", "validation", "test" to (sources, targets), lists of lists of tokens.
        data: `Data` of these splits. x: int32 [n, lengths[0] + lengths[1]], a source text, then
            START and the target text without its last token; y: int32 [n, lengths[1]], the target text.

    Args:
        splits, references, exact: see above.
        file, split: of the `Data`.
        least: how often a token must occur to be known.
    """

    def __init__(self, splits, references, file, exact, split=None, least=1):
        source, target = (Language(texts, least, _joined(exact)) for texts in splits["train"])
        lengths = [max(map(len, texts)) + 1 for texts in splits["train"]]
        super().__init__(source, target, lengths, exact)
        self.splits, self.references = splits, references
        parts = {name: self._examples(*texts) for name, texts in splits.items()}
        known = {"source_tokens": len(source.tokens), "lengths": lengths, "exact": exact}
        words = [*source.tokens, *target.tokens]
        self.data = Data(file=file, words=words, split=split, preparation=known, **parts)

    def _examples(self, sources, targets):
        y = self.target.encode(targets, self.lengths[1])
        before = np.c_[np.full(len(y), START), y[:, :-1]]
        return Examples(np.c_[self.encode(sources), before].astype(np.int32), y)


MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FIRST_DAY, LAST_DAY = datetime.date(1950, 1, 1), datetime.date(2049, 12, 31)  # 18 is 2018, 87 is 1987


def _written(date, way):
    """A date as people write it, in one of 12 formats."""
    day, month, year = date.day, MONTHS[date.month - 1], date.year
    weekday, short = DAYS[date.weekday()], f"{year % 100:02}"
    ending = "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return (
        f"{weekday}, {day} {month} {year}", f"{day}.{date.month}.{short}", f"{day}.{date.month}.{year}",
        f"{month} {day}, {year}", f"{day} {month[:3]} {year}", f"{day}{ending} of {month} {year}",
        f"{date.month}/{day}/{year}", f"{weekday[:3]} {day} {month[:3]} {short}", f"{day} {month} {year}",
        f"{month[:3]} {day}, {year}", f"{day:02}.{date.month:02}.{year}", f"{weekday}, {month} {day}, {year}",
    )[way]  # fmt: skip


def load_dates(args):
    """Dates as people write them, and in ISO 8601, as characters.

    3.3.18 is day, month, year; 3/25/2018 is month, day, year. No day in the validation or test dates occurs
    in the training dates.

    Args:
        args: from `parse_args`; `data_dir`, `train_size` and `batch_size` are used.

    Returns:
        a `Task` with 20,000 training, 1,000 validation and 2,000 test dates.

    Raises:
        UserError: there are fewer dates than asked for, or `data_dir` is given.
    """
    if args.data_dir:
        raise UserError("--data-dir: the dates of this step are made, not read: leave it out")
    random = np.random.default_rng(0)
    days = random.permutation((LAST_DAY - FIRST_DAY).days + 1)[:23_000]
    dates = [FIRST_DAY + datetime.timedelta(int(day)) for day in days]
    pairs = [
        (_written(date, way), date.isoformat())
        for date, way in zip(dates, random.integers(12, size=23_000), strict=True)
    ]
    size = training_size(args, 20_000)
    made = hashlib.sha256(repr(pairs).encode()).hexdigest()
    file = DataFile("made by subjects/translation/data.py", made, "made")
    print(
        f"Dates: {size:,} to learn from, 1,000 to validate, 2,000 other days to test, such as {pairs[0][0]}"
    )
    parts = {"train": pairs[:size], "validation": pairs[20_000:21_000], "test": pairs[21_000:]}
    splits = {name: tuple(zip(*part, strict=True)) for name, part in parts.items()}
    return Task(splits, splits["test"][1], file, exact=True)


def load_sentences(args):
    """Sentences and their translations, from a file of two or more columns, parted by tabs or as CSV.

    Args:
        args: from `parse_args`; `pairs` and `data_dir` (a file, or a folder with one; or None), `train_size`
            and `batch_size` are used.

    Returns:
        a `Task` with 500 validation and 1,000 test sentences, but at most a tenth of all; no training pair
        has the source text of one of them.

    Raises:
        UserError: the file cannot be read, has the wrong format or too few pairs, or the download fails.

    Source: TensorFlow's tutorial "Neural machine translation with attention"; https://www.manythings.org/anki
    """
    if importlib.util.find_spec("sacrebleu") is None:  # fails before the training, not after it
        raise UserError("the package 'sacrebleu' is not installed. Run: pip install sacrebleu")
    rows, file = _read_rows(*_source(args))
    pairs, left_out = _pairs(rows, file)
    targets = {}
    for pair in pairs:
        source, target = map(tokens_of, pair)
        if 0 < len(source) < LONGEST and 0 < len(target) < LONGEST:
            targets.setdefault(tuple(source), []).append((target, pair[1]))
    kept = sum(map(len, targets.values()))
    if kept < len(pairs):
        left_out.append(f"{len(pairs) - kept:,} with {LONGEST} words or more on a side")
    rest = f"; left out: {', '.join(left_out)}" if left_out else ""
    translations = {tuple(target) for known in targets.values() for target, _ in known}
    if min(len(targets), len(translations)) < FEWEST:
        raise UserError(
            f"{file.path} has {len(targets):,} different sentences, with {len(translations):,} different"
            f" translations{rest}: at least {FEWEST} are needed"
        )
    known, count = list(targets), len(targets)
    sources = [known[i] for i in np.random.default_rng(0).permutation(count)]
    tests, others = min(1000, count // 10), min(500, count // 10)
    splits = {}
    for split, part in (("test", sources[:tests]), ("validation", sources[tests : tests + others])):
        splits[split] = part, [targets[source][0][0] for source in part]
    references = [targets[source][0][1] for source in splits["test"][0]]
    learnt = [(source, target) for source in sources[tests + others :] for target, _ in targets[source]]
    size = training_size(args, len(learnt))
    splits["train"] = tuple(zip(*learnt[:size], strict=True))
    print(
        f"{size:,} sentences with a translation to learn from, {others:,} to validate, {tests:,} to test"
        f" ({file.path}){rest}"
    )
    split = "a tenth of the sentences for testing, at most 1,000; a tenth for validation, at most 500; seed 0"
    return Task(splits, references, file, exact=False, split=split, least=2)


def _source(args):
    """The path of the file of pairs, and its origin."""
    if args.pairs and args.data_dir:
        raise UserError("--pairs and --data-dir both name sentences to learn from: leave one of them out")
    if args.pairs:
        return Path(args.pairs), "pairs"
    own = own_data(args)
    if own is None:
        cure = "name the class's folder with --data-dir DIR, or a file of your own with --pairs FILE"
        return download(SPA_ENG, cure, origin=SPA_ENG_SOURCE), "full"
    if not own.is_dir():
        return own, "data-dir"
    found = [name for name in names_in(own) if FILES.fullmatch(name)]
    texts = [name for name in found if not name.lower().endswith(".zip")]  # perhaps unpacked from the other
    chosen = [SPA_ENG] if SPA_ENG in found else texts or found
    if len(chosen) != 1:
        cure = f"name one file with --data-dir FILE, or leave --data-dir out to download {SPA_ENG}"
        raise nothing_to_read(own, f"{SPA_ENG} or one .txt, .tsv, .csv or .zip file of sentences", cure)
    return own / chosen[0], "data-dir"


def _read_rows(path, origin):
    """The rows of a table of sentences, lists of str, perhaps of different lengths; and its `DataFile`."""
    content, file = read_content(path, origin)
    text = decode(content, path)
    lines = re.split("\r\n?|\n", text)
    filled = [line for line in lines if line.strip()]
    if not filled:
        raise broken(file, "is empty")
    tabs = [line.count("\t") for line in lines]
    alone = [line for line in filled if "\t" not in line]
    if len(alone) > len(filled) / 2:
        if sum("," in line or ";" in line for line in alone) <= 0.9 * len(alone):
            found = f"{len(alone):,} of its {len(filled):,} lines have no translation behind a tab"
            raise _misread(file, found, alone[0])
        return _rows_of(parse_table(text, file)), file
    if has_cells_in_quotes(text):
        try:
            return _rows_of(parse_table(text, file)), file
        except UserError:
            if sum('"' in line for line in lines) > 0.01 * len(lines):
                raise
    if lines[-1] and tabs[-1] < statistics.mode(tabs):
        raise broken(file, f"is cut short in its last line, {lines[-1][:40]!r}")
    return [line.split("\t") for line in filled], file


def _rows_of(table):
    return [table.header, *table.rows] if table.header else table.rows


def _misread(file, found, example):
    form = (
        "a sentence, a tab, its translation, as in the files of manythings.org/anki, or a row of a CSV file"
    )
    return UserError(f"{file.path}: {found}, such as {example[:40]!r}. Each line must be {form}")


def _pairs(rows, file):
    """The first two columns of sentences, of each row that has both, and descriptions of skipped rows.

    Columns of numbers, and those with few different values, hold no sentences.

    Raises UserError if there are no two such columns.
    """
    width = statistics.mode(map(len, rows))
    columns = list(zip(*(row for row in rows[1:] if len(row) == width), strict=True))
    numbered = [place for place, column in enumerate(columns) if are_numbers(column)]
    places = [
        place
        for place, column in enumerate(columns)
        if place not in numbered and len(set(column)) > len(column) / 50
    ]
    if len(places) < 2:
        raise _misread(file, f"{len(places)} of its {width} columns hold sentences", "\t".join(rows[0]))
    first, second = places[:2]
    pairs = [
        [row[first], row[second]]
        for row in rows
        if len(row) > second and row[first].strip() and row[second].strip()
    ]
    alone = len(rows) - len(pairs)
    if alone > len(pairs):
        raise _misread(file, f"{alone:,} of its {len(rows):,} rows have no translation", "\t".join(rows[0]))
    left_out = [f"{alone:,} without a translation"] if alone else []
    named = [set(re.findall("[^\\W_0-9]+", name.lower())) for name in pairs[0]]
    over_numbers = any(len(rows[0]) > place and not NUMBER.fullmatch(rows[0][place]) for place in numbered)
    are_names = any(words and words <= HEADINGS for words in named) and all(
        HEADINGS & words for words in named
    )
    if over_numbers or are_names:
        left_out.insert(0, f"the heading {' → '.join(pairs.pop(0))!r}")
    return pairs, left_out
