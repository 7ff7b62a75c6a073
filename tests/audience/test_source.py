from __future__ import annotations

import textwrap

import pytest

from winback import strictyaml
from winback.audience import source
from winback.audience.source import Source, Sources
from winback.errors import ConfigError


def parse(text: str) -> strictyaml.Document[Sources]:
    return strictyaml.parse(textwrap.dedent(text), Sources, shown="config/sources.yaml")


def one(body: str) -> Source:
    """A source of orders with these lines more."""
    lines = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    columns = "    orders: {id: a, customer: b, ordered_at: c, amount: d}\n"
    text = f"sources:\n  shop:\n    file: orders.csv\n{'' if 'orders:' in body else columns}{lines}\n"
    return parse(text).value.sources["shop"]


def test_a_source_says_in_short_what_is_where():
    shop = one("")
    assert shop.kind == "orders"
    assert shop.columns() == {("orders", "id"): "a", ("orders", "customer"): "b", ("orders", "ordered_at"): "c", ("orders", "amount"): "d"}
    assert (shop.encoding, shop.delimiter, shop.decimal, shop.dates) == ("utf-8-sig", ",", "point", ("iso",))


def test_a_source_says_at_length_what_differs():
    shop = one(
        """
        encoding: windows-1251
        delimiter: tab
        decimal: comma
        dates: [DD.MM.YYYY, DD.MM.YYYY hh:mm]
        time_zone: Europe/Kyiv
        watermark: {column: changed}
        orders:
          id: a
          customer: {column: b, words: {"0": anonymous}}
          ordered_at: c
          amount: d
          currency: e
          status: {column: f, placed: [done, 1], returned: [Back], cancelled: ["no"]}
        """
    )
    assert (shop.encoding, shop.delimiter) == ("cp1251", "\t")
    assert shop.orders.status.placed == ("done", "1")
    assert shop.orders.status.returned == ("back",)
    assert shop.columns()["orders", "status", "column"] == "f"
    assert shop.columns()["watermark", "column"] == "changed"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("encoding: cp9999", "sources.yaml:5: encoding is cp9999; no such encoding is known. Write for example utf-8 or cp1251."),
        ("encoding: base64", "encoding is base64; that is no encoding of text."),
        ("delimiter: ';;'", "sources.yaml:5: delimiter is ;;; a delimiter is one character."),
        ("dates: ['%d.%m.%Y']", "is %d.%m.%Y; only YYYY, MM, DD, hh, mm, ss and ZZ are known in it. Write for example DD.MM.YYYY"),
        ("time_zone: Kiev", "time_zone is Kiev; there is no such time zone."),
        ("currency: hryvnia", "sources.yaml:5: `sources.shop.currency` is hryvnia"),
        ("tabel: orders", "sources.yaml:5: `tabel` is not known here. Did you mean `table`?"),
        ("table: orders", "shop has a file, but also a table or a query. Take `table:` and `query:` out, or write `url:`"),
        ("url: sqlite:///shop.db", "shop names a file and a database. Write `file:` or `url:`."),
        ("inquiries: {id: a, customer: b, inquired_at: c}", "shop says orders and inquiries. Write one of"),
        ("orders: {id: a, customer: b, ordered_at: c}", "sources.yaml:4: `amount` is missing in sources.shop.orders. Add `amount:`."),
        ("orders: {id: a, custommer: b, ordered_at: c, amount: d}", "`custommer` is not known here. Did you mean `customer`?"),
        (
            "orders: {id: a, customer: b, ordered_at: c, amount: d, status: {column: e, placed: [ok], cancelled: [OK]}}",
            "status has the word `ok` under placed and under cancelled. Keep one of the two.",
        ),
        (
            "orders: {id: a, customer: b, ordered_at: c, amount: d, status: {column: e, placed: done}}",
            'placed is one word; a list is expected. Write for example ["done"].',
        ),
        ("currency: UAH\norders: {id: a, customer: b, ordered_at: c, amount: d, currency: e}", "shop names the currency twice."),
        (
            "touches: {id: a, customer: b, touched_at: c}",
            "shop says orders and touches. Write one of `customers:`, `orders:`, `inquiries:`, `touches:`",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_line_and_what_to_write(body, sentence):
    with pytest.raises(ConfigError) as refused:
        one(body)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("sources: {}", "sources"),
        ("sources: {My Shop: {file: a.csv, customers: {id: a}}}", "sources has a source `My Shop`; names are small letters, digits and hyphens."),
        ("sources: {shop: {customers: {id: a}}}", "shop names neither a file nor a database."),
        ("sources: {shop: {file: a.csv}}", "shop doesn't say what stands in it."),
        ("sources: {shop: {url: 'sqlite:///a.db', customers: {id: a}}}", "shop doesn't say what to read from the database."),
        ("sources: {shop: {url: 'sqlite:///a.db', table: a, query: b, customers: {id: a}}}", "shop doesn't say what to read from the database."),
        (
            "sources: {shop: {url: 'postgresql://reader:hunter2@db/shop', table: a, customers: {id: a}}}",
            "url holds a password. Write ${SHOP_PASSWORD} in its place",
        ),
    ],
)
def test_a_source_comes_from_one_place_and_holds_one_thing(text, sentence):
    with pytest.raises(ConfigError) as refused:
        parse(text)
    assert sentence in str(refused.value)
    assert "hunter2" not in str(refused.value)


