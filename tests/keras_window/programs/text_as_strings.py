"""Strings in a tf.data set, which the model turns into numbers. As in TensorFlow's tutorial on text."""

import keras
import numpy as np
from keras import layers

BACKENDS = ("tensorflow",)


def load(rows, seed):
    import tensorflow as tf

    rng = np.random.default_rng(seed)
    good = rng.integers(0, 2, rows)
    words = np.array([["dull", "bad", "the", "film"], ["fine", "great", "the", "play"]])
    texts = [" ".join(rng.choice(words[label], 5)) for label in good]
    return tf.data.Dataset.from_tensor_slices((texts, good)).batch(25)


def main(callbacks):
    train, test = load(200, 0), load(75, 1)
    vectorize = layers.TextVectorization(max_tokens=20, output_sequence_length=6)
    vectorize.adapt(train.map(lambda text, label: text))
    model = keras.Sequential(
        [
            keras.Input((), dtype="string"),
            vectorize,
            layers.Embedding(20, 4),
            layers.GlobalAveragePooling1D(),
            layers.Dense(1),
        ]
    )
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True), metrics=["accuracy"])
    return model, model.fit(train, validation_data=test, epochs=3, callbacks=callbacks, verbose=0)


def window():
    return {"data": (load(200, 0), load(75, 1))}
