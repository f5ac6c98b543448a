"""Candidates, turns and tries as they come in everyday life: what their golden files show, and what their forms open with."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.buttons import Press
from bot.cards.advpo import AdvpoFacts
from bot.cards.files import PromptFilesFacts, prompt_files_card
from bot.cards.kit import Card
from bot.cards.prompts import CandidateFacts, PromptsFacts, TargetFacts, prompts_card
from bot.cards.tried import TriedFacts, tried_card
from bot.cards.turn import TurnFacts, turn_card
from bot.faster import FasterFacts
from bot.modals import prompt_edit, prompt_faster, prompt_list, prompt_look, prompt_round, prompt_try, publish
from bot.modals.prompt_list import Chosen, ListFacts
from bot.modals.prompt_look import LookFacts
from bot.modals.prompt_round import Offer
from bot.modals.prompt_try import Offered
from db.records import AdvpoJob, Effect, Estimate, Improvement, JobState, Turn
from pipeline.prompts.rounds import Advice
from pipeline.records import Edit, Interval, PromptVersion, Score

NAME = "Support <tickets>"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HASH = "0123456789abcdef" * 4
EDITS = (
    Edit(rule="xml tags", reason="The family reads tags best.", source="vendor's guide, 2026-09", lossless=True),
    Edit(rule="direct words", reason="It follows <orders>, not hints.", source="vendor's guide, 2026-09", lossless=False),
)
CANDIDATES = (
    CandidateFacts(method="as is", prompt_hash=HASH, n=40, mean=0.7, interval=Interval(low=0.546, high=0.819), tokens=61.25),
    CandidateFacts(
        method="family rules", prompt_hash=HASH[::-1], chosen=True, edits=EDITS, n=40, mean=0.85,
        interval=Interval(low=0.709, high=0.929), tokens=75.0, usd=0.0123,
    ),
    CandidateFacts(
        method="conversion 1", prompt_hash="c" * 64, n=16, mean=0.5, edits=EDITS * 2,
        fell="Out after 16 samples: 0.500, two standard errors behind family rules.",
    ),
    CandidateFacts(method="few-shot", prompt_hash="d" * 64, refusal="It lost the variable question."),
    CandidateFacts(method="by hand", prompt_hash="e" * 64),
)  # fmt: skip
TARGET = TargetFacts(
    target="local:gemma3-270m", candidates=CANDIDATES, reason="family rules: 0.850 on 40 dev samples, ahead of as is with 0.700."
)
PROMPTS = PromptsFacts(
    migration_id="m1", name=NAME, round=1, dev=40,
    targets=(TARGET, TargetFacts(target="bedrock:amazon.nova-lite-v1:0", candidates=CANDIDATES[:1])),
)  # fmt: skip

JOB = AdvpoJob(migration_id="m1", number=1, target="bedrock:amazon.nova-lite-v1:0", by="U2", at=NOW)
OFFERED = AdvpoFacts(offered=True, samples=40, usd=0.0421)
UNTRIED = (
    "Conversion by a model was not tried, because no model was named that writes prompts (FERRY_WRITER, or a judge in the plan).",
    "Bedrock's Advanced Prompt Optimization rewrites prompts for models on Bedrock alone.",
)
ADVICE = (
    Advice(name="priority tier", sentence="Priority <tier>: send it.", usd_per_1000=0.42, source="user guide, service-tiers"),
    Advice(
        name="provisioned throughput", sentence="Provisioned throughput: by the hour.", usd_per_1000=None, source="user guide"
    ),
)
SHORTER = Turn(
    id="t9", migration_id="m1", number=1, turn=1, target="bedrock:amazon.nova-lite-v1:0", position=2, technique="shorter answers",
    group="", sentence="Answers have 41 output tokens on average: say <how many> words.", proposal="{}", sample_ids=(),
    parent=HASH,
)  # fmt: skip
FASTER = FasterFacts(target=SHORTER.target, n=40, tokens=41.2, seconds=1.234, advice=ADVICE, offer=SHORTER)
EFFECTS = (
    Effect(group="says 'card_arrival' where <another> label is right", n=12, before=0.0, after=0.75, low=0.45, high=0.95),
    Effect(group="elsewhere", n=28, before=1.0, after=0.964, low=-0.11, high=0.04),
    Effect(group="answers in a sentence", n=3, before=None, after=None),
)
TURN = TurnFacts(
    migration_id="m1", turn_id="t1", name=NAME, round=1, turn=2, target="local:gemma3-270m", technique="instruction",
    group="says <card_arrival>", sentence="12 of 40 samples say 'card_arrival': say what tells the labels <apart>.",
    state="waiting",
)  # fmt: skip
TRIED = TriedFacts(
    target="local:gemma3-270m", method="family rules", prompt_hash=HASH, sample_id="s7", question="Where is my <card>?",
    reference="card_arrival",
)  # fmt: skip

BEFORE = PromptVersion(user="Message: {question}\nIntent:", system="You sort <messages>.")
AFTER = PromptVersion(
    user="<message>{question}</message>\nIntent:", system="Sort the message.\nAnswer with the intent alone.",
    method="family rules", parent=BEFORE.hash, edits=EDITS,
)  # fmt: skip
PRESS = Press(migration="m1", question="prompts:1", answer=f"0:{HASH}")
LOOK = LookFacts(press=PRESS, target=TARGET.target, candidate=CANDIDATES[0], before=BEFORE, after=AFTER, dev=40, open=True)
HISTORY = (
    Chosen(prompt_hash=HASH, method="as is", reason="as is: 0.700 on 40 dev samples.", by=None, at=NOW),
    Chosen(prompt_hash=HASH[::-1], method="family rules", reason="Chosen by hand.", by="U2", at=NOW),
)
LIST = ListFacts(migration_id="m1", number=1, place=0, target=TARGET, dev=40, history=HISTORY, open=True)
OFFERS = (
    Offer(
        id="t1",
        technique="instruction",
        group="says <card_arrival>",
        sentence="12 failures: tell the labels apart.",
        cost="+0.01 USD",
    ),
    Offer(id="t2", technique="few-shot", group="", sentence="Show 3 solved samples."),
)


def prompted() -> Iterator[tuple[str, Card]]:
    """Every card about prompts in every state that looks different, by the name of its golden file."""
    yield from _portfolio()
    yield from _rounds()
    files = PromptFilesFacts(method="family rules", prompt_hash=HASH, target=TARGET.target, files=("a.txt", "b.txt"))
    yield "prompt_files", prompt_files_card(files)


def forms() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every form about prompts, by the name of its golden file."""
    yield "form_look", prompt_look.view(LOOK)
    yield "form_look_settled", prompt_look.view(replace(LOOK, open=False, candidate=CANDIDATES[1]))
    yield "form_look_as_is", prompt_look.view(replace(LOOK, after=BEFORE))
    yield "form_list", prompt_list.view(LIST)
    yield "form_edit", prompt_edit.view(PRESS, AFTER)
    yield "form_edit_long", prompt_edit.view(PRESS, replace(AFTER, user="x" * 3001))
    samples = (Offered(sample_id="s1", words="Where is my card?"), Offered(sample_id="s2", words="I lost it"))
    yield "form_try", prompt_try.view(PRESS, [(HASH, "as is"), (HASH[::-1], "family rules")], HASH, samples)
    yield "form_round", prompt_round.view(PRESS, ["local:a", "local:b"], [OFFERS, OFFERS[:1]])
    elsewhere = replace(FASTER, target="local:gemma3-270m", tokens=None, seconds=None, n=0, advice=(), offer=None)
    yield "form_faster", prompt_faster.view(PRESS, [elsewhere, FASTER])
    yield "form_faster_nothing_to_start", prompt_faster.view(PRESS, [elsewhere])
    yield "form_publish", publish.view(PRESS, "support-tickets")
    yield "form_round_without_proposals", prompt_round.view(PRESS, ["local:a"], [()])


