"""Past posts as arrays: what each column means, and what a table may not hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiermix.calibration.columns import NOTHING, LongTable, read_long
from tiermix.calibration.dates import Style, read_dates
from tiermix.errors import TableError

Array = NDArray[np.float64]
Codes = NDArray[np.int32]

#: How headers name each role, with _ between words.
SYNONYMS = {
    "creator": (
        "creator", "influencer", "name", "handle", "username", "user", "account", "profile",
        "creator_name", "creator_id", "influencer_name", "creator_handle",
    ),
    "tier": ("tier", "creator_tier", "influencer_tier", "size", "category", "segment"),
    "platform": ("platform", "network", "channel", "social_network"),
    "campaign": ("campaign", "campaign_name", "campaign_id", "flight", "activation"),
    "date": (
        "date", "posted", "published", "post_date", "posted_at", "published_at", "day",
        "publish_date", "posting_date", "datum", "created_at",
    ),
    "followers": ("followers", "follower", "follower_count", "followers_count", "subscribers",
        "audience_size", "following_size", "fans"),
    "fee": ("fee", "fees", "cost", "spend", "price", "paid", "amount", "total_fee", "total_cost",
        "budget", "compensation", "payment"),
    "fee_per_post": ("fee_per_post", "cost_per_post", "price_per_post", "rate_per_post"),
    "posts": ("posts", "post_count", "number_of_posts", "deliverables", "n_posts"),
    "impressions": ("impressions", "views", "impression", "total_impressions", "video_views",
        "plays"),
    "reach": ("reach", "reached", "accounts_reached", "unique_reach", "people_reached"),
    "engagements": ("engagements", "engagement", "interactions", "total_engagements",
        "total_engagement", "total_interactions"),
    "likes": ("likes", "like_count", "likes_count", "reactions"),
    "comments": ("comments", "comment_count", "comments_count"),
    "shares": ("shares", "share_count", "reposts", "retweets"),
    "saves": ("saves", "save_count", "saved"),
    "clicks": ("clicks", "link_clicks", "click", "url_clicks", "total_clicks", "sessions",
        "swipe_ups"),
    "conversions": ("conversions", "orders", "sales", "purchases", "conversion", "transactions",
        "signups"),
    "revenue": ("revenue", "turnover", "sales_value", "order_value", "gmv", "total_revenue"),
}  # fmt: skip

#: Counts that make up engagements where these are not given.
PARTS = ("likes", "comments", "shares", "saves")

_NUMBERS = (
    "followers", "fee", "fee_per_post", "posts", "impressions", "reach", "engagements", *PARTS,
    "clicks", "conversions", "revenue",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Labels:
    """A text in every row.

    Parameters
    ----------
    names : tuple of str
    codes : ndarray of int, shape (n_rows,)
        −1 where nothing is written.
    """

    names: tuple[str, ...]
    codes: Codes


@dataclass(frozen=True, slots=True)
class History:
    """Posts, one a row (or several of one creator: then `posts` says how many).

    Parameters
    ----------
    source : str
        Name of the file.
    lines : ndarray of int, shape (n_rows,)
        Where each row stands in the file.
    creator : ndarray of int, shape (n_rows,)
        The same number for the same creator; a number of its own where none is named.
    creators : tuple of str
        Names by that number, as far as there are any.
    tier, platform, campaign : Labels or None
    date : ndarray of datetime64, shape (n_rows,), or None
    posts : ndarray, shape (n_rows,)
        0 for a creator who was hired and did not post.
    followers, fee, impressions, reach, engagements, clicks, conversions, revenue : ndarray
        Of shape (n_rows,), sums over the posts of the row; NaN where unknown. `fee` is money
        for the row.
    unused : tuple of str
        Headers that play no role.
    """

    source: str
    lines: NDArray[np.int64]
    creator: NDArray[np.intp]
    creators: tuple[str, ...]
    tier: Labels | None
    platform: Labels | None
    campaign: Labels | None
    date: NDArray[np.datetime64] | None
    posts: Array
    followers: Array
    fee: Array
    impressions: Array
    reach: Array
    engagements: Array
    clicks: Array
    conversions: Array
    revenue: Array
    unused: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Number of rows."""
        return int(self.lines.size)

    @property
    def views(self) -> str:
        """What says how many followers saw a post: ``reach`` where known, else impressions."""
        return "reach" if np.isfinite(self.reach).any() else "impressions"

    def where(self, rows: NDArray[Any]) -> History:
        """Return some of the rows, by mask or position."""
        changed: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                changed[field.name] = value[rows]
            elif isinstance(value, Labels):
                changed[field.name] = Labels(value.names, value.codes[rows])
        return replace(self, **changed)

    def creator_name(self, row: int) -> str:
        """Return who a row is about."""
        code = int(self.creator[row])
        return self.creators[code] if code < len(self.creators) else ""


