"""What a template says, learnt without running it: unknown values, things it may not do, and what it can't be written without.

A value that may be absent must be asked for before it is used: `{% if offer %}{{ offer.text }}{% endif %}`. Only what is named here is
allowed; everything else that Jinja can do is refused, so that a new Jinja brings nothing in unseen.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache

from jinja2 import nodes

from winback.errors import Problem
from winback.letters import certainty, growth, sandbox, vocabulary
from winback.letters.pieces import PieceKind
from winback.letters.source import TOO_DEEP, Flat
from winback.letters.vocabulary import Word
from winback.strictyaml import nearest

_GETTEXT = frozenset({"gettext", "ngettext", "pgettext", "npgettext"})
_LOOP = {"loop": Word(object)} | {f"loop.{name}": Word(int) for name in ("index", "index0", "first", "last", "length")}
_DEEPEST_LOOP = 2  # loops in loops in loops could run for days
_MADE_HERE = Word(object)  # a name that the template itself made
_REFUSED: tuple[tuple[type[nodes.Node], str, str], ...] = (
    (nodes.Scope, "{% autoescape %} is not allowed: values are always escaped.", "Take it out."),
    (nodes.Getitem, "brackets are not read here.", "Write a dot: customer.given_name."),
    (nodes.BinExpr, "templates do not calculate.", "Ask for a value that holds the result."),
    (nodes.UnaryExpr, "templates do not calculate.", "Ask for a value that holds the result."),
    (nodes.Macro, "macros are not read here.", "Put the markup into a file of _parts/ and include it."),
    (nodes.Import, "{% import %} is not read here.", "Put the markup into a file of _parts/ and include it."),
    (nodes.FromImport, "{% import %} is not read here.", "Put the markup into a file of _parts/ and include it."),
)


@dataclass(frozen=True, slots=True)
class Said:
    """What a text was found to say."""

    problems: tuple[Problem, ...]
    needs: frozenset[str]  # values that may be absent and are used without being asked for: `offer`, `offer.code`
    used: frozenset[str]  # every value it speaks of: `unsubscribe_url`, `customer.given_name`


def read(flat: Flat, known: type, links: Collection[str], *, pictures: bool = False) -> Said:
    """What a text says, against the fields of the dataclass `known` and the names of the brand's links; may it show pictures."""
    return _read(flat, known, tuple(links), pictures)


@lru_cache(maxsize=1_000)
def _read(flat: Flat, known: type, links: tuple[str, ...], pictures: bool) -> Said:
    reader = _Reader(flat, known, links, pictures)
    try:
        reader.statements(sandbox.SYNTAX.parse(flat.logic).body, _World({}, frozenset()))
        reader.problems += growth.problems(flat)
    except RecursionError:
        reader.problems.append(Problem(flat.name, 1, *TOO_DEEP))
    return Said(tuple(dict.fromkeys(reader.problems)), frozenset(reader.needs), frozenset(reader.used))


@dataclass(frozen=True, slots=True)
class _World:
    """What is known at a place in the template."""

    own: dict[str, Word]  # names that the template made
    certain: frozenset[str]  # optional values that are there
    loops: int = 0  # that lie around this place

    def sure_of(self, paths: frozenset[str]) -> _World:
        return replace(self, certain=self.certain | paths)

    def with_names(self, names: dict[str, Word], *, loops: int = 0) -> _World:
        return _World({**self.own, **names}, self.certain, self.loops + loops)


