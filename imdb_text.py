r"""M2, text classification: a network learns from film reviews which words are positive and which negative.

the film was great …      words as numbers, 256 of them         X   [batch, 256]
·  ·  ·  ·  ·  ·          embedding: 16 numbers for each word   E   [10000, 16]
·  ·  ·  ·  ·  ·                                                Y1  [batch, 256, 16]
 \  \  |  /  /            mean over the words                   Y2  [batch, 16]
 \x/x\x/x\x/x\            dense layer, ReLU                     W3  [16, 16]   b3  [16]
   · · · · ·                                                    Y3  [batch, 16]
    \ \|/ /               dense layer, sigmoid                  W4  [16, 1]    b4  [1]
       ·                  probability of a positive review      Y   [batch, 1]

Y1[i] = E[X[i]]      Y2 = mean of Y1 over i      Y3 = relu(Y2·W3 + b3)      Y = σ(Y3·W4 + b4)

Look at: the words; nobody told the network what they mean. The loss keeps falling on the training reviews,
  but rises again on the validation reviews: overfitting, the network memorises reviews.
Try: --review "What a wonderful film" after the training, or --review - to type reviews. What does it predict
  for "not bad at all"? The mean ignores the order of the words. It was trained on reviews of about 200 words:
  on a short one it is overconfident.

Your own data: --data-dir PATH with texts of two or more classes: train/<class>/*.txt, <class>/*.txt (or a zip
or tar.gz file of such folders), or a CSV or TSV file with a column of texts and one of labels.

Source: TensorFlow's tutorial "Text classification with movie reviews", about 87 %. The data: Maas et al.,
"Learning word vectors for sentiment analysis", 2011.
"""

# common comes first: it keeps TensorFlow quiet
from common import Accuracy, Biases, LivePlot, Loss, Weights
from common import Run, in_batches, parse_args, trained_model
from subjects.reviews import Reviews, WordSentiments, classify_reviews, load_imdb, say_best_epoch

import keras
from keras import layers


def build_model(words=10_000, classes=2):
    neurons, activation = (1, "sigmoid") if classes == 2 else (classes, "softmax")
    return keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            layers.Embedding(words, 16),
            layers.GlobalAveragePooling1D(),
            layers.Dense(16, activation="relu"),
            # 32 bits, also with --mixed-precision
            layers.Dense(neurons, activation=activation, dtype="float32"),
        ]
    )


if __name__ == "__main__":
    flags = {"review": [], "full": False, "threads": 1}
    args = parse_args(__doc__, epochs=40, batch_size=512, learning_rate=0.001, **flags)
    trained = trained_model(args) if args.review else None
    if trained:
        classify_reviews(trained.model, args.review, trained)
        raise SystemExit

    data = load_imdb(args)
    train, validation, test = in_batches(data, args)  # in a new order each epoch
    model = build_model(len(data.words), len(data.classes))
    model.compile(
        optimizer=keras.optimizers.Adam(args.learning_rate),
        loss="binary_crossentropy" if len(data.classes) == 2 else "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )

    # train all epochs, then take the weights of the one with the lowest validation loss
    keep_best = keras.callbacks.EarlyStopping(patience=args.epochs, restore_best_weights=True)
    run = Run(args, data, model, train, keep_best)  # saves the network, and goes on with --resume
    texts = [WordSentiments(data.words, data.classes), Reviews(*data.test, data.words, data.classes)]
    panes = [Accuracy(), Loss(), texts[0], Weights(), Biases(), texts[1]]
    plot = LivePlot(panes, data, args)  # the window
    model.fit(
        train,
        epochs=args.epochs,
        initial_epoch=run.initial_epoch,
        validation_data=validation,
        callbacks=[keep_best, run, plot],
    )
    say_best_epoch(keep_best, run.history)
    run.finish(model.evaluate(test, return_dict=True), lecture=0.87)
    classify_reviews(model, args.review, data)
    plot.wait_until_closed()
