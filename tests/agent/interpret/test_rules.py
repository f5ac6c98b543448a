"""What people write, and what the rules make of it; unrelated talk means nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.interpret import Facts, Intent, IntentKind, interpret
from agent.interpret.intent import CHANGING
from agent.interpret.rules import read

FACTS = Facts(
    status="open",
    waiting="plan:1",
    metrics=("normalised_match", "exact_match", "rouge_l", "refusal", "rubric:tone"),
    offered=("chrf", "number_match", "deepeval_faithfulness", "answer_recall"),
    targets=("local:gemma3-270m",),
    prompts=("as is", "format-fixed", "family rules", "by hand"),
)
HAIKU = "bedrock:us.anthropic.claude-haiku-4-5-20251001-v1:0"

SAYINGS: dict[IntentKind, tuple[str, ...]] = {
    IntentKind.STATUS: (
        "status",
        "Status?",
        "<@U0FERRY> status please",
        "what's the status of the migration?",
        "whats the staus",
        "how is it going?",
        "How far are we",
        "any news?",
        "are we there yet",
        "when will it be done?",
        "progess?",
        "hey ferry, what are we waiting for?",
        "whats next",
    ),
    IntentKind.WHY: (
        "why?",
        "why is it stuck?",
        "Why did it fail",
        "what went wrong",
        "explain the verdict please",
        "why is the target worse than the source?",
        "why is the verdict wrong?",
        "why was this prompt chosen?",
        "what went worng?",
        "Why does it take so long?",
    ),
    IntentKind.SHOW_WORST: (
        "show me the worst samples",
        "worst samples",
        "show the worst",
        "show me the 5 worst",
        "show 10 regressions please",
        "which samples got worse?",
        "what did it get wrong?",
        "show me teh worst smaples",
    ),
    IntentKind.USE_BATCH: (
        "use batch jobs",
        "use batch",
        "run the tests by batch please",
        "we want batch inference",
        "go with bedrock batch jobs",
    ),
    IntentKind.NO_BATCH: (
        "no batch",
        "without batch jobs",
        "don't use batch",
        "stop batch jobs",
        "ask on demand",
        "use calls on-demand",
    ),
    IntentKind.SET_BUDGET: (
        "set the budget to 20 USD",
        "budget: $1,200",
        "please raise the budget to 40 dollars",
        "no budget",
        "remove the budget",
        "set a budget",
    ),
    IntentKind.SHOW_ERRORS: (
        "show errors",
        "show me the errors please",
        "why is it wrong?",
        "why are the answers wrong",
        "Why are so many answers wrong?",
        "what goes wrong",
        "error groups",
        "shwo the errors",
    ),
    IntentKind.SHOW_PROMPTS: ("show prompts", "show me the prompts please", "candidates", "Which prompt won?", "list candidates"),
    IntentKind.TRY_PROMPT: (
        "try family rules on s17",
        "please try the format-fixed prompt on sample ticket_0042.",
        "try 0a1b2c3d on s1",
        "test by hand on s4",
        "try that prompt on s4",
    ),
    IntentKind.ROLL_BACK: (
        "roll back",
        "rollback please",
        "undo the choice",
        "use the previous prompt",
        "go back to the last prompt",
    ),
    IntentKind.ANOTHER_ROUND: ("another round", "one more round please", "start another round", "improve the prompt"),
    IntentKind.FASTER: ("make it faster", "can you make it faster?", "please reduce the latency", "shorter answers please"),
    IntentKind.OPTIMIZE: (
        "optimise with advpo",
        "optimize the prompt with AdvPO please",
        "ask Bedrock to optimise the prompt",
        f"optimise {HAIKU} with advpo",
    ),
    IntentKind.STOP_OPTIMIZING: ("stop advpo", "stop the optimisation", "cancel the optimization", f"stop advpo for {HAIKU}"),
    IntentKind.CHANGE_MARGIN: (
        "change the margin to 3 %",
        "set margin of exact_match to 0.02",
        "margin 3%",
        "can we make the margin 5 percent?",
        "please raise the margin for normalised match from 3% to 4%",
        "lower margin to 0,01",
        "set the margn to 2 %",
        "I'd accept a margin of 10 points",
        "change the margin",
    ),
    IntentKind.CHANGE_CAP: (
        "at most 2 USD per 1,000 calls",
        "a prompt may cost at most $0.50 for 1000 calls",
        "set the cost cap to 3",
        "no cost cap",
        "please remove the cost cap",
        "change the cost cap",
    ),
    IntentKind.ADD_TARGET: (
        f"add target {HAIKU}",
        f"also try {HAIKU} please",
        f"can you include `{HAIKU}`?",
        "compare with local:gemma3-270m too",
        "add another target",
    ),
    IntentKind.ADD_METRIC: (
        "add metric chrf",
        "please measure number match too",
        "also add faithfulness",
        "can you include answer_recall?",
        "add the metric bertscore",
        "add another metric",
    ),
    IntentKind.REMOVE_METRIC: (
        "remove metric rouge_l",
        "drop exact match please",
        "delete the rubric:tone metric",
        "remove a metric",
    ),
    IntentKind.USE_JUDGE: (
        f"use {HAIKU} as judge",
        f"let {HAIKU} judge",
        f"please change the judge to {HAIKU}",
        f"judge with {HAIKU}",
        "remove the judge",
        "add a judge",
    ),
    IntentKind.PUBLISH: (
        "publish",
        "please publish the prompt",
        "publish it as Support-Intent",
        "can you publish the signed prompt to Bedrock as support_intent?",
        "publish to prompt management",
    ),
    IntentKind.PAUSE: ("pause", "please pause", "Hold on", "pause the migration", "stop for now", "puase", "put it on hold"),
    IntentKind.RESUME: ("resume", "go on", "continue please", "carry on", "unpause", "ok, resume the migration", "try again"),
    IntentKind.CANCEL: ("cancel", "abort the migration", "cancel the migration please", "please stop the migration", "cancle"),
    IntentKind.HELP: ("help", "Help me", "what can you do?", "commands", "how does this work?"),
    IntentKind.UNKNOWN: (
        "",
        "   ",
        "<@U0FERRY>",
        "thanks!",
        "good morning everyone",
        "lunch at 12?",
        "try the pasta on Friday",
        "do not roll back",
        "another round of drinks for everybody who came to the party yesterday evening",
        "why is the sky blue",
        "why is it always so wrong of people to be late for a meeting",
        "the margin of that photo looks nice",
        "what is the margin?",
        "who cancelled the meeting yesterday?",
        "please don't cancel it",
        "do not pause",
        "I will continue with the other ticket tomorrow, see you then",
        "we should stop talking about football",
        "my flight got cancelled and now I am stuck in the airport with no help",
        "the status of my parcel is still unknown, any idea whom to ask about it?",
        "worst weather ever",
        "lgtm",
        "let's add more tests next sprint",
        "don't add metric chrf",
        "do not use local:gemma3-270m as judge",
        "who is the judge?",
        "never judge a book by its cover",
        "drop me a line about lunch",
        "add sugar to the metric tons of coffee we are going to order for the next all hands meeting",
        "see https://example.com/target for the design",
        "42",
        "don't publish it",
        "what is the cost cap?",
        "don't remove the cost cap",
        "how much is it per 1,000 calls?",
        "the cost cap of that plan looks nice",
        "we make about a million dollars per thousand calls in the sales team every single year, they say",
        "we should publish a blog post about this as soon as possible",
        "👍",
    ),
}
CASES = [(kind, text) for kind, texts in SAYINGS.items() for text in texts]


def test_the_table_is_long_enough_to_mean_something() -> None:
    assert len(CASES) >= 60
    assert set(SAYINGS) == set(IntentKind)


@pytest.mark.parametrize(("kind", "text"), CASES, ids=[f"{kind}: {text[:40]}" for kind, text in CASES])
def test_sayings_are_understood(kind: IntentKind, text: str) -> None:
    assert read(text, FACTS).kind is kind


@pytest.mark.parametrize(
    ("text", "prompt", "sample"),
    [
        ("try family rules on s17", "family rules", "s17"),
        ("try famly rules on sample Ticket-42!", "family rules", "Ticket-42"),
        ("try 0a1b2c3d on s1", "0a1b2c3d", "s1"),
        ("try the prompt of yesterday on s1", None, "s1"),
    ],
)
def test_a_try_names_a_candidate_and_a_sample(text: str, prompt: str | None, sample: str) -> None:
    intent = read(text, FACTS)
    assert (intent.kind, intent.prompt, intent.sample) == (IntentKind.TRY_PROMPT, prompt, sample)


@pytest.mark.parametrize(
    ("text", "margin", "metric"),
    [
        ("change the margin to 3 %", 0.03, None),
        ("set margin of exact_match to 0.02", 0.02, "exact_match"),
        ("set the margin of exact match to 2", 0.02, "exact_match"),
        ("raise the margin for normalised match from 3% to 4,5%", 0.045, "normalised_match"),
        ("margin of rouge_l 10 points", 0.1, "rouge_l"),
        ("change the margin to 100 %", None, None),
        ("change the margin to 0", None, None),
        ("change the margin", None, None),
    ],
)
def test_a_margin_is_a_fraction_of_one_metric_or_of_all(text: str, margin: float | None, metric: str | None) -> None:
    intent = read(text, FACTS)
    assert (intent.kind, intent.margin, intent.metric) == (IntentKind.CHANGE_MARGIN, margin, metric)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        (f"Add target {HAIKU}.", HAIKU),
        ("try local:/models/Some-Model.gguf, please", "local:/models/Some-Model.gguf"),
        ("add <http://bedrock:meta.llama3|bedrock:meta.llama3>", "bedrock:meta.llama3"),
        ("add another target", None),
    ],
)
def test_a_target_keeps_its_letters(text: str, target: str | None) -> None:
    intent = read(text, FACTS)
    assert (intent.kind, intent.target) == (IntentKind.ADD_TARGET, target)


@pytest.mark.parametrize(
    ("text", "metric"),
    [
        ("add metric chrf", "chrf"),
        ("measure number match too", "number_match"),
        ("add faithfulness", "deepeval_faithfulness"),
        ("add metric bertscore", "bertscore"),
        ("add another metric", None),
        ("remove rubric tone", "rubric:tone"),
        ("remove metric chrf", "chrf"),
    ],
)
def test_a_metric_is_known_by_its_name_or_told_as_it_was_written(text: str, metric: str | None) -> None:
    assert read(text, FACTS).metric == metric


@pytest.mark.parametrize(
    ("text", "judge"),
    [
        (f"Use {HAIKU} as judge.", HAIKU),
        ("remove the judge", ""),
        ("use a judge", None),
        ("set the judge to local:A.gguf", "local:A.gguf"),
    ],
)
def test_a_judge_keeps_its_letters_and_none_is_empty(text: str, judge: str | None) -> None:
    intent = read(text, FACTS)
    assert (intent.kind, intent.judge) == (IntentKind.USE_JUDGE, judge)


def test_a_name_to_publish_as_keeps_its_letters() -> None:
    assert read("Publish the prompt as Support-Intent.", FACTS).name == "Support-Intent"
    assert read("publish the prompt", FACTS).name is None


def test_the_number_of_worst_samples_is_read() -> None:
    assert read("show me the 5 worst samples", FACTS).count == 5
    assert read("show me the worst samples", FACTS).count is None


@given(st.text(max_size=300))
def test_any_text_is_read_without_an_error(text: str) -> None:
    intent = read(text, FACTS)
    assert intent.margin is None or 0 < intent.margin < 1


@given(
    st.lists(
        st.sampled_from(["blue", "seven", "lunch", "tomorrow", "paris", "train", "sunny", "kitchen"]), min_size=1, max_size=9
    )
)
def test_unrelated_words_change_nothing(parts: list[str]) -> None:
    assert read(" ".join(parts), FACTS).kind not in CHANGING


async def test_a_reader_is_asked_only_where_the_rules_are_not_sure() -> None:
    asked: list[str] = []

    async def reader(text: str, _facts: Facts) -> Intent | None:
        asked.append(text)
        return Intent(kind=IntentKind.WHY) if text == "enlighten me about that outcome" else None

    assert (await interpret("status", FACTS, reader)).kind is IntentKind.STATUS
    assert asked == []
    assert (await interpret("enlighten me about that outcome", FACTS, reader)).kind is IntentKind.WHY
    assert (await interpret("staus", FACTS, reader)).kind is IntentKind.STATUS
    assert asked == ["enlighten me about that outcome", "staus"]
