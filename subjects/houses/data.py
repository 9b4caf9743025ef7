"""The Boston housing data."""

import numpy as np

from common.data.dataset import Data, Examples, training_size
from common.data.sources import BUNDLED_SHA256, broken, find_data_file, read_arrays


def load_boston_housing(args):
    """506 census tracts around Boston, 1970: 323 for training, 81 for validation, 102 for testing.

    Args:
        args: from `parse_args`; `data_dir`, `train_size`, `batch_size` and `seed` are used.

    Returns:
        `Data` with train, validation and test: 13 features float32 [n, 13]; the median price of a tract's
        houses in thousands of dollars, float32 [n]. The test part is that of `keras.datasets.boston_housing`;
        the other 404 are shuffled by the seed, and the last fifth validates, as in the tutorial.

    Raises:
        UserError: the data file is missing or damaged, or it has fewer examples than asked for.

    Source: Harrison and Rubinfeld, "Hedonic housing prices and the demand for clean air", 1978; TensorFlow's
    tutorial "Predict house prices: regression".
    """
    arrays, file = read_arrays(
        *find_data_file("boston_housing.npz", args.data_dir),
        {"x": (np.float64, (506, 13)), "y": (np.float64, (506,))},
    )
    order = np.arange(506)
    np.random.RandomState(113).shuffle(order)  # as keras.datasets.boston_housing does
    order[:404] = np.random.default_rng(args.seed).permutation(order[:404])
    x, y = (arrays[key][order].astype(np.float32) for key in "xy")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise broken(file, "has numbers that are not finite")
    size = training_size(args, 323)
    title = "Boston" if file.sha256 == BUNDLED_SHA256["boston_housing.npz"] else "Your table"
    print(f"{title}: {size} census tracts to learn from, 81 to validate with, 102 to test on ({file.path})")
    train, validation, test = (
        Examples(x[part], y[part]) for part in (slice(size), slice(323, 404), slice(404, 506))
    )
    return Data(train, file, validation, test)
