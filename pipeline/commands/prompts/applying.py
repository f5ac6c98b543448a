"""What `ferry prompts round --apply` does: one proposal's candidate, guarded, in a file; a killed command pays nothing twice."""

import os
from dataclasses import replace
from pathlib import Path

from pipeline.errors import FerryError, InputError
from pipeline.hashing import content_hash
from pipeline.prompts.guards import check
from pipeline.prompts.importers.ferry_version import dumps
from pipeline.prompts.port import Ask
from pipeline.prompts.rounds import Proposal, candidate
from pipeline.prompts.search.journal import FileJournal
from pipeline.prompts.search.meter import Meter
from pipeline.prompts.search.probe import Paid
from pipeline.records import PromptVersion


async def applied(proposal: Proposal, now: PromptVersion, ask: Ask, path: Path) -> PromptVersion:
    """The candidate, written to `path` as a whole or not at all. Raises InputError when a guard refuses it.

    What a writer answered is kept beside `path` until the command ends: the same command after a kill goes on from there.
    """
    if ask.writer is None:
        return _written(await candidate(proposal, now, ask), ask, path)
    key = content_hash([proposal.hash, now.hash, ask.prompt.hash, ask.target, ask.writer.ref, ask.most_usd])
    kept = path.with_name(f"{path.stem}.{key[:8]}.round.jsonl")
    try:
        with FileJournal(kept, key) as journal:
            made = await candidate(proposal, now, replace(ask, writer=Paid(ask.writer, journal, Meter())))
        done = _written(made, ask, path)
    except FerryError:
        kept.unlink(missing_ok=True)  # asked again, the writer may do better
        raise
    finally:
        await ask.writer.close()
    kept.unlink(missing_ok=True)
    return done


def _written(made: PromptVersion, ask: Ask, path: Path) -> PromptVersion:
    refusal = check(made, ask)
    if refusal is not None:
        raise InputError(f"The candidate was refused: {refusal} Choose another proposal, or another writer.")
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.write_text(dumps(made), encoding="utf-8", newline="\n")
    os.replace(unfinished, path)
    return made
