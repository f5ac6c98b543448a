"""Every cell of a report as Parquet, a column at a time: for reports with more cells than a workbook holds."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.report.records import Evidence, Report

if TYPE_CHECKING:
    from pyarrow import Table

NAME = "cells.parquet"


def write(report: Report, path: Path) -> None:
    """Write `path`: run, sample, metric, value and why there is none, as on the workbook's sheet "Cells"."""
    from pyarrow.parquet import ParquetWriter

    tables = _tables(report.evidence)
    first = next(tables)
    with ParquetWriter(path, first.schema, compression="zstd") as writer:
        writer.write_table(first)
        for table in tables:
            writer.write_table(table)


def _tables(evidence: Evidence) -> Iterator["Table"]:
    """One for each run and metric."""
    import numpy as np
    import pyarrow as pa

    samples, n = pa.array(evidence.samples, pa.string()), len(evidence.samples)
    for run in evidence.runs:
        for column in run.columns:
            known = column.values.known
            reasons = [column.unscored.get(i) for i in evidence.samples]
            table = pa.table(
                {
                    "run": pa.repeat(run.label, n),
                    "sample": samples,
                    "metric": pa.repeat(column.metric, n),
                    "value": pa.array(column.values.view, pa.float64(), mask=~known),
                    "unscored": pa.array(reasons, pa.string()),
                }
            )
            yield table.filter(pa.array(known | np.array([reason is not None for reason in reasons], dtype=bool)))
