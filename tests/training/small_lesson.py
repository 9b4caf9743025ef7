"""A lesson that has all that --resume must bring back: a changing learning rate, moving averages, random
numbers, and the weights of the best epoch. Its epochs take long enough to be stopped.
"""

import time

from common import Run, ShuffledBatches, in_batches, load_mnist, parse_args

import keras
from keras import layers

args = parse_args(__doc__, epochs=9, batch_size=100, learning_rate=0.01)
keras.utils.set_random_seed(args.seed)
data = load_mnist(args)
batches = ShuffledBatches(*data.train, args)
test_batches = in_batches(data.test, 1000)
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
    keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(args.learning_rate, batches.total_steps)),
    "sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
keep_best = keras.callbacks.EarlyStopping(patience=args.epochs, restore_best_weights=True)
run = Run(args, data, model, keep_best)
model.fit(
    batches.data,
    epochs=args.epochs,
    initial_epoch=run.initial_epoch,
    validation_data=test_batches,
    callbacks=[
        batches, keep_best, run, keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: time.sleep(0.2))
    ],
    shuffle=False,
    verbose=args.verbose,
)  # fmt: skip
test = model.evaluate(test_batches, verbose=0, return_dict=True)
run.finish(test, lecture=None)
