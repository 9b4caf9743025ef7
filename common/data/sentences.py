"""Pairs of texts, one to be made from the other: dates, and sentences in two languages."""

import datetime
import hashlib
import importlib.util
import unicodedata
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np

from common.data.dataset import Data, DataFile, Examples, training_size
from common.data.sources import broken, download
from common.files import LARGEST
from common.terminal import UserError

PAD, START, END, UNKNOWN = range(4)  # ids; PAD fills up what is shorter
SPECIAL = ("", "<start>", "<end>", "<unknown>")
SPA_ENG = "spa-eng.zip"
SPA_ENG_SOURCE = f"http://storage.googleapis.com/download.tensorflow.org/data/{SPA_ENG}"
LONGEST = 20  # tokens of a sentence to learn from are fewer
MOST_TOKENS = 10_000  # of a language
OPENING = "¿", "¡"


class Language:
    """The tokens of a language and their ids.

    Args:
        texts: lists of tokens.
        least: how often a token must occur to be known; of more than 10,000 the most frequent are.
        joined: what stands between two tokens in a text.
    """

    def __init__(self, texts, least=1, joined=" "):
        frequent = Counter(token for text in texts for token in text).most_common(MOST_TOKENS)
        self.tokens = [*SPECIAL, *(token for token, times in frequent if times >= least)]
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        self.joined = joined

    def encode(self, texts, length):
        """Ids of each text, after them END, then PAD: int32 [texts, length]; what is too long is cut."""
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
    """Whether it is a mark that stands close behind a word."""
    return token not in OPENING and unicodedata.category(token[0]) in ("Po", "Pe", "Pf")


def is_written_alone(character):
    """Whether it is written without spaces around: Chinese, Japanese."""
    return "\u2e80" <= character[0] <= "\u9fff" or "\uf900" <= character[0] <= "\uffef"


def tokens_of(text):
    """The words and punctuation marks of a text in small letters; of Chinese and Japanese each character."""
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
        exact: whether there is only one right translation.
        references: the translations of the test texts, as they were written.
        splits: "train", "validation", "test" to (sources, targets), lists of lists of tokens.
        data: `Data` of these splits. x: int32 [n, lengths[0] + lengths[1]], a source text, and
            behind it START and the target text without its last token; y: int32 [n, lengths[1]], the target
            text.
        tokenize: makes tokens of a source text.
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
        """int32 [n, lengths[0]] of source texts, lists of tokens."""
        return self.source.encode(sources, self.lengths[0])


MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FIRST_DAY, LAST_DAY = datetime.date(1950, 1, 1), datetime.date(2049, 12, 31)  # 18 is 2018, 87 is 1987


def _written(date, way):
    """A date as people write it, in one of 12 ways."""
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
    """Dates as people write them, and as ISO 8601 has them, character by character.

    3.3.18 is day, month, year; 3/25/2018 month, day, year. No day of the dates to validate or to test with
    is among those to learn from.

    Args:
        args: from `parse_args`; `train_size` and `batch_size` are used.

    Returns:
        a `Task`, with 20,000 dates to learn from, 1,000 to validate with and 2,000 to test.

    Raises:
        UserError: there are fewer dates than asked for.
    """
    random = np.random.default_rng(0)
    days = random.permutation((LAST_DAY - FIRST_DAY).days + 1)[:23_000]
    dates = [FIRST_DAY + datetime.timedelta(int(day)) for day in days]
    pairs = [
        (_written(date, way), date.isoformat())
        for date, way in zip(dates, random.integers(12, size=23_000), strict=True)
    ]
    size = training_size(args, 20_000)
    made = hashlib.sha256(repr(pairs).encode()).hexdigest()
    file = DataFile("made by common/data/sentences.py", made, "made")
    print(
        f"Dates: {size:,} to learn from, 1,000 to validate, 2,000 other days to test, such as {pairs[0][0]}"
    )
    parts = {"train": pairs[:size], "validation": pairs[20_000:21_000], "test": pairs[21_000:]}
    splits = {name: tuple(zip(*part, strict=True)) for name, part in parts.items()}
    return Task(splits, splits["test"][1], file, list, exact=True, joined="")


def load_sentences(args):
    """Sentences and their translations, from a file as Anki and Tatoeba publish them.

    Args:
        args: from `parse_args`; `pairs` (a path or None), `data_dir`, `train_size` and `batch_size` are
            used.

    Returns:
        a `Task`, with 500 sentences to validate with and 1,000 to test; no other pair has their source text.

    Raises:
        UserError: the file cannot be read, is not tab-separated text, has too few pairs, or the download
            fails.

    Source: TensorFlow's tutorial "Neural machine translation with attention"; https://www.manythings.org/anki
    """
    if importlib.util.find_spec("sacrebleu") is None:  # say so before the training, not after it
        raise UserError("the package 'sacrebleu' is not installed. Run: pip install sacrebleu")
    lines, file = _pair_lines(args)
    targets = {}
    for line in lines:
        columns = line.split("\t")
        if len(columns) < 2:
            continue
        source, target = (tokens_of(text) for text in columns[:2])
        if 0 < len(source) < LONGEST and 0 < len(target) < LONGEST:
            targets.setdefault(tuple(source), []).append((target, columns[1]))
    if len(targets) < 3000:
        raise UserError(
            f"{file.path} has {len(targets):,} different sentences of less than {LONGEST} words"
            " with a translation behind a tab: at least 3,000 are needed"
        )
    known = list(targets)
    sources = [known[i] for i in np.random.default_rng(0).permutation(len(targets))]
    splits = {}
    for split, part in (("test", sources[:1000]), ("validation", sources[1000:1500])):
        splits[split] = part, [targets[source][0][0] for source in part]
    references = [targets[source][0][1] for source in splits["test"][0]]
    pairs = [(source, target) for source in sources[1500:] for target, _ in targets[source]]
    size = training_size(args, len(pairs))
    splits["train"] = tuple(zip(*pairs[:size], strict=True))
    print(
        f"{size:,} sentences with a translation to learn from, 500 to validate, 1,000 to test ({file.path})"
    )
    return Task(splits, references, file, tokens_of, exact=False, least=2)


def _pair_lines(args):
    if args.pairs:
        path, origin = Path(args.pairs), "data-dir"
    elif args.data_dir and (args.data_dir / SPA_ENG).exists():
        path, origin = args.data_dir / SPA_ENG, "data-dir"
    else:
        cure = "name the class's folder with --data-dir DIR, or a file of your own with --pairs FILE"
        path, origin = download(SPA_ENG, cure, origin=SPA_ENG_SOURCE), "full"
    try:
        content = path.read_bytes()
        file = DataFile(path, hashlib.sha256(content).hexdigest(), origin)
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                name = next(
                    name for name in archive.namelist() if name.endswith(".txt") and "_about" not in name
                )
                if archive.getinfo(name).file_size > LARGEST:
                    raise broken(file, f"holds {name} of more than {LARGEST:,} bytes")
                content = archive.read(name)
        return content.decode("utf-8-sig").splitlines(), file
    except UserError:
        raise
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text: save it in that encoding") from error
    except Exception as error:  # a damaged archive can fail anywhere in zipfile and zlib
        raise broken(DataFile(path, "", origin), "is damaged") from error
