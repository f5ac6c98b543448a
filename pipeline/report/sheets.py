"""The report's tables, made once: the page and Slack print them as texts, the workbook as numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.decide.latency import Seconds
from pipeline.records import Interval
from pipeline.report.figures.words import usd
from pipeline.report.records import ArmReport, Quantity, Report

NONE = "–"  # a table cell is never empty: Slack refuses a message with an empty cell
Value = str | int | float | Quantity | Seconds | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """`spread` columns hold Quantities, which a workbook shows as value, low, high and n; `money` is in USD;
    `sign` marks a difference.
    """

    name: str
    digits: int = 3
    spread: bool = False
    money: bool = False
    sign: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One table; `note` is what a reader must know of it. A row holds one value for each column."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    note: str = ""

    @property
    def head(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def body(self) -> tuple[tuple[str, ...], ...]:
        """Every value as a text that is never empty."""
        return tuple(tuple(text(value, c) for value, c in zip(row, self.columns, strict=True)) for row in self.rows)


def text(value: Value, column: Column) -> str:
    """A value as people read it: `0.820 [0.753, 0.887]`, or what stands in its place."""
    if isinstance(value, Quantity | Seconds):
        return _quantity(value, column)
    if isinstance(value, float) or (column.money and isinstance(value, int)):
        return usd(value) if column.money else format(value, f"{'+' if column.sign else ''},.{column.digits}f")
    return NONE if value is None or value == "" else f"{value:,}" if isinstance(value, int) else value


def _quantity(value: Quantity | Seconds, column: Column) -> str:
    if value.value is None:
        return value.note or NONE
    shape = f"{'+' if column.sign else ''},.{column.digits}f"
    middle = format(value.value, shape)
    if value.low is None or value.high is None:
        return f"{middle} ({value.note.partition(':')[0]})" if value.note else middle
    return f"{middle} [{format(value.low, shape)}, {format(value.high, shape)}]"


def spread(value: float | None, interval: Interval | None, n: int = 0) -> Quantity:
    """A figure with the interval a comparison found."""
    ends = (interval.low, interval.high) if interval else (None, None)
    return Quantity(value=value, low=ends[0], high=ends[1], n=n)


def table(title: str, columns: Iterable[Column | str], rows: Iterable[Sequence[Value]], note: str = "") -> Sheet:
    """A sheet; a column given as a text is a plain one."""
    named = tuple(Column(name=c) if isinstance(c, str) else c for c in columns)
    return Sheet(title=title, columns=named, rows=tuple(tuple(row) for row in rows), note=note)


def runs(report: Report) -> tuple[ArmReport, ...]:
    """The source first, then the arms."""
    return (report.source, *report.arms)


def labelled(arm: ArmReport) -> str:
    return arm.label if arm.bar != "source" else f"source {arm.model}"


def named(report: Report, metric: str) -> str:
    """A metric's name; beside a judged one stands whether its judge agrees with people."""
    judge = next((judge for judge in report.judges if judge.metric == metric), None)
    return metric if judge is None or judge.validated else f"{metric} (judge not validated)"
