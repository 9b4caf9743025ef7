r"""Lesson 2: five layers classify 98 % of the digits correctly.

· · · · · · · · · ·    28 × 28 pixels, flattened        X   [batch, 784]
\x/x\x/x\x/x\x/x\x/    dense layer                      W1  [784, 200]   b1  [200]
 · · · · · · · · ·                                      Y1  [batch, 200]
 \x/x\x/x\x/x\x/x/     dense layer                      W2  [200, 100]   b2  [100]
  · · · · · · · ·                                       Y2  [batch, 100]
   \x/x\x/x\x/x/       dense layer                      W3  [100, 60]    b3  [60]
    · · · · · ·                                         Y3  [batch, 60]
     \x/x\x/x/         dense layer                      W4  [60, 30]     b4  [30]
      · · · ·                                           Y4  [batch, 30]
       \x/x/           dense layer, softmax             W5  [30, 10]     b5  [10]
        · ·            one probability for each digit   Y   [batch, 10]

--step 2.0  Yᵢ = sigmoid(Yᵢ₋₁·Wᵢ + bᵢ) for the first four      sigmoid(z) = 1 / (1 + exp(−z))
--step 2.1  ReLU, and a learning rate that falls thirtyfold    relu(z) = max(0, z)
--step 2.2  and dropout: for each training digit another random quarter of the neurons is set
             to 0, and the others are divided by p_keep, the share that is kept

Look at: the first epoch (sigmoids start slowly), the noise of the curves, and a test loss that rises
  while the training loss falls: overfitting. With dropout the training accuracy (blue) is measured
  without those neurons, so it can be below the test's. The contrasts of the slides, as races:
  ReLU and sigmoid           --step 2.1 --no-decay --epochs 1 --against "--step 2.0 --learning-rate 0.003"
  decay and none ("yuck!")   --step 2.1 --against "--no-decay"
  dropout and none           --step 2.2 --against "--dropout 0"
Your own data: --data-dir PATH, pictures in a folder for each class, the four IDX files, a CSV table of labels
  and pixels, or an .npz file.
"""

# common comes first: it keeps TensorFlow quiet
from common import Accuracy, Biases, LivePlot, Loss, TestImages, TrainImages, Weights
from common import Run, in_batches, load_mnist, parse_args

import keras
from keras import layers

VARIANTS = {
    "2.0": {"epochs": 16, "learning_rate": 0.002, "activation": "sigmoid", "decay": False, "lecture": 0.979},
    "2.1": {"epochs": 10, "lecture": 0.982},
    "2.2": {"epochs": 20, "dropout": 0.25, "lecture": 0.982},
}
OTHERWISE = {"batch_size": 100, "learning_rate": 0.003, "activation": "relu", "decay": True, "dropout": 0.0}


def build_model(activation="relu", dropout=0.25, classes=10):
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Rescaling(1 / 255), layers.Flatten()])
    for neurons in (200, 100, 60, 30):
        model.add(layers.Dense(neurons, activation=activation))
        model.add(layers.Dropout(dropout))
    model.add(
        layers.Dense(classes, activation="softmax", dtype="float32")
    )  # 32 bits, also in mixed precision
    return model


if __name__ == "__main__":
    args = parse_args(__doc__, variants=VARIANTS, threads=1, **OTHERWISE)
    data = load_mnist(args)
    train, test = in_batches(data, args)  # in a new order each epoch

    learning_rate = keras.optimizers.schedules.ExponentialDecay(
        args.learning_rate, decay_steps=args.epochs * len(train), decay_rate=1 / 30 if args.decay else 1
    )
    model = build_model(args.activation, args.dropout, classes=data.class_count)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )

    run = Run(args, data, model, train)  # saves the network, and goes on with --resume
    images, tests = TrainImages(classes=data.classes), TestImages(classes=data.classes)
    panes = [Accuracy(), Loss(), images, Weights(), Biases(), tests]
    plot = LivePlot(panes, data, args)  # the window
    model.fit(
        train,
        epochs=args.epochs,
        initial_epoch=run.initial_epoch,
        validation_data=test,
        callbacks=[run, plot],
    )
    run.finish(model.evaluate(test, return_dict=True), lecture=args.lecture)
    plot.wait_until_closed()
