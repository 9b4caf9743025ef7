"""Data for translation: dates in two formats, and sentences in two languages."""

import codecs
import contextlib
import datetime
import hashlib
import importlib.util
import io
import os
import re
import statistics
import unicodedata
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np

from common.data.dataset import Data, DataFile, Examples, training_size
from common.data.sources import broken, download, nothing_to_read
from common.files import LARGEST, read_whole
from common.errors import UserError

PAD, START, END, UNKNOWN = range(4)  # ids; PAD fills up shorter texts
SPECIAL = ("", "<start>", "<end>", "<unknown>")
SPA_ENG = "spa-eng.zip"
SPA_ENG_SOURCE = f"http://storage.googleapis.com/download.tensorflow.org/data/{SPA_ENG}"
LONGEST = 20  # training sentences have fewer tokens
FEWEST = 200  # different sentences: half of them are for training, in batches of 64
# column names that a file's first line may have
HEADINGS = {
    "source", "target", "src", "tgt", "input", "output", "text", "sentence", "sentences", "word", "words",
    "translation", "arabic", "chinese", "czech", "danish", "deutsch", "dutch", "english", "español",
    "finnish", "français", "french", "german", "greek", "hebrew", "hindi", "hungarian", "italian",
    "italiano", "japanese", "korean", "mandarin", "norwegian", "persian", "polish", "portuguese", "romanian",
    "russian", "spanish", "swedish", "turkish", "ukrainian", "vietnamese", "ara", "cmn", "deu", "eng", "fra",
    "ita", "jpn", "nld", "por", "rus", "spa", "tur", "ar", "de", "en", "es", "fr", "ja", "ko", "nl", "pl",
    "pt", "ru", "tr", "zh",
}  # fmt: skip
NUMBER = re.compile(r"-?[0-9]+([.][0-9]+)?")
IN_QUOTES = re.compile(r'"([^"]|"")*"')
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
        self.tokens = [*SPECIAL, *(token for token, times in frequent if times >= least)]
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        self.joined = joined

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


class Task:
    """Texts to translate, as numbers.

    Attributes:
        source, target: the `Language`s.
        lengths: ids of a source text, of a target text.
        exact: whether there is only one correct translation.
        references: the correct translations of the test texts, unchanged.
        splits: "train", "validation", "test" to (sources, targets), lists of lists of tokens.
        data: `Data` of these splits. x: int32 [n, lengths[0] + lengths[1]], a source text, then
            START and the target text without its last token; y: int32 [n, lengths[1]], the target text.
        tokenize: a function that splits a source text into tokens.
    """

    def __init__(self, splits, references, file, tokenize, exact, **options):
        self.splits, self.references, self.tokenize, self.exact = splits, references, tokenize, exact
        self.source, self.target = (Language(texts, **options) for texts in splits["train"])
        self.lengths = [max(map(len, texts)) + 1 for texts in splits["train"]]
        self.data = Data(file=file, **{name: self._examples(*split) for name, split in splits.items()})

    def _examples(self, sources, targets):
        y = self.target.encode(targets, self.lengths[1])
        before = np.c_[np.full(len(y), START), y[:, :-1]]
        return Examples(np.c_[self.encode(sources), before].astype(np.int32), y)

    def encode(self, sources):
        """The ids of source texts (lists of tokens): int32 [n, lengths[0]]."""
        return self.source.encode(sources, self.lengths[0])


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
    return Task(splits, splits["test"][1], file, list, exact=True, joined="")


