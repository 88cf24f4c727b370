"""Text that others wrote, made safe to print: nothing in it can steer a terminal."""

from __future__ import annotations

#: What stands where a character cannot be printed.
INSTEAD = "\N{REPLACEMENT CHARACTER}"

#: Characters of a line, and lines of a message, at most.
LONGEST, MOST_LINES = 2_000, 200


def plain(text: str) -> str:
    r"""Return text with everything unprintable replaced: control codes, marks of direction.

    Line ends and blanks stay. Every character is replaced by one, so that columns hold.

    Examples
    --------
    >>> plain("micro\x1b[31m")
    'micro�[31m'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else INSTEAD for c in text)


def brief(text: str) -> str:
    """Return a message with long lines cut in the middle, and only the first of many lines."""
    lines = [_cut(line) for line in plain(text).split("\n")]
    if len(lines) > MOST_LINES:
        left = len(lines) - MOST_LINES
        lines = [*lines[:MOST_LINES], f"… and {left:,} more lines"]
    return "\n".join(lines)


def _cut(line: str) -> str:
    half = LONGEST // 2
    return line if len(line) <= LONGEST else f"{line[:half]} … {line[-half:]}"
