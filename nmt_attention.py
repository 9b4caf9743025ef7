r"""M5, attention: a network translates, and shows which words it attends to.

the source text X, token by token                           the translation Y, up to the token before
 3   .   3   .   1   8   <end>                    <start>   2    0    1    8    -    0    3 …
 |   |   |   |   |   |     |    embedding            |      |    |    |    |    |    |    |
GRU→GRU→GRU→GRU→GRU→GRU→ GRU    both ways           GRU →  GRU→ GRU→ GRU→ GRU→ GRU→ GRU→ GRU
 |   |   |   |   |   |     |    H [tokens, 2·units]  |      |    |    |    |    |    |    |
 \___\___\___\___\___\_____\______ attention ________/      S [tokens, units]
                                      |
               context C = Σ α[i] H[i], and S:  dense layer, tanh; dense layer, softmax: the next token

α = softmax(v · tanh(W1 S + W2 H[i]))   over i: how much each source token counts for the next one

In training the decoder gets the correct previous tokens ("teacher forcing"); when it translates, its own.

Look at: the attention. A row is an output token, a column an input token: dark where the network attends.
  With --step dates the year comes first in the output, wherever it is in the input: the network learned this.
Try: --translate "Saturday, 3 March 2018", --beams 5; and --step translate: English to Spanish (a download).
  Look at the words that change their order.

Your own data: --step translate --data-dir PATH with a text file: in each line a sentence, a tab, its
translation, as in https://www.manythings.org/anki; or a file of https://tatoeba.org, or a CSV file.

Source: Bahdanau, Cho, Bengio, "Neural machine translation by jointly learning to align and translate", 2014,
https://arxiv.org/abs/1409.0473, and TensorFlow's tutorial "Neural machine translation with attention".
"""

import functools

# common comes first: it keeps TensorFlow quiet
from common import Accuracy, LivePlot, Loss, Run, in_batches, parse_args, trained_model
from subjects.translation import END, PAD, START, AttentionMap, TranslatedTexts, Translations
from subjects.translation import languages_of, load_dates, load_sentences
from subjects.translation import say_translations, score_translations

import keras
import numpy as np
from keras import layers, ops

VARIANTS = {
    "translate": {"epochs": 12, "units": 256, "dropout": 0.3, "pairs": None},
    "dates": {"epochs": 4, "units": 64, "dropout": 0.0},
}


def build_model(task, units, dropout):
    """The model for training, which contains the encoder and the decoder."""
    source = keras.Input((None,), dtype="int32")
    X = layers.Embedding(len(task.source.tokens), units, mask_zero=True)(source)
    X = layers.Dropout(dropout)(X)
    H, forward, backward = layers.Bidirectional(layers.GRU(units, return_sequences=True, return_state=True))(
        X
    )
    state = layers.Dense(units, activation="tanh")(layers.Concatenate()([forward, backward]))
    encoder = keras.Model(source, [H, state], name="encoder")

    before, begin = keras.Input((None,), dtype="int32"), keras.Input((units,))
    read, H = keras.Input((None,), dtype="int32"), keras.Input((None, 2 * units))
    Y = layers.Dropout(dropout)(layers.Embedding(len(task.target.tokens), units)(before))
    S, state = layers.GRU(units, return_sequences=True, return_state=True)(Y, initial_state=begin)
    W1, W2 = layers.Dense(units, use_bias=False), layers.Dense(units, use_bias=False)
    context, attention = layers.AdditiveAttention()(  # the query, the values, the keys
        [W1(S), H, W2(H)], mask=[None, ops.not_equal(read, PAD)], return_attention_scores=True
    )
    Y = layers.Dense(units, activation="tanh")(layers.Concatenate()([context, S]))
    Y = layers.Dropout(dropout)(Y)
    Y = layers.Dense(len(task.target.tokens), activation="softmax", dtype="float32")(Y)
    decoder = keras.Model([before, begin, read, H], [Y, state, attention], name="decoder")

    both, length = keras.Input((sum(task.lengths),), dtype="int32"), task.lengths[0]
    H, state = encoder(both[:, :length])
    return keras.Model(both, decoder([both[:, length:], state, both[:, :length], H])[0])