def read_history(path: Path, named: Mapping[str, str], dates: Style | None = None) -> History:
    """Read past posts.

    Parameters
    ----------
    path : Path
        CSV file.
    named : mapping of str to str
        Headers by role, for those that are not known by a synonym.
    dates : {"day-first", "month-first"}, optional

    Raises
    ------
    TableError
        If the table cannot be read, or a cell cannot be what its column says.
    """
    table = read_long(path, SYNONYMS, named)
    if not set(table.columns) & set(_NUMBERS):
        expected = "followers, fee, impressions, engagements, clicks or conversions"
        message = f"no column that says something about posts; expected {expected}"
        raise TableError(table.source, 1, "", message)
    numbers = table.numbers(_NUMBERS)
    _check_followers(table, numbers)
    missing = np.full(table.lines.size, np.nan)
    posts = numbers.get("posts", missing)
    posts = np.where(np.isfinite(posts), posts, 1.0)
    creator, creators = _creators(_labels(table, "creator"), table.lines.size)
    return History(
        source=table.source,
        lines=table.lines,
        creator=creator,
        creators=creators,
        date=read_dates(table, "date", dates) if "date" in table.columns else None,
        posts=posts,
        fee=_fees(table, numbers, posts, missing),
        engagements=_engagements(numbers, missing),
        tier=_labels(table, "tier"),
        platform=_labels(table, "platform"),
        campaign=_labels(table, "campaign"),
        followers=numbers.get("followers", missing),
        impressions=numbers.get("impressions", missing),
        reach=numbers.get("reach", missing),
        clicks=numbers.get("clicks", missing),
        conversions=numbers.get("conversions", missing),
        revenue=numbers.get("revenue", missing),
        unused=table.unused,
    )


def _check_followers(table: LongTable, numbers: Mapping[str, Array]) -> None:
    """Refuse creators without followers."""
    few = numbers.get("followers", np.ones(1)) < 1
    if few.any():
        message = "less than 1 follower; leave the cell empty where it is not known"
        raise table.error("followers", int(np.argmax(few)), message)


def _fees(table: LongTable, numbers: Mapping[str, Array], posts: Array, missing: Array) -> Array:
    """Return the money of every row."""
    if "fee" in numbers and "fee_per_post" in numbers:
        name = table.columns["fee_per_post"].name
        raise TableError(table.source, 1, name, "a second column of fees; remove one")
    if "fee_per_post" in numbers:
        return np.asarray(numbers["fee_per_post"] * posts)
    return numbers.get("fee", missing)


def _engagements(numbers: Mapping[str, Array], missing: Array) -> Array:
    """Return engagements: as given, or the sum of likes, comments, shares and saves."""
    if "engagements" in numbers:
        return numbers["engagements"]
    parts = [numbers[role] for role in PARTS if role in numbers]
    if "likes" not in numbers:
        return missing
    return np.asarray(parts[0] + sum(np.nan_to_num(part) for part in parts[1:]))


def _labels(table: LongTable, role: str) -> Labels | None:
    if role not in table.columns:
        return None
    column = table.columns[role]
    known: dict[str, int] = {}
    of_text = [
        -1 if text.lower() in NOTHING else known.setdefault(text, len(known))
        for text in column.texts
    ]
    return Labels(tuple(known), np.array(of_text, np.int32)[column.codes])


def _creators(labels: Labels | None, size: int) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    """Return a number for every creator; who has no name is a creator of her own."""
    if labels is None:
        return np.arange(size), ()
    codes = labels.codes.astype(np.intp)
    nameless = codes < 0
    codes[nameless] = len(labels.names) + np.arange(int(nameless.sum()))
    return codes, labels.names
