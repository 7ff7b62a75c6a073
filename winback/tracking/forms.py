"""What a public page's form sent: read in either encoding, never more of it than a form of ours can hold."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from http import HTTPStatus

from fastapi import Request
from starlette.datastructures import FormData, Headers
from starlette.exceptions import HTTPException
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser

BODY_BYTES = 65_536
"""Of a whole form: five answers of two thousand characters, percent-encoded, and some."""
_FIELDS = 100

Fields = Mapping[str, tuple[str, ...]]
"""What was sent under each name, in its order."""


async def read(request: Request, form: str) -> Fields:
    """The fields of one of our own forms, which names itself in the field `form`.

    Raises HTTPException: 413 when it is too long, 400 when it can't be read or is another form, so that a stray POST changes nothing.
    """
    body = await _whole(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "multipart/form-data":
            sent = await MultiPartParser(request.headers, _once(body), max_files=0, max_fields=_FIELDS, max_part_size=BODY_BYTES).parse()
        else:
            sent = await FormParser(Headers({}), _once(body)).parse()
        found = _texts(sent)
    except (MultiPartException, ValueError, KeyError, LookupError) as error:  # the parsers' own, and bytes that are no text
        raise HTTPException(HTTPStatus.BAD_REQUEST) from error
    if found.get("form") != (form,):
        raise HTTPException(HTTPStatus.BAD_REQUEST)
    return found


def one(fields: Fields, name: str) -> str | None:
    """What a field says that is there once; None when it isn't."""
    values = fields.get(name, ())
    return values[0] if len(values) == 1 else None


def _texts(sent: FormData) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, value in sent.multi_items()[:_FIELDS]:
        if isinstance(value, str):
            found[name] = (*found.get(name, ()), value)
    return found


async def _whole(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_BYTES:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return bytes(body)


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body
