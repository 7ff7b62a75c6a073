"""What flows may be asked: each model is a form on Prefect's page, with titles, descriptions and choices.

Empty words mean what the schedule does. A word that no model knows is refused before anything runs.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from winback.speech import Language


class Options(BaseModel):
    """What every flow may be asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    project: str = Field(
        ".", title="Project folder", description="Where config/ and templates/ lie. A dot is WINBACK_HOME, which the worker starts in."
    )
    now: AwareDatetime | None = Field(
        None,
        title="As if it were",
        description="A moment with its offset, for a simulation on made-up data: 2026-11-24T10:30:00Z. Empty: the present.",
    )


class Importing(Options):
    """What to import."""

    source: str = Field("", title="Source", description="One source of config/sources.yaml, by its name. Empty: all of them, in their order.")


class HowMuch(StrEnum):
    """How many facts are counted."""

    CHANGES = "what changed"
    EVERYTHING = "everything anew"


class Counting(Options):
    """How facts are counted; everybody is scored after either."""

    count: HowMuch = Field(
        HowMuch.CHANGES, title="Count", description="What changed since the last time, or everything anew, for when facts are in doubt."
    )


class Sending(Options):
    """What to go on with."""

    campaign: str = Field(
        "", title="Campaign", description="A file of config/campaigns/, by its name: it is started if it hasn't been. Empty: all that were started."
    )


class Helping(Options):
    """Whom to lend a hand."""

    campaign: str = Field("", title="Campaign", description="A campaign that was started, by its name. Empty: all that were started.")


class Starting(Options):
    """What is to begin, and how long a person has to answer."""

    campaign: str = Field(title="Campaign", description="A file of config/campaigns/, by its name, as winter-tea.")
    wait_seconds: int = Field(
        24 * 60 * 60,
        ge=1,
        title="Wait, in seconds",
        description="How long the form waits for an answer. No answer in time sends nothing. 86400 is a day.",
    )


class Foreseeing(Options):
    """How far ahead to look."""

    months: int = Field(2, ge=1, le=12, title="Months", description="How many months to tell, the present one counted.")
    country: str = Field("", title="Country", description="Two letters, as UA. Empty: all that have customers.")


class Returning(Options):
    """Where mails come from."""

    place: str = Field(
        "",
        title="Where the mails lie",
        description="A Maildir, a folder of mails, an mbox, or imap:USER@HOST/FOLDER, as in `winback bounces --from`. Empty: what settings.yaml names.",
    )


class FollowingUp(Options):
    """What the bot does beside answering customers' threads."""

    hear: bool = Field(
        default=True,
        title="Hear the bot",
        description="Take in what customers told it. Switch it off where `winback bot` runs: one of them may listen.",
    )


class Collecting(Options):
    """Where answers and bounces arrive."""

    replies: str = Field(
        "", title="Maildir", description="The folder that answers and bounces arrive in. Empty: the mailbox that settings.yaml names."
    )


class Reporting(Options):
    """In which language a report is told."""

    language: Language | None = Field(None, title="Language", description="Of the report. Empty: that of settings.yaml.")
    page: str = Field("", title="File", description="Where the page is written. Empty: out/reports/, by its own name.")


class Measuring(Reporting):
    """What to measure."""

    campaign: str = Field("", title="Campaign", description="One that ran, by its name. Empty: all that ever ran.")
    truth: Annotated[dict[str, float] | None, SkipJsonSchema()] = Field(None, description="Tactics' true effects, known for made-up shops only.")


class Telling(Reporting):
    """Which quarter to tell."""

    quarter: str = Field("", pattern=r"^(\d{4}-?[Qq][1-4])?$", title="Quarter", description="As 2026Q3. Empty: the last that is over.")


class Weekly(Options):
    """How many days to tell."""

    days: int = Field(7, ge=1, le=92, title="Days", description="How many whole days back from today.")


class Examining(Options):
    """What to look at, and what follows."""

    dns: str = Field("", title="Name server", description="An address to ask, as 192.0.2.53. Empty: the system's.")
    from_ip: list[str] = Field(
        default_factory=list, title="Letters leave from", description="Addresses, as 192.0.2.10, where the mail server's own isn't the one."
    )
    fail: bool = Field(
        default=True, title="Fail where something is to mend", description="The run turns red then. Otherwise only the artifact and the event say so."
    )


def as_parameters(options: Options) -> dict[str, Any]:
    """What a deployment is run with: only what was said."""
    return {"options": options.model_dump(mode="json", exclude_defaults=True)}
