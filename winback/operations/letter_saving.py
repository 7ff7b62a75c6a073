"""A letter saved with the translations of what it says now, together or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine

from winback.errors import Refused
from winback.operations import as_if, drafts, editing, letter_words, project_files
from winback.operations.drafts import Draft
from winback.operations.editing import Answer, Change, Conflict, Faults, Saved
from winback.operations.letter_texts import Named
from winback.operations.letter_words import Filled
from winback.settings import Project

_TRIES = 3


def save(  # noqa: PLR0917  what is saved, and who says so
    project: Project, engine: Engine, letter: Named, changes: list[Change], filled: Filled, who: str, *, by: str, email: str, now: datetime
) -> Answer:
    """The letter's files and the catalogues with what was filled in. `who` signs in so: their draft of the letter goes once it is saved.

    Catalogues are everybody's: what others translate meanwhile stays, and is no conflict. Raises ConfigError as `editing.save_together` does.
    """
    changes = [Change(each.path, project_files.plain(each.text), each.version) for each in changes]
    for attempt in range(_TRIES):
        try:
            catalogues = _catalogues(project, letter, changes, filled)
        except Refused as refused:
            return Faults(refused.problems)
        answer = editing.save_together(project, engine, [*changes, *catalogues], by=by, email=email, now=now, said=_said(letter, changes, filled))
        meanwhile = {clash.theirs.path for clash in answer.clashes} if isinstance(answer, Conflict) else set()
        if not meanwhile or not meanwhile <= {each.path for each in catalogues} or attempt == _TRIES - 1:
            break
    if isinstance(answer, Saved):
        drafts.drop(project, who, of(letter))
    return answer


def of(letter: Named) -> str:
    """What a draft of the letter is of."""
    return f"letter {letter.kind}/{letter.name}"


def keep(project: Project, letter: Named, changes: list[Change], more: Mapping[str, str], who: str, *, by: str, now: datetime) -> Draft:
    """Keep what was written as a draft: the good files stay."""
    texts = {each.path: project_files.plain(each.text) for each in changes}
    return drafts.keep(project, who, Draft(of(letter), by, now, texts, {each.path: each.version for each in changes}, more))


def _catalogues(project: Project, letter: Named, changes: list[Change], filled: Filled) -> list[Change]:
    if not filled:
        return []
    contents = {each.path: project_files.as_written(project, each.path, each.text) for each in changes}
    with as_if.changed(project, contents) as after:
        before = {path: editing.open(project, path) for path in _paths(project, filled)}
        texts = letter_words.tidied(project, after, letter, filled)
    return [Change(path, text, before[path].version) for path, text in texts.items()]


def _paths(project: Project, filled: Filled) -> list[str]:
    return [letter_words.path(project, language) for language in dict.fromkeys(language for language, _ in filled)]


def _said(letter: Named, changes: list[Change], filled: Filled) -> str:
    what = "e-mail" if letter.kind == "email" else "message"
    languages = ", ".join(dict.fromkeys(language for language, _ in filled))
    if not changes:
        return f"Translate the {what} {letter.name}: {languages}"
    return f"Edit the {what} {letter.name}{f', and translate it: {languages}' if languages else ''}"
