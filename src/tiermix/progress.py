"""Progress on standard error, for work that takes more than a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer

from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from tiermix.consoles import PlainConsole
from tiermix.steps import Step

#: Seconds after which progress is shown.
PATIENCE = 1.0


class _Rate(ProgressColumn):
    """How much is done, and how fast."""

    def render(self, task: Task) -> Text:
        """Return such as ``2,048 of 4,096 worlds, 1,200/s``."""
        if task.total is None:
            return Text()
        rate = f", {task.speed:,.3g}/s" if task.speed else ""
        return Text(f"{task.completed:,.0f} of {task.total:,.0f} {task.fields['unit']}{rate}")


class _Left(TimeRemainingColumn):
    """Time left, where it can be told."""

    def render(self, task: Task) -> Text:
        """Return such as ``0:00:12 left``."""
        return Text() if task.total is None else super().render(task).append(" left")


@contextmanager
def shown_progress() -> Iterator[Callable[[str], None]]:
    """Yield a function that is told every step; shows it on a terminal if the work is long."""
    console = PlainConsole(stderr=True)
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=12),
        _Rate(),
        _Left(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal or console.is_dumb_terminal,
    )
    task = bar.add_task("starting", total=None, unit="")
    timer = Timer(PATIENCE, bar.start)
    timer.daemon = True
    timer.start()
    try:
        yield lambda step: _tell(bar, task, step)
    finally:
        timer.cancel()
        timer.join()
        bar.stop()


def _tell(bar: Progress, task: TaskID, step: str) -> None:
    """Show a step; one of another kind begins anew."""
    total, unit = (step.total, step.unit) if isinstance(step, Step) else (None, "")
    if bar.tasks[0].description != step:
        bar.reset(task, total=total, description=str(step), unit=unit)
    if isinstance(step, Step):
        bar.update(task, completed=step.done, total=total)
