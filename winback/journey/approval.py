"""Whether a campaign may write to so many people by itself, or waits until a person has looked at it."""

from __future__ import annotations

from dataclasses import dataclass

GROWTH = 0.1
"""So much larger may a cohort have become since it was approved: data goes on, and nobody approves every order."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a person said of this very plan, so far."""

    approved: bool = False
    withdrawn: bool = False
    cohort: int = 0  # how many were in it when the plan was shown

    @property
    def stands(self) -> bool:
        return self.approved and not self.withdrawn


def outgrown(given: Given, cohort: int) -> bool:
    """The cohort has so many more members than were shown that the approval was for something else."""
    return cohort > given.cohort * (1 + GROWTH)


def may_go(above: int | None, people: int, given: Given | None) -> bool:
    """Whether a plan that would write to so many people needs nobody, or has somebody's approval. `above`: the setting; None: never ask.

    What was withdrawn stays so, however few are left to write to.
    """
    if given is not None and (given.withdrawn or given.approved):
        return given.stands
    return above is None or people <= above
