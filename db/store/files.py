"""Uploads and reports, under names such as `uploads/...`, in reach of every process.

On SQLite the data folder is that place. With Postgres processes run on several hosts: a file goes into the database as well, in
pieces, and each host fetches what it needs into its own data folder, which is no more than a cache then.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from sqlalchemy import delete, select

from db.store.noun import Noun
from db.tables import file_pieces

F = file_pieces.c
PIECE = 1024 * 1024


@dataclass(frozen=True)
class Files(Noun):
    root: Path

    async def share(self, *names: str) -> None:
        """Let every process reach these files, which are whole in the data folder of this one; again replaces what was shared."""
        if self.db.is_sqlite:
            return
        for name in names:
            await self._write(name)

    async def _write(self, name: str) -> None:
        async with self.db.write() as tx:
            await tx.execute(delete(file_pieces).where(F.name == name))
            number, pieces = 0, await asyncio.to_thread((self.root / name).open, "rb")
            try:
                while (piece := await asyncio.to_thread(pieces.read, PIECE)) or number == 0:
                    await tx.execute(file_pieces.insert().values(name=name, number=number, content=piece))
                    number += 1
            finally:
                await asyncio.to_thread(pieces.close)

    async def path(self, name: str) -> Path:
        """Where the file is in this process's data folder, fetched if another host wrote it; nothing is there if it is gone."""
        path = self.root / name
        if self.db.is_sqlite or await asyncio.to_thread(path.is_file):
            return path
        async with self.db.read() as tx:
            pieces = await tx.stream_scalars(select(F.content).where(F.name == name).order_by(F.number))
            parts = [bytes(piece) async for piece in pieces]
        if parts:
            await asyncio.to_thread(_put, path, parts)
        return path


def _put(path: Path, parts: Iterable[bytes]) -> None:
    """Whole or not at all, however many fetch it at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as out:
        out.writelines(parts)
    Path(out.name).replace(path)
