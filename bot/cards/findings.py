"""What a frozen dataset is like: its size, its split and what was noticed about its quality."""

from dataclasses import dataclass

from bot.blocks.escape import literal
from bot.cards.kit import Block, Card, context, header, lines, section
from db.records import DatasetVersion
from pipeline.records import Finding

SIGNS = {"error": ":red_circle:", "warning": ":warning:", "info": ":information_source:"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsFacts:
    dataset: DatasetVersion
    findings: tuple[Finding, ...]


def findings_card(facts: FindingsFacts) -> Card:
    """Findings in the order of their weight, with up to five sample ids each."""
    found = facts.dataset
    name = literal(found.source_name, 150)
    order = {level: at for at, level in enumerate(SIGNS)}
    told = sorted(facts.findings, key=lambda finding: order.get(finding.level, len(order)))
    split = f"{found.dev} dev (drives every choice) and {found.test} test (looked at once)"
    blocks: list[Block] = [
        header(f"Dataset {found.number}: {found.source_name}"),
        section(f"*{found.dev + found.test} samples*: {split}."),
        lines([_finding(f) for f in told] or [":white_check_mark: Nothing to complain about."], what="findings"),
        context(f"Frozen as `{found.hash[:16]}`"),
    ]
    return Card(text=f"Dataset {name}: {found.dev + found.test} samples, {len(told)} finding(s)", blocks=blocks)


def _finding(finding: Finding) -> str:
    ids = ", ".join(literal(sample_id, 40) for sample_id in finding.sample_ids[:5])
    more = f" and {len(finding.sample_ids) - 5} more" if len(finding.sample_ids) > 5 else ""
    return f"{SIGNS.get(finding.level, '•')} {literal(finding.message, 800)}" + (f" ({ids}{more})" if ids else "")
