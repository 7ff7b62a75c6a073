"""Staging and merging chunk by chunk, as a file of millions of rows comes in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, insert, select

from winback.model import ChannelName
from winback.store import database, incoming, incoming_customers, source_states
from winback.store.contacts import address_hash, hasher
from winback.store.incoming import Merged
from winback.store.tables import customers, orders

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DAY = datetime(2026, 11, 1, tzinfo=UTC)
CONSTANTS = {"currency": "UAH", "quantity": 1, "status": "placed"}


@given(st.binary(min_size=1, max_size=100), st.text(st.characters(codec="utf-8")))
def test_many_addresses_are_hashed_as_one_is(key, address):
    assert hasher(key, "email")(address) == address_hash(key, "email", address)


def chunk(*rows: tuple[str, str, int]) -> dict[str, list[object]]:
    """Orders as (key, customer, amount), those whose key came before in the chunk marked."""
    keys = [key for key, _, _ in rows]
    columns: dict[str, list[object]] = {
        "position": list(range(len(rows))),
        "again": [int(key in keys[:index]) for index, key in enumerate(keys)],
        "key": keys,
        "customer": [customer for _, customer, _ in rows],
        "ordered_at": [DAY] * len(rows),
        "amount_minor": [amount for _, _, amount in rows],
    }
    return columns if any(columns["again"]) else {name: values for name, values in columns.items() if name != "again"}


@pytest.fixture
def connection(engine):
    with database.writing(engine) as connection:
        connection.execute(insert(customers), [{"key": key, "updated_at": NOW} for key in "AB"])
        yield connection


def merge(connection, *chunks) -> list[Merged]:
    staged = incoming.stage(connection, chunks[0], CONSTANTS, key=b"k" * 32)
    merged = [incoming.merge_acts(connection, staged, orders, incoming.fill(connection, staged, rows)) for rows in chunks]
    incoming.unstage(connection, staged)
    return merged


def test_chunks_of_one_source_are_merged_as_one(connection):
    found = merge(
        connection,
        chunk(("1", "A", 5), ("2", "B", 7), ("1", "A", 5)),
        chunk(("1", "A", 5), ("2", "B", 8), ("3", "Z", 1), ("4", "A", 1)),
        chunk(("4", "A", 1), ("4", "A", 2), ("3", "A", 1)),
    )
    assert found[0] == Merged(inserted=2, updated=0, unchanged=1)
    assert found[1] == Merged(inserted=1, updated=0, unchanged=1, unknown=frozenset({2}), clashing=frozenset({1}))
    assert found[2] == Merged(inserted=0, updated=0, unchanged=1, clashing=frozenset({1, 2}))


def test_the_next_import_updates_what_a_chunk_of_the_same_may_not(connection):
    merge(connection, chunk(("1", "A", 5), ("2", "B", 7)))
    assert merge(connection, chunk(("1", "B", 5)), chunk(("2", "B", 8), ("1", "A", 5))) == [
        Merged(inserted=0, updated=1, unchanged=0),
        Merged(inserted=0, updated=1, unchanged=0, clashing=frozenset({1})),
    ]


def test_customers_of_one_source_are_merged_over_chunks(connection):
    columns = {
        "position": [0, 1],
        "key": ["A", "C"],
        "email": ["a@zerno.example", None],
        "consent": [1, 0],
        "given_at": [DAY, None],
        "source": ["shop", ""],
    }
    changed = columns | {"email": ["a@zerno.example", "c@zerno.example"]}
    staged = incoming.stage(connection, columns, {}, key=b"k" * 32)
    merged = [
        incoming_customers.merge(connection, staged, incoming.fill(connection, staged, part), (ChannelName.EMAIL,), NOW)
        for part in (columns, changed)
    ]
    assert merged == [Merged(inserted=1, updated=1, unchanged=0), Merged(inserted=0, updated=0, unchanged=1, clashing=frozenset({1}))]


def test_an_empty_chunk_is_merged_too(connection):
    assert merge(connection, chunk(), chunk(("1", "A", 5))) == [Merged(0, 0, 0), Merged(1, 0, 0)]


def test_many_thousand_rows_go_through_the_bulk_path_whole(connection):
    rows = [(str(number), "AB"[number % 2], number) for number in range(12_345)]
    assert merge(connection, chunk_of_many(rows)) == [Merged(12_345, 0, 0)]
    assert connection.execute(select(func.count(), func.sum(orders.c.amount_minor))).one() == (12_345, sum(range(12_345)))


def chunk_of_many(rows: list[tuple[str, str, int]]) -> dict[str, list[object]]:
    keys, owners, amounts = zip(*rows, strict=True)
    return {
        "position": list(range(len(rows))),
        "key": list(keys),
        "customer": list(owners),
        "ordered_at": [DAY] * len(rows),
        "amount_minor": list(amounts),
    }


def test_a_source_is_remembered_apart_from_others_of_the_same_name(connection):
    assert source_states.watermark(connection, "telegram") == ""
    source_states.remember(connection, "telegram", "7", NOW)
    source_states.remember(connection, "telegram", "9", NOW)
    assert source_states.watermark(connection, "telegram") == "9"
