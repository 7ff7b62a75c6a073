"""What reports say in each language: a module for each, with the keys of sentences.ENGLISH."""

from __future__ import annotations

import importlib

from winback.outcomes.sentences import ENGLISH, Words
from winback.speech import Language


def words(language: Language) -> Words:
    """Everything that a report says in it; only that language is loaded."""
    if language is Language.EN:
        return ENGLISH
    found: Words = importlib.import_module(f"winback.outcomes.languages.{language}").WORDS
    return found
