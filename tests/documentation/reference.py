"""The reference of the documentation, written out of the code: python -m tests.documentation.reference FOLDER

Nobody types these pages, so none of them can be behind. docs/conf.py writes them before it builds the site.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
import textwrap
import typing
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import typer.main

from winback import cli
from winback.letters import formats, sandbox, values, vocabulary
from winback.model import EventKind
from winback.operations import schemas

ROOT = Path(__file__).resolve().parents[2]


def commands() -> Iterator[tuple[str, Any]]:
    """Every command by its whole name, `cohort show`, in the order of --help."""
    yield from _below(typer.main.get_command(cli.app), "")


def _below(group: Any, before: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _below(command, f"{before}{name} ")
        elif not command.hidden:
            yield before + name, command


def command_page() -> str:
    parts = ["# Commands", "Every command takes `--help`. Exit codes: 0 done, 1 refused with a sentence, 2 wrong usage."]
    for name, command in commands():
        arguments = [each for each in command.params if each.param_type_name == "argument"]
        options = [each for each in command.params if each.param_type_name == "option" and not each.hidden]
        usage = " ".join(each.metavar or each.name.upper() if each.required else f"[{each.metavar or each.name.upper()}]" for each in arguments)
        parts += [f"## winback {name}", f"`winback {name}{' ' + usage if usage else ''}`", _prose(inspect.cleandoc(command.help or ""))]
        rows = [
            (f"`{each.metavar or each.name.upper()}`", _cell(getattr(each, "help", "") or ""), "yes" if each.required else "") for each in arguments
        ]
        rows += [
            (
                " ".join(f"`{word}`" for word in (*each.opts, *each.secondary_opts)) + (f" `{each.metavar}`" if each.metavar else ""),
                _cell(each.help or ""),
                _default(each),
            )
            for each in options
        ]
        parts.append(_table(("what is typed", "what it does", "needed, or unless said"), rows))
    return "\n\n".join(parts) + "\n"


def config_pages() -> dict[str, str]:
    """A page for each kind of file."""
    return {f"config-{name}.md": _config_page(name) for name in schemas.SHAPES}


def keys(name: str) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Every key of a file with the parts it lies in, `stages[].wait`: its schema, and whether it must be said."""
    whole = schemas.schema(name)
    yield from _keys(whole, whole, "", ())


def _keys(whole: dict[str, Any], here: dict[str, Any], before: str, seen: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any], bool]]:
    for key, kind in here.get("properties", {}).items():
        yield before + key, kind, key in here.get("required", ())
        yield from _inside(whole, kind, before + key, seen)


def _inside(whole: dict[str, Any], kind: dict[str, Any], path: str, seen: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any], bool]]:
    if "$ref" in kind:
        named = kind["$ref"].rpartition("/")[2]
        if named not in seen:
            target = whole["$defs"][named]
            yield from _keys(whole, target, f"{path}.", (*seen, named))
            yield from _inside(whole, {key: value for key, value in target.items() if key != "properties"}, path, (*seen, named))
    for each in (*kind.get("anyOf", ()), *kind.get("oneOf", ()), *kind.get("allOf", ())):
        yield from _inside(whole, each, path, seen)
    if isinstance(kind.get("items"), dict):
        yield from _inside(whole, kind["items"], f"{path}[]", seen)
    if isinstance(kind.get("additionalProperties"), dict):
        yield from _inside(whole, kind["additionalProperties"], f"{path}.<name>", seen)


def _config_page(name: str) -> str:
    whole = schemas.schema(name)
    rows = {
        path: (
            f"`{path}`",
            _cell(_kind(kind)),
            "yes" if needed else f"`{json.dumps(kind['default'], ensure_ascii=False)}`" if "default" in kind else "",
        )
        for path, kind, needed in keys(name)
    }
    head = f"# {name}.yaml" if name not in {"cohort", "campaign", "sample"} else f"# A {name}'s file"
    return (
        "\n\n".join((head, _prose(whole.get("description", "")), _table(("key", "what stands there", "needed, or unless said"), rows.values())))
        + "\n"
    )


def _kind(kind: dict[str, Any]) -> str:
    """One line on what a key holds."""
    if "$ref" in kind:
        said = kind["$ref"].rpartition("/")[2]
    elif "enum" in kind:
        said = ", ".join(str(each) for each in kind["enum"])
    elif "const" in kind:
        said = str(kind["const"])
    elif any(word in kind for word in ("anyOf", "oneOf")):
        said = " or ".join(dict.fromkeys(_kind(each) for each in (*kind.get("anyOf", ()), *kind.get("oneOf", ())) if each.get("type") != "null"))
    elif kind.get("type") == "array":
        said = f"list of {_kind(kind['items'])}" if isinstance(kind.get("items"), dict) and kind["items"] else "list"
    elif isinstance(kind.get("additionalProperties"), dict):
        said = f"by name: {_kind(kind['additionalProperties'])}"
    else:
        said = kind.get("format") or str(kind.get("type", "any"))
    limits = [f"{sign} {kind[word]}" for word, sign in _LIMITS.items() if word in kind]
    told = kind.get("description", "")
    return f"{said}{' ' + ', '.join(limits) if limits else ''}{'. ' + told if told else ''}"