FILE = "sources:\n  shop:\n    file: shop.csv\n"


def block(text: str) -> Source:
    """A source with this block."""
    return parse(f"{FILE}    {text}\n").value.sources["shop"]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (
            "customers: {id: a, phone: {column: b, country: UA}, tags: c, custom: {points: d, size: {column: e, kind: text}}, standing: f}",
            {("id",): "a", ("phone", "column"): "b", ("standing",): "f", ("tags", "column"): "c", ("custom", "points"): "d", ("custom", "size"): "e"},
        ),
        ("touches: {id: a, customer: b, touched_at: c}", {("id",): "a", ("customer",): "b", ("touched_at",): "c"}),
        (
            "feedback: {id: a, customer: b, said_at: c, kind: {column: d, complaint: [bad]}}",
            {("id",): "a", ("customer",): "b", ("said_at",): "c", ("kind", "column"): "d"},
        ),
        ("feedback: {id: a, customer: b, said_at: c, kind: complaint}", {("id",): "a", ("customer",): "b", ("said_at",): "c"}),
        (
            "reasons: {customer: b, reason: {column: c, words: {rude: service}}, recorded_at: d}",
            {("customer",): "b", ("reason",): "c", ("recorded_at",): "d"},
        ),
    ],
)
def test_only_the_columns_that_a_block_names_are_read(text, columns):
    found = block(text)
    assert found.columns() == {(found.kind, *place): column for place, column in columns.items()}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "customers: {id: a, standing: {column: b, words: {gold: vipp}}}",
            "sources.yaml:4: standing has the word vipp; a standing is vip or adherent.",
        ),
        ("customers: {id: a, phone: {column: b, country: Ukraine}}", "sources.yaml:4: `sources.shop.customers.phone.country` is Ukraine"),
        ("customers: {id: a, custom: {Loyalty Points: b}}", "custom has the name `Loyalty Points`; names are small Latin letters, digits and _."),
        ("customers: {id: a, custom: {points: {column: b, kind: whole}}}", "Write one of 'number' or 'text'."),
        ("customers: {id: a, tags: {column: b, separater: x}}", "`separater` is not known here. Did you mean `separator`?"),
        ("feedback: {id: a, customer: b, said_at: c}", "`kind` is missing in sources.shop.feedback. Add `kind:`."),
        (
            "feedback: {id: a, customer: b, said_at: c, kind: type}",
            "kind is type; that is neither complaint nor survey. Write complaint or survey for all of them, or {column: type,",
        ),
        ("feedback: {id: a, customer: b, said_at: c, kind: {column: d}}", "kind doesn't say which rows are complaints and which are answers"),
        (
            "feedback: {id: a, customer: b, said_at: c, score: e, kind: {column: d, complaint: [x], survey: [X]}}",
            "kind has the word `x` under complaint and under survey. Keep one of the two.",
        ),
        (
            "feedback: {id: a, customer: b, said_at: c, kind: survey}",
            "feedback has answers to a survey, but no column with their scores. Add `score:`",
        ),
        ("reasons: {customer: a, reason: b, recorded_at: c, source: friends}", "Write one of 'staff' or 'survey'."),
    ],
)
def test_what_cannot_be_meant_of_a_block_is_refused(text, sentence):
    with pytest.raises(ConfigError) as refused:
        block(text)
    assert sentence in str(refused.value)


def test_customers_are_read_before_what_they_did_and_else_the_order_of_the_file_holds():
    document = parse(
        """
        sources:
          questions: {file: q.csv, inquiries: {id: a, customer: b, inquired_at: c}}
          people: {file: p.csv, customers: {id: a}}
          orders: {file: o.csv, orders: {id: a, customer: b, ordered_at: c, amount: d}}
        """
    )
    assert list(source.chosen(document)) == ["people", "questions", "orders"]
    assert list(source.chosen(document, "orders")) == ["orders"]
    with pytest.raises(ConfigError, match="there is no source `peeple`. Did you mean `people`"):
        source.chosen(document, "peeple")