@dataclass
class _Reader:
    """One walk over a text's logic, collecting what it finds."""

    flat: Flat
    known: type
    links: Collection[str]
    pictures: bool
    problems: list[Problem] = field(default_factory=list)
    needs: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)

    def statements(self, body: list[nodes.Node], world: _World) -> None:
        for node in body:
            self._statement(node, world)

    def _statement(self, node: nodes.Node, world: _World) -> None:
        match node:
            case nodes.Output():
                for part in node.nodes:
                    self._written(part, world)
            case nodes.If():
                self._branches(node, world)
            case nodes.For(target=nodes.Name(name=str() as name)):
                self._loop(node, name, world)
            case nodes.With():
                names = [target.name for target in node.targets if isinstance(target, nodes.Name)]
                inner = {name: self._named(value, world) for name, value in zip(names, node.values, strict=True)}
                self.statements(node.body, world.with_names(inner))
            case nodes.Assign(target=nodes.Name(name=str() as name)):
                world.own[name] = self._named(node.node, world)
            case nodes.AssignBlock(target=nodes.Name(name=str() as name), filter=None):
                self.statements(node.body, world)
                world.own[name] = Word(str)
            case _:
                self._refuse(node)

    def _branches(self, node: nodes.If, world: _World) -> None:
        """Each branch with what its condition makes certain; only names that every branch sets are known after it."""
        rest, ends = world, []
        for branch in (node, *node.elif_):
            self._asked(branch.test, rest)
            when_true, when_false = certainty.of(branch.test)
            inside = rest.sure_of(when_true).with_names({})
            self.statements(branch.body, inside)
            ends.append(inside.own)
            rest = rest.sure_of(when_false)
        otherwise = rest.with_names({})
        self.statements(node.else_, otherwise)
        world.own.update({name: word for name, word in otherwise.own.items() if all(name in own for own in ends)})

    def _loop(self, node: nodes.For, name: str, world: _World) -> None:
        if node.recursive or world.loops >= _DEEPEST_LOOP:
            self._say(node, "loops lie deeper in each other than a letter needs.", "Two are allowed.")
        several = self._value(node.iter, world)
        if several.kind is str and not several.row and not isinstance(node.iter, nodes.Call):
            self._say(node, "a loop goes over several, and this is one text.", "Write {% for tea in ['green', 'black'] %}.")
        inner = world.with_names({**(vocabulary.row_words(name, several.row) if several.row else {name: _MADE_HERE}), **_LOOP}, loops=1)
        if node.test:
            self._asked(node.test, inner)
        self.statements(node.body, inner)
        self.statements(node.else_, world)

    def _written(self, node: nodes.Node, world: _World) -> None:
        """An expression on its way into the text."""
        if isinstance(node, nodes.TemplateData):
            return
        if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in _GETTEXT:
            self._sentence(node, world)
            return
        if isinstance(node, nodes.Const) and (node.value is None or isinstance(node.value, bool)):
            self._say(node, f"`{str(node.value).lower()}` would be written as it is.", "Write the words that are meant.")
        word = self._value(node, world)
        if word.kind is date:
            self._say(node, f"{_show(node)} is a day.", "Write it as the language does: `| day` or `| date`.")
        elif word.has_parts:
            self._say(node, f"{_show(node)} is several values.", "Name one of them with a dot.")
        elif word.row:
            self._say(node, f"{_show(node)} is several.", "Write {% for one in ... %}{{ one.name }}{% endfor %}.")

    def _sentence(self, node: nodes.Call, world: _World) -> None:
        if self.flat.construct_at(node.lineno).kind is not PieceKind.SENTENCE:
            self._say(node, "a text to translate is written as a call.", "Write {% trans trimmed %}...{% endtrans %}.")
        for keyword in node.kwargs:
            self._written(keyword.value, world)
        for argument in node.args:
            self._value(argument, world)

    def _value(self, node: nodes.Node, world: _World) -> Word:
        """What an expression gives when it is used; what it needs is noted on the way."""
        path = certainty.path(node)
        if path is not None:
            word = self._resolve(node, path, world)
            if word.optional and path not in world.certain:
                self.needs.add(path)
            if word.is_called:
                self._say(node, f"`{path}` asks for a name.", "Write for example {{ link('shop') }}.")
            return word
        match node:
            case nodes.Const() | nodes.TemplateData():
                return Word(str)
            case nodes.Filter():
                return self._filter(node, world)
            case nodes.Call():
                return self._call(node, world)
            case nodes.And() | nodes.Or() | nodes.Not() | nodes.Compare() | nodes.Test():
                self._asked(node, world)
                return Word(bool)
        return self._composed(node, world)

    def _named(self, node: nodes.Node, world: _World) -> Word:
        """A value that the template gives a name of its own: from here on it is there."""
        return replace(self._value(node, world), optional=False)

    def _composed(self, node: nodes.Node, world: _World) -> Word:
        match node:
            case nodes.CondExpr(expr2=nodes.Expr() as otherwise):
                self._asked(node.test, world)
                when_true, when_false = certainty.of(node.test)
                self._value(otherwise, world.sure_of(when_false))
                return self._value(node.expr1, world.sure_of(when_true))
            case nodes.Concat():
                for part in node.nodes:
                    self._written(part, world)
                return Word(str)
            case nodes.List() | nodes.Tuple():
                for part in node.items:
                    self._value(part, world)
                return _MADE_HERE
        self._refuse(node)
        return _MADE_HERE

    def _asked(self, node: nodes.Node, world: _World) -> None:
        """An expression that is only asked whether it is there, or true."""
        path = certainty.path(node)
        if path is not None:
            self._resolve(node, path, world)
            return
        match node:
            case nodes.Not() | nodes.Test(name="none", args=[]):
                self._asked(node.node, world)
            case nodes.And() | nodes.Or():
                self._asked(node.left, world)
                when_true, when_false = certainty.of(node.left)
                self._asked(node.right, world.sure_of(when_true if isinstance(node, nodes.And) else when_false))
            case nodes.Test():
                self._say(node, f"the test `{node.name}` is not known here.", "Write {% if offer %}.")
            case nodes.Compare():
                for compared in (node.expr, *(operand.expr for operand in node.ops)):
                    self._value(compared, world)
            case _:
                self._value(node, world)

    def _filter(self, node: nodes.Filter, world: _World) -> Word:
        match node.name:
            case "safe":
                self._say(node, "`| safe` would let a customer's name be markup.", "Take it out.")
            case "default" | "d":
                self._say(node, "`| default` would hide that a value is missing.", "Write {% if ... %}...{% else %}...{% endif %}.")
            case name if name not in sandbox.FILTERS:
                self._say(node, f"the filter `{name}` is not known here.", nearest(name, sandbox.FILTERS, "Filters"))
        for argument in (*([node.node] if node.node else []), *node.args):
            self._value(argument, world)
        return Word(str)

    def _call(self, node: nodes.Call, world: _World) -> Word:
        match node:
            case nodes.Call(node=nodes.Name(name="link"), args=[nodes.Const(value=str() as name)], kwargs=[]):
                self.used.add("link")
                if name not in self.links:
                    self._say(node, f"there is no link `{name}` in config/brand.yaml.", nearest(name, self.links, "Links"))
            case nodes.Call(node=nodes.Name(name="link")):
                self._say(node, "a link is named by a plain text.", "Write for example {{ link('shop') }}.")
            case nodes.Call(node=nodes.Name(name="image")) if not self.pictures:
                self._say(node, "a picture can't be shown here.", "Write it into body.html of an e-mail.")
            case nodes.Call(node=nodes.Name(name="image"), args=[nodes.Const(value=str())], kwargs=[]):
                pass  # letters.pictures looks for it
            case nodes.Call(node=nodes.Name(name="image"), args=[nodes.Getattr() as logo], kwargs=[]) if certainty.path(logo) == "brand.logo.image":
                self._value(logo, world)
            case nodes.Call(node=nodes.Name(name="image")):
                self._say(node, "a picture is named by a plain text.", "Write for example {{ image('tea.png') }}, or {{ image(brand.logo.image) }}.")
            case _:
                self._say(node, f"{_show(node.node)} can't be called.", "The only call is {{ link('shop') }}.")
                return _MADE_HERE
        return Word(str)

    def _resolve(self, node: nodes.Node, path: str, world: _World) -> Word:
        """The word that a dotted name stands for. What lies on the way to its last part is used, not only asked for."""
        words = vocabulary.words(self.known)
        first = path.partition(".")[0]
        known = world.own if first in world.own else words
        for step in vocabulary.owners(path):
            if step not in known:
                self._say(node, f"`{path}` is not known here.", nearest(path, known if "." in path else _tops(words), "Known"))
                return _MADE_HERE
            if step != path and known[step].optional and step not in world.certain:
                self.needs.add(step)
        if known is words:
            self.used.add(path)
        return known[path]

    def _refuse(self, node: nodes.Node) -> None:
        for kind, message, how in _REFUSED:
            if isinstance(node, kind):
                self._say(node, message, how)
                return
        self._say(node, f"`{type(node).__name__.lower()}` is not allowed here.", "Use if, for, with, set, trans and include.")

    def _say(self, node: nodes.Node, message: str, how: str) -> None:
        line = node.lineno or next(child.lineno for child in node.iter_child_nodes())  # Jinja's own wrappers have none
        self.problems.append(self.flat.construct_at(line).problem(message, how))


def _tops(words: Collection[str]) -> list[str]:
    return [word for word in words if "." not in word]


def _show(node: nodes.Node) -> str:
    return f"`{certainty.path(node)}`" if certainty.path(node) else "this"