_LIMITS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<", "pattern": "like"}


def values_page() -> str:
    known = vocabulary.words(values.LetterValues)
    remarks = comments(values)
    rows = []
    for path, word in known.items():
        owner, _, last = path.rpartition(".")
        of = known[owner].kind.__name__ if owner else values.LetterValues.__name__
        rows.append((f"`{path}`", _type(word.kind), "may be absent" if word.optional else "", _cell(remarks.get((of, last), ""))))
        if word.row is not None and vocabulary.row_words("row", word.row):
            rows += [
                (
                    f"`{path}` → `{part.partition('.')[2]}`",
                    _type(each.kind),
                    "may be absent" if each.optional else "",
                    _cell(remarks.get((word.row.__name__, part.partition(".")[2]), "")),
                )
                for part, each in vocabulary.row_words("row", word.row).items()
                if "." in part
            ]
    filters = [
        (f"`{name}`", _cell((inspect.getdoc(formats.FILTERS[name]) or "").partition("\n")[0]) if name in formats.FILTERS else "Jinja's own")
        for name in sorted(sandbox.FILTERS)
    ]
    return (
        "\n\n".join(
            (
                "# What a letter may say",
                "Values of templates, as `{{ customer.given_name }}`. What may be absent is asked for first: `{% if offer %}`.",
                _table(("value", "kind", "", "remark"), rows),
                "## Filters",
                "What a value may be passed through, as `{{ today | day }}`.",
                _table(("filter", "what it does"), filters),
            )
        )
        + "\n"
    )


def events_page() -> str:
    remarks = comments_of(EventKind)
    rows = [(f"`{kind.value}`", _cell(remarks.get(kind.name, ""))) for kind in EventKind]
    return "\n\n".join(("# Events", "What came back, as the store keeps it.", _table(("event", "what happened"), rows))) + "\n"


def decisions_page() -> str:
    folder = ROOT / "docs/decisions"
    rows = [
        f"- [{file.stem[:4]}](../decisions/{file.name}): {file.read_text(encoding='utf-8').partition(chr(10))[0].lstrip('# ')}"
        for file in decision_files()
    ]
    hidden = "\n".join(f"../decisions/{file.stem}" for file in decision_files())
    assert folder.is_dir()
    return f"# Decisions\n\nWhat was decided, why, and what was tried.\n\n{chr(10).join(rows)}\n\n```{{toctree}}\n:hidden:\n\n{hidden}\n```\n"


def decision_files() -> list[Path]:
    return sorted((ROOT / "docs/decisions").glob("*.md"))


def pages() -> dict[str, str]:
    """Every page by its file's name."""
    made: dict[str, Callable[[], str]] = {
        "commands.md": command_page,
        "letter-values.md": values_page,
        "events.md": events_page,
        "decisions.md": decisions_page,
    }
    return {**{name: write() for name, write in made.items()}, **config_pages()}


def write(folder: Path) -> None:
    """Write what has changed, and take away what is no page any more, so that a second build does little."""
    folder.mkdir(parents=True, exist_ok=True)
    made = pages()
    for old in folder.glob("*.md"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def comments(module: Any) -> dict[tuple[str, str], str]:
    """The remark behind each annotated line of a module's classes, by the class and the line's name."""
    source = inspect.getsource(module).splitlines()
    return {
        (of.name, node.target.id): source[node.end_lineno - 1].partition("  # ")[2]
        for of in ast.walk(ast.parse("\n".join(source)))
        if isinstance(of, ast.ClassDef)
        for node in of.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.end_lineno
    }


def comments_of(kinds: type[StrEnum]) -> dict[str, str]:
    """The line of meaning behind each member of an enum."""
    source = textwrap.dedent(inspect.getsource(kinds)).splitlines()
    return {line.split("=")[0].strip(): line.partition("  # ")[2] for line in source if " = " in line}


def _type(kind: Any) -> str:
    if typing.get_origin(kind) is tuple:
        return "several"
    if vocabulary.Word(kind).is_called:
        return "called with a name"
    return {"str": "text", "int": "number", "Decimal": "number", "date": "day", "bool": "yes or no"}.get(getattr(kind, "__name__", ""), "parts")


def _default(option: Any) -> str:
    default = option.default
    if default in (None, False, ()) or callable(default):
        return "yes" if option.required else ""
    return f"`{default}`"


def _prose(text: str) -> str:
    """Docstrings are plain words: nothing in them is markup."""
    return text.replace("<", "\\<").replace("{", "\\{").replace("*", "\\*")


def _cell(text: str) -> str:
    return _prose(" ".join(text.split())).replace("|", "\\|")


def _table(head: tuple[str, ...], rows: typing.Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join((f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *lines)) if lines else ""


if __name__ == "__main__":
    write(Path(sys.argv[1]))
