"""Steps of long work, as they are told while it goes on."""

from __future__ import annotations


class Step(str):
    """A step of work of which it is known how much is done.

    Parameters
    ----------
    text : str
        What is being done; the same for the whole of it.
    done, total : float
        In units of the work.
    unit : str
        What is counted, such as ``worlds``.
    """

    done: float
    total: float
    unit: str

    __slots__ = ("done", "total", "unit")

    def __new__(cls, text: str, done: float, total: float, unit: str) -> Step:
        """Return a step that reads as its text."""
        step = super().__new__(cls, text)
        step.done, step.total, step.unit = done, total, unit
        return step
