"""Printed formulas read back: Unicode text, LaTeX and MathML become one tree.

Nothing here knows the code that prints. A formula is read as a person reads it: · and ⊙ bind tighter than
+ and −, Σ takes the product behind it, and braces or tags that leave no mark on paper group nothing.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from typing import Any


class Unreadable(Exception):
    """A formula with no meaning, or with two."""


@dataclass(frozen=True)
class Num:
    """A number as it is shown; what was rounded away is at most ``radius``."""

    shown: str

    @property
    def value(self) -> float:
        return float(self.shown)

    @property
    def radius(self) -> float:
        if self.value == 0 or not abs(self.value) < float("inf"):
            return 0.0
        digits = max(6, len(re.sub(r"e.*|^-?0?[.0]*|\.", "", self.shown)))
        return 0.5 * 10.0 ** (int(f"{self.value:e}".split("e")[1]) - digits + 1)


@dataclass(frozen=True)
class Sym:
    letter: str
    prime: bool = False
    layer: str = ""
    index: str = ""


@dataclass(frozen=True)
class Op:
    operator: str
    left: Any
    right: Any


@dataclass(frozen=True)
class Neg:
    term: Any


@dataclass(frozen=True)
class Pow:
    base: Any
    exponent: Any


@dataclass(frozen=True)
class Transposed:
    matrix: Any


@dataclass(frozen=True)
class Call:
    function: Sym
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Abs:
    term: Any


@dataclass(frozen=True)
class Total:
    """Σ over an index."""

    index: str
    body: Any


@dataclass(frozen=True)
class Vector:
    """(a, b, …); ``positions``, counted from 1, where only some are shown."""

    items: tuple[Any, ...]
    positions: tuple[int, ...] = ()


@dataclass(frozen=True)
class Cases:
    """(value, condition) pairs; the last condition is None."""

    pairs: tuple[tuple[Any, Any], ...]


@dataclass(frozen=True)
class Relation:
    sign: str
    left: Any
    right: Any


@dataclass(frozen=True)
class Partial:
    of: Sym
    by: Sym


@dataclass(frozen=True)
class Mean:
    """Over the rows."""

    weighted: bool
    body: Any


@dataclass(frozen=True)
class Chain:
    """Parts that are equal; the first gets the value of the others where ``assigned``."""

    parts: tuple[Any, ...]
    assigned: bool = False


@dataclass(frozen=True)
class Token:
    kind: str
    value: Any = None
    inner: tuple[Any, ...] = field(default=())


# ------------------------------------------------------------------------------------------ lexers

_LOW = dict(zip("₀₁₂₃₄₅₆₇₈₉ᵢⱼₖₘₙᵣ", "0123456789ijkmnr", strict=True))
_HIGH = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾⁻⁺ᵀˡ·", "0123456789()-+Tl·", strict=True))
_PHRASES = [
    (r"weighted mean over (?:the )?rows of", Token("mean", True)),
    (r"(?:mean over (?:the )?rows|average) of", Token("mean", False)),
    (r"\[[\d,]+ others\]|from [\d,]+ others", None),
    (r"and [\d,]+ smaller", Token("smaller")),
    (r"\[the row has this level\]", Token("name", "level")),
    (r"(?:if|else)\b", "word"),
]
_SYMBOL = re.compile(r"([A-Za-z]{2,}(?:_[a-z]+)*|[A-Za-zα-ωΑ-Ωĥŷ])(′?)")
_SUBSCRIPT = re.compile(r"(?:[₀-₉ᵢⱼₖₘₙᵣ]|,(?=[₀-₉ᵢⱼₖₘₙᵣ]))+")
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[+−-]\d+)?")


def lex_text(line: str) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    while at < len(line):
        rest = line[at:]
        if rest[0] in " \u00a0":
            at += 1
            continue
        token, length = _phrase(rest) or _text_token(rest)
        if token is not None:
            tokens.append(token)
        at += length
    return tokens


def _phrase(rest: str) -> tuple[Token | None, int] | None:
    for pattern, token in _PHRASES:
        if match := re.match(pattern.replace(" ", "[ \u00a0]"), rest):
            return (Token("word", match.group()) if token == "word" else token), match.end()
    return None


def _text_token(rest: str) -> tuple[Token, int]:
    if match := _NUMBER.match(rest):
        return Token("number", match.group()), match.end()
    if rest[0] == "Σ":
        low = _SUBSCRIPT.match(rest, 1)
        index = "".join(_LOW.get(c, c) for c in low.group()) if low else ""
        return Token("sum", index), low.end() if low else 1
    if match := _SYMBOL.match(rest):
        return _decorated(match.group(1), bool(match.group(2)), rest, match.end())
    if match := re.match(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+|ᵀ", rest):
        raised = "".join(_HIGH[c] for c in match.group())
        inner = Token("transpose") if raised == "T" else Token("number", raised)
        return Token("raised", inner=(inner,)), match.end()
    if rest[0] in "+−·⊙×/^=←()|{}[],;:∂√<>≤≥-≈":
        return Token(rest[0]), 1
    raise Unreadable(f"{rest[0]!r} in {rest!r}")


def _decorated(letter: str, prime: bool, rest: str, end: int) -> tuple[Token, int]:
    layer = index = ""
    if match := re.compile(r"⁽([^⁾]*)⁾").match(rest, end):
        layer, end = "".join(_HIGH[c] for c in match.group(1)), match.end()
    if match := _SUBSCRIPT.match(rest, end):
        index, end = "".join(_LOW.get(c, c) for c in match.group()), match.end()
    elif match := re.compile(r"_([a-z](?![a-z])|[\d,a-z]+)").match(rest, end):
        index, end = match.group(1), match.end()
    return Token("symbol", Sym(letter, prime, layer, index)), end


_GREEK = {
    "sigma": "σ", "delta": "δ", "eta": "η", "varphi": "φ", "Phi": "Φ", "alpha": "α", "beta": "β",
    "gamma": "γ", "lambda": "λ", "mu": "μ", "varepsilon": "ε", "omega": "ω", "theta": "θ", "pi": "π",
    "Delta": "Δ", "Sigma": "Σ",
}  # fmt: skip
_LATEX_SIGNS = {
    r"\cdot": "·", r"\odot": "⊙", r"\times": "×", r"\leftarrow": "←", r"\approx": "≈", r"\partial": "∂",
    r"\{": "{", r"\}": "}", r"\lvert": "|", r"\rvert": "|", r"\le": "≤", r"\ge": "≥",
    "-": "−",
}  # fmt: skip


def _group(source: str, at: int) -> tuple[str, int]:
    """What stands in the braces that open at a position, and where they end."""
    depth = 0
    for end in range(at, len(source)):
        if source[end] in "{}" and source[end - 1] != "\\":
            depth += 1 if source[end] == "{" else -1
        if depth == 0:
            return source[at + 1 : end], end + 1
    raise Unreadable(f"open braces in {source!r}")


def lex_latex(source: str) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    while at < len(source):
        if match := re.compile(r"\\left(?![a-z])|\\right(?![a-z])|\\[ ,;]|[\s~]+").match(source, at):
            at = match.end()
        elif match := re.compile(r"(\d+(?:\.\d+)?)(?: ?\\cdot 10\^\{(-?\d+)\})?").match(source, at):
            shown = match.group(1) + (f"e{match.group(2)}" if match.group(2) else "")
            tokens.append(Token("number", shown))
            at = match.end()
        elif source.startswith(r"\frac", at):
            top, at = _group(source, at + 5)
            bottom, at = _group(source, at)
            tokens.append(Token("fraction", inner=(tuple(lex_latex(top)), tuple(lex_latex(bottom)))))
        elif source.startswith(r"\sqrt", at):
            inner, at = _group(source, at + 5)
            tokens += [Token("√"), Token("("), *lex_latex(inner), Token(")")]
        elif source.startswith(r"\text{", at):
            words, at = _group(source, at + 5)
            tokens += lex_text(words.replace(r"\_", "_"))
        elif match := re.compile(r"\\sum(?:_\{(\w*)\})?").match(source, at):
            tokens.append(Token("sum", match.group(1) or ""))
            at = match.end()
        elif source[at] == "^":
            raised, at = _group(source, at + 1)
            inner = (Token("transpose"),) if raised == r"\top" else tuple(lex_latex(raised))
            tokens.append(Token("raised", inner=inner))
        elif source[at] == "{":
            inner, at = _group(source, at)
            tokens += lex_latex(inner)
        elif match := re.compile(r"\\[a-z]+|\\[{}]|-").match(source, at) and re.compile(
            "|".join(re.escape(s) + ("(?![a-zA-Z])" if s[-1].isalpha() else "") for s in _LATEX_SIGNS)
        ).match(source, at):
            tokens.append(Token(_LATEX_SIGNS[match.group()]))
            at = match.end()
        elif source[at] in "+·/=()|[],;:<>":
            tokens.append(Token(source[at]))
            at += 1
        else:
            token, at = _latex_symbol(source, at)
            tokens.append(token)
    return tokens


def _latex_symbol(source: str, at: int) -> tuple[Token, int]:
    if match := re.compile(r"\\hat\{(\w)\}").match(source, at):
        letter, at = {"y": "ŷ", "h": "ĥ"}[match.group(1)], match.end()
    elif match := re.compile(r"\\(?:mathrm|operatorname)\{([^}]*)\}").match(source, at):
        letter, at = match.group(1).replace(r"\_", "_"), match.end()
    elif match := re.compile(r"\\([a-zA-Z]+)").match(source, at):
        if match.group(1) not in _GREEK:
            raise Unreadable(f"{match.group()} in {source!r}")
        letter, at = _GREEK[match.group(1)], match.end()
    elif source[at].isalpha() and source[at].isascii():
        letter, at = source[at], at + 1
    else:
        raise Unreadable(f"{source[at]!r} in {source!r}")
    prime, layer, index = False, "", ""
    if match := re.compile(r"\^\{(\\prime ?)?(?:\(([^)]*)\))?\}").match(source, at):
        prime, layer, at = bool(match.group(1)), match.group(2) or "", match.end()
    if match := re.compile(r"_\{([^}]*)\}").match(source, at):
        index, at = match.group(1), match.end()
    return Token("symbol", Sym(letter, prime, layer, index)), at


def lex_mathml(element: ET.Element) -> list[Token]:
    tag, inside = element.tag, "".join(element.itertext())
    children = list(element)
    if tag in ("math", "mrow", "div"):
        return [token for child in children for token in lex_mathml(child)]
    if tag == "mn":
        return [Token("number", inside)]
    if tag in ("mi", "mo", "mtext"):
        return [Token("sum", "")] if inside == "∑" else lex_text(inside)
    if tag == "mfrac":
        return [Token("fraction", inner=tuple(tuple(lex_mathml(c)) for c in children))]
    if tag == "msqrt":
        inner = [token for child in children for token in lex_mathml(child)]
        return [Token("√"), Token("("), *inner, Token(")")]
    if tag == "munder":
        return [Token("sum", "".join(children[1].itertext()))]
    if tag in ("msub", "msup", "msubsup"):
        return _mathml_scripts(tag, children)
    raise Unreadable(f"<{tag}>")


def _mathml_scripts(tag: str, children: list[ET.Element]) -> list[Token]:
    base = lex_mathml(children[0])
    index = "".join(children[1].itertext()) if tag != "msup" else ""
    raised = children[-1] if tag != "msub" else None
    words = "".join(raised.itertext()) if raised is not None else ""
    decorated = re.fullmatch(r"(′?)(?:\(([^)]*)\))?", words)
    if children[0].tag == "mi" and (tag != "msup" or decorated):
        if not decorated:
            raise Unreadable(f"{words!r} above a symbol")
        letter = base[0].value.letter
        return [Token("symbol", Sym(letter, bool(decorated.group(1)), decorated.group(2) or "", index))]
    assert raised is not None
    inner = (Token("transpose"),) if words == "ᵀ" else tuple(lex_mathml(raised))
    return [*base, Token("raised", inner=inner)]


# ------------------------------------------------------------------------------------------ grammar


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.at = tokens, 0

    @property
    def kind(self) -> str:
        return self.tokens[self.at].kind if self.at < len(self.tokens) else "end"

    def take(self, *kinds: str) -> Token:
        if self.kind not in kinds:
            raise Unreadable(f"{self.kind} {self._around()} where {' or '.join(kinds)} is due")
        self.at += 1
        return self.tokens[self.at - 1]

    def _around(self) -> str:
        shown = self.tokens[max(0, self.at - 3) : self.at + 2]
        return "near " + " ".join(str(t.value if t.value is not None else t.kind) for t in shown)

    def chain(self) -> Chain:
        parts, assigned = [self.sum()], False
        while self.kind in ("=", "←"):
            assigned |= self.take("=", "←").kind == "←"
            parts.append(self.sum())
        self.take("end") if self.kind != "end" else None
        return Chain(tuple(parts), assigned)

    def sum(self) -> Any:
        if self.kind == "mean":
            return Mean(self.take("mean").value, self.term())
        if self.kind == "−":
            self.take("−")
            left: Any = Neg(self.term())
        else:
            left = self.term()
        while self.kind in ("+", "−"):
            left = Op(self.take("+", "−").kind, left, self.term())
        return left

    def term(self) -> Any:
        left = self.quotient()
        while self.kind in ("·", "⊙", "×", "sum"):
            operator = "·" if self.kind == "sum" else self.take("·", "⊙", "×").kind
            left = Op(operator, left, self.quotient())
        return left

    def quotient(self) -> Any:
        left = self.factor()
        while self.kind == "/":
            self.take("/")
            left = _divided(left, self.factor())
        return left

    def factor(self) -> Any:
        base = self.primary()
        while self.kind in ("raised", "^"):
            if isinstance(base, Num) and "e" in base.shown and self.tokens[self.at - 1].kind == "number":
                raise Unreadable(f"a power of {base.shown} without parentheses")
            if self.kind == "^":
                self.take("^")
                base = Pow(base, self.primary())
                continue
            inner = self.take("raised").inner
            base = Transposed(base) if inner[0].kind == "transpose" else Pow(base, _whole(inner))
        return base

    def primary(self) -> Any:
        token = self.take("number", "symbol", "(", "|", "{", "[", "sum", "∂", "√", "fraction", "name", "mean")
        match token.kind:
            case "number":
                return Num(token.value.replace("−", "-").replace("e+", "e"))
            case "symbol":
                return self.called(token.value)
            case "name":
                return Sym(token.value)
            case "sum":
                return Total(token.value, self.term())
            case "mean":
                return Mean(token.value, self.term())
            case "√":
                return self.called(Sym("√"))
            case "|":
                inner = self.sum()
                self.take("|")
                return Abs(inner)
            case "∂":
                of = self.take("symbol").value
                self.take("/")
                self.take("∂")
                return Partial(of, self.take("symbol").value)
            case "fraction":
                top, bottom = token.inner
                if top[0].kind == "∂":
                    return Partial(top[1].value, bottom[1].value)
                return _divided(_whole(top), _whole(bottom))
            case "[":
                relation = self.relation()
                self.take("]")
                return relation
            case "{":
                return self.cases()
            case _:
                return self.parenthesised()

    def called(self, symbol: Sym) -> Any:
        if symbol == Sym("ln") and self.kind == "sum":
            return Call(symbol, (self.term(),))
        if self.kind != "(":
            return symbol
        self.take("(")
        arguments = [self.sum()]
        while self.kind == ",":
            self.take(",")
            arguments.append(self.sum())
        self.take(")")
        return Call(symbol, tuple(arguments))

    def relation(self) -> Relation:
        left = self.sum()
        sign = self.take("=", "<", ">", "≤", "≥").kind
        right = self.sum()
        if self.kind != "<":
            return Relation(sign, left, right)
        self.take("<")
        return Relation("<<", Vector((left, right)), self.sum())

    def cases(self) -> Cases:
        pairs = []
        while True:
            value = self.sum()
            word = self.take("word").value
            pairs.append((value, self.relation() if word == "if" else None))
            if self.take(";", "}").kind == "}":
                return Cases(tuple(pairs))

    def parenthesised(self) -> Any:
        items, positions = [self.sum()], []
        while True:
            if self.kind == ":":
                self.take(":")
                positions.append(int(items.pop().value))
                items.append(self.sum())
            if self.take(",", ")").kind == ")":
                break
            if self.kind == "smaller":
                self.take("smaller")
                self.take(")")
                break
            items.append(self.sum())
        if len(items) == 1 and not positions:
            return items[0]
        return Vector(tuple(items), tuple(positions))


def _divided(top: Any, bottom: Any) -> Any:
    """a·b/c is a·(b/c), however it is set."""
    if isinstance(top, Op) and top.operator == "·":
        return Op("·", top.left, _divided(top.right, bottom))
    return Op("/", top, bottom)


def _whole(tokens: tuple[Token, ...]) -> Any:
    parser = _Parser(list(tokens))
    result = parser.sum()
    if parser.kind != "end":
        raise Unreadable(f"{parser.kind} {parser._around()}")
    return result


def chain_of(tokens: list[Token]) -> Chain:
    """The formula that tokens make."""
    return _Parser(tokens).chain()


# ------------------------------------------------------------------------------------------ documents


@dataclass(frozen=True)
class Table:
    headings: tuple[Any, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Section:
    """A heading, and under it sentences, formulas and tables."""

    heading: str
    items: tuple[str | Chain | Table, ...]


def _cell(tokens: list[Token], plain: str) -> Any:
    """A cell of a table: a formula, or words such as a heading's."""
    try:
        parts = chain_of(tokens).parts
        return parts[0] if len(parts) == 1 else plain
    except Unreadable:
        return plain


