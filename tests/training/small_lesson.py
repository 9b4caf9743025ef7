"""A lesson with every kind of state that --resume must restore: a changing learning rate, moving averages,
random numbers, and the weights of the best epoch. Its epochs last long enough for a test to stop the run."""

import time

from common import Run, in_batches, load_mnist, parse_args

import keras
from keras import layers

args = parse_args(__doc__, epochs=9, batch_size=100, learning_rate=0.01)
data = load_mnist(args)
train, test = in_batches(data, args)
model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.RandomTranslation(0.1, 0.1),
        layers.Rescaling(1 / 255),
        layers.Flatten(),
        layers.Dense(20, use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Dropout(0.2),
        layers.Dense(10, activation="softmax"),
    ]
)
model.compile(
    keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(args.learning_rate, args.epochs * len(train))
    ),
    "sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
keep_best = keras.callbacks.EarlyStopping(patience=args.epochs, restore_best_weights=True)
run = Run(args, data, model, train, keep_best)
model.fit(
    train,
    epochs=args.epochs,
    initial_epoch=run.initial_epoch,
    validation_data=test,
    callbacks=[keep_best, run, keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: time.sleep(0.2))],
)
run.finish(model.evaluate(test, return_dict=True), lecture=None)
