r"""Cats and dogs: a network of four convolutional and three dense layers tells them apart.

@ @ @ @ @ @ @ @ @   pictures, RGB: 150 × 150 (the bundled ones 32 × 32)    X  [batch, 150, 150, 3]
@ @ @ @ @ @ @ @ @   convolution 3×3, ReLU; max pooling 2×2                    [batch, 75, 75, 32]
  @ @ @ @ @ @ @     convolution 3×3, ReLU; max pooling 2×2                    [batch, 37, 37, 64]
   @ @ @ @ @ @      convolution 3×3, ReLU; max pooling 2×2                    [batch, 18, 18, 128]
     @ @ @ @        convolution 3×3, ReLU; max pooling 2×2                    [batch, 9, 9, 128]
  \x/x\x/x\x/ ✞     flatten, dropout, dense layer, ReLU                       [batch, 512]
    \x/x\x/         dense layer, ReLU                                         [batch, 128]
      \|/           dense layer, sigmoid                                      [batch, 1]
       ·            probability of a dog                                   Y  [batch, 1]

Max pooling 2×2, stride 2: Y[i, j, n] = the largest of X[2i, 2j, n], X[2i+1, 2j, n], X[2i, 2j+1, n] and
X[2i+1, 2j+1, n], so that height and width are halved, and rounded down.

Look at: without augmentation the validation loss rises from the sixth epoch on: overfitting, too few images.
Try: --against "--no-augment", a race: augmentation changes each image a little every time it is used
  (mirrored, rotated, zoomed, shifted). --dropout 0: without dropout.
  --predict my_cat.jpg uses the trained network. --full downloads photos of 150 × 150: half a minute an epoch.

Your own data: --data-dir PATH with photos of two or more classes, in a folder, zip or tar file: in <class>/,
or in train/<class>/ and validation/<class>/ (or test/<class>/), or named cat.1.jpg, dog.1.jpg. With more than
two classes, the last layer is a softmax: a neuron and a probability for each.

Source: the lecture's slide; F. Chollet, "Building powerful image classification models using very little
data", 2016; for the initial weights He et al., "Delving deep into rectifiers", 2015.
"""

# common comes first: it keeps TensorFlow quiet
from common import Accuracy, LivePlot, Loss, MaxActivations, TestImages, TrainImages
from common import Run, in_batches, parse_args, show_predictions, trained_model, wait_until_closed
from subjects.photos import load_cats_dogs, predict_photos

import keras
from keras import layers


def build_model(image_size, classes=2, augment=False, dropout=0.5):
    def convolution(filters):
        options = {"padding": "same", "activation": "relu", "kernel_initializer": "he_normal"}
        return [layers.Conv2D(filters, 3, **options), layers.MaxPooling2D(2)]

    def dense(neurons):
        return layers.Dense(neurons, activation="relu", kernel_initializer="he_normal")

    changes = [layers.RandomFlip("horizontal"), layers.RandomRotation(0.05)]  # by up to 5 % of a full turn
    changes += [layers.RandomZoom(0.2), layers.RandomTranslation(0.1, 0.1)]  # of the height and width
    hidden = convolution(32) + convolution(64) + convolution(128) + convolution(128)
    hidden += [layers.Flatten(), layers.Dropout(dropout), dense(512), dense(128)]
    neurons, activation = (1, "sigmoid") if classes == 2 else (classes, "softmax")
    return keras.Sequential(
        [
            keras.Input((image_size, image_size, 3)),
            layers.Rescaling(1 / 127.5, -1),  # pixels from −1 to 1
            *(changes if augment else []),
            *hidden,
            layers.Dense(neurons, activation, dtype="float32"),  # 32 bits, also with --mixed-precision
        ]
    )


if __name__ == "__main__":
    flags = {"augment": True, "decay": True, "dropout": 0.5, "image_size": None, "full": False, "predict": []}
    args = parse_args(__doc__, epochs=40, batch_size=32, learning_rate=0.001, **flags)
    trained = trained_model(args) if args.predict else None
    if trained:
        predict_photos(trained.model, trained.classes, args)
        wait_until_closed()
        raise SystemExit

    data = load_cats_dogs(args)
    train, validation = in_batches(data, args)  # in a new order each epoch
    learning_rate = keras.optimizers.schedules.CosineDecay(  # falls along a cosine to 0
        args.learning_rate, decay_steps=args.epochs * len(train), alpha=0 if args.decay else 1
    )
    model = build_model(data.train.x.shape[1], len(data.classes), args.augment, args.dropout)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="binary_crossentropy" if len(data.classes) == 2 else "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )

    run = Run(args, data, model, train)  # saves the network, and goes on with --resume
    images = [TrainImages("Training pictures", data.classes), TestImages("Validation pictures", data.classes)]
    panes = [Accuracy(), Loss(), images[0], MaxActivations("conv."), MaxActivations("dense"), images[1]]
    plot = LivePlot(panes, data, args)  # the window
    model.fit(
        train,
        epochs=args.epochs,
        initial_epoch=run.initial_epoch,
        validation_data=validation,
        callbacks=[run, plot],
    )
    run.finish(model.evaluate(validation, return_dict=True), lecture=0.8 if args.augment else None)
    predict_photos(model, data.classes, args)
    show_predictions(model, data, args)
    plot.wait_until_closed()