def _portfolio() -> Iterator[tuple[str, Card]]:
    yield "prompts", prompts_card(PROMPTS)
    yield "prompts_none", prompts_card(replace(PROMPTS, targets=()))
    search = Improvement(migration_id="m1", number=1, target="local:gemma3-270m", calls=60, most_calls=200, usd=0.4, most_usd=2.0)
    over = replace(search, target="bedrock:amazon.nova-lite-v1:0", most_calls=0, note="Not tried: dev has fewer than 50 samples.")
    planned = Estimate(stage="candidates", calls=200, seconds=60, usd=0.15)
    by_hand = replace(TARGET, by="U2", at=NOW, reason="Its tone is ours.")
    searching = replace(
        PROMPTS,
        on=True,
        calls=130,
        planned=planned,
        spent="spent about 0.09 USD for 130 calls",
        searches=(search, over),
        targets=(by_hand,),
    )
    yield "prompts_searching", prompts_card(searching)
    waiting = replace(by_hand, advpo=replace(OFFERED, job=JOB))
    yield "prompts_paused", prompts_card(replace(searching, rests=True, targets=(waiting,)))
    yield from _optimised(by_hand)
    full = replace(TARGET, candidates=CANDIDATES * 4, untried=UNTRIED, advpo=replace(OFFERED, job=JOB))
    yield "prompts_full", prompts_card(replace(PROMPTS, targets=(full,) * 7))


