"""Workers of a Dask cluster; Dask repeats what is lost with one of them."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from tiermix.crew import Coming, Crew, Done, work
from tiermix.errors import SchedulerError
from tiermix.fingerprint import Fingerprint, fingerprint

if TYPE_CHECKING:
    from distributed import Client, Future

T = TypeVar("T")
R = TypeVar("R")

#: How often Dask repeats what fails on the way, and seconds to wait for the cluster.
RETRIES, PATIENCE = 3, 20

#: Seconds for fetching results, attempt by attempt.
FETCHING = (5, 20, 80, 320)


@contextmanager
def connected(address: str) -> Iterator[Crew]:
    """Yield the workers of a cluster.

    Parameters
    ----------
    address : str
        Of its scheduler, such as ``tcp://10.0.0.1:8786``.

    Raises
    ------
    SchedulerError
        If Dask is not installed, or nobody works there.
    """
    try:
        import dask

        dask.config.set(
            {"logging": dict.fromkeys(("distributed", "distributed.client"), "critical")}
        )
        from distributed import Client
    except ModuleNotFoundError as error:
        raise SchedulerError(
            "--scheduler: a cluster needs Dask, which is not installed: "
            "pip install 'tiermix[cluster]'"
        ) from error
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise SchedulerError(
            f"--scheduler: no Dask scheduler answers at {address}: start one there with "
            "`dask scheduler`, then workers with `dask worker`"
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            raise SchedulerError(
                f"--scheduler: the cluster at {address} has no workers: start some with "
                f"`dask worker {address}`"
            ) from error
        yield Cluster(client, address)


class Cluster(Crew):
    """The workers of a Dask cluster.

    Parameters
    ----------
    client : distributed.Client
    address : str
        Of its scheduler.
    """

    def __init__(self, client: Client, address: str) -> None:
        self._client, self._address = client, address
        self._size, self._asked = 1, -inf

    def size(self) -> int:
        """Return the threads of all workers, as of a second ago; one while all are lost."""
        if monotonic() - self._asked > 1:
            self._size = max(sum(self._client.nthreads().values()), 1)
            self._asked = monotonic()
        return self._size

    def sender(self, task: Callable[[T], R]) -> Callable[[Sequence[T]], Coming]:
        """Return what sends bundles; the task goes ahead, and can be had again if it is lost."""
        home = fingerprint()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
            held = self._client.submit(pickle.loads, pickle.dumps(task, protocol=5), pure=False)

        def send(bundle: Sequence[T]) -> Coming:
            packed = pickle.dumps(bundle, protocol=5)
            sent = self._client.submit(_work_on, held, packed, home, retries=RETRIES, pure=False)
            return _Bundle(self._client, sent, self._address)

        return send


def _work_on(task: Callable[[Any], Any], packed: bytes, home: Fingerprint) -> bytes:
    """Return the results of a bundle at a worker; packed, since Dask sends every array alone."""
    return pickle.dumps(work(task, pickle.loads(packed), home), protocol=5)


class _Bundle:
    """A bundle under way."""

    def __init__(self, client: Client, future: Future, address: str) -> None:
        self._client, self._future, self._address = client, future, address

    def result(self) -> Done[Any]:
        """Wait for what comes of it.

        Raises
        ------
        SchedulerError
            If the cluster is lost, or its workers again and again.
        """
        from distributed import CancelledError, KilledWorker

        try:
            return self._waited()
        except KilledWorker as error:
            raise SchedulerError(
                f"--scheduler {self._address}: worker after worker was lost at the same work; is "
                "there enough memory?"
            ) from error
        except (CancelledError, OSError) as error:
            raise SchedulerError(f"--scheduler {self._address}: the cluster was lost") from error

    def _waited(self) -> Done[Any]:
        """Wait, then fetch; what is fetched from a worker that dies may never come."""
        for seconds in FETCHING:
            self._finished()
            try:
                packed = self._future.result(timeout=seconds)
            except TimeoutError:
                continue
            done: Done[Any] = pickle.loads(packed)
            return done
        raise TimeoutError

    def _finished(self) -> None:
        """Wait until it is done, as long as there are workers."""
        from distributed import wait

        while True:
            try:
                with self._client.as_current():
                    wait([self._future], timeout=PATIENCE)
            except TimeoutError:
                if not self._client.nthreads():
                    raise
            else:
                return

    def cancel(self) -> None:
        """Stop waiting for it."""
        self._future.cancel()