def read_text(document: str) -> list[Section]:
    sections: list[Section] = []
    lines = document.split("\n")[2:]
    i = 0
    while i < len(lines):
        if i + 1 < len(lines) and lines[i + 1] and set(lines[i + 1]) == {"─"}:
            sections.append(Section(lines[i], ()))
            i += 2
            continue
        end = i + 1
        line = lines[i]
        if line.startswith("  "):
            table = _looks_like_table(line)
            while end < len(lines) and _goes_on(lines[end], table):
                end += 1
            item: Any = (
                _text_table(lines[i:end])
                if table
                else chain_of(lex_text(" ".join(map(str.strip, lines[i:end]))))
            )
            _append(sections, item)
        elif line:
            _append(sections, line)
        i = end
    return sections


def _goes_on(line: str, table: bool) -> bool:
    """Whether a line belongs to the one before: a row of a table, or more of a long formula."""
    return line.startswith("  ") and _looks_like_table(line) if table else line.startswith("    ")


def _append(sections: list[Section], item: Any) -> None:
    last = sections[-1]
    sections[-1] = Section(last.heading, (*last.items, item))


def _looks_like_table(line: str) -> bool:
    return len(re.split(r" {3,}", line.strip())) > 1 and "=" not in line.split("   ")[0]


def _text_table(lines: list[str]) -> Table:
    rows = []
    for line in lines:
        cells = re.split(r" {3,}", line.strip())
        rows.append(tuple(_cell(_lexed(lex_text, cell), cell) for cell in cells))
    return Table(rows[0], tuple(rows[1:]))


