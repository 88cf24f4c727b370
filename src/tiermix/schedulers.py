"""Where the work of a command is done: on threads, in processes, or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from sim.mapping import Mapper, threads
from tiermix.errors import UsageError
from tiermix.quantity import shown

#: The scheduler of whoever names none.
THREADS = "threads"

#: What an option of a command may name.
CHOICES = "threads, processes or the address of a Dask cluster, such as tcp://10.0.0.1:8786"


@contextmanager
def scheduled(name: str) -> Iterator[Mapper]:
    """Yield the mapper of a scheduler, whose workers live as long as the context.

    The results of a mapper do not depend on it.

    Parameters
    ----------
    name : str
        ``threads``, ``processes``, or the address of a Dask scheduler.

    Raises
    ------
    UsageError
        If there is no such scheduler.
    SchedulerError
        If the cluster cannot be used.
    """
    if name == THREADS:
        yield threads
    elif name == "processes":
        from tiermix.processes import Processes

        with Processes() as crew:
            yield crew
    elif _is_address(name):
        from tiermix.cluster import connected

        with connected(name) as crew:
            yield crew
    else:
        raise UsageError(f"--scheduler: {shown(name)}; expected {CHOICES}")


def _is_address(name: str) -> bool:
    """Return whether text is an address with a host and a port; Dask waits long for any other."""
    try:
        parts = urlsplit(name)
        return parts.scheme in ("tcp", "tls") and bool(parts.hostname and parts.port)
    except ValueError:
        return False
