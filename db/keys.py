"""Keys of the messages that the store itself writes or bumps, so that everybody means the same card; and their places."""

UNDER = "under:"


def under(ts: str) -> str:
    """The place of a message in the thread of somebody else's message, which no migration belongs to."""
    return f"{UNDER}{ts}"


def lane_of(channel: str, place: str) -> str:
    """The conversation in which the order of messages is kept: the channel, or the person's own."""
    return channel if place in {"root", "thread"} or place.startswith(UNDER) else place


def status_card(migration_id: str) -> str:
    """The pinned card that starts the thread."""
    return f"status:{migration_id}"


def question_card(migration_id: str, question: str) -> str:
    """The card of a question; `question` is its key, such as `plan:1`."""
    return f"question:{migration_id}:{question}"


def progress_card(migration_id: str, stage: str) -> str:
    """The progress of all runs of a stage."""
    return f"progress:{migration_id}:{stage}"


def prompts_card(migration_id: str, number: int) -> str:
    """The prompt candidates of a round."""
    return f"prompts:{migration_id}:{number}"


def round_card(turn_id: str) -> str:
    """What a turn of a round brought."""
    return f"round:{turn_id}"


def try_card(try_id: str) -> str:
    """What a prompt tried on one sample answered."""
    return f"try:{try_id}"


def upload_card(migration_id: str, upload_id: str) -> str:
    """What came of an upload: the findings, or why it was refused."""
    return f"findings:{migration_id}:{upload_id}"


def table_card(migration_id: str, number: int) -> str:
    """The comparison of a round."""
    return f"table:{migration_id}:{number}"


def costs_card(migration_id: str, number: int) -> str:
    """Latency and cost of a round, the report's second table."""
    return f"costs:{migration_id}:{number}"


def charts_card(migration_id: str, number: int) -> str:
    """The pictures of a round's report."""
    return f"charts:{migration_id}:{number}"


def part_of(report_hash: str, part: str) -> str:
    """The subject of a message that shows one part of a report: `costs` as a table, `charts` as files."""
    return f"{report_hash}#{part}"


def stuck_card(migration_id: str) -> str:
    """Why a migration cannot go on."""
    return f"problem:{migration_id}"


def problem_of(card: str) -> str:
    """Why what a card shall show could not be made."""
    return f"problem:{card}"


def digest_card(monitor_id: str, tick: str) -> str:
    """What a tick found."""
    return f"digest:{monitor_id}:{tick}"


def problem_card(monitor_id: str, tick: str) -> str:
    """Why the digest of a tick could not be made."""
    return f"problem:{monitor_id}:{tick}"


def review_card(migration_id: str, round_number: int, sme: str) -> str:
    """The pair in front of one SME."""
    return f"review:{migration_id}:{round_number}:{sme}"


def errors_card(migration_id: str, round_number: int) -> str:
    """What goes wrong in the round's targets."""
    return f"errors:{migration_id}:{round_number}"


def references_card(migration_id: str, round_number: int, sme: str) -> str:
    """The doubted reference in front of one SME."""
    return f"references:{migration_id}:{round_number}:{sme}"


def corrections_card(migration_id: str, round_number: int) -> str:
    """What SMEs corrected among the references of a round, told in the thread."""
    return f"corrections:{migration_id}:{round_number}"
