r"""Step 2 of the ladder: five layers classify 98 % of the digits correctly.

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
--step 2.2  and dropout: for each training digit another random quarter of the neurons is set to 0

Look at: the first epoch (sigmoids start slowly), the noise of the curves, and a test loss that rises
  while the training loss falls: overfitting. With dropout the training accuracy (blue) is measured
  without those neurons, so it can be below the test's. The contrasts of the slides, as races:
  ReLU and sigmoid           --step 2.1 --no-decay --epochs 1 --against "--step 2.0 --learning-rate 0.003"
  decay and none ("yuck!")   --step 2.1 --against "--no-decay"
  dropout and none           --step 2.2 --against "--dropout 0"
"""

# common comes first: it keeps TensorFlow quiet
from common import Accuracy, Biases, LivePlot, Loss, TestImages, TrainImages, Weights
from common import Run, ShuffledBatches, fused, in_batches, load_mnist, parse_args

import keras
from keras import layers

STEPS = {
    "2.0": {"epochs": 16, "learning_rate": 0.002, "activation": "sigmoid", "decay": False, "lecture": 0.979},
    "2.1": {"epochs": 10, "lecture": 0.982},
    "2.2": {"epochs": 20, "dropout": 0.25, "lecture": 0.982},
}
OTHERWISE = {"batch_size": 100, "learning_rate": 0.003, "activation": "relu", "decay": True, "dropout": 0.0}


def build_model(activation="relu", dropout=0.25):
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Rescaling(1 / 255), layers.Flatten()])
    for neurons in (200, 100, 60, 30):
        model.add(layers.Dense(neurons, activation=activation))
        model.add(layers.Dropout(dropout))
    model.add(layers.Dense(10, activation="softmax", dtype="float32"))  # probabilities need 32 bits
    return model


if __name__ == "__main__":
    args = parse_args(__doc__, steps=STEPS, threads=1, **OTHERWISE)
    keras.utils.set_random_seed(args.seed)
    data = load_mnist(args)
    batches = ShuffledBatches(*data.train, args)
    test_batches = in_batches(data.test, 1000)

    learning_rate = keras.optimizers.schedules.ExponentialDecay(
        args.learning_rate, decay_steps=batches.total_steps, decay_rate=1 / 30 if args.decay else 1
    )
    model = build_model(args.activation, args.dropout)
    model.compile(
        optimizer=fused(keras.optimizers.Adam(learning_rate)),  # fused: in one kernel, faster
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=20,  # 20 steps without a pause: faster
    )

    run = Run(args, data, model)
    panes = [Accuracy(), Loss(), TrainImages(), Weights(), Biases(), TestImages()]
    plot = LivePlot(panes, data, args)
    model.fit(
        batches.data,
        epochs=args.epochs,
        initial_epoch=run.initial_epoch,
        validation_data=test_batches,
        callbacks=[batches, run, plot],
        shuffle=False,  # the batches come shuffled
        verbose=args.verbose,
    )
    test = model.evaluate(test_batches, verbose=0, return_dict=True)
    run.finish(test, lecture=args.lecture)
    plot.wait_until_closed()
