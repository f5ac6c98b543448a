"""Uploads and the dataset versions frozen from them. Samples are rows in one bulk insert, all of them or none."""

import asyncio
import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from uuid import uuid4

from sqlalchemy import Row, Select, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db.codec import reader
from db.columns import Written
from db.keys import upload_card
from db.records import DatasetVersion, MessageKind, Upload
from db.store.audit import append
from db.store.cards import bump_status, post
from db.store.migrations import found
from db.store.noun import Noun
from db.store.rows import Values, insert_missing, insert_new, record, values
from db.tables import datasets, samples, uploads
from pipeline.errors import RefusedError
from pipeline.hashing import canonical_json
from pipeline.records import Dataset, Finding, Sample, Split

D, S, U = datasets.c, samples.c, uploads.c
FINDINGS = reader(tuple[Finding, ...])
PORTION = 250
CORRECTOR = "ferry"
"""Who freezes a corrected version; who corrected what is in the checks and in the version's findings."""


class Datasets(Noun):
    async def add_upload(self, upload_id: str, migration_id: str, name: str, path: str, by: str) -> Upload:
        """Note a file a person gave; the same id again is the same upload."""
        upload = Upload(id=upload_id, migration_id=migration_id, name=name, path=path, by=by, state="waiting")
        async with self.db.write() as tx:
            migration = await found(tx, migration_id)
            if await insert_new(tx, uploads, values(upload)):
                detail = {"upload": upload_id, "name": name}
                await append(tx, by, "uploaded", team=migration.team, migration_id=migration_id, detail=detail, at=self.clock())
            return await _upload(tx, upload_id)

    async def upload(self, upload_id: str) -> Upload:
        """Raises RefusedError for an unknown id."""
        async with self.db.read() as tx:
            return await _upload(tx, upload_id)

    async def uploads(self, migration_id: str) -> tuple[Upload, ...]:
        """Every upload of a migration, in the order of their ids."""
        async with self.db.read() as tx:
            rows = await tx.execute(select(uploads).where(U.migration_id == migration_id).order_by(U.id))
            return tuple(record(Upload, row) for row in rows)

    async def refuse(self, upload_id: str, refusal: str) -> Upload:
        """Say why a waiting upload cannot be used, here and in the thread."""
        waiting = (U.id == upload_id) & (U.state == "waiting")
        async with self.db.write() as tx:
            refusing = update(uploads).where(waiting).values(state="refused", refusal=refusal).returning(U.id)
            if (await tx.execute(refusing)).first() is not None:
                await self._tell(tx, await _upload(tx, upload_id), MessageKind.PROBLEM, body=refusal)
            return await _upload(tx, upload_id)

    async def freeze(self, upload_id: str, dataset: Dataset) -> DatasetVersion:
        """The version with this content; the first time with all its samples. Marks the upload frozen and tells the findings.

        Hashing and writing JSON happen in a thread before the transaction: other writers wait for the insert only.
        """
        offered, rows = await asyncio.to_thread(_prepare, dataset)
        async with self.db.write() as tx:
            upload = await _upload(tx, upload_id)
            version = await _number(tx, replace(offered, migration_id=upload.migration_id, source_name=upload.name))
            await tx.execute(update(uploads).where(U.id == upload_id).values(state="frozen", refusal=None))
            await self._tell(tx, upload, MessageKind.FINDINGS, subject=version.id)
            if version.id == offered.id:
                await insert_missing(tx, samples, rows)
                await self._trace(tx, version, by=upload.by)
            return version

    async def _tell(self, tx: AsyncConnection, upload: Upload, kind: MessageKind, *, subject: str = "", body: str = "") -> None:
        """What came of an upload, in the thread."""
        migration = await found(tx, upload.migration_id)
        key = upload_card(migration.id, upload.id)
        await post(tx, key, migration_id=migration.id, channel=migration.channel, kind=kind, subject=subject, body=body)

    async def correct(self, base_id: str, dataset: Dataset) -> DatasetVersion | None:
        """`dataset` as the version after `base_id`; None when that is not the newest one any more, so correct the newest.

        The same content again is the version that has it. The split and the samples are `dataset`'s own.
        """
        offered, rows = await asyncio.to_thread(_prepare, dataset)
        async with self.db.write() as tx:
            base = await _version(tx, base_id)
            await found(tx, base.migration_id, lock=True)
            if await tx.scalar(select(func.max(D.number)).where(D.migration_id == base.migration_id)) != base.number:
                return None
            version = await _number(tx, replace(offered, migration_id=base.migration_id, source_name=base.source_name))
            if version.id == offered.id:
                await insert_missing(tx, samples, rows)
                await self._trace(tx, version, by=CORRECTOR)
            return version

    async def reuse(self, dataset_id: str, migration_id: str, *, by: str) -> DatasetVersion:
        """The samples of an earlier migration as a version of this one, for `/migrate again`."""
        async with self.db.write() as tx:
            offered = replace(await _version(tx, dataset_id), id=uuid4().hex, migration_id=migration_id)
            version = await _number(tx, offered)
            if version.id == offered.id:
                copied = [literal(version.id) if column is S.dataset_id else column for column in samples.c]
                await tx.execute(samples.insert().from_select(list(S), select(*copied).where(S.dataset_id == dataset_id)))
                await self._trace(tx, version, by=by)
            return version

    async def _trace(self, tx: AsyncConnection, version: DatasetVersion, *, by: str) -> None:
        migration = await found(tx, version.migration_id)
        await bump_status(tx, migration.id)
        detail = {"dataset": version.hash, "number": str(version.number), "samples": str(version.dev + version.test)}
        await append(tx, by, "froze the dataset", team=migration.team, migration_id=migration.id, detail=detail, at=self.clock())

    async def latest(self, migration_id: str) -> DatasetVersion | None:
        async with self.db.read() as tx:
            query = select(datasets).where(D.migration_id == migration_id).order_by(D.number.desc()).limit(1)
            row = (await tx.execute(query)).first()
        return record(DatasetVersion, row) if row else None

    async def get(self, dataset_id: str) -> DatasetVersion:
        """Raises RefusedError for an unknown id."""
        async with self.db.read() as tx:
            return await _version(tx, dataset_id)

    async def load(self, dataset_id: str) -> Dataset:
        """The dataset as it was frozen, with the same hash."""
        async with self.db.read() as tx:
            version = await _version(tx, dataset_id)
            rows = await _portions(tx, _in_order(dataset_id))
        return Dataset(
            samples=tuple(row.sample for row in rows),
            splits={row.sample.id: row.split for row in rows},
            findings=FINDINGS(json.loads(version.findings_json)),
        )

    async def chosen(self, dataset_id: str, sample_ids: Collection[str]) -> Mapping[str, Sample]:
        """Some samples by id; unknown ids are left out."""
        query = _in_order(dataset_id).where(S.sample_id.in_(sample_ids))
        async with self.db.read() as tx:
            return {row.sample.id: row.sample for row in await _portions(tx, query)}

    async def samples(self, dataset_id: str, split: Split | None = None) -> tuple[Sample, ...]:
        """The samples of one split, or all, in the order of the file."""
        query = _in_order(dataset_id) if split is None else _in_order(dataset_id).where(S.split == split)
        async with self.db.read() as tx:
            return tuple(row.sample for row in await _portions(tx, query))

    async def first(self, dataset_id: str, count: int) -> tuple[Sample, ...]:
        """The first samples of the file: enough for an estimate."""
        async with self.db.read() as tx:
            return tuple(row.sample for row in await tx.execute(_in_order(dataset_id).limit(count)))


