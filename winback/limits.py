"""What the fuse lets pass: the shape of `fuse:` in config/settings.yaml."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, model_validator

from winback.shapes import Share
from winback.strictyaml import Shape, refusal


class FuseCause(StrEnum):
    """Why a lane stopped."""

    BOUNCES = "bounces"  # too many letters were refused for good, or came back
    COMPLAINTS = "complaints"  # too many were called spam
    ERRORS = "errors"  # too many were put off, or not answered
    REFUSED = "refused"  # one after another was refused because of us: authentication, policy, reputation
    PERSON = "person"  # somebody stopped it
    CLOSED = "closed"  # the other side let nobody in or hung up; no fuse: the next run tries again


class Limit(Shape):
    """A share of the newest `of` letters of a lane, looked at once there are `at_least` so many."""

    above: Share  # the lane stops; 1: never
    of: int = Field(ge=1, le=100_000)
    at_least: int = Field(ge=1, le=100_000)

    @model_validator(mode="after")
    def _can_be_reached(self) -> Limit:
        if self.at_least > self.of:
            raise refusal(f"looks at {self.of} letters once there are {self.at_least}.", f"Write `at_least: {self.of}` or fewer.")
        return self


class BounceLimit(Limit):
    """Letters refused for good, or that came back because there is no such mailbox."""

    above: Share = 0.05
    of: int = Field(default=1_000, ge=1, le=100_000)
    at_least: int = Field(default=100, ge=1, le=100_000)


class ComplaintLimit(Limit):
    """Letters that their readers called spam. Gmail asks for less than 0.3 %, and better 0.1 %."""

    above: Share = 0.003
    warn_above: Share = 0.001
    of: int = Field(default=10_000, ge=1, le=100_000)
    at_least: int = Field(default=300, ge=1, le=100_000)

    @model_validator(mode="after")
    def _warns_first(self) -> ComplaintLimit:
        if self.warn_above > self.above:
            raise refusal(f"warns above {self.warn_above:g} and stops above {self.above:g}.", "Write a smaller `warn_above:`.")
        return self


class ErrorLimit(Limit):
    """Letters put off, answered by nothing, or refused because of us."""

    above: Share = 0.3
    of: int = Field(default=100, ge=1, le=100_000)
    at_least: int = Field(default=50, ge=1, le=100_000)


class FuseSettings(Shape):
    """When a lane stops by itself. Only a person lets it go on."""

    bounces: BounceLimit = BounceLimit()
    complaints: ComplaintLimit = ComplaintLimit()
    errors: ErrorLimit = ErrorLimit()
    refused_in_a_row: int = Field(default=3, ge=1, le=1_000)  # answers that refuse us, not the address: authentication, policy, reputation
