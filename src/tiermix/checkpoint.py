"""Finished work of a long run, kept until the run is complete, so that another can go on.

SQLite with a write-ahead log: a process that is killed loses what it has not committed and
nothing else, and a commit waits for no disk (`synchronous = NORMAL`). The file is this process's
alone (`locking_mode = EXCLUSIVE`), so that no memory is shared and network folders will do.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from sim.mapping import Mapper, alone
from tiermix.errors import RunFolderError, SchedulerError
from tiermix.fingerprint import fingerprint
from tiermix.plain_data import SIZE, decoded, digest, encoded
from tiermix.scenario import Scenario

T = TypeVar("T")
R = TypeVar("R")

#: Seconds before a run is long enough for its work to be kept, and between two commits.
SHORT, PACE = 3.0, 0.5

#: What a checkpoint begins with.
TABLES = """
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS run (about TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS work (key BLOB PRIMARY KEY, hash BLOB NOT NULL, result BLOB NOT NULL)
"""

#: What stops a run and may have passed when it is gone on with.
PASSING = (SchedulerError, RunFolderError, OSError, MemoryError)

#: Files that SQLite puts beside a database.
BESIDE = ("-wal", "-shm", "-journal")


class Checkpoint:
    """Results of finished tasks, in a file that is made when the run turns out to be long.

    Parameters
    ----------
    path : Path
    about : callable
        Returns what the run is, as `about` does.
    """

    def __init__(self, path: Path, about: Callable[[], str]) -> None:
        self.path, self._about = path, about
        self._base: sqlite3.Connection | None = None
        self._start = self._committed = monotonic()
        self.resumed = False

    def resume(self) -> str:
        """Take over what an interrupted run has kept; return what there is to say about it."""
        if not self.path.exists():
            return _nothing(self.path)
        try:
            self._open()
            if self._connection.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise sqlite3.DatabaseError
            held = [text for (text,) in self._connection.execute("SELECT about FROM run")]
            (count,) = self._connection.execute("SELECT count(*) FROM work").fetchone()
        except sqlite3.OperationalError as error:  # of the disk or of another process: it may pass
            raise RunFolderError(f"{self.path}: cannot be read ({error})") from error
        except sqlite3.DatabaseError:
            self.remove()
            return f"{self.path}: the checkpoint is damaged: starting from the beginning"
        if held != [mine := self._about()]:
            self.remove()
            return f"{self.path}: the checkpoint is of {_other(held, mine)} and is not used"
        self.resumed = True
        return f"Going on with {count:,} finished pieces of work of an interrupted run."

    def get(self, key: bytes) -> Any:
        """Return a result, or None where there is none that is whole."""
        row = self._asked("SELECT hash, result FROM work WHERE key = ?", key)
        if row is None or _hash(row[1]) != row[0]:
            return None
        try:
            return decoded(zlib.decompress(row[1]))
        except (ValueError, zlib.error):
            return None

    def holds(self, key: bytes) -> bool:
        """Return whether there is a result."""
        return self.resumed and self._asked("SELECT 1 FROM work WHERE key = ?", key) is not None

    @property
    def wanted(self) -> bool:
        """Whether the run is long enough for its work to be kept."""
        return self.resumed or monotonic() - self._start > SHORT

    def put(self, key: bytes, result: bytes) -> None:
        """Keep a result, packed: counts are small numbers in large places.

        Raises
        ------
        RunFolderError
            If it cannot be written.
        """
        result = zlib.compress(result, 1)
        try:
            if self._base is None:
                self.remove()
                self._open()
                self._connection.execute("INSERT INTO run VALUES (?)", [self._about()])
            self._connection.execute(
                "INSERT OR REPLACE INTO work VALUES (?, ?, ?)", [key, _hash(result), result]
            )
            if monotonic() - self._committed > PACE:
                self.commit()
        except sqlite3.Error as error:
            raise RunFolderError(
                f"{self.path}: finished work cannot be kept ({error}): make room there, then go on "
                "with --resume; or choose another folder with --out"
            ) from error

    def commit(self) -> None:
        """Let what was kept outlive this process."""
        if self._base is not None:
            self._base.commit()
            self._committed = monotonic()

    def close(self) -> bool:
        """End; return whether there is work that another run can go on with."""
        if self._base is None:
            return False
        done = 0
        with suppress(sqlite3.Error):
            self.commit()
            (done,) = self._connection.execute("SELECT count(*) FROM work").fetchone()
        self._base.close()
        self._base = None
        return done > 0

    def remove(self) -> None:
        """Remove the file: the run is complete, or the file is of no use."""
        if self._base is not None:
            self._base.close()
            self._base = None
        for end in ("", *BESIDE):
            self.path.with_name(self.path.name + end).unlink(missing_ok=True)

    @property
    def _connection(self) -> sqlite3.Connection:
        assert self._base is not None
        return self._base

    def _open(self) -> None:
        self._base = sqlite3.connect(self.path, isolation_level="DEFERRED")
        self._base.executescript(TABLES)

    def _asked(self, query: str, key: bytes) -> Any:
        """Return a row; None where there is none, or it cannot be read."""
        if self._base is None:
            return None
        try:
            return self._base.execute(query, [key]).fetchone()
        except sqlite3.DatabaseError:
            return None


def about(scenario: Scenario, options: str) -> str:
    """Return what decides the results of a run, to be told apart from others."""
    told = {
        "scenario file": scenario.sha256,
        "tables": digest(scenario.tables).hex(),
        "seed": str(scenario.seed),
        "worlds": str(scenario.worlds),
        "options": options,
    }
    return json.dumps(fingerprint() | told, sort_keys=True)


def _other(held: list[str], mine: str) -> str:
    """Return what another checkpoint is of."""
    try:
        ((theirs,), ours) = (held, json.loads(mine))
        found = json.loads(theirs)
        return next(
            f"another {f'version ({name})' if name in fingerprint() else name}"
            for name, value in ours.items()
            if found.get(name) != value
        )
    except (ValueError, AttributeError, StopIteration):
        return "another run"


def _nothing(path: Path) -> str:
    """Return that there is nothing to go on with, and what there is instead."""
    slug = path.name.rpartition("-")[0]
    others = sorted(other.name for other in path.parent.glob(f"{slug}-*{path.suffix}"))
    if not others:
        return "There is no interrupted run to go on with: starting from the beginning."
    return (
        f"{path.parent / others[0]}: the checkpoint is of another scenario file, seed, number of "
        "worlds, version or other options, and is not used"
    )


def _hash(result: bytes) -> bytes:
    return blake2b(result, digest_size=SIZE).digest()


@contextmanager
def opened(
    path: Path, about: Callable[[], str], tell: Callable[[str], None], *, resume: bool
) -> Iterator[Checkpoint]:
    """Yield the checkpoint of a run; it is gone once the run is complete.

    Parameters
    ----------
    path : Path
    about : callable
        Returns what the run is, as `about` does.
    tell : callable
        Told what people should know.
    resume : bool
        Whether to go on with what an interrupted run has kept.

    Where the run fails by itself, nothing is kept: going on would come to the same.
    """
    kept = Checkpoint(path, about)
    if resume:
        tell(kept.resume())
    elif path.exists():
        tell(f"{path}: work of an interrupted run, which --resume would go on with, is not used")
    try:
        yield kept
    except BaseException as error:
        if isinstance(error, Exception) and not isinstance(error, PASSING):
            kept.remove()  # it would come to the same again
        elif kept.close():
            tell("What is finished is kept: the same command with --resume goes on from there.")
        raise
    kept.remove()


def kept(mapper: Mapper, store: Checkpoint) -> Mapper:
    """Return a mapper that takes results from a checkpoint and keeps those that are new there.

    A result is found by a hash of the content of its task and its item. What is no plain data is
    not kept.

    Parameters
    ----------
    mapper : Mapper
        What runs the tasks that are left.
    store : Checkpoint
    """

    def run(task: Callable[[T], R], items: Iterable[T], /) -> Iterator[R]:
        known = _Keys(task)
        waiting: deque[tuple[T, bool]] = deque()

        def left() -> Iterator[T]:
            for item in items:
                held = store.resumed and store.holds(known.key(item))
                waiting.append((item, held))
                if not held:
                    yield item

        for result in mapper(task, left()):
            yield from _held(task, waiting, store, known)
            item, _ = waiting.popleft()
            _keep(store, known, item, result)
            yield result
        yield from _held(task, waiting, store, known)

    return run


class _Keys:
    """The keys of the items of a task; none where its content cannot be told."""

    def __init__(self, task: Callable[[Any], Any]) -> None:
        self._task, self._digest = task, b""

    def key(self, item: object) -> bytes:
        """Return the key of an item; empty if it has none."""
        try:
            self._digest = self._digest or digest(self._task)
            return self._digest + digest(item)
        except TypeError:
            return b""


def _held(
    task: Callable[[T], R], waiting: deque[tuple[T, bool]], store: Checkpoint, known: _Keys
) -> Iterator[R]:
    """Yield the results at the head of the queue that the checkpoint holds."""
    while waiting and waiting[0][1]:
        item, _ = waiting.popleft()
        result = store.get(known.key(item))
        if result is None:  # it is damaged
            result = alone(task, item)
            _keep(store, known, item, result)
        yield result


def _keep(store: Checkpoint, known: _Keys, item: object, result: object) -> None:
    """Keep a result, if the run is long and it can be kept."""
    if not store.wanted or not (key := known.key(item)):
        return
    try:
        data = encoded(result)
    except TypeError:
        return
    store.put(key, data)
