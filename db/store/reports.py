"""Reports by hash, and the one sign-off that binds a person to one of them."""

from typing import Any

from sqlalchemy import Row, select

from db.keys import charts_card, costs_card, part_of, table_card
from db.records import MessageKind, SignOff, StoredReport
from db.store.cards import bump_status, post
from db.store.migrations import found
from db.store.noun import Noun
from db.store.rows import insert_new, record, values
from db.tables import reports, sign_offs
from pipeline.errors import RefusedError

R = reports.c


class Reports(Noun):
    async def add(self, report: StoredReport) -> StoredReport:
        """The report with this number; the first one given stands, with its tables and charts in the thread."""
        row = values(report, "json") | {"json_zstd": report.json}
        numbered = select(reports).where(R.migration_id == report.migration_id, R.number == report.number)
        async with self.db.write() as tx:
            if await insert_new(tx, reports, row):
                migration = await found(tx, report.migration_id)
                for key, kind, subject in _told(report):
                    await post(tx, key, migration_id=migration.id, channel=migration.channel, kind=kind, subject=subject)
                await bump_status(tx, migration.id)
            return _report((await tx.execute(numbered)).one())

    async def get(self, report_hash: str) -> StoredReport:
        """Raises RefusedError for a hash of no report."""
        async with self.db.read() as tx:
            row = (await tx.execute(select(reports).where(R.hash == report_hash).order_by(R.number.desc()).limit(1))).first()
        if row is None:
            raise RefusedError("This report is not known here. `/migrate report` brings the latest one.")
        return _report(row)

    async def latest(self, migration_id: str) -> StoredReport | None:
        async with self.db.read() as tx:
            query = select(reports).where(R.migration_id == migration_id).order_by(R.number.desc()).limit(1)
            row = (await tx.execute(query)).first()
        return _report(row) if row else None

    async def sign_off(self, migration_id: str) -> SignOff | None:
        async with self.db.read() as tx:
            row = (await tx.execute(select(sign_offs).where(sign_offs.c.migration_id == migration_id))).first()
        return record(SignOff, row) if row else None


def _told(report: StoredReport) -> tuple[tuple[str, MessageKind, str], ...]:
    """The messages that show a report, in their order: key, kind and subject. Slack takes one table in a message."""
    owner, number = report.migration_id, report.number
    return (
        (table_card(owner, number), MessageKind.TABLE, report.hash),
        (costs_card(owner, number), MessageKind.TABLE, part_of(report.hash, "costs")),
        (charts_card(owner, number), MessageKind.FILES, part_of(report.hash, "charts")),
    )


def _report(row: Row[Any]) -> StoredReport:
    return record(StoredReport, row, json=row.json_zstd)
