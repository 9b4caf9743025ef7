"""Translations by a trained network: their score on the test set, and those of typed texts."""

import numpy as np

from subjects.translation.data import is_written_alone


def score_translations(task, translate):
    """Score the translations of the test texts, and print ten of them.

    Args:
        task: a `Task`.
        translate: a function from ids of source texts, int [n, tokens], to ids of translations and attention.

    Returns:
        {"exact_match": share} if there is only one correct translation, else {"bleu": from 0 to 100}: BLEU of
        lower-case texts, one reference each, by sacrebleu.

    Source: Papineni et al., "BLEU: a method for automatic evaluation of machine translation", 2002; Post, "A
    call for clarity in reporting BLEU scores", 2018.
    """
    sources, _ = task.splits["test"]
    texts = [task.target.text(tokens) for tokens in _translated(task, sources, translate)]
    for source, text, reference in zip(sources[:10], texts, task.references, strict=False):
        print(f"{task.source.text(source)}  →  {text}" + (f"  ({reference})" if text != reference else ""))
    if task.exact:
        return {"exact_match": float(np.mean([a == b for a, b in zip(texts, task.references, strict=True)]))}
    import sacrebleu

    kana = any("\u3040" <= character <= "\u30ff" for text in task.references for character in text)
    signs = np.mean([is_written_alone(character) for text in task.references for character in text])
    tokenizer = "char" if kana else "zh" if signs > 0.5 else "13a"
    return {"bleu": sacrebleu.corpus_bleu(texts, [task.references], lowercase=True, tokenize=tokenizer).score}


def _translated(languages, sources, translate):
    """Tokens of translations, 100 at a time."""
    for begin in range(0, len(sources), 100):
        ids, _ = translate(languages.encode(sources[begin : begin + 100]))
        yield from map(languages.target.decode, ids)


def say_translations(texts, languages, translate):
    """Print the translation of each text, and which of its tokens the network doesn't know.

    Args: texts, list of str; languages, a `Languages`; translate, as for `score_translations`.
    """
    for text in texts:
        tokens = languages.tokenize(" ".join(text.split()))
        unknown = list(dict.fromkeys(token for token in tokens if token not in languages.source.ids))
        shown = " ".join(text.split())
        print(f'"{shown}"' if len(shown) <= 70 else f'"{shown[:67]}..."')
        if len(unknown) == len(set(tokens)):
            print("  none of its tokens is known: no translation")
            continue
        (translation,) = _translated(languages, [tokens], translate)
        print(f"  {languages.target.text(translation)}")
        if unknown:
            more = f" and {len(unknown) - 10:,} more" if len(unknown) > 10 else ""
            print(f"  unknown: {', '.join(unknown[:10])}{more}")
        if len(tokens) > languages.lengths[0] - 1:
            print(f"  it has {len(tokens):,} tokens; only the first {languages.lengths[0] - 1} count")
