"""Which techniques fit a situation, in which order, and the candidate that a proposal makes."""

from collections.abc import Iterator, Mapping, Sequence

from pipeline.prompts.guards import check
from pipeline.prompts.port import Ask
from pipeline.prompts.rounds.few_shot import FEW_SHOT
from pipeline.prompts.rounds.instruction import INSTRUCTION
from pipeline.prompts.rounds.meta_information import META_INFORMATION
from pipeline.prompts.rounds.port import Proposal, Scene, Technique, Way
from pipeline.prompts.rounds.post_processing import POST_PROCESSING
from pipeline.prompts.rounds.pre_processing import PRE_PROCESSING
from pipeline.prompts.rounds.shorter import SHORTER
from pipeline.prompts.rounds.writing import written
from pipeline.records import ErrorGroup, Output, PromptVersion

_ALL: tuple[Way, ...] = (POST_PROCESSING, PRE_PROCESSING, INSTRUCTION, META_INFORMATION, FEW_SHOT, SHORTER)
WAYS: Mapping[Technique, Way] = {way.technique: way for way in _ALL}
"""In the order of what they add to a call."""


def proposals(
    prompt: PromptVersion, groups: Sequence[ErrorGroup], comments: Sequence[str], ask: Ask, outputs: Sequence[Output] = ()
) -> tuple[Proposal, ...]:
    """What the next round may try, the one that could repair the most failures first, then the cheaper one. No call is made.

    `prompt` is the one to improve, `ask.prompt` the original that the guards hold it to, `ask.dev` the samples of which `groups`
    are failures and `outputs` the answers. Empty when nothing fits (`nothing_fits` says why). What the guards would refuse, and
    what the prompt says already, is not proposed; words that a model has yet to write are judged in `candidate`.
    """
    scene, order = _scene(prompt, groups, comments, ask, outputs), list(WAYS)
    found = [each for each in _thought_of(scene) if _changes(each, scene) and _refusal(each, scene) is None]

    def rank(each: Proposal) -> tuple[int, float, int, str, str]:
        return (-len(each.sample_ids), each.usd_per_1000 or 0.0, order.index(each.technique), each.group, each.words)

    return tuple(sorted(dict.fromkeys(found), key=rank))


def refusals(
    prompt: PromptVersion, groups: Sequence[ErrorGroup], comments: Sequence[str], ask: Ask, outputs: Sequence[Output] = ()
) -> tuple[str, ...]:
    """The guards' sentences against what `proposals` leaves out for the same arguments."""
    scene = _scene(prompt, groups, comments, ask, outputs)
    return tuple(refusal for each in _thought_of(scene) if (refusal := _refusal(each, scene)) is not None)


def nothing_fits(groups: Sequence[ErrorGroup], refused: Sequence[str] = ()) -> str:
    """Why there is no proposal, as a sentence with the way out; `refused` are the `refusals`."""
    failed = sum(len(group.sample_ids) for group in groups)
    if not failed:
        return "Nothing fails on dev, so a round has nothing to repair."
    if refused:
        return f"{failed} samples fail on dev, but the guards refuse each of {len(refused)} changes. The first: {refused[0]}"
    largest = groups[0]
    return (
        f"{failed} samples fail on dev, but no technique fits them. The largest group is {len(largest.sample_ids)} of "
        f"“{largest.label}”. {largest.next_step}"
    )


async def candidate(proposal: Proposal, prompt: PromptVersion, ask: Ask) -> PromptVersion:
    """The prompt version that `proposal` makes of `prompt`, its parent; it differs each time where a model writes the words.

    Not guarded: the caller asks `guards.check`, as for any candidate. Raises InputError when words are to be written and there is
    no writer, a FerryError when the writer gives no answer.
    """
    if proposal.written:
        return await written(proposal, prompt, ask)
    return WAYS[proposal.technique].edit(proposal, prompt, ask)


def _scene(
    prompt: PromptVersion, groups: Sequence[ErrorGroup], comments: Sequence[str], ask: Ask, outputs: Sequence[Output]
) -> Scene:
    """With what was answered on dev alone."""
    known = {sample.id for sample in ask.dev}
    on_dev = tuple(output for output in outputs if output.sample_id in known)
    return Scene(prompt=prompt, groups=tuple(groups), comments=tuple(comments), ask=ask, outputs=on_dev)


def _thought_of(scene: Scene) -> Iterator[Proposal]:
    return (each for way in WAYS.values() for each in way.propose(scene) if not each.written or scene.ask.writer is not None)


def _changes(proposal: Proposal, scene: Scene) -> bool:
    return proposal.written or WAYS[proposal.technique].edit(proposal, scene.prompt, scene.ask).hash != scene.prompt.hash


def _refusal(proposal: Proposal, scene: Scene) -> str | None:
    """The guards' sentence against what is known of the candidate; None where a model has yet to write the words."""
    return None if proposal.written else check(WAYS[proposal.technique].edit(proposal, scene.prompt, scene.ask), scene.ask)
