"""Files that are written as a whole or not at all, also where a disk is full."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from tiermix.errors import FileExistsAlreadyError, not_written


@contextmanager
def drafted(path: Path) -> Iterator[Path]:
    """Yield where to write what then takes the place of a file: whoever looks sees old or new.

    Devices, pipes and links to nothing are written to as they are.

    Parameters
    ----------
    path : Path
        Links are followed.

    Raises
    ------
    OSError
        If the file cannot be replaced; the old one is still there.
    """
    if os.path.lexists(path) and not os.path.isfile(path):
        yield path
        return
    target = Path(os.path.realpath(path))
    draft = target.with_name(f".{target.name[:100]}-{token_hex(4)}")
    try:
        yield draft
        if target.exists():
            draft.chmod(target.stat().st_mode & 0o777)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def write_new(path: Path, text: str, otherwise: str) -> None:
    """Write a file that is not there yet; where that fails there is none.

    Parameters
    ----------
    path : Path
    text : str
    otherwise : str
        What to do if something of that name is there.

    Raises
    ------
    FileExistsAlreadyError
        If something of that name is there: nothing is overwritten.
    UsageError
        If it cannot be written.
    """
    try:
        file = path.open("x", encoding="utf-8")
        try:
            with file:
                file.write(text)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    except FileExistsError:
        raise FileExistsAlreadyError(f"{path} exists and is left as it is: {otherwise}") from None
    except OSError as error:
        raise not_written(path, error) from error
