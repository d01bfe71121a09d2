"""What the site draws from the package itself: pages of public names, the command line, checked links."""

import re
from collections import Counter
from html.parser import HTMLParser
from inspect import cleandoc
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

import click
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.domains.python import PyObject
from sphinx.environment import BuildEnvironment
from sphinx.errors import SphinxError
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective
from sphinx.util.inspect import TypeAliasForwardRef

import downslope as ds
from downslope.cli.commands import downslope

HERE = Path(__file__).parent
NAMES = HERE / "reference" / "ds"
"""The pages of public names, which are written before anything is read."""
SHOWN = {"../../benchmarks/README.md": "../explanation/benchmarks.md"}
FOREIGN = "BaseEstimator, ClassifierMixin, RegressorMixin, Mapping, ValueError"
"""Classes of others whose members are not described."""
ROUTING = "get_metadata_routing, set_fit_request, set_partial_fit_request, set_score_request"
"""What scikit-learn puts into a class itself."""
PROMPTS = {">>>": "pycon", "$": "console"}
LITERAL = re.compile(r"(``.+?``)")
SEVERAL = re.compile(r"^    \w+(, \w+)+(?=: )")
"""Attributes that are described together; napoleon would take the first ones for a type."""
MARKUP = re.compile(r"[|*]|(?<=\w)_(?!\w)")


def page_of(name: str) -> str:
    """The page of a public name; ``Report`` and ``report`` are one file where letters have no case."""
    return f"{name}-class" if name[0].isupper() else name


def write_names(app: Sphinx) -> None:
    """A page for each public name: what autodoc makes of its docstring."""
    NAMES.mkdir(exist_ok=True)
    pages = {NAMES / f"{page_of(name)}.rst": name_page(name) for name in ds.__all__}
    for path in set(NAMES.iterdir()) - set(pages):
        path.unlink()
    for path, text in pages.items():
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")


def name_page(name: str) -> str:
    """The text of a page: title and directive."""
    value = getattr(ds, name)
    if isinstance(value, ModuleType):
        directive = f".. automodule:: {value.__name__}\n   :members:"
    elif isinstance(value, type):
        shown = f":members:\n   :inherited-members: {FOREIGN}\n   :exclude-members: {ROUTING}"
        directive = f".. autoclass:: downslope.{name}\n   {shown}"
    else:
        directive = f".. autofunction:: downslope.{name}"
    return f"ds.{name}\n{'=' * 60}\n\n{directive}\n"


def summary(text: str | None) -> str:
    """The first paragraph of a docstring, on one line of a table."""
    return " ".join((text or "").strip().split("\n\n")[0].split()).replace("|", "\\|")


