"""Who is let into the studio, in both databases: passwords, tries that are slowed, and being signed in that ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests import projects
from winback.errors import ConfigError
from winback.operations import accounts, passwords, signing_in
from winback.operations.people import ALLOWS, Right, Role
from winback.operations.signing_in import IDLE, LASTS, Slowed, Visit
from winback.store import audit, database
from winback.store.tables import accounts as table
from winback.store.tables import failed_sign_ins, sign_ins

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
OLENA, IVAN = "olena@zerno.example", "ivan@zerno.example"
WORDS, OTHERS = "four words of tea", "four words of bread"
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def project(tmp_path):
    return projects.make(tmp_path / "shop")


@pytest.fixture
def people(engine):
    """Olena is an admin with a password, Ivan a marketer without one."""
    accounts.add(engine, "Olena@Zerno.example", name="Olena  Savchenko", roles=["admin", "marketer"], by="root", now=NOW)
    accounts.add(engine, IVAN, name="Ivan", roles=["marketer"], by="root", now=NOW)
    accounts.set_password(engine, OLENA, WORDS, by="root", now=NOW)
    return engine


def sign_in(project, engine, email=OLENA, password=WORDS, *, network="192.0.2.1", now=NOW):
    return signing_in.sign_in(project, engine, email, password, network=network, now=now)


def deeds(engine):
    with database.reading(engine) as connection:
        assert audit.verify(connection) is None
        return [(row.who, row.deed, row.about, row.detail) for row in reversed(audit.listed(connection))]


def rows(engine, what):
    with database.reading(engine) as connection:
        return connection.execute(select(what)).all()


def test_who_knows_the_password_is_signed_in_and_only_hashes_are_kept(project, people):
    found = sign_in(project, people, " OLENA@zerno.example")
    assert isinstance(found, Visit)
    assert (found.person.name, found.person.email, found.person.roles) == ("Olena Savchenko", OLENA, {Role.ADMIN, Role.MARKETER})
    assert signing_in.visit(people, found.token, now=NOW) == found
    kept = f"{rows(people, table)}{rows(people, sign_ins)}"
    assert WORDS not in kept
    assert found.token not in kept
    assert "$argon2id$" in kept
    assert deeds(people)[-1] == ("Olena Savchenko", "signed-in", "person 1", '{"by":"password"}')


@pytest.mark.parametrize(
    ("email", "password"),
    [(OLENA, "four words of tee"), (OLENA, ""), (IVAN, WORDS), (IVAN, ""), ("nobody@zerno.example", WORDS), ("\0", "\ud800" * 12)],
)
def test_whatever_is_wrong_the_answer_is_the_same(project, people, email, password):
    assert sign_in(project, people, email, password) is None
    assert rows(people, sign_ins) == []


def test_it_ends_by_itself_without_pages_and_in_any_case(project, people):
    first = sign_in(project, people)
    assert signing_in.visit(people, first.token, now=NOW + IDLE - SECOND)
    assert signing_in.visit(people, first.token, now=NOW + 2 * IDLE - MINUTE), "it was seen meanwhile"
    assert signing_in.visit(people, first.token, now=NOW + 3 * IDLE) is None
    second = sign_in(project, people)
    for hours in range(10, int(LASTS / HOUR), 10):
        assert signing_in.visit(people, second.token, now=NOW + hours * HOUR)
    assert signing_in.visit(people, second.token, now=NOW + LASTS) is None
    sign_in(project, people, now=NOW + LASTS)
    assert len(rows(people, sign_ins)) == 1, "what is over is cleared away"


def test_signing_out_disabling_and_another_password_end_it(project, people):
    here, there = sign_in(project, people), sign_in(project, people)
    signing_in.sign_out(people, here.token)
    assert signing_in.visit(people, here.token, now=NOW) is None
    assert signing_in.visit(people, there.token, now=NOW)
    assert signing_in.change_password(project, people, OLENA, "wrong", OTHERS, network="", now=NOW) is None
    with pytest.raises(ConfigError, match="too short"):
        signing_in.change_password(project, people, OLENA, WORDS, "tea", network="", now=NOW)
    anew = signing_in.change_password(project, people, OLENA, WORDS, OTHERS, network="", now=NOW)
    assert signing_in.visit(people, there.token, now=NOW) is None
    assert signing_in.visit(people, anew.token, now=NOW)
    assert sign_in(project, people) is None
    accounts.give_roles(people, IVAN, ["admin"], by="root", now=NOW)
    accounts.set_password(people, IVAN, WORDS, by="root", now=NOW)
    accounts.disable(people, OLENA, by="Ivan", now=NOW)
    assert signing_in.visit(people, anew.token, now=NOW) is None
    assert sign_in(project, people, password=OTHERS) is None
    assert signing_in.let_in(people, OLENA, by="provider", now=NOW) is None
    accounts.enable(people, OLENA, by="Ivan", now=NOW)
    assert sign_in(project, people, password=OTHERS)


@pytest.mark.parametrize("email", [OLENA, "nobody@zerno.example"])
def test_tries_with_an_account_are_slowed_whether_it_is_there_or_not(project, people, email):
    for number in range(5):
        assert sign_in(project, people, email, "wrong", network=f"192.0.2.{number}") is None
    assert sign_in(project, people, email, "wrong", network="192.0.2.9") == Slowed(5 * SECOND)
    assert sign_in(project, people, email, "wrong", network="192.0.2.9", now=NOW + 5 * SECOND) is None
    assert sign_in(project, people, email, "wrong", network="192.0.2.9", now=NOW + 6 * SECOND) == Slowed(9 * SECOND)
    assert sign_in(project, people, email, network="192.0.2.9", now=NOW + 6 * SECOND) == Slowed(9 * SECOND), "the right one waits too"
    later = NOW + 15 * SECOND
    for _ in range(12):
        assert sign_in(project, people, email, "wrong", network="192.0.2.10", now=later) is None
        later += 5 * MINUTE  # the longest
    assert isinstance(sign_in(project, people, email, now=later) if email == OLENA else Visit(None, ""), Visit)
    assert all(len(row.whose) == 64 for row in rows(people, failed_sign_ins)), "neither addresses nor names are kept"


def test_tries_from_one_address_are_slowed_whosever_they_are(project, people):
    for number in range(20):
        assert sign_in(project, people, f"{number}@zerno.example", "wrong") is None
    assert isinstance(sign_in(project, people), Slowed)
    assert isinstance(sign_in(project, people, network="192.0.2.2"), Visit)
    assert isinstance(sign_in(project, people, now=NOW + HOUR + SECOND), Visit), "after an hour it is forgotten"


def test_an_invitation_is_good_once_and_for_a_week(project, people):
    token = accounts.invite(people, IVAN, by="Olena", now=NOW)
    assert accounts.invited(people, token, now=NOW).email == IVAN
    assert accounts.invited(people, token, now=NOW + accounts.INVITED_FOR) is None
    assert accounts.invited(people, "", now=NOW) is None
    with pytest.raises(ConfigError, match="too short"):
        accounts.accept(people, token, "tea", now=NOW)
    assert accounts.accept(people, token, OTHERS, now=NOW) == IVAN
    with pytest.raises(ConfigError, match=r"this invitation was used, or its time is over\. Ask"):
        accounts.accept(people, token, WORDS, now=NOW)
    assert sign_in(project, people, IVAN, OTHERS)
    void = accounts.invite(people, IVAN, by="Olena", now=NOW)
    accounts.invite(people, IVAN, by="Olena", now=NOW)
    assert accounts.invited(people, void, now=NOW) is None
    assert token not in f"{rows(people, table)}"


def test_there_is_always_an_admin_who_can_sign_in(people):
    for change in (
        lambda: accounts.disable(people, OLENA, by="x", now=NOW),
        lambda: accounts.give_roles(people, OLENA, ["marketer"], by="x", now=NOW),
    ):
        with pytest.raises(ConfigError, match=r"the only admin who can sign in\. Let somebody else be one first\."):
            change()
    accounts.give_roles(people, IVAN, ["admin"], by="x", now=NOW)
    with pytest.raises(ConfigError, match="the only admin"):
        accounts.disable(people, OLENA, by="x", now=NOW)  # Ivan has no password
    accounts.set_password(people, IVAN, OTHERS, by="x", now=NOW)
    accounts.disable(people, OLENA, by="x", now=NOW)
    assert [(each.account.email, each.state) for each in accounts.listed(people, now=NOW, idle=IDLE)] == [(IVAN, "active"), (OLENA, "disabled")]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda e: accounts.add(e, "olena", name="Olena", roles=["admin"], by="x", now=NOW), r"`olena` is no e-mail address\. Write for example"),
        (
            lambda e: accounts.add(e, OLENA, name="Olena", roles=["admin"], by="x", now=NOW),
            r"is somebody's already\. Change what they may do: winback people roles",
        ),
        (lambda e: accounts.add(e, "a@zerno.example", name=" ", roles=["admin"], by="x", now=NOW), "is no name"),
        (lambda e: accounts.add(e, "a@zerno.example", name="a\u202eb", roles=["admin"], by="x", now=NOW), "is no name"),
        (
            lambda e: accounts.add(e, "a@zerno.example", name="A", roles=["marketeer"], by="x", now=NOW),
            r"`marketeer` is no role\. Did you mean `marketer`\?",
        ),
        (lambda e: accounts.add(e, "a@zerno.example", name="A", roles=[], by="x", now=NOW), "they would have no role"),
        (
            lambda e: accounts.give_roles(e, "olen@zerno.example", ["admin"], by="x", now=NOW),
            r"nobody has the address olen@zerno\.example\. Did you mean `olena@",
        ),
        (lambda e: accounts.enable(e, OLENA, by="x", now=NOW), "is not disabled"),
        (lambda e: accounts.speak(e, OLENA, "fr"), "`fr` is no language of the studio"),
        (lambda e: accounts.set_password(e, OLENA, OLENA, by="x", now=NOW), "is the address or the name"),
        (lambda e: accounts.set_password(e, OLENA, "aaaabbbbaaaabbbb", by="x", now=NOW), "repeats itself"),
        (lambda e: accounts.set_password(e, OLENA, "я" * 201, by="x", now=NOW), "too long"),
    ],
)
def test_what_cannot_be_meant_is_said_and_changes_nothing(people, call, sentence):
    before = rows(people, table), deeds(people)
    with pytest.raises(ConfigError, match=sentence):
        call(people)
    assert (rows(people, table), deeds(people)) == before


def test_every_change_is_a_deed_that_names_nobody_s_address(people):
    accounts.give_roles(people, IVAN, ["manager", "approver"], by="Olena", now=NOW)
    accounts.rename(people, IVAN, "Ivan Koval", by="Olena", now=NOW)
    accounts.speak(people, IVAN, "uk")
    assert deeds(people) == [
        ("root", "added", "person 1", '{"roles":["marketer","admin"]}'),
        ("root", "added", "person 2", '{"roles":["marketer"]}'),
        ("root", "chose-password", "person 1", "{}"),
        ("Olena", "gave-roles", "person 2", '{"before":["marketer"],"roles":["approver","manager"]}'),
        ("Olena", "renamed", "person 2", "{}"),
    ]
    assert accounts.names(people) == {"person 1": "Olena Savchenko", "person 2": "Ivan Koval"}


def test_the_right_to_send_is_not_the_right_to_edit():
    assert {role for role in Role if Right.SEND in ALLOWS[role]} == {Role.APPROVER, Role.ADMIN}
    assert {role for role in Role if Right.EDIT in ALLOWS[role]} == {Role.MARKETER, Role.ADMIN}
    assert set(ALLOWS) == set(Role)


def test_a_hash_of_older_parameters_is_made_anew_when_they_sign_in(project, people):
    from argon2 import PasswordHasher

    old = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(WORDS)
    with database.writing(people) as connection:
        connection.execute(table.update().values(password_hash=old))
    assert sign_in(project, people)
    assert not passwords.is_outdated({row.email: row.password_hash for row in rows(people, table)}[OLENA])