def token_accuracy(y, y_pred):
    """The share of tokens that are predicted correctly, given the correct previous ones."""
    is_token = ops.cast(ops.not_equal(y, PAD), "float32")
    right = ops.cast(ops.equal(ops.cast(y, "int32"), ops.cast(ops.argmax(y_pred, -1), "int32")), "float32")
    return ops.sum(right * is_token) / ops.sum(is_token)


def translate(model, sources, length, beams=1):
    """Beam search: token by token, only the most probable beginnings of a translation are extended.

    Args:
        sources: int [n, source tokens].
        length: how many tokens a translation may have.
        beams: the beam width; with 1 the most probable token is taken each time ("greedy").

    Returns:
        ids int [n, length], and attention float [n, length, source tokens].
    """
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
    n, rows = len(sources), np.arange(len(sources))[:, None]
    H, state = encoder.predict_on_batch(sources)
    H, state, sources = (np.repeat(values, beams, axis=0) for values in (H, state, sources))
    ids = np.full((n, beams, length + 1), START)
    looks = np.zeros((n, beams, length, sources.shape[1]), np.float32)
    scores = np.tile(np.log([1] + [1e-30] * (beams - 1)), (n, 1))  # at first all beams are the same
    for t in range(length):
        inputs = [ids[:, :, t].reshape(-1, 1), state, sources, H]
        probabilities, state, attention = decoder.predict_on_batch(inputs)
        chances = np.log(probabilities.reshape(n, beams, -1) + 1e-30)
        ended = np.isin(ids[:, :, t], (END, PAD))
        chances[ended] = np.where(np.arange(chances.shape[-1]) == PAD, 0, -1e9)
        total = scores[:, :, None] + chances
        best = np.argsort(-total.reshape(n, -1), axis=1)[:, :beams]
        origin, token = best // chances.shape[-1], best % chances.shape[-1]
        ids, looks, scores = ids[rows, origin], looks[rows, origin], total[rows, origin, token]
        ids[:, :, t + 1] = token
        looks[:, :, t] = attention.reshape(n, beams, -1)[rows, origin]
        state = state.reshape(n, beams, -1)[rows, origin].reshape(n * beams, -1)
        if np.isin(token, (END, PAD)).all():
            break
    ids[:, :, t + 2 :] = PAD
    tokens = (ids[:, :, 1:] != PAD).sum(axis=-1).clip(1)
    best = (scores / tokens).argmax(axis=1)  # per token, or short translations would win
    return ids[rows[:, 0], best, 1:], looks[rows[:, 0], best]


if __name__ == "__main__":
    flags = {"decay": True, "beams": 1, "translate": []}
    args = parse_args(__doc__, variants=VARIANTS, batch_size=64, learning_rate=0.002, **flags)
    trained = trained_model(args) if args.translate else None
    if trained:
        languages = languages_of(trained)
        options = {"length": languages.lengths[1], "beams": args.beams}
        say_translations(args.translate, languages, functools.partial(translate, trained.model, **options))
        raise SystemExit

    task = load_dates(args) if args.step == "dates" else load_sentences(args)
    data = task.data
    steps = len(data.train.y) // args.batch_size  # the rest is for the next epoch
    train, validation, _ = in_batches(data, args, steps=steps, evaluated=100)
    learning_rate = keras.optimizers.schedules.CosineDecay(  # falls along a cosine to 0
        args.learning_rate, decay_steps=args.epochs * len(train), alpha=0 if args.decay else 1
    )
    model = build_model(task, args.units, args.dropout)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate, clipnorm=1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(ignore_class=PAD),
        metrics=[token_accuracy],
    )

    run = Run(args, data, model, train)  # saves the network, and goes on with --resume
    texts = TranslatedTexts(task, functools.partial(translate, model, length=task.lengths[1]))
    panes = [Accuracy("token_accuracy", "Token accuracy"), Loss(), Translations(texts)]
    panes += [AttentionMap(texts, number) for number in range(3)]
    plot = LivePlot(panes, data.map(lambda x, y: (x[:100], y[:100])), args)
    model.fit(
        train,
        epochs=args.epochs,
        initial_epoch=run.initial_epoch,
        validation_data=validation,
        callbacks=[run, plot],
    )
    beam_search = functools.partial(translate, model, length=task.lengths[1], beams=args.beams)
    result = score_translations(task, beam_search)
    run.finish(result, lecture=None, write="{:.2%}".format if args.step == "dates" else "{:.1f}".format)
    say_translations(args.translate, task, beam_search)
    plot.wait_until_closed()
