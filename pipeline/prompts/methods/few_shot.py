"""Few-shot: dev samples shown as solved examples, laid out the way the prompt itself lays out its question.

Brown et al. 2020 (arXiv 2005.14165) for the idea; labels spread evenly and in turn because of the recency and majority
biases of Zhao et al. 2021 (arXiv 2102.09690).
"""

from dataclasses import dataclass, replace

from pipeline.models import family
from pipeline.prompts.contract import references, single_line
from pipeline.prompts.cost import characters
from pipeline.prompts.guards import length_cap
from pipeline.prompts.methods.family_rules import converted
from pipeline.prompts.methods.format_fixed import SHORT_ANSWERS
from pipeline.prompts.methods.layout import Layout, layout_of
from pipeline.prompts.methods.shots import choose
from pipeline.prompts.port import Ask
from pipeline.prompts.template import write
from pipeline.records import Edit, PromptVersion, Sample

_SOURCE = "Brown et al. 2020, arXiv 2005.14165; Zhao et al. 2021, arXiv 2102.09690"


@dataclass(frozen=True, slots=True)
class FewShot:
    """For base models whatever the use case, for chat models where answers are short; never where tools are called.

    A call shown as text would teach the model to write calls instead of making them.
    """

    name: str = "few-shot"

    def applies(self, ask: Ask) -> bool:
        return self.missing(ask) is None

    def missing(self, ask: Ask) -> str | None:
        """Why this method does not apply, as a sentence; None when it does."""
        if ask.prompt.tools is not None:
            return "Few-shot was not tried: solved samples do not show when a tool is called."
        if len(references(ask.dev)) < 2:
            return "Few-shot was not tried: it needs two dev samples with a reference."
        if family(ask.target) != "base" and ask.use_case not in SHORT_ANSWERS:
            return "Few-shot was not tried: it is for short answers, and for base models."
        return None

    async def propose(self, ask: Ask) -> tuple[PromptVersion, ...]:
        start = converted(ask, self.name)
        layout = layout_of(start)
        shots = choose(ask, layout, room=length_cap(ask.prompt) - characters(start))
        return (_shown(start, layout, shots, ask),) if shots else ()


def _shown(start: PromptVersion, layout: Layout, shots: tuple[Sample, ...], ask: Ask) -> PromptVersion:
    kind = family(ask.target)
    parts = layout.with_shots(shots, tagged=kind == "anthropic", completion=kind == "base")
    parameters = start.parameters
    if kind == "base":
        stop = "\n" if single_line(ask.dev) else layout.next_start
        parameters = replace(parameters, stop=(stop, *(s for s in parameters.stop if s != stop)))
    edit = Edit(
        rule="few-shot",
        reason=f"Shows {len(shots)} solved dev samples. The model sees the form and the range of the answers.",
        source=_SOURCE,
        lossless=False,
    )
    user = write(parts, start.syntax, like=ask.prompt.user)
    return replace(start, user=user, parameters=parameters, edits=(*start.edits, edit), shots=tuple(s.id for s in shots))
