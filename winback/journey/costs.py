"""What a campaign's whole sequence costs for one customer, tactic by tactic: letters, messages, calls, gifts and discounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from winback.audience import worth
from winback.audience.worth import Cost, Prices, Promise
from winback.journey.campaign import Campaign
from winback.journey.stage import Stage
from winback.model import ChannelName, TaskKind
from winback.settings import Project


@dataclass(frozen=True, slots=True)
class Outlay:
    """One tactic's sequence, played to its end: counts of what is sent, and what is promised."""

    prices: Prices
    letters: int
    messages: int
    calls: int
    promises: tuple[Promise, ...]

    def cost(self, average_order: Decimal) -> Cost:
        """For a customer whose order would be `average_order`, in the project's currency."""
        return worth.cost_of_sequence(
            self.prices, letters=self.letters, messages=self.messages, calls=self.calls, promises=self.promises, average_order=average_order
        )

    @property
    def fixed(self) -> Decimal:
        """What it costs whatever the customer orders."""
        return self.cost(Decimal(0)).amount

    @property
    def share_of_order(self) -> Decimal:
        """What it costs more for each unit of the customer's average order."""
        return sum((promise.discount * promise.take_up for promise in self.promises), Decimal(0))


def prices(project: Project) -> Prices:
    """What one of each costs, by settings.yaml."""
    settings = project.settings
    gateways = {str(name): gateway.cost for name, gateway in settings.gateways.items()}
    return Prices(settings.email.cost, settings.telegram.cost, settings.call_cost, gateways)


def outlays(campaign: Campaign, prices: Prices) -> Mapping[str, Outlay]:
    """By tactic. A stage that may go out over several ways is counted on the dearest of those that it has something for."""
    return {tactic: _outlay(campaign, tactic, prices) for tactic in campaign.tactics}


def dearest(by_tactic: Mapping[str, Outlay], average_order: Decimal) -> Cost:
    """The cost of the dearest tactic: whether somebody is worth it is decided before they are assigned to one."""
    return max((outlay.cost(average_order) for outlay in by_tactic.values()), key=lambda cost: cost.amount)


def _outlay(campaign: Campaign, tactic: str, prices: Prices) -> Outlay:
    price: dict[str, Decimal] = {
        ChannelName.EMAIL: prices.letter,
        ChannelName.TELEGRAM: prices.message,
        TaskKind.CALL: prices.call,
        **prices.gateways,
    }
    chosen = [max(ways, key=lambda way: price.get(way, Decimal(0))) for stage in campaign.stages if (ways := _ways(stage, tactic))]
    messages = [price.get(way, Decimal(0)) for way in chosen if isinstance(way, ChannelName) and way is not ChannelName.EMAIL]
    if messages:  # of several channels their mean: the sum is the same
        prices = replace(prices, message=sum(messages, Decimal(0)) / len(messages))
    offer = campaign.offer_of(tactic)
    promises = () if offer is None else (Promise(*offer.usual, Decimal(str(offer.take_up))),)
    return Outlay(prices, chosen.count(ChannelName.EMAIL), len(messages), campaign.calls + chosen.count(TaskKind.CALL), promises)


def _ways(stage: Stage, tactic: str) -> list[ChannelName | TaskKind]:
    """The ways over which a stage may reach a tactic's customers; a task by its kind."""
    task = stage.task_for(tactic)
    channels: list[ChannelName | TaskKind] = [channel for channel in stage.channels if stage.text_for(channel, tactic) is not None]
    return channels if task is None else [*channels, task.kind]
