"""A shop that has written to a few customers: what tests of replies, clicks and the bot begin with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Row, Table, insert, select, update

from winback import settings
from winback.model import ChannelName, DeliveryStatus, RecipientStatus, RunStatus
from winback.settings import Project
from winback.store import contacts as addresses
from winback.store import database
from winback.store.tables import campaign_runs, contacts, customers, deliveries, recipients

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SENT_AT = NOW - timedelta(hours=2)

SETTINGS = """\
currency: UAH
time_zone: Europe/Kyiv
public_url: https://u.zerno.example
locales: {uk: [uk], en: [en]}
telegram: {bot: zerno_bot}
"""


def project(folder: Path) -> Project:
    """A project folder with the least it needs, and a key of its own."""
    (folder / "config").mkdir(parents=True, exist_ok=True)
    (folder / "config" / "settings.yaml").write_text(SETTINGS, encoding="utf-8")
    (folder / "config" / "policy.yaml").write_text("default: {open_tracking: true}\n", encoding="utf-8")
    return settings.open_project(folder, {"WINBACK_SECRET": "a secret of thirty-two characters"})


@dataclass
class Letterbox:
    """Writes customers, runs and letters straight into the tables, and reads what became of them."""

    engine: Engine
    key: bytes

    def customer(self, name: str, *, email: str = "", chat: str = "", locale: str = "uk") -> int:
        who = self._put(customers, key=name, locale=locale, updated_at=SENT_AT)
        for channel, address in ((ChannelName.EMAIL, email), (ChannelName.TELEGRAM, chat)):
            if address:
                hashed = addresses.address_hash(self.key, channel, address)
                self._put(contacts, customer_id=who, channel=channel, address=address, address_hash=hashed)
        return who

    def run(self, *, status: RunStatus = RunStatus.ACTIVE, stop_when: tuple[str, ...] = ("ordered", "replied")) -> int:
        number = len(self.rows(campaign_runs)) + 1
        values = {"campaign": "spring", "number": number, "status": status, "salt": "s", "started_at": SENT_AT, "enrolled_at": SENT_AT}
        return self._put(campaign_runs, **values, plan={"stop_when": list(stop_when)})

    def recipient(self, run: int, who: int, *, status: RecipientStatus = RecipientStatus.ACTIVE) -> None:
        due = SENT_AT + timedelta(days=7)
        self._put(recipients, run_id=run, customer_id=who, status=status, facts={}, assigned_at=SENT_AT, next_stage=1, next_due_at=due)

    def letter(self, run: int, who: int, *, stage: str = "first", channel: str = "email", locale: str = "uk", message_id: str = "") -> int:
        return self._put(
            deliveries,
            run_id=run,
            stage=stage,
            customer_id=who,
            tactic="word",
            channel=channel,
            locale=locale,
            status=DeliveryStatus.SENT if channel else DeliveryStatus.HELD_OUT,
            due_at=SENT_AT,
            handed_over_at=SENT_AT if channel else None,
            sent_at=SENT_AT if channel else None,
            message_id=message_id,
        )

    def written_to(self, name: str, *, email: str = "", chat: str = "", locale: str = "uk", message_id: str = "") -> tuple[int, int]:
        """A customer in the middle of a journey of their own run: (customer, delivery)."""
        who, run = self.customer(name, email=email, chat=chat, locale=locale), self.run()
        self.recipient(run, who)
        return who, self.letter(run, who, channel="email" if email else "telegram", locale=locale, message_id=message_id)

    def doubt(self, letter: int) -> None:
        """Nobody knows whether this letter left."""
        with database.writing(self.engine) as connection:
            doubtful = {"status": DeliveryStatus.UNCERTAIN, "reason": "no-answer", "sent_at": None}
            connection.execute(update(deliveries).where(deliveries.c.id == letter).values(doubtful))

    def rows(self, table: Table, **where: Any) -> list[Row[Any]]:
        statement = select(table).order_by(*table.primary_key.columns)
        for column, value in where.items():
            statement = statement.where(table.c[column] == value)
        with database.reading(self.engine) as connection:
            return list(connection.execute(statement))

    def standing(self, who: int) -> list[tuple[str, str]]:
        """(status, reason) of a customer in each run."""
        return [(row.status, row.reason) for row in self.rows(recipients, customer_id=who)]

    def _put(self, table: Table, **values: Any) -> int:
        with database.writing(self.engine) as connection:
            key = connection.execute(insert(table).values(**values)).inserted_primary_key
        return int(key[0])