def _optimised(other: TargetFacts) -> Iterator[tuple[str, Card]]:
    """Offered, and a job in each state that looks different; a target elsewhere says why it is not."""
    running = replace(JOB, state=JobState.RUNNING, job="arn:aws:bedrock:us-east-1:1:advanced-prompt-optimization-job/1")
    jobs = {
        "offered": None,
        "sent": replace(JOB, note="The account's quota of AdvPO jobs is used up; Ferry tries again."),
        "running": running,
        "stopping": replace(running, stopped_by="U1"),
        "failed": replace(running, state=JobState.FAILED, note="The service gave no prompt: the job ended as <Failed>."),
        "done": replace(running, state=JobState.DONE, note="It brought a candidate, which is measured on dev like the others."),
    }
    for name, job in jobs.items():
        target = replace(PROMPTS.targets[1], advpo=replace(OFFERED, job=job))
        facts = replace(PROMPTS, targets=(target, replace(other, untried=UNTRIED)), on=name == "running")
        yield f"prompts_advpo_{name}", prompts_card(facts)


def _rounds() -> Iterator[tuple[str, Card]]:
    yield "turn_waiting", turn_card(TURN)
    yield (
        "turn_measured",
        turn_card(replace(TURN, state="measured", effects=EFFECTS, said="Better in 1 group, worse in none: keep it.")),
    )
    yield "turn_kept", turn_card(replace(TURN, state="kept", effects=EFFECTS, by="U1"))
    yield "turn_refused", turn_card(replace(TURN, state="refused", said="It lost {question}."))
    yield "tried_waiting", tried_card(TRIED)
    scores = (
        Score(sample_id="s7", metric="exact_match", value=1.0),
        Score(sample_id="s7", metric="rubric:tone", value=None, unscored="judge bad_json: the ruling was no JSON"),
    )
    yield (
        "tried",
        tried_card(replace(TRIED, answer="card_arrival", scores=scores, source="card <delivery>", source_scores=scores[:1])),
    )
    yield "tried_failed", tried_card(replace(TRIED, problem="The model was throttled. Try again in a minute.", reference=None))
    yield "tried_shown", tried_card(replace(TRIED, answer="card_arrival", shown=True))
