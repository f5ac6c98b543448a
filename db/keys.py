"""Keys of the messages that the store itself writes or bumps, so that everybody means the same card."""


def status_card(migration_id: str) -> str:
    """The pinned card that starts the thread."""
    return f"status:{migration_id}"


def question_card(migration_id: str, question: str) -> str:
    """The card of a question; `question` is its key, such as `plan:1`."""
    return f"question:{migration_id}:{question}"


def progress_card(migration_id: str, stage: str) -> str:
    """The progress of all runs of a stage."""
    return f"progress:{migration_id}:{stage}"


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