async def _upload(tx: AsyncConnection, upload_id: str) -> Upload:
    row = (await tx.execute(select(uploads).where(U.id == upload_id))).first()
    if row is None:
        raise RefusedError("This upload is not known here. Drop the file again in the migration's thread.")
    return record(Upload, row)


async def _version(tx: AsyncConnection, dataset_id: str) -> DatasetVersion:
    row = (await tx.execute(select(datasets).where(D.id == dataset_id))).first()
    if row is None:
        raise RefusedError("This dataset is not known here. Upload the file again in the migration's thread.")
    return record(DatasetVersion, row)


async def _number(tx: AsyncConnection, offered: DatasetVersion) -> DatasetVersion:
    """The version of the migration with the offered content: the one it has, or the offered one with the next number."""
    await found(tx, offered.migration_id, lock=True)
    mine = D.migration_id == offered.migration_id
    if (standing := (await tx.execute(select(datasets).where(mine, D.hash == offered.hash))).first()) is not None:
        return record(DatasetVersion, standing)
    last = await tx.scalar(select(func.max(D.number)).where(mine))
    version = replace(offered, number=(last or 0) + 1)
    await insert_new(tx, datasets, values(version))
    return version


def _prepare(dataset: Dataset) -> tuple[DatasetVersion, list[Values]]:
    """A version that no migration has yet, and the rows of its samples, their JSON written."""
    sizes = Counter(dataset.splits[sample.id] for sample in dataset.samples)
    version = DatasetVersion(
        id=uuid4().hex, migration_id="", number=0, hash=dataset.hash, source_name="",
        dev=sizes[Split.DEV], test=sizes[Split.TEST], findings_json=canonical_json(dataset.findings),
    )  # fmt: skip
    rows: list[Values] = [
        {"dataset_id": version.id, "sample_id": sample.id, "position": position, "split": dataset.splits[sample.id],
         "input_hash": sample.input_hash, "sample": Written(canonical_json(sample))}
        for position, sample in enumerate(dataset.samples)
    ]  # fmt: skip
    return version, rows


def _in_order(dataset_id: str) -> Select[tuple[Split, Sample]]:
    return select(S.split, S.sample).where(S.dataset_id == dataset_id).order_by(S.position)


async def _portions(tx: AsyncConnection, query: Select[tuple[Split, Sample]]) -> list[Row[tuple[Split, Sample]]]:
    """Read a portion at a time: decoding a large dataset must not keep the event loop."""
    async with tx.stream(query.execution_options(yield_per=PORTION)) as found:
        return [row async for portion in found.partitions() for row in portion]
