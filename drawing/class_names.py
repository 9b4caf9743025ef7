"""Names of classes, as they are written on the pad and the wall."""


def shorten(name, length):
    """A name, or its beginning if it is longer."""
    return name if len(name) <= length else f"{name[: length - 1]}…"


def with_article(name):
    """A name with "a" or "an", as it is spoken: a 4, an 8, an F, an apple."""
    spoken_with_a_vowel = "AEFHILMNORSX8" if len(name) == 1 else "AEIO8"
    return f"{'an' if name[0].upper() in spoken_with_a_vowel else 'a'} {name}"
