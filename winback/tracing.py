"""Spans of OpenTelemetry round work that takes a while: a batch, a claim, a group of letters, an import, a measurement.

Whoever wants them installs and sets up OpenTelemetry (its SDK, or its own `opentelemetry-instrument`); that loads its API before us. Where
nobody did, a span costs one look into a dictionary, and nothing is imported. Attributes are names, numbers and counts: never of a person.
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Any

_NONE = nullcontext()


def span(name: str, **attributes: str | int) -> AbstractContextManager[Any]:
    """Open a span of this name for as long as the context lasts; an error that leaves it is noted by its kind alone."""
    api = sys.modules.get("opentelemetry.trace")
    if api is None:
        return _NONE
    named = {f"winback.{key}": value for key, value in attributes.items()}
    # what an error says may name a customer: its text stays out
    opened: AbstractContextManager[Any] = api.get_tracer("winback").start_as_current_span(
        f"winback.{name}", attributes=named, record_exception=False, set_status_on_exception=False
    )
    return opened
