"""How campaigns, runs and deliveries stand, in the words that pages show: constants, translated where they are shown."""

from __future__ import annotations

from winback.audience.lifecycle import Stage
from winback.audience.value import ValueClass
from winback.model import HOLDOUT, TASK, ChannelName, DeliveryStatus
from winback.speech import figure, joined
from winback.studio.words import N_, NP_

CAMPAIGN = {
    "waiting-for-approval": N_("waits for approval"),
    "approved": N_("approved, not begun"),
    "not-begun": N_("not begun"),
    "active": N_("under way"),
    "waiting": N_("waits for approval"),
    "paused": N_("paused"),
    "cancelled": N_("cancelled"),
    "finished": N_("over"),
}
DELIVERY = {
    DeliveryStatus.PLANNED: N_("planned"),
    DeliveryStatus.CLAIMED: N_("being sent"),
    DeliveryStatus.HANDED_OVER: N_("handed over"),
    DeliveryStatus.SENT: N_("sent"),
    DeliveryStatus.FAILED: N_("failed"),
    DeliveryStatus.UNCERTAIN: N_("uncertain"),
    DeliveryStatus.STOPPED: N_("stopped"),
    DeliveryStatus.SKIPPED: N_("skipped"),
    DeliveryStatus.HELD_OUT: N_("left alone"),
}
RECIPIENT = {
    "active": N_("stages are still to come"),
    "stopped": NP_("customer", "stopped"),
    "finished": N_("every stage is behind"),
    "held_out": N_("left alone, to compare with"),
    "skipped": N_("skipped"),
}
CHANNEL = {
    ChannelName.EMAIL: N_("e-mail"),
    ChannelName.TELEGRAM: N_("Telegram"),
    ChannelName.SMS: N_("SMS"),
    ChannelName.VIBER: N_("Viber"),
    ChannelName.WHATSAPP: N_("WhatsApp"),
    TASK: N_("by a person"),
}
STAGE = {
    Stage.POTENTIAL: N_("never bought yet"),
    Stage.BUYER: N_("bought once"),
    Stage.REPEAT: N_("bought again"),
    Stage.REGULAR: N_("regular"),
    Stage.ADHERENT: N_("adherent"),
    Stage.ADVOCATE: N_("advocate"),
    Stage.VIP: N_("VIP"),
    Stage.BLACK_LIST: N_("black list"),
    Stage.LOST: N_("lost"),
}
"""Where a customer stands with the shop."""
VALUE = {ValueClass.GOLD: N_("gold"), ValueClass.SILVER: N_("silver"), ValueClass.COPPER: N_("copper")}
ALONE = N_("left alone, to compare with")


def arm(name: str) -> str:
    """An arm as people call it: tactics have names of the shop's own."""
    return ALONE if name == HOLDOUT else name


def some(count: int, most: int = 0) -> str:
    """A count; one that was counted up to `most` only says that it may be more."""
    return joined((figure(count), "+"), "") if most and count >= most else figure(count)
