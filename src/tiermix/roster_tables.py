"""Lists of named creators with quotes, and tables of how their audiences overlap."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from tiermix.errors import TableError
from tiermix.quantity import parse_number, shown
from tiermix.tables import Row, Table
from tiermix.validation import suggestion

#: How the columns of a list of creators may be named.
ROLES: dict[str, tuple[str, ...]] = {
    "name": ("creator", "name", "handle", "influencer", "account"),
    "tier": ("tier",),
    "followers": ("followers", "follower_count", "subscribers", "audience_size"),
    "quote": ("quote", "package", "package_price", "total_fee"),
    "fee": ("fee", "fee_per_post", "price", "price_per_post"),
    "posts": ("posts", "number_of_posts"),
    "view_rate": ("view_rate", "reach_rate"),
    "engagement_rate": ("engagement_rate", "er"),
    "clicks_per_engagement": ("clicks_per_engagement",),
    "conversion_rate": ("conversion_rate", "cr", "cvr"),
    "available": ("available", "availability"),
    "must_have": ("must_have", "must"),
    "exclude": ("exclude", "excluded"),
    "group": ("group", "one_of"),
    "not_with": ("not_with", "conflicts"),
}
PAIR_ROLES: dict[str, tuple[str, ...]] = {
    "first": ("creator_a", "first", "a", "creator_1"),
    "second": ("creator_b", "second", "b", "creator_2"),
    "shared": ("shared", "shared_people", "shared_viewers", "shared_followers", "people"),
    "overlap": ("overlap", "share", "overlap_of_smaller", "shared_of_smaller"),
}
#: Likeness from which on a column counts as misspelt; sum of shares that rounding can come to.
ALIKE, ROUNDED = 0.8, 1.01

THOUSANDS = ("followers", "quote", "fee")
AMOUNTS = ("followers", "quote", "fee", "posts", "clicks_per_engagement")
RATES = ("view_rate", "engagement_rate", "conversion_rate")
#: Characters of a creator's name.
LONGEST_NAME = 100
_SHORT = re.compile(r"[0-9]+([.][0-9]+)?\s*[kKM]")
_GROUPED = re.compile(r"(?<![0-9.,])[1-9][0-9]{0,2}([.,])[0-9]{3}(\1[0-9]{3})*(?![0-9.,])")
_YES = {"yes", "y", "true", "1", "x", "must"}
_NO = {"no", "n", "false", "0", ""}


@dataclass(frozen=True, slots=True)
class Quote:
    """One row of a list of creators.

    Parameters
    ----------
    line : int
        In the file.
    name, tier : str
    followers : float
    fee : float
        Money, per post or (`package`) for all posts.
    package : bool
    stated : mapping of str to float
        Posts and rates that the row gives; the tier says the others.
    shares : mapping of str to float
        Of her audience in each segment, where the row gives them.
    available, must_have : bool
    group : str
        At most one creator of a group is hired; empty for none.
    not_with : tuple of str
        Creators who are not hired beside her.
    """

    line: int
    name: str
    tier: str
    followers: float
    fee: float
    package: bool
    stated: Mapping[str, float] = field(default_factory=dict)
    shares: Mapping[str, float] = field(default_factory=dict)
    available: bool = True
    must_have: bool = False
    group: str = ""
    not_with: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Roster:
    """A list of creators.

    Parameters
    ----------
    source : str
        Name of the file, for messages.
    quotes : tuple of Quote
    unused : tuple of str
        Columns that mean nothing here.
    misspelt : tuple of (str, str)
        Those of them that look like a name that would mean something, and that name.
    overlaps : tuple of (str, str, float, bool)
        Two creators, and the people they share; or (True) the share of the smaller audience.
    """

    source: str
    quotes: tuple[Quote, ...]
    unused: tuple[str, ...] = ()
    overlaps: tuple[tuple[str, str, float, bool], ...] = ()
    misspelt: tuple[tuple[str, str], ...] = ()


def roster(
    table: Table, tiers: Sequence[str], segments: Sequence[str], only: str | None = None
) -> Roster:
    """Read a list of creators.

    Parameters
    ----------
    table : Table
    tiers, segments : sequence of str
        Of the scenario.
    only : str, optional
        The tier that all creators belong to.

    Raises
    ------
    TableError
        If a row is wrong, naming row and column.
    """
    shares = {name: table.header.index(name) for name in segments if name in table.header}
    at = {
        role: column
        for role, column in table.columns(ROLES, ("name", "followers")).items()
        if column not in shares.values()
    }
    if "fee" not in at and "quote" not in at:
        raise table.error(1, "", "no column for the fee (per post) or the quote (for all posts)")
    known = [only] if only else list(tiers)
    amounts = {
        role: _amounts(table, at[role], thousands=role in THOUSANDS)
        for role in AMOUNTS
        if role in at
    }
    quotes = tuple(_quote(table, row, at, shares, known, amounts) for row in table.rows)
    _check_names(table, at, quotes)
    used = {*at.values(), *shares.values()}
    unused = tuple(name for i, name in enumerate(table.header) if i not in used and name)
    return Roster(table.source, quotes, unused, misspelt=_misspelt(unused, segments))


def _misspelt(unused: Sequence[str], segments: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the columns that are not used but look like one that would be, and that one."""
    known = [*segments, *(name for names in ROLES.values() for name in names)]
    found = []
    for column in unused:
        word = re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_")
        near = get_close_matches(word, known, n=1, cutoff=ALIKE)
        found += [(column, near[0])] if near else []
    return tuple(found)


