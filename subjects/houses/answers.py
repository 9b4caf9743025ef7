"""Predictions of a trained network for the rows of a table."""

import numpy as np

from common.answers.predictions import BATCH
from common.errors import UserError
from common.files import has_form
from subjects.houses.table import Column, read_rows

# the form of `preparation` in result.json
FORM = {
    "columns": [{"name": str, "median": float, "word": (str, None)}],
    "mean": [float],
    "std": [float],
    "target": str,
    "label": str,
    "unit": int,
    "scale": float,
    "offset": float,
}


def predict_rows(model, normalized, preparation, args):
    """Print the predicted number for each row of the user's tables.

    Args:
        model: a trained model from float32 [n, columns] to [n, 1].
        normalized: the function of inputs, means and standard deviations that prepared its training data.
        preparation: that of the `Data` it was trained on; see `load_houses`.
        args: from `parse_args`; `predict` (the paths) is used.

    Raises UserError if a file cannot be read or lacks a column, or the preparation was tampered with.
    """
    parts = ("columns", "mean", "std")
    if not has_form(preparation, FORM) or len({len(preparation[part]) for part in parts}) > 1:
        raise UserError(f"{args.out}/result.json is not what this lesson writes: train it again")
    columns = [Column(**column) for column in preparation["columns"]]
    tables = [(path, read_rows(path, columns)) for path in args.predict]
    for path, (x, missing) in tables:
        for line in missing:
            print(line)
        x = normalized(x, np.float32(preparation["mean"]), np.float32(preparation["std"]))
        predicted = model.predict(x, batch_size=BATCH, verbose=0)[:, 0]
        for row, number in enumerate(map(amount(preparation), predicted), start=1):
            print(f"{path}, row {row:,}: {preparation['target']} {number}")


def amount(preparation):
    """Return a function that writes a predicted number, or its error, as text, such as $2,700."""
    unit, money = preparation["unit"], preparation["label"].startswith("$")

    def write(number):
        number = unit * number
        return f"{'$' * money}{number:,.0f}" if abs(number) >= 1000 or money else f"{number:.4g}"

    return write