def _lexed(lexer: Any, source: Any) -> list[Token]:
    try:
        return lexer(source)
    except Unreadable:
        return []


def read_markdown(document: str) -> list[Section]:
    sections: list[Section] = []
    rows: list[tuple[Any, ...]] = []
    for line in [*document.split("\n")[1:], ""]:
        if not line.startswith("|") and rows:
            _append(sections, Table(rows[0], tuple(rows[1:])))
            rows = []
        if line.startswith("## "):
            sections.append(Section(line[3:], ()))
        elif line.startswith("$$"):
            _append(sections, chain_of(lex_latex(line.strip("$ "))))
        elif line.startswith("|") and "---" not in line:
            cells = re.findall(r"\$(.*?)\$", line)
            rows.append(
                tuple(_cell(_lexed(lex_latex, c), re.sub(r"\\text\{(.*)\}", r"\1", c)) for c in cells)
            )
        elif line and not line.startswith("|"):
            _append(sections, line)
    return sections


def read_html(page: str) -> list[Section]:
    sections: list[Section] = []
    body = ET.fromstring(page.removeprefix("<!DOCTYPE html>\n")).find("body")
    assert body is not None
    for element in body:
        if element.tag == "h2":
            sections.append(Section("".join(element.itertext()), ()))
        elif element.tag == "p":
            _append(sections, "".join(element.itertext()))
        elif element.tag == "div":
            _append(sections, chain_of(lex_mathml(element)))
        elif element.tag == "table":
            rows = [
                tuple(
                    _cell(_lexed(lex_mathml, cell[0]), "".join(cell.itertext()).replace("\u00a0", " "))
                    for cell in row
                )
                for row in element
            ]
            _append(sections, Table(rows[0], tuple(rows[1:])))
    return sections