class Names(SphinxDirective):
    """Some public names: a table of links with what each is."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        names = [name for line in self.content for name in line.split()]
        rows = [
            f"| [`ds.{name}`](ds/{page_of(name)}) | {summary(getattr(ds, name).__doc__)} |" for name in names
        ]
        contents = [f"ds.{name} <ds/{page_of(name)}>" for name in names]
        table = [
            "| name | what it is |",
            "| --- | --- |",
            *rows,
            "",
            "```{toctree}",
            ":hidden:",
            "",
            *contents,
            "```",
        ]
        return self.parse_text_to_nodes("\n".join(table))


def check_names(app: Sphinx, env: BuildEnvironment) -> None:
    """Every public name is in the list of them once."""
    told = Counter(page for page in env.toctree_includes["reference/api"])
    wrong = [name for name in ds.__all__ if told[f"reference/ds/{page_of(name)}"] != 1]
    if wrong:
        raise SphinxError(f"reference/api.md has to name each public name once, but not {', '.join(wrong)}")


class Commands(SphinxDirective):
    """The commands with what their ``--help`` says: usage, words, options."""

    def run(self) -> list[nodes.Node]:
        return self.parse_text_to_nodes(
            "\n".join(line for name in downslope.commands for line in command_lines(name)),
            allow_section_headings=True,
        )


def command_lines(name: str) -> list[str]:
    """A command as Markdown."""
    command = downslope.commands[name]
    context = click.Context(command, info_name=f"downslope {name}")
    lines = [
        f"## downslope {name}",
        "",
        "```text",
        " ".join(command.get_usage(context).split()[1:]),
        "```",
        "",
    ]
    for part in cleandoc(command.help or "").split("\n\n"):
        if part.startswith("\b"):
            lines += ["```text", *part.split("\n")[1:], "```", ""]
        else:
            lines += [plain(part), ""]
    options = (option.get_help_record(context) for option in command.get_params(context))
    for spelled, told in filter(None, options):
        lines += [f"`{spelled}`", f": {plain(told)}", ""] if told else []
    return lines


def plain(text: str) -> str:
    """Words as Markdown that means nothing else."""
    return re.sub(r"([*_<>\[\]`\\])", r"\\\1", " ".join(text.split()))


def keep_marks(app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    """Docstrings are plain text with ``literals`` and doctests: |r|, Σw* and model_ mean themselves."""
    for number, line in enumerate(lines):
        line = SEVERAL.sub(lambda names: names[0].replace(", ", ",\u200b"), line)
        if not line.lstrip().startswith((">>>", "...")):
            parts = LITERAL.split(line)
            lines[number] = "".join(
                part if part.startswith("``") else MARKUP.sub(r"\\\g<0>", part) for part in parts
            )


class Typography(SphinxTransform):
    """Indented blocks that begin with a prompt are sessions; what a parameter is stands behind a dash."""

    default_priority = 399  # before flags of doctests are taken away

    def apply(self, **_: object) -> None:
        for block in self.document.findall(nodes.literal_block):
            prompt = block.rawsource.partition(" ")[0]
            if block.get("language") == "none" and prompt in PROMPTS:
                block["language"] = PROMPTS[prompt]
        for text in list(self.document.findall(nodes.Text)):
            if text == " -- ":
                text.parent.replace(text, nodes.Text(" – "))


def public(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, words: nodes.TextElement
) -> nodes.Node | None:
    """A type of a private module leads to the page of its public name, or stands there without its module."""
    target = str(node.get("reftarget", ""))
    name = target.rsplit(".", 1)[-1]
    if node.get("refdomain") != "py" or not (name in ds.__all__ or target.startswith("downslope.")):
        return None
    if name not in ds.__all__:
        return nodes.emphasis("", name)
    place = app.builder.get_relative_uri(node["refdoc"], f"reference/ds/{page_of(name)}")
    return nodes.reference("", "", words, refuri=f"{place}#downslope.{name}", internal=True)


def within_site(app: Sphinx, docname: str, source: list[str]) -> None:
    """Pages of other folders that the site shows: links to them stay within it."""
    for path, page in SHOWN.items():
        source[0] = source[0].replace(f"]({path}", f"]({page}")


class Links(HTMLParser):
    """What a built page links to, its anchors, and pictures without words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.targets: set[str] = set()
        self.anchors: set[str] = {""}
        self.silent: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self.anchors.add(given.get("id", ""))
        if tag == "img" and not given.get("alt"):
            self.silent.append(given.get("src", "")[:80])
        if tag != "use":
            self.targets |= {given[name] for name in ("href", "src") if name in given}


def check_links(app: Sphinx, failure: Exception | None) -> None:
    """Every link within the site leads somewhere, to the anchor; others are listed in links.txt."""
    if failure or app.builder.name != "html":
        return
    root = Path(app.outdir)
    pages = {path.resolve(): Links(path.read_text("utf-8")) for path in sorted(root.rglob("*.html"))}
    outside: set[str] = set()
    wrong, count = [], 0
    for path, page in pages.items():
        wrong += [
            f"{path.relative_to(root.resolve())}: a picture has no words: {name}" for name in page.silent
        ]
        for target in page.targets:
            if re.match(r"[a-z]+:|//", target):
                outside |= {target} if target.startswith("http") else set()
                continue
            count += 1
            address, _, anchor = target.partition("#")
            file = (path.parent / unquote(address.split("?")[0])).resolve() if address else path
            there = pages[file].anchors if file in pages else {""}
            if not file.exists() or (file in pages and unquote(anchor) not in there):
                wrong.append(f"{path.relative_to(root.resolve())}: leads nowhere: {target}")
    (root / "links.txt").write_text("\n".join(sorted(outside)) + "\n", "utf-8")
    if wrong:
        raise SphinxError("\n".join(wrong))
    print(
        f"{len(pages)} pages: {count:,} links lead somewhere; {len(outside)} to other sites are in links.txt"
    )


def setup(app: Sphinx) -> dict[str, bool]:
    """Everything above, for Sphinx."""
    TypeAliasForwardRef.__repr__ = lambda alias: alias.name  # such as ArrayLike | None
    for field in PyObject.doc_field_types:
        if field.name == "variable":
            field.label = "Attributes"
    app.add_directive("public-names", Names)
    app.add_directive("commands", Commands)
    app.add_transform(Typography)
    app.connect("builder-inited", write_names)
    app.connect("source-read", within_site)
    app.connect("autodoc-process-docstring", keep_marks, priority=100)
    app.connect("missing-reference", public)
    app.connect("env-updated", check_names)
    app.connect("build-finished", check_links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