def _quote(
    table: Table,
    row: Row,
    at: Mapping[str, int],
    shares: Mapping[str, int],
    tiers: Sequence[str],
    amounts: Mapping[str, Mapping[int, float]],
) -> Quote:
    def cell(role: str) -> str:
        return row.cells[at[role]] if role in at else ""

    def amount(role: str, *, zero: bool = False) -> float:
        value = amounts[role].get(row.line)
        if value is None or value < 0 or (value == 0 and not zero):
            message = f"{shown(cell(role)) if cell(role) else 'empty'}; expected a positive number"
            raise table.error(row.line, table.header[at[role]], message)
        return value

    def flag(role: str, default: bool) -> bool:
        text = cell(role).lower()
        if role not in at or (not text and default):
            return default
        if text not in _YES | _NO:
            raise table.error(row.line, table.header[at[role]], f"{shown(cell(role))}; say yes or "
                              "no")  # fmt: skip
        return text in _YES

    name, tier = cell("name"), cell("tier") or (tiers[0] if len(tiers) == 1 else "")
    if not name:
        raise table.error(row.line, table.header[at["name"]], "empty; expected a name")
    if not name.isprintable() or len(name) > LONGEST_NAME:
        message = f"{shown(name)} is no name; expected 1 to {LONGEST_NAME} printable characters"
        raise table.error(row.line, table.header[at["name"]], message)
    if tier not in tiers:
        column = table.header[at["tier"]] if "tier" in at else ""
        what = f"unknown tier {shown(tier)}, {suggestion(tier, tiers)}" if tier else (
            f"no tier; expected a column tier with one of {', '.join(tiers)}")  # fmt: skip
        raise table.error(row.line, column, what)
    package = bool(cell("quote"))
    if not package and not cell("fee"):
        column = table.header[at["fee" if "fee" in at else "quote"]]
        raise table.error(row.line, column, "empty; expected what she asks for")
    stated = {role: _share(table, row, at[role]) for role in RATES if cell(role)}
    stated |= {role: amount(role) for role in ("posts", "clicks_per_engagement") if cell(role)}
    audience = {s: _share(table, row, i) for s, i in shares.items() if row.cells[i]}
    whole = sum(audience.values())
    if whole > ROUNDED:
        raise table.error(row.line, "", "the shares of the segments add up to more than 100%")
    audience = {s: part / max(whole, 1.0) for s, part in audience.items()}
    return Quote(
        row.line, name, tier, amount("followers"), amount("quote" if package else "fee", zero=True),
        package, stated, audience,
        flag("available", True) and not flag("exclude", False), flag("must_have", False),
        cell("group"), tuple(n.strip() for n in cell("not_with").split("+") if n.strip()),
    )  # fmt: skip


