"""The encoding of text that is not UTF-8: the one that gives the fewest words that are none."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["encoding_of"]

_ENCODINGS = ("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "mac_roman", "koi8_r", "cp850", "cp866")
"""Likeliest first: Western Europe, Central Europe, Cyrillic, Greek, Turkish, old Macintosh, Cyrillic, DOS."""

_SAMPLE, _WORDS = 1 << 16, 2000
_ALPHABETS = ("LATIN", "CYRILLIC", "GREEK")
_WITHIN = "’‘°…–—"
_SIGNS = "©®™±×÷"
_RUN = 4


def encoding_of(content: bytes) -> str:
    """The encoding, of those above, of what detection finds, and of Latin-1, which gives any bytes a meaning.

    >>> encoding_of("Wohnfläche".encode("cp1252")), encoding_of("Łódź".encode("cp1250"))
    ('cp1252', 'cp1250')
    >>> encoding_of("Привет".encode("cp1251")), encoding_of("Größe".encode("mac_roman"))
    ('cp1251', 'mac_roman')
    """
    lines = re.findall(rb"[^\n]*[\x80-\xff][^\n]*", content[: 1 << 22])
    sample = b"\n".join(lines)[:_SAMPLE]
    best, fewest = "latin-1", len(sample) + 1
    for encoding in _ENCODINGS:
        odd = _odd_words(content, sample, encoding)
        if odd is not None and odd < fewest:
            best, fewest = encoding, odd
        if not fewest:
            return best
    from charset_normalizer import from_bytes

    found = from_bytes(sample).best()
    odd = None if found is None else _odd_words(content, sample, found.encoding)
    return best if found is None or odd is None or odd >= fewest else found.encoding


def _odd_words(content: bytes, sample: bytes, encoding: str) -> int | None:
    """How many different words of a sample are none; None where the content has another encoding."""
    try:
        content.decode(encoding)
        text = sample.decode(encoding, "ignore")  # the sample may end within a letter
    except (UnicodeError, LookupError):
        return None
    words = sorted(set(re.findall(r"[^\s;,|\x22]*[^\x00-\x7f][^\s;,|\x22]*", text)))[:_WORDS]
    return sum(map(_is_odd, words))


def _is_odd(word: str) -> bool:
    """Whether two alphabets meet, a capital follows a small letter, or signs are where none are."""
    names = [unicodedata.name(letter, "") for letter in word]
    if len({alphabet for alphabet in _ALPHABETS for name in names if name.startswith(alphabet)}) > 1:
        return True
    run = 0
    for name, before, letter, after in zip(names, " " + word, word, word[1:] + " ", strict=False):
        ascii_only = letter.isascii() and before.isascii()
        if before.islower() and letter.isupper() and not ascii_only:
            return True
        if not letter.isascii() and not letter.isalpha() and letter not in _WITHIN:
            if unicodedata.category(letter) in ("Cc", "Co", "So", "Sm") and letter not in _SIGNS:
                return True
            if before.isalpha() and after.isalpha():
                return True
        run = run + 1 if not letter.isascii() and name.startswith("LATIN") else 0
        if run >= _RUN:
            return True
    return False
