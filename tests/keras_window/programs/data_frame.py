"""A pandas DataFrame and Series, split at random, so that the index has gaps. As a course on tables does."""

import keras
import numpy as np

NEEDS = "pandas"


def load():
    import pandas as pd

    rng = np.random.default_rng(5)
    table = pd.DataFrame({"age": rng.integers(18, 80, 400), "fare": rng.gamma(2, 15, 400)})
    table["survived"] = ((table.age < 40) ^ (table.fare > 60)).astype(int)
    table[["age", "fare"]] /= table[["age", "fare"]].max()
    train = table.sample(frac=0.75, random_state=0)
    test = table.drop(train.index)
    return [(part.drop(columns="survived"), part["survived"]) for part in (train, test)]


def main(callbacks):
    (x_train, y_train), (x_test, y_test) = load()
    model = keras.Sequential([keras.layers.Dense(16, "relu"), keras.layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(
        x_train, y_train, validation_data=(x_test, y_test), epochs=3, callbacks=callbacks, verbose=0
    )
    return model, history


def window():
    return {"data": load()}
