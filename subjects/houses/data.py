"""The Boston housing data, or the user's own table."""

import numpy as np

from common.data.dataset import Data, Examples, training_size
from common.data.sources import BUNDLED_SHA256, broken, find_data_file, own_data, read_arrays
from common.errors import UserError
from subjects.houses.table import Column, describe, load_table, read_rows

COLUMNS = (
    "CRIM", "ZN", "INDUS", "CHAS", "NOX", "RM", "AGE", "DIS", "RAD", "TAX", "PTRATIO", "B", "LSTAT",
)  # fmt: skip
PRICE = "price", "$1,000", 1000  # its name, its unit, and this as a number


def load_houses(args):
    """506 census tracts around Boston, 1970: 323 for training, 81 for validation, 102 for testing.

    With --table, the user's own table, as `load_table` reads it.

    Args:
        args: from `parse_args`; `data_dir`, `table`, `target`, `predict`, `train_size`, `batch_size` and
            `seed` are used.

    Returns:
        `Data` with train, validation and test: 13 features float32 [n, 13]; the median price of a tract's
        houses in thousands of dollars, float32 [n]. The test part is that of `keras.datasets.boston_housing`;
        the other 404 are shuffled by the seed, and the last fifth validates, as in the tutorial.
        `preparation` holds the `columns`; `mean` and `std` of the training examples' columns, lists of float;
        `target`, the name of what is predicted, `label`, the same with its `unit`, int; `scale` and `offset`
        for the network's last layer.

    Raises:
        UserError: the data file is missing or damaged, or has fewer examples than asked for; or a file of
            --predict lacks a column.

    Source: Harrison and Rubinfeld, "Hedonic housing prices and the demand for clean air", 1978; TensorFlow's
    tutorial "Predict house prices: regression".
    """
    data = _load(args)
    columns = [Column(**column) for column in data.preparation["columns"]]
    for path in args.predict:  # find out before the training
        read_rows(path, columns)
    return data


def _load(args):
    if args.target and not args.table:
        raise UserError("--target names a column of a table: give --table FILE, too")
    if args.table and args.data_dir:
        raise UserError("--table and --data-dir both name data to learn from: leave one of them out")
    if args.table:
        return load_table(args)
    folder = own_data(args)
    if folder and not folder.is_dir():
        raise UserError(f"--data-dir: {folder} is not a folder: for a table, give --table {folder}")
    arrays, file = read_arrays(
        *find_data_file("boston_housing.npz", folder),
        {"x": (np.float64, (506, 13)), "y": (np.float64, (506,))},
    )
    order = np.arange(506)
    np.random.RandomState(113).shuffle(order)  # as keras.datasets.boston_housing does
    order[:404] = np.random.default_rng(args.seed).permutation(order[:404])
    x, y = (arrays[key][order].astype(np.float32) for key in "xy")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise broken(file, "has numbers that are not finite")
    size = training_size(args, 323)
    own = file.sha256 != BUNDLED_SHA256["boston_housing.npz"]
    title = "Your table" if own else "Boston"
    print(f"{title}: {size} census tracts to learn from, 81 to validate with, 102 to test on ({file.path})")
    train, validation, test = (
        Examples(x[part], y[part]) for part in (slice(size), slice(323, 404), slice(404, 506))
    )
    x = train.x
    columns = [Column(name, float(np.median(x[:, i]))) for i, name in enumerate(COLUMNS)]
    return Data(train, file, validation, test, preparation=describe(train, columns, *PRICE), own=own)
