"""Some pages of the studio as somebody sees them who is signed in with these roles."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx
from fastapi import APIRouter, FastAPI
from httpx import ASGITransport
from sqlalchemy import Engine

from winback.operations.people import Person, Role
from winback.settings import Project
from winback.studio.desk import Desk

PROOF = "0" * 64


class Tickets:
    """Lets every form in: what is tested is the right, not the proof."""

    cookie = "visitor"

    def visitor(self, _request: object) -> str:
        return "visitor"

    def proof(self, _asked: object) -> str:
        return PROOF

    def hold(self, _request: object, _proof: str) -> bool:
        return True

    def remember(self, *_asked: object) -> None:
        """Nobody comes back."""


def browser(project: Project, engine: Engine, *families: Callable[[Desk], APIRouter], roles: frozenset[Role], now: datetime) -> httpx.AsyncClient:
    """A browser of Ivan's, who has these roles."""
    ivan = Person("Ivan", "ivan@shop.example", roles)

    class OfIvan(Desk):
        def person(self, _request: Any) -> Person:
            return ivan

    app, desk = FastAPI(), OfIvan(project, engine, Tickets(), lambda: now)  # type: ignore[arg-type]
    for family in families:
        app.router.routes.extend(family(desk).routes)
    return httpx.AsyncClient(transport=ASGITransport(app), base_url="http://127.0.0.1:8010", timeout=60)
