"""Characters that act rather than show, and letters that an encoding lacks.

What a table or a file is called comes from anywhere. It must not move the cursor of a terminal, turn the
order of the letters around it, or end a line; so it passes through here before it reaches a terminal, HTML,
SVG or LaTeX. Spreadsheets take text as text, never as formulas.
"""

from __future__ import annotations

import codecs
import html
import re

__all__ = ["PLAIN", "escape", "one_line", "visible"]

_ACTING = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls, but tabs and ends of lines
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # directions of writing
    "\u2028\u2029\ufff9-\ufffb\U000e0000-\U000e007f"  # ends of lines and marks that nobody sees
    "\ud800-\udfff]"  # halves of characters, as in names of files that are no UTF-8
)
_LINES = re.compile("[\t\n\r]")
_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def visible(text: str) -> str:
    r"""Text in which what acts is written as Python and JSON write it; ends of lines stay.

    >>> visible("price\x1b[2J of\u202ehouses"), visible("caffè → ß")
    ('price\\u001b[2J of\\u202ehouses', 'caffè → ß')
    """
    if text.isascii() and text.isprintable():
        return text
    return _ACTING.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def one_line(text: str) -> str:
    r"""``visible`` text without ends of lines, for names within a sentence.

    >>> one_line("price\nin EUR")
    'price\\nin EUR'
    """
    return _LINES.sub(lambda found: _SHORT[found.group()], visible(text))


def escape(text: str, quote: bool = True) -> str:
    """``visible`` text for HTML and SVG.

    >>> escape("<b>\x1b")
    '&lt;b&gt;\\\\u001b'
    """
    return html.escape(visible(text), quote)


PLAIN = "downslope.plain"
"""The ``errors`` of a stream that writes what its encoding lacks in other letters."""

_LETTERS = {
    "→": "->", "←": "<-", "−": "-", "–": "-", "—": "-", "×": "x", "·": "*", "…": "...", "±": "+-",
    "≤": "<=", "≥": ">=", "≈": "~", "∞": "inf", "√": "sqrt", "∂": "d", "Σ": "sum", "η": "eta",
    "λ": "lambda", "σ": "sigma", "φ": "phi", "δ": "delta", "²": "^2", "³": "^3", "ᵀ": "^T",
    "▶": ">", "━": "-", "─": "-", "│": "|", "█": "#", "╸": "-", "╺": "-",
    **{letter: str(digit) for digit, letter in enumerate("₀₁₂₃₄₅₆₇₈₉")},
}  # fmt: skip


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return "".join(_LETTERS.get(c) or f"\\u{ord(c):04x}" for c in letters), error.end


codecs.register_error(PLAIN, _plain)