def _amounts(table: Table, column: int, *, thousands: bool) -> dict[int, float]:
    """Return the amounts in a column by line: with separators, a currency, or as 120k.

    People and money have no three decimals (`thousands`): 1.200 is 1,200.
    """
    values, plain = {}, []
    for row in table.rows:
        text = row.cells[column]
        if _SHORT.fullmatch(text):
            values[row.line] = parse_number(text).low
        elif text:
            grouped = _GROUPED.search(text) if thousands else None
            text = re.sub("[.,]", "", text) if grouped else text
            cells = (*row.cells[:column], text, *row.cells[column + 1 :])
            plain.append(replace(row, cells=cells))
    if plain:
        numbers = replace(table, rows=tuple(plain)).numbers(column)[0]
        values |= {row.line: value for row, value in zip(plain, numbers, strict=True)}
    return values


def _share(table: Table, row: Row, column: int) -> float:
    """Return a share in a cell, such as 3.5%, 3,5 % or 0.035."""
    text = row.cells[column]
    try:
        value = parse_number(text.replace(",", ".").replace(" %", "%")).low
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        message = f"{shown(text)}; expected a share such as 3.5% or 0.035"
        raise table.error(row.line, table.header[column], message)
    return value


def _check_names(table: Table, at: Mapping[str, int], quotes: Sequence[Quote]) -> None:
    first: dict[str, int] = {}
    for quote in quotes:
        if quote.name in first:
            message = f"{shown(quote.name)} stands in row {first[quote.name]} already"
            raise table.error(quote.line, table.header[at["name"]], message)
        first[quote.name] = quote.line
    for quote in quotes:
        for name in quote.not_with:
            if name not in first:
                message = f"no creator {shown(name)}, {suggestion(name, list(first))}"
                raise table.error(quote.line, table.header[at["not_with"]], message)
        if quote.must_have and not quote.available:
            raise table.error(quote.line, "", f"{quote.name} is a must-have, but not available")


def with_overlaps(creators: Roster, table: Table) -> Roster:
    """Return a list of creators with a table of the people that pairs of them share.

    Raises
    ------
    TableError
        If a row is wrong, naming row and column.
    """
    at = table.columns(PAIR_ROLES, ("first", "second"))
    if ("shared" in at) == ("overlap" in at):
        raise table.error(1, "", "expected one column shared (people) or overlap (share of the "
                          "smaller audience)")  # fmt: skip
    role = "shared" if "shared" in at else "overlap"
    followers = {quote.name: quote.followers for quote in creators.quotes}
    people = _amounts(table, at[role], thousands=True) if role == "shared" else {}
    seen: dict[frozenset[str], int] = {}
    found = []
    for row in table.rows:
        names = [_known(table, row, at[which], followers) for which in ("first", "second")]
        pair = frozenset(names)
        if len(pair) < 2:
            raise table.error(row.line, "", f"{names[0]} beside herself; expected two creators")
        if pair in seen:
            raise table.error(row.line, "", f"this pair stands in row {seen[pair]} already")
        seen[pair] = row.line
        if role == "overlap":
            value = _share(table, row, at[role])
        else:
            value = people.get(row.line, -1.0)
            most = min(followers[name] for name in names)
            if not 0 <= value <= most:
                message = f"{shown(row.cells[at[role]])}; expected 0 to {most:,.0f} people, the "
                raise table.error(row.line, table.header[at[role]], f"{message}smaller audience")
        found.append((names[0], names[1], value, role == "overlap"))
    return replace(creators, overlaps=tuple(found))


def _known(table: Table, row: Row, column: int, names: Mapping[str, float]) -> str:
    name = row.cells[column]
    if name not in names:
        message = f"no creator {shown(name)} in the roster, {suggestion(name, list(names))}"
        raise TableError(table.source, row.line, table.header[column], message)
    return name
