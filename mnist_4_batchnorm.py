r"""Lesson 4: batch normalization classifies 99.5 % of the digits correctly (--step 4.2).

· · · · · · · · · ·     28 × 28 pixels                           X   [batch, 28, 28, 1]
@ @ @ @ @ @ @ @ @ @     convolution 6×6, stride 1, batch norm    W1  [6, 6, 1, 24]     o1  [24]
∶∶∶∶∶∶∶∶∶∶∶∶∶∶∶∶∶∶∶                                              Y1  [batch, 28, 28, 24]
  @ @ @ @ @ @ @ @       convolution 5×5, stride 2, batch norm    W2  [5, 5, 24, 48]    o2  [48]
  ∶∶∶∶∶∶∶∶∶∶∶∶∶∶∶                                                Y2  [batch, 14, 14, 48]
    @ @ @ @ @ @         convolution 4×4, stride 2, batch norm    W3  [4, 4, 48, 64]    o3  [64]
    ∶∶∶∶∶∶∶∶∶∶∶                                                  Y3  [batch, 7, 7, 64]
     \x/x\x/x/ ✞        dense layer, batch norm, dropout         W4  [3136, 200]       o4  [200]
      · · · ·                                                    Y4  [batch, 200]
       \x/x/            dense layer, softmax                     W5  [200, 10]         b5  [10]
        · ·             one probability for each digit           Y   [batch, 10]
Z = X·W                                          without a bias
L = scale · (Z − mean) / √variance + offset      mean and variance of each neuron (convolution:
Y = relu(L)      (with ReLU without the scale)   channel) over the batch; in the test, moving averages
--step 4.1  five layers as in step 2, ReLU; --step 4.0  the same with sigmoid, which also needs the scale

Look at: the logits L (4.0, 4.1): batch norm keeps them where the activation function bends. The test
  curve starts late, because the moving averages have to follow. Sigmoids with batch norm, with which a
  tenfold learning rate still works, and without it, in a race:
  --step 4.0 --against "--no-batch-norm --learning-rate 0.002"
Try: --show-filters (kernels and feature maps of 4.2; if the run is complete, --resume --show-filters).
Your own data: --data-dir PATH, pictures in a folder for each class, the four IDX files, a CSV table of labels
  and pixels, or an .npz file.
Source: Ioffe and Szegedy, "Batch Normalization", 2015, https://arxiv.org/abs/1502.03167
"""

# common comes first: it keeps TensorFlow quiet
from common import Accuracy, LivePlot, Logits, Loss, MaxActivations, TestImages, TrainImages
from common import Run, in_batches, load_mnist, parse_args
from subjects.digits import show_feature_maps

import keras
from keras import layers

VARIANTS = {
    "4.0": {"epochs": 12, "learning_rate": 0.02, "lecture": 0.981, "threads": 1},
    "4.1": {"epochs": 12, "learning_rate": 0.02, "lecture": 0.984, "threads": 1},
    "4.2": {"epochs": 8, "learning_rate": 0.01, "dropout": 0.5, "show_filters": False, "lecture": 0.995},
}


def build_model(step, batch_norm=True, dropout=0.5, classes=10):
    activation = "sigmoid" if step == "4.0" else "relu"

    def dense(neurons):
        return normalized(layers.Dense(neurons, use_bias=not batch_norm))

    def convolution(filters, size, strides=1):
        return normalized(layers.Conv2D(filters, size, strides, padding="same", use_bias=not batch_norm))

    def normalized(layer):
        norm = [layers.BatchNormalization(scale=activation == "sigmoid")] if batch_norm else []
        return [layer, *norm, layers.Activation(activation)]

    if step == "4.2":
        hidden = [*convolution(24, 6), *convolution(48, 5, strides=2), *convolution(64, 4, strides=2)]
        hidden += [layers.Flatten(), *dense(200), layers.Dropout(dropout)]
    else:
        hidden = [layers.Flatten(), *dense(200), *dense(100), *dense(60), *dense(30)]
    # 32 bits, also in mixed precision
    last = [layers.Dense(classes, dtype="float32"), layers.Activation("softmax", dtype="float32")]
    return keras.Sequential([keras.Input((28, 28, 1)), layers.Rescaling(1 / 255), *hidden, *last])


if __name__ == "__main__":
    args = parse_args(__doc__, variants=VARIANTS, batch_size=100, decay=True, batch_norm=True)
    data = load_mnist(args)
    train, test = in_batches(data, args)  # in a new order each epoch

    learning_rate = keras.optimizers.schedules.CosineDecay(  # falls along a cosine to 0
        args.learning_rate, decay_steps=args.epochs * len(train), alpha=0 if args.decay else 1
    )
    model = build_model(args.step, args.batch_norm, args.dropout, classes=data.class_count)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )

    run = Run(args, data, model, train)  # saves the network, and goes on with --resume
    first = MaxActivations("conv.") if args.step == "4.2" else Logits()
    images, tests = TrainImages(classes=data.classes), TestImages(classes=data.classes)
    panes = [Accuracy(), Loss(), images, first, MaxActivations("dense"), tests]
    plot = LivePlot(panes, data, args)  # the window
    model.fit(
        train,
        epochs=args.epochs,
        initial_epoch=run.initial_epoch,
        validation_data=test,
        callbacks=[run, plot],
    )
    run.finish(model.evaluate(test, return_dict=True), lecture=args.lecture)
    if args.show_filters:
        show_feature_maps(model, data.test.x[0], args, data.classes)
    plot.wait_until_closed()
