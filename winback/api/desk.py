"""What every route shares: the project, the store, the clock, who asks with which token, and how much they still may."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from time import monotonic
from typing import Annotated, Any, TypeAlias

from fastapi import Depends, Request
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import AfterValidator, Field
from sqlalchemy import Engine

from winback.api.problems import MEDIA_TYPE, refusal
from winback.operations import api_tokens, receiving
from winback.operations.api_tokens import Scope
from winback.operations.working import Works
from winback.settings import Project
from winback.store.api_tokens import Token
from winback.tracking.guard import Allowance


def _writable(value: str) -> str:
    if "\0" in value or not receiving.is_text(value):
        raise ValueError("holds what no text holds")
    return value


Text: TypeAlias = Annotated[str, Field(min_length=1, max_length=320), AfterValidator(_writable)]
Word: TypeAlias = Annotated[str, Field(max_length=200), AfterValidator(_writable)]

_BEARER = HTTPBearer(auto_error=False, scheme_name="token", description="A token of `winback token new`.")
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="winback"'}


@dataclass(frozen=True, slots=True)
class Asker:
    """A program, by its token."""

    token: Token

    @property
    def name(self) -> str:
        """As the audit names it."""
        return f"token {self.token.name}"


@dataclass(frozen=True)
class Desk:
    """One for the whole application."""

    project: Project
    engine: Engine
    clock: Callable[[], datetime]
    works: Works
    allowance: Allowance  # of each token

    def scoped(self, scope: Scope) -> dict[str, Any]:
        """What makes a route ask for a scope, and say so in the OpenAPI, with what it may refuse with."""
        told: dict[int | str, Any] = {int(each): {"description": each.phrase, "content": {MEDIA_TYPE: {"schema": _PROBLEM}}} for each in _REFUSALS}
        return {"dependencies": [self._needs(scope)], "responses": told, "openapi_extra": {"x-scope": str(scope)}}

    def _needs(self, scope: Scope) -> Any:

        def come(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]) -> None:
            now = self.clock()
            token = api_tokens.recognised(self.engine, given.credentials, now=now) if given else None
            if token is None:
                raise refusal(
                    HTTPStatus.UNAUTHORIZED, "no token that is good came with it.", "Send: Authorization: Bearer wbk_...", headers=_CHALLENGE
                )
            self._count(str(token.id))
            if scope not in token.scopes:
                told = {"WWW-Authenticate": f'Bearer realm="winback", error="insufficient_scope", scope="{scope}"'}
                how = f"Make one that may: winback token new NAME --scope {scope}"
                raise refusal(HTTPStatus.FORBIDDEN, f"the token `{token.name}` may not do this; it needs {scope}.", how, headers=told)
            request.state.asker = Asker(token)

        return Depends(come)

    def _count(self, whose: str) -> None:
        now = monotonic()
        if wait := self.allowance.wait(whose, now):
            raise refusal(HTTPStatus.TOO_MANY_REQUESTS, "the token asks too often.", headers={"Retry-After": str(int(wait) + 1)})
        self.allowance.take(whose, 1, now)

    def as_asker(self, asker: Asker) -> Project:
        """The project, at which the audit names the program."""
        return replace(self.project, environment={**self.project.environment, "WINBACK_USER": asker.name})

    def campaign(self, name: str) -> str:
        """The name of a campaign that has a file."""
        return self._known("campaign", "campaigns", name)

    def cohort(self, name: str) -> str:
        return self._known("cohort", "cohorts", name)

    def _known(self, what: str, folder: str, name: str) -> str:
        if name not in self.project.names(folder):
            raise refusal(HTTPStatus.NOT_FOUND, f"there is no {what} `{name[:80]}`.")
        return name


def asker_of(request: Request) -> Asker:
    """Whose token came with a request that a scope let in."""
    asker: Asker = request.state.asker
    return asker


_REFUSALS = tuple(HTTPStatus(status) for status in (401, 403, 404, 409, 413, 415, 422, 429))
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {"type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"}},
}


def plain(told: Mapping[str, Any]) -> JSONResponse:
    """What an operation tells, with days, moments and amounts as text; a figure that doesn't exist (nan) is null."""
    return JSONResponse(json.loads(json.dumps(told, default=str), parse_constant=lambda _: None))
