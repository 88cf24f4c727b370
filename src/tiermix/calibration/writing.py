"""Ranges as a scenario file writes them, and into one that exists: the user's text stays."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from difflib import SequenceMatcher, unified_diff
from io import StringIO
from math import copysign, floor, inf, isinf, log10
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.scalarint import ScalarInt

from sim.uncertain import Uncertain
from tiermix.calibration.calibrating import Calibration
from tiermix.calibration.estimates import Estimate
from tiermix.calibration.learning import TierFit
from tiermix.errors import TableError, UsageError, not_written
from tiermix.quantity import parse_quantity
from tiermix.scenario_file import parse
from tiermix.whole_files import drafted

#: Inputs that are written as percentages.
PERCENT = (
    "view_rate",
    "engagement_rate",
    "clicks_per_engagement",
    "conversion_rate",
    "delivery_rate",
)

#: Significant figures of a written number; ranges are rounded outward.
FIGURES = 3

#: The largest share that the end of a range can be.
NEARLY_ALL = 0.9999

#: A comment that an earlier calibration wrote.
_OURS = re.compile(r"^#\s*[\d,]+ posts? of [\d,]+ creators?(?=\s*(\n|$))")

_ELASTICITIES = {"fee": "fee_elasticity", "engagement_rate": "engagement_elasticity"}


def resting(posts: int, creators: int) -> str:
    """Return what an estimate rests on, in words."""
    whose = f"{creators:,} creator{'s' if creators != 1 else ''}"
    return f"{posts:,} post{'s' if posts != 1 else ''} of {whose}"


def tier_values(fit: TierFit) -> dict[str, Any]:
    """Return what a tier's block should say, key by key: only what was learned.

    Parameters
    ----------
    fit : TierFit

    Raises
    ------
    ValueError
        If a range is none that a scenario can state.
    """
    values: dict[str, Any] = {}
    for estimate in fit.estimates:
        if not estimate.learned:
            continue
        values[estimate.key] = _law(estimate)
        _check(f"tiers.{fit.prior.name}.{estimate.key}", values[estimate.key])
        if estimate.elasticity is not None:
            values[_ELASTICITIES[estimate.key]] = int(estimate.elasticity * 100) / 100
    for key, elasticity in _ELASTICITIES.items():
        if elasticity in values:
            values[elasticity] = _fitting(fit, values, key, values[elasticity])
    if fit.authentic is not None:
        values["authentic_share"] = "100%"
    return values


def _check(path: str, law: Any) -> None:
    """Refuse a range that cannot be read back, such as of fees in cents and in millions."""
    for part in law.values() if isinstance(law, Mapping) else (law,):
        try:
            parse_quantity(str(part))
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error


def _learned(calibration: Calibration, fit: TierFit) -> dict[str, Any]:
    """Return what a tier's block should say; refuse posts that teach what cannot be said."""
    try:
        return tier_values(fit)
    except ValueError as error:
        source = calibration.history.source
        message = f"the posts teach no range that a scenario can state: {error}; is a number wrong?"
        raise TableError(source, 0, "", message) from error


def _fitting(fit: TierFit, values: dict[str, Any], key: str, elasticity: float) -> float:
    """Return an elasticity that the ranges as they are written leave room for."""
    spreads = [_written_spread(fit, values, one) for one in (key, "followers")]
    largest = spreads[0] / spreads[1] if spreads[1] > 0 else inf
    if abs(elasticity) <= largest:
        return elasticity
    return copysign(floor(largest * 1000) / 1000, elasticity)


def _written_spread(fit: TierFit, values: dict[str, Any], key: str) -> float:
    """Return the spread between creators that an input will have, on its link scale."""
    estimate = next(one for one in fit.estimates if one.key == key)
    written = values.get(key)
    if not isinstance(written, Mapping) or "creators" not in written:
        return estimate.before.creators_sd if estimate.before else 0.0
    ends = parse_quantity(written["creators"])
    return Uncertain.stated(estimate.link, creators=(ends.low, ends.high)).creators_sd


def learned_text(calibration: Calibration) -> str:
    """Return the learned blocks as YAML text, to paste into a scenario."""
    document = CommentedMap()
    if calibration.order_value is not None:
        document["order_value"] = _law(calibration.order_value)
    document["tiers"] = CommentedMap()
    for fit in calibration.tiers:
        if fit.posts:
            block = CommentedMap(_learned(calibration, fit))
            document["tiers"][fit.prior.name] = block
            _say_where_from(block, fit)
    return _dumped(_yaml(), document)


def merged(text: str, source: str, calibration: Calibration) -> str:
    """Return a scenario's text with what was learned; the rest of it stays as it is.

    Parameters
    ----------
    text : str
        Of the scenario file.
    source : str
        Its name, for messages.
    calibration : Calibration
        An order value that is the same in every row is a price, not what orders taught: it does
        not take the place of the scenario's.

    Raises
    ------
    ScenarioError
        If the result would be no valid scenario: nothing is to be written then.
    """
    yaml, ending = _yaml(), "\r\n" if "\r\n" in text else "\n"
    plain = text.replace("\r\n", "\n")
    document = yaml.load(plain)
    before = _dumped(yaml, yaml.load(plain))
    value = calibration.order_value
    if value is not None and not (value.exact and "order_value" in document):
        _put(document, "order_value", _law(value))
    for fit in calibration.tiers:
        block = document["tiers"][fit.prior.name]
        for key, value in _learned(calibration, fit).items() if fit.posts else ():
            _put(block, key, value)
        if fit.posts:
            _say_where_from(block, fit)
    after = _dumped(yaml, document)
    woven = _woven(plain, before, after)
    if yaml.load(woven) != yaml.load(after):
        woven = after
    woven = woven.replace("\n", ending)
    parse(woven, source)
    return woven


