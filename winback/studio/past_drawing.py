"""A backtest for a page: how many of those that each definition picks stayed away, beside how many of all did."""

from __future__ import annotations

import jinja2
from jinja2.runtime import Context
from markupsafe import Markup

from winback.audience.definitions import Lost
from winback.operations.backtesting import Backtest
from winback.outcomes import drawing
from winback.studio.words import N_

_ROW, _BAR, _TOP = 46, 14, 22
_LEFT, _RIGHT = 0, drawing.WIDTH - 60


NAMES = {
    Lost.RULES: N_("these rules"),
    Lost.SILENCE: N_("the longest silence"),
    Lost.RHYTHM: N_("the customer's own rhythm"),
    Lost.CHANCE: N_("the chance of no purchase"),
}
"""What each definition is called."""
_MEANING = N_("The share of those picked who stayed away, by each definition of lost")
_EVERYBODY = N_("all judged: %(share)s")


@jinja2.pass_context
def draw(context: Context, told: Backtest) -> Markup:
    """An SVG with a bar for each definition, and a line at the share of everybody, in the language of the page that asks for it."""

    def say(sentence: str, **values: str) -> str:
        return str(context.call(context["gettext"], sentence, **values))

    percent = context["percent"]
    bottom = _TOP + _ROW * len(told.standings)
    share = told.stayed_away / told.customers
    base, everybody = _x(share), say(_EVERYBODY, share=percent(share, 1))
    parts = [drawing.rule(_x(quarter / 4), _TOP, _x(quarter / 4), bottom, "grid") for quarter in range(5)]
    for place, standing in enumerate(told.standings):
        top = _TOP + _ROW * place
        parts.append(drawing.text(_LEFT, top + 14, say(NAMES[Lost(standing.name)]), style="strong" if not place else ""))
        stayed = standing.precision_of_picked
        if stayed is not None:
            style = "bar own" if not place else "bar"
            parts.append(f'<rect class="{style}" x="{_LEFT}" y="{top + 20}" width="{_x(stayed) - _LEFT:.1f}" height="{_BAR}"/>')
            parts.append(drawing.text(_x(stayed) + 6, top + 32, percent(stayed, 1), style="strong" if not place else ""))
    parts.append(drawing.rule(base, _TOP - 4, base, bottom, "base"))
    parts.append(drawing.text(base, _TOP - 8, everybody, anchor="end" if share > 0.5 else "start", style="quiet"))
    picture = '<svg class="chart" viewBox="0 0 {width} {height}" role="img" aria-label="{meaning}">{parts}</svg>'
    return Markup(picture).format(width=drawing.WIDTH, height=bottom + 6, meaning=say(_MEANING), parts=Markup("".join(parts)))  # noqa: S704  text() escapes


def _x(share: float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * share
