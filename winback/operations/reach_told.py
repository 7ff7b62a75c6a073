"""How a customer could be reached by a channel when somebody decided on them, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from winback.speech import N_, called, figure, joined, said


def of(reach: Mapping[str, Any]) -> str:
    """The address, the consent with its proof, and what closes it; `reach` as it is kept with the recipient."""
    if not reach["address"]:
        return said(N_("no address"))
    return joined((_consent(reach), *_closed(reach)), "; ")


def _consent(reach: Mapping[str, Any]) -> str:
    if reach["consent"]:
        return _given(reach)
    if reach.get("withdrawn"):
        return said(N_("consent taken back")) if reach["consent_on"] or reach["consent_source"] else said(N_("no consent: they said no"))
    if reach.get("bought_days") is not None:
        return said(N_("no consent, bought %(days)s days ago"), days=figure(reach["bought_days"]))
    return said(N_("no consent"))


def _given(reach: Mapping[str, Any]) -> str:
    if reach["consent_on"] and reach["consent_source"]:
        given = said(N_("consent given on %(day)s at %(source)s"), day=reach["consent_on"], source=reach["consent_source"])
    else:
        given = said(N_("consent given without proof"))
    if reach.get("confirmed"):
        given = said(N_("%(given)s and confirmed"), given=given)
    if reach.get("quiet_days"):
        given = said(N_("%(given)s, nothing heard for %(days)s days"), given=given, days=figure(reach["quiet_days"]))
    return given


def _closed(reach: Mapping[str, Any]) -> list[str]:
    found = [
        said(N_("blocked: %(reason)s"), reason=called(str(reach["blocked"]), "reason")) if reach["blocked"] else "",
        said(N_("suppressed: %(reason)s"), reason=called(str(reach["suppressed"]), "reason")) if reach["suppressed"] else "",
        said(N_("off by their preferences")) if reach.get("off") else "",
    ]
    return [each for each in found if each]
