"""Files of lines that are only ever appended to: a crash leaves at most one unfinished line at the end."""

import os
from pathlib import Path


def cut_unfinished(path: Path) -> None:
    """Cuts off the last line of `path` when it has no line end; a file that does not exist stays so."""
    if not path.exists():
        return
    with path.open("rb+") as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - 65536)
            file.seek(start)
            at = file.read(end - start).rfind(b"\n")
            if at >= 0:
                end = start + at + 1
                break
            end = start
        file.truncate(end)
