"""The uncertain inputs of a scenario, as people know them."""

from __future__ import annotations

from dataclasses import dataclass

from sim.pinning import inputs
from sim.worlds import DRAW, TIER_INPUTS, Worlds
from tiermix.scenario import Scenario
from tiermix.words import money, number

#: Sections of the file that a name leaves out.
SECTIONS = ("tiers.", "audience.segments.", "curves.")

_MONEY = ("fee", "overhead", "order_value", "half", "scale")
_NUMBERS = ("followers", "max", "slope")


#: How the lift of a halo begins among the inputs, before its name.
HALO = "halo."


@dataclass(frozen=True, slots=True)
class UncertainInput:
    """What we do not know exactly.

    Parameters
    ----------
    name : str
        In the worlds.
    path : str
        In the scenario file, such as ``tiers.micro.fee.typical``.
    origin : str
        Where its value comes from: ``file``, ``preset card: micro``, ``default``.
    currency : str
    """

    name: str
    path: str
    origin: str
    currency: str

    @property
    def ordered(self) -> bool:
        """Whether it is a number, not one of many joint draws."""
        return self.name != DRAW

    @property
    def key(self) -> str:
        """Its last name, such as ``fee``."""
        return self.path.removesuffix(".typical").rpartition(".")[2]

    @property
    def short(self) -> str:
        """Its path without the section of the file: ``micro.fee``, ``search.hill.max``."""
        found = self.path.removesuffix(".typical")
        return next((found.removeprefix(s) for s in SECTIONS if found.startswith(s)), found)

    @property
    def phrase(self) -> str:
        """In a sentence: ``micro's conversion rate``."""
        if not self.ordered:
            return "the draw of the curves"
        if self.name.startswith(HALO):
            return f"the lift of {self.name.removeprefix(HALO)}"
        owner, _, _ = self.short.rpartition(".")
        owner = owner.removesuffix(".hill").removesuffix(".exponential")
        words = self.key.replace("_", " ")
        if self.key == "in_market":
            return f"the share of {owner} in market"
        return f"{owner}'s {words}" if owner else f"the {words}"

    def shown(self, value: float) -> str:
        """Return a value as people read it."""
        if not self.ordered:
            return f"draw {value + 1:.0f}"
        if self.key in _MONEY:
            return money(float(f"{value:.3g}"), self.currency)
        if self.key in _NUMBERS:
            return number(value)
        if self.name.startswith(HALO):
            value -= 1  # it is drawn as a factor on intent
        return f"{self._percent(value)} %"

    def shown_range(self, low: float, high: float) -> str:
        """Return two values as people read them, such as ``3.5 to 6 %``."""
        first = self.shown(low)
        return f"{first.removesuffix(' %')} to {self.shown(high)}"

    @staticmethod
    def _percent(value: float) -> str:
        percent = 100 * value
        return f"{percent:.3g}" if 1e-3 <= abs(percent) < 999 else number(percent)


def named(scenario: Scenario, worlds: Worlds) -> tuple[UncertainInput, ...]:
    """Return the uncertain inputs of a scenario, in the order in which they are drawn.

    Parameters
    ----------
    scenario : Scenario
    worlds : Worlds
        Of its campaign.
    """
    origins = {given.path: given.origin for given in scenario.inputs}
    found = []
    for name in inputs(worlds):
        path = _path(scenario, name, set(origins))
        found.append(UncertainInput(name, path, origins.get(path, "file"), scenario.currency))
    return tuple(found)


def _path(scenario: Scenario, name: str, stated: set[str]) -> str:
    """Return where an input stands in the file."""
    if name == DRAW:
        return "curves"
    if name.startswith(HALO):
        lifts = [one.path for one in scenario.inputs if _is_lift(one.path)]
        halos = [halo.name for halo in scenario.campaign.halos]
        return lifts[halos.index(name.removeprefix(HALO))]
    owner, _, key = name.rpartition(".")
    if name.startswith("in_market."):
        path = f"audience.segments.{name.removeprefix('in_market.')}.in_market"
    elif owner in {tier.name for tier in scenario.campaign.tiers} and key in TIER_INPUTS:
        path = f"tiers.{owner}.{key}"
    elif owner:
        kinds = (f"curves.{owner}.{kind}.{key}" for kind in ("hill", "exponential"))
        path = next((kind for kind in kinds if kind in stated), name)
    else:
        path = name
    return f"{path}.typical" if f"{path}.typical" in stated else path


def _is_lift(path: str) -> bool:
    """Whether a path of the file is the lift of a halo."""
    return path.startswith("halo.") and path.endswith(".lift")
