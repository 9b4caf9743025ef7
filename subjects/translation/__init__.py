"""Translation: data sets of dates and sentences, panes of translations, and answers."""

from subjects.translation.answers import say_translations, score_translations
from subjects.translation.data import END, PAD, START, languages_of, load_dates, load_sentences
from subjects.translation.panes import AttentionMap, TranslatedTexts, Translations

__all__ = [
    "END", "PAD", "START", "AttentionMap", "TranslatedTexts", "Translations", "languages_of", "load_dates",
    "load_sentences", "say_translations", "score_translations",
]  # fmt: skip