def load_sentences(args):
    """Sentences and their translations, from a file in the format of manythings.org/anki.

    Args:
        args: from `parse_args`; `pairs` (a path or None), `data_dir`, `train_size` and `batch_size` are
            used.

    Returns:
        a `Task` with 500 validation and 1,000 test sentences, but at most a sixth and a third of all; no
        training pair has the source text of one of them.

    Raises:
        UserError: the file cannot be read, has the wrong format or too few pairs, or the download fails.

    Source: TensorFlow's tutorial "Neural machine translation with attention"; https://www.manythings.org/anki
    """
    if importlib.util.find_spec("sacrebleu") is None:  # fails before the training, not after it
        raise UserError("the package 'sacrebleu' is not installed. Run: pip install sacrebleu")
    lines, file = _read_lines(*_source(args))
    pairs, left_out = _pairs(lines, file)
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
    tests, others = min(1000, count // 3), min(500, count // 6)
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
    return Task(splits, references, file, tokens_of, exact=False, least=2)


def _source(args):
    """The path of the file of pairs, and its origin."""
    if args.pairs and args.data_dir:
        raise UserError("--pairs and --data-dir both name sentences to learn from: leave one of them out")
    if args.pairs:
        return Path(args.pairs), "pairs"
    if not args.data_dir:
        cure = "name the class's folder with --data-dir DIR, or a file of your own with --pairs FILE"
        return download(SPA_ENG, cure, origin=SPA_ENG_SOURCE), "full"
    if os.path.lexists(args.data_dir / SPA_ENG):
        return args.data_dir / SPA_ENG, "data-dir"
    others = []
    with contextlib.suppress(OSError):
        others = [path for path in args.data_dir.iterdir() if _holds_pairs(path)]
    file = others[0] if len(others) == 1 else "FILE"
    cure = f"name the file with --pairs {file}, or leave --data-dir out to download {SPA_ENG}"
    raise nothing_to_read(args.data_dir, SPA_ENG, cure)


def _holds_pairs(path):
    with contextlib.suppress(UserError):
        if path.suffix in (".txt", ".zip"):
            _pairs(*_read_lines(path, "pairs"))
            return True
    return False


def _read_lines(path, origin):
    """The lines of a text file, which may be in a zip file, list of str; and its `DataFile`."""
    try:
        content = read_whole(path)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    file = DataFile(path, hashlib.sha256(content).hexdigest(), origin)
    if content.startswith((b"PK\3\4", b"PK\5\6")):
        content = _unpacked(content, file)
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UserError(f"{path} is not UTF-8 text but UTF-16: save it as UTF-8")
    wrong = content.find(b"\0")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wrong = error.start
    if wrong >= 0:
        number = content.count(b"\n", 0, wrong) + 1
        cure = "save it as UTF-8, or replace it if it is damaged"
        raise UserError(f"{path}, line {number:,}, is not UTF-8 text: {cure}")
    lines = re.split("\r\n?|\n", text)
    tabs = [line.count("\t") for line in lines]
    if lines[-1] and tabs[-1] < statistics.mode(tabs):
        raise broken(file, f"is cut short in its last line, {lines[-1][:40]!r}")
    return lines, file


def _unpacked(content, file):
    """The contents of the only text file in a zip file, bytes."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            texts = [name for name in archive.namelist() if name.endswith(".txt")]
            texts = [name for name in texts if "_about" not in name and "__MACOSX" not in name]
            if len(texts) != 1:
                found = ", ".join((texts or archive.namelist())[:5]) or "nothing"
                cure = "unpack it, and name a file with --pairs FILE"
                raise UserError(f"{file.path} holds {found}, not one .txt file: {cure}")
            if archive.getinfo(texts[0]).file_size > LARGEST:
                raise broken(file, f"holds {texts[0]} of more than {LARGEST:,} bytes")
            return archive.read(texts[0])
    except UserError:
        raise
    except Exception as error:  # a damaged archive can fail anywhere in zipfile and zlib
        raise broken(file, f"is cut short or damaged ({error})") from error


def _pairs(lines, file):
    """The first two columns of each line that has both, and descriptions of skipped lines, a list of str.

    Raises UserError if the lines have the wrong format.
    """

    def misread(found, line):
        form = "a sentence, a tab, its translation, as in the files of manythings.org/anki"
        return UserError(f"{file.path}: {found}, such as {line[:40]!r}. Each line must be {form}")

    lines = [line for line in lines if line.strip()]
    if not lines:
        raise broken(file, "is empty")
    pairs, alone, numbered = [], [], []
    for line in lines:
        columns = line.split("\t")
        if len(columns) > 1 and columns[0].strip() and columns[1].strip():
            pairs.append(columns[:2])
        else:
            alone.append(line)
        if len(columns) > 2 and NUMBER.fullmatch(columns[0]):
            numbered.append(line)
    if len(alone) > len(pairs):
        found = f"{len(alone):,} of its {len(lines):,} lines have no translation behind a tab"
        if sum("," in line or ";" in line for line in alone) > 0.9 * len(alone):
            found = "its columns are parted by commas or semicolons, not by tabs"
        raise misread(found, alone[0])
    if len(numbered) > len(lines) / 2:
        raise misread("its first column holds numbers", numbered[0])
    marked = [cell for pair in pairs for cell in pair if '"' in cell]
    quoted = [cell for cell in marked if IN_QUOTES.fullmatch(cell)]
    if len(quoted) > max(10, 0.9 * len(marked), 0.01 * len(lines)):
        raise misread("its sentences are in quotation marks", quoted[0])
    left_out = [f"{len(alone):,} without a translation"] if alone else []
    named = [set(re.findall(r"\w+", name.lower())) for name in pairs[0]]
    if all(words and words <= HEADINGS for words in named):
        left_out.insert(0, f"the heading {' → '.join(pairs.pop(0))!r}")
    return pairs, left_out
