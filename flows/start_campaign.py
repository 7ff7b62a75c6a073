"""Start a campaign through Prefect: the figures as an artifact, a pause with a form for whoever may say yes, then the first letters."""

from __future__ import annotations

from datetime import datetime

from prefect import flow, pause_flow_run, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.exceptions import FlowPauseTimeout
from prefect.input import RunInput
from pydantic import Field

from flows import opened
from flows.enrol_and_send import enrol_and_send
from flows.options import Sending, Starting
from winback.operations import approving
from winback.operations.approving import Waiting
from winback.operations.asking import Asked
from winback.sending import prepared


class Answer(RunInput):
    """What the form asks; anything but yes is no."""

    approve: bool = Field(default=False, title="Let it go", description="Anything but yes is no: nothing is sent.")
    name: str = Field(title="Your name", description="Who says so; it is kept with the approval.")


@task(cache_policy=NO_CACHE, task_run_name="show {campaign}")
def show(project: str, campaign: str, now: datetime | None) -> tuple[Waiting, bool]:
    """What would be approved, with letters below out/approval/; and whether it is approved already."""
    winback = opened.project(project)
    waiting, known = approving.show(opened.store(winback), prepared.prepare(winback, campaign), now=opened.moment(now))
    create_markdown_artifact(markdown(waiting.asked), key=f"approval-{campaign}", description=f"What {campaign} would do")
    return waiting, known is not None


@task(cache_policy=NO_CACHE, task_run_name="approve {campaign}")
def approve(project: str, campaign: str, shown: str, by: str, now: datetime | None) -> str:
    """Kept in winback's own table, for the files that were shown; refused when they were changed meanwhile."""
    winback = opened.project(project)
    return approving.approve(opened.store(winback), winback, campaign, shown=shown, by=by, now=opened.moment(now))


@flow(name="start-campaign", flow_run_name="start {options.campaign}")
def start_campaign(options: Starting) -> dict[str, int]:
    """Ask, wait for the answer as long as the options say, and send what is due. A no, or no answer in time, sends nothing.

    The process waits; should it die, `winback approve` and the studio are two more doors to the same approval.
    """
    project, campaign, now = options.project, options.campaign, options.now
    waiting, given = show(project, campaign, now)
    limit = opened.project(project).settings.approve_above
    if not given and limit is not None and waiting.asked.people > limit:
        form = Answer.with_initial_data(description=markdown(waiting.asked), name="")
        try:
            answer = pause_flow_run(wait_for_input=form, timeout=options.wait_seconds)
        except FlowPauseTimeout:
            return {}
        if not answer.approve:
            return {}
        approve(project, campaign, waiting.fingerprint, answer.name, now)
    return enrol_and_send(Sending(project=project, campaign=campaign, now=now))


def markdown(asked: Asked) -> str:
    """The figures, as Prefect's pages show them."""
    counted = [("Tactics", asked.arms), ("Languages", asked.languages), ("Letters, if nobody orders or answers before", asked.stages)]
    tables = [f"| {title} | |\n|---|---:|\n" + "\n".join(f"| {name} | {count:,} |" for name, count in counts.items()) for title, counts in counted]
    head = f"# {asked.campaign}\n\n**{asked.people:,} people** {'are still to be written to' if asked.has_begun else 'would be written to'}; "
    head += f"{asked.held_out:,} are left alone, to compare with."
    said = "\n".join(f"- {sentence}" for sentence in (*asked.changed, *asked.sentences()))
    letters = f"Letters to some of them lie in `out/approval/{asked.campaign}/{asked.letters[-1]}`." if asked.letters else asked.note
    return "\n\n".join([head, *tables, said, letters])