def difference(before: str, after: str, name: str) -> str:
    """Return what changes as a unified diff; empty if nothing does."""
    lines = unified_diff(
        before.splitlines(), after.splitlines(), name, f"{name} (calibrated)", lineterm=""
    )
    return "\n".join(lines)


def write_over(path: Path, text: str) -> None:
    """Replace a file as a whole: a stop at any moment leaves the old one or the new one.

    Raises
    ------
    UsageError
        If it cannot be written; the old one is still there.
    """
    try:
        with drafted(path) as draft, draft.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise not_written(path, error) from error


def _law(estimate: Estimate) -> Any:
    """Return an estimate as the scenario format writes it."""
    typical = range_text(estimate.typical, percent=estimate.key in PERCENT)
    if estimate.spread is None:
        known = " to " not in typical and estimate.key not in PERCENT
        return float(typical.replace("_", "")) if known else typical
    law = CommentedMap(typical=typical)
    law["creators"] = range_text(estimate.spread, percent=estimate.key in PERCENT)
    if estimate.key == "followers":
        law |= {
            name: ScalarInt(round(limit), underscore=[3, False, False])
            for name, limit in (("min", estimate.low), ("max", estimate.high))
            if 0 < limit < inf
        }
    law.fa.set_flow_style()
    return law


def range_text(ends: tuple[float, float], *, percent: bool) -> str:
    """Return a range as text, rounded outward to a few figures."""
    low, high = (100 * end for end in ends) if percent else ends
    digits = FIGURES
    while True:
        a, b = _rounded(low, digits, floor), _rounded(high, digits, _ceil)
        if percent:
            b = min(b, 100 * NEARLY_ALL)
        texts = [_figure(end, percent=percent) for end in (a, b)]
        if texts[0] != texts[1]:
            return " to ".join(texts)
        if digits > 9:
            return texts[0]
        digits += 1


def _ceil(value: float) -> int:
    return -floor(-value)


def _rounded(value: float, digits: int, towards: Any) -> float:
    """Return a number rounded to some significant figures, one way."""
    if value == 0 or isinf(value):
        return value
    step = 10.0 ** (floor(log10(abs(value))) - digits + 1)
    return float(f"{towards(round(value / step, 6)) * step:.{digits}g}")


def _figure(value: float, *, percent: bool) -> str:
    if percent:
        return f"{value:.10g}%"
    return f"{value:_.0f}" if value >= 1000 else f"{value:.10g}"


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 100_000
    return yaml


def _dumped(yaml: YAML, document: Any) -> str:
    out = StringIO()
    yaml.dump(document, out)
    return out.getvalue()


def _put(block: CommentedMap, key: str, value: Any) -> None:
    """Set a key; a mapping that stands there keeps its comments and layout."""
    old = block.get(key)
    if isinstance(old, CommentedMap) and isinstance(value, Mapping):
        for gone in [inner for inner in old if inner not in value]:
            del old[gone]
        for inner, new in value.items():
            old[inner] = new
    else:
        block[key] = value


def _say_where_from(block: CommentedMap, fit: TierFit) -> None:
    """Write beside each learned line what it rests on, where there is no comment but ours."""
    if block.fa.flow_style():
        return
    for estimate in fit.estimates:
        key, value = estimate.key, block.get(estimate.key)
        if not estimate.learned or (isinstance(value, CommentedMap) and not value.fa.flow_style()):
            continue
        told, comment = resting(estimate.posts, estimate.creators), block.ca.items.get(key)
        if not comment:
            block.yaml_add_eol_comment(told, key, column=0)
        elif comment[2] is not None:
            comment[2].value = _OURS.sub(f"# {told}", comment[2].value, count=1)


def _woven(text: str, before: str, after: str) -> str:
    """Return a text with the changes between two others that are laid out alike.

    `before` is the text as the YAML library lays it out; where that differs from the text, the
    text's own layout stays.
    """
    own, old, new = (part.splitlines(keepends=True) for part in (text, before, after))
    place = {0: 0, len(old): len(own)}
    for block in SequenceMatcher(None, old, own, autojunk=False).get_matching_blocks():
        for i in range(block.size + 1):
            place.setdefault(block.a + i, block.b + i)
    result, at = [], 0
    changes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for tag, i1, i2, j1, j2 in changes:
        if tag == "equal":
            continue
        if i1 not in place or i2 not in place or place[i1] < at or place[i2] < place[i1]:
            return after
        result += own[at : place[i1]] + new[j1:j2]
        at = place[i2]
    return "".join(result + own[at:])


def scenario_text(path: Path) -> str:
    """Return the text of a scenario file, with its line ends.

    Raises
    ------
    UsageError
        If it cannot be read.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read") from error
