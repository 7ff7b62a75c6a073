"""JSON Schemas of every YAML file, so that editors complete and check them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from winback.audience.businesses import Businesses
from winback.audience.cohort import Cohort
from winback.audience.lifecycle import Lifecycle
from winback.audience.reasons import Reasons
from winback.audience.retention import Retention
from winback.audience.signs import Signs
from winback.audience.source import Sources
from winback.audience.value import Value
from winback.journey.campaign import Campaign
from winback.journey.occasions import Occasions
from winback.journey.policy import Policy
from winback.letters.brand import Brand
from winback.letters.sample import Sample
from winback.letters.sender import Senders
from winback.operations.webhook_file import Webhooks
from winback.sending.pace import Pace
from winback.settings import Settings

SHAPES: dict[str, type[BaseModel]] = {
    "settings": Settings,
    "sources": Sources,
    "cohort": Cohort,
    "campaign": Campaign,
    "policy": Policy,
    "brand": Brand,
    "senders": Senders,
    "sample": Sample,
    "value": Value,
    "lifecycle": Lifecycle,
    "signs": Signs,
    "businesses": Businesses,
    "reasons": Reasons,
    "occasions": Occasions,
    "pace": Pace,
    "retention": Retention,
    "webhooks": Webhooks,
}


def schema(name: str) -> dict[str, Any]:
    """The schema of one kind of file, by JSON Schema 2020-12."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **SHAPES[name].model_json_schema(by_alias=True)}


def write(folder: Path) -> list[Path]:
    """Write every schema as <folder>/<name>.json; returns the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.json" for name in SHAPES]
    for path in paths:
        path.write_text(json.dumps(schema(path.stem), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return paths
