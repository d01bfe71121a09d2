"""The encoding of text that is not UTF-8: by its mark, its zeros, or its words."""

from __future__ import annotations

import codecs
import re
import unicodedata

import numpy as np

from downslope._extras import charset_normalizer

__all__ = ["encoding_of", "wide_encoding_of"]

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # which begins as that of UTF-16 does
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE = {"utf-32-le": (4, 0), "utf-32-be": (4, 3), "utf-16-le": (2, 0), "utf-16-be": (2, 1)}
"""How many bytes a letter has at least, and which of them is that of ASCII; the others are then 0."""

_ENDS = list(b"\n\r")


_ENCODINGS = (
    *("cp1252", "cp1250", "iso8859_2", "cp1251", "cp1253", "cp1254"),
    *("mac_roman", "koi8_r", "cp850", "cp866"),
)
"""Likeliest first: Western Europe, Central Europe, Cyrillic, Greek, Turkish, old Macintosh, Cyrillic, DOS."""

_SAMPLE, _WORDS = 1 << 16, 2000
_ALPHABETS = ("LATIN", "CYRILLIC", "GREEK")
_WITHIN = "’‘°…–—"
_SIGNS = "©®™±×÷"
_POWERS = "²³"
_RUN = 4


def wide_encoding_of(content: bytes) -> str | None:
    r"""The encoding of text with two or four bytes for a letter, by its mark or by its line ends.

    >>> wide_encoding_of("a,ł".encode("utf-32")), wide_encoding_of("a,ł\n".encode("utf-16-be"))
    ('utf-32', 'utf-16-be')
    >>> wide_encoding_of(b"a,b\n")
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding
    sample = content[: _SAMPLE - _SAMPLE % 4]
    if b"\0" not in sample:
        return None
    for encoding, (width, place) in _WIDE.items():
        letters = np.frombuffer(sample[: len(sample) - len(sample) % width], np.uint8).reshape(-1, width)
        plain = (letters != 0).sum(axis=1) == (letters[:, place] != 0)
        ends = int((plain & np.isin(letters[:, place], _ENDS)).sum())
        if 2 * ends > int(np.isin(letters, _ENDS).sum()) and len(content) % width == 0:
            return encoding
    return None


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
    found = charset_normalizer.from_bytes(sample).best()
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
            if not after.isascii() and not after.isalpha() and after not in _WITHIN:
                return True
            if unicodedata.category(letter) in ("Sc", "No") and letter not in _POWERS and after.isalpha():
                return True
        run = run + 1 if not letter.isascii() and name.startswith("LATIN") else 0
        if run >= _RUN:
            return True
    return False
