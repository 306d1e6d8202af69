"""Opens the SQLite file of a run for reading, whatever state it was left in."""

import sqlite3
from pathlib import Path
from urllib.parse import quote

from relume.errors import RunFileError

BUSY_SECONDS = 10.0


def connect(path: Path) -> sqlite3.Connection:
    """A connection that reads; one to a file in a folder that cannot be written to takes it as finished."""
    log = path.with_name(path.name + "-wal")
    has_log = log.exists() and log.stat().st_size > 0
    # A finished file has no log. A log in a folder that cannot be written to cannot be read by SQLite.
    for options in ("mode=ro", *([] if has_log else ["mode=ro&immutable=1"])):
        connection = sqlite3.connect(
            f"file:{quote(str(path.absolute()))}?{options}",
            BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            uri=True,
        )
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.DatabaseError as error:
            connection.close()
            refusal = error
        else:
            return connection
    if isinstance(refusal, sqlite3.OperationalError):
        raise RunFileError(
            f"{path} cannot be opened ({refusal}). Copy it, with {log.name} if there is one, to a folder "
            "that can be written to."
        ) from refusal
    raise RunFileError(f"{path} is no run file ({refusal}). Give the path of a run file.") from refusal
