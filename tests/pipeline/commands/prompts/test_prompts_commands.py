"""`ferry prompts lint|convert|diff` on files of any format: what is told, what is written, and the exit code."""

import json
from pathlib import Path

import pytest

from pipeline.hashing import content_hash
from pipeline.prompts.importers import Source, imported
from pipeline.prompts.importers.ferry_version import dumps
from pipeline.prompts.importers.openai_chat import turns
from pipeline.records import PromptVersion, Toolset, Turn
from pipeline.records.criteria import slug
from tests.pipeline.commands.test_convert_command import dataset, ferry
from tests.pipeline.prompts.asks import CLAUDE_5, LLAMA
from tests.pipeline.prompts.shared import ADVPO, needs_advpo

CHAT = {
    "messages": [
        {"role": "system", "content": "Sort the message."},
        {"role": "user", "content": "Message: late parcel"},
        {"role": "assistant", "content": "delivery"},
        {"role": "user", "content": "Message: {question}\nIntent:"},
    ],
    "temperature": 0.0,
    "max_tokens": 20,
    "seed": 1,
}


@pytest.fixture
def chat(tmp_path: Path) -> Path:
    path = tmp_path / "chat.json"
    path.write_text(json.dumps(CHAT))
    return path


def flat(said: str) -> str:
    return " ".join(said.split())


def test_lint_tells_rule_source_and_fix_and_ends_with_1_on_an_error(chat: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "600")
    code, said = ferry("prompts", "lint", chat, "--target", CLAUDE_5)
    assert code == 1
    for part in (
        "takes neither temperature nor top_p",
        "parameters",
        "Anthropic model migration guide",
        "lossless",
        "Not sent: seed.",
    ):
        assert part in flat(said)


def test_lint_ends_with_0_without_an_error_and_writes_json(tmp_path: Path) -> None:
    path = tmp_path / "prompt.txt"
    path.write_text("Sort {question} as JSON")
    code, said = ferry("prompts", "lint", path, "--target", LLAMA, "--target", "recorded:gpt-4.1", "--json")
    assert code == 0
    first, second = json.loads(said)
    assert (first["format"], first["target"], second["target"]) == ("plain text", LLAMA, "recorded:gpt-4.1")
    assert first["findings"][0]["rule"] == "json-without-schema"
    assert first["findings"][0].keys() == {"rule", "severity", "message", "source", "date", "fix", "lossless"}


def test_lint_of_what_cannot_be_read_is_a_sentence_and_exit_code_2(tmp_path: Path, chat: Path) -> None:
    code, said = ferry("prompts", "lint", tmp_path / "none.txt", "--target", LLAMA)
    assert (code, "There is no prompt at" in flat(said)) == (2, True)
    code, said = ferry("prompts", "lint", chat, "--target", "gpt-9")
    assert (code, "provider:name" in flat(said)) == (2, True)
    code, said = ferry("prompts", "lint", chat, "--target", LLAMA, "--pick", "other")
    assert (code, 'no prompt named "other"' in flat(said)) == (2, True)


def test_convert_lists_own_and_other_prompts_and_writes_their_turns(chat: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("system: |\n  Sort.\n  One label, such as delivery.\nuser: 'Say: {{input}}'\n")
    out, use = tmp_path / "out", ("--use-case", "classification", "--dataset", dataset(tmp_path))
    target = "recorded:llama-3.3-70b"
    code, said = ferry("prompts", "convert", chat, "--target", target, "--beside", other, "-o", out, *use)
    assert code == 0
    assert "other.yaml" in said
    listed = json.loads((out / "candidates.json").read_text())
    names = [c["file"] for c in listed]
    assert names[:2] == ["1-as-is.txt", "2-format-fixed.txt"]
    assert names[-1].endswith("other-yaml.txt")
    assert [c["refusal"] for c in listed if c["method"] in {"as is", "other.yaml"}] == [None, None]
    assert (out / names[-1]).read_text() == "Say: {{question}}"
    shown = turns((out / "1-as-is.turns.json").read_text(), "turns")
    assert shown == (Turn(role="user", text="Message: late parcel"), Turn(role="assistant", text="delivery"))


def test_convert_applies_the_lossless_fixes_first(tmp_path: Path) -> None:
    path = tmp_path / "chat.json"
    path.write_text(
        json.dumps({**CHAT, "messages": [{"role": "user", "content": "<|im_start|>user\nSort {question}<|im_end|>"}]})
    )
    out = tmp_path / "out"
    code, said = ferry("prompts", "convert", path, "--target", "recorded:claude-sonnet-5", "--json", "-o", out)
    assert code == 0
    first = json.loads(said)[0]
    assert (first["method"], first["parameters"]["temperature"], first["parameters"]["max_tokens"]) == ("as is", None, 8192)
    assert (out / first["file"]).read_text() == "Sort {question}"


def test_a_prompt_without_a_variable_is_named_and_not_converted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    plain, chat, tools = (tmp_path / name for name in ("prompt.txt", "chat.json", "version.json"))
    plain.write_text("Sort it.")
    chat.write_text(json.dumps([{"role": "system", "content": "You sort."}, {"role": "user", "content": "Sort it."}]))
    code, said = ferry("prompts", "lint", plain, "--target", LLAMA)
    assert (code, "every sample would get the same text" in flat(said)) == (0, True)
    for path in (plain, chat):
        for command in (("prompts", "convert"), ("convert", "-o", tmp_path / "out")):
            code, said = ferry(*command, path, "--target", "recorded:llama-3.3-70b")
            assert (code, "Mark the place of the question" in flat(said)) == (2, True)
    tools.write_text(dumps(PromptVersion(user="Choose a tool.", tools=Toolset(variable="functions"))))
    assert ferry("prompts", "convert", tools, "--target", "recorded:llama-3.3-70b")[0] == 0
    chat.write_text(json.dumps([{"role": "system", "content": "Sort {question}."}, {"role": "user", "content": "Go."}]))
    assert ferry("prompts", "convert", chat, "--target", "recorded:llama-3.3-70b")[0] == 0


@needs_advpo
def test_convert_guards_with_the_files_own_samples_and_tells_every_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "600")
    results, target = ADVPO / "nestful_results.jsonl", "recorded:nova-2-lite"
    code, said = ferry("prompts", "convert", results, "--target", target, "--use-case", "extraction", "-o", tmp_path / "out")
    assert code == 0
    assert "No dataset is given, so the samples in nestful_results.jsonl (20) are dev." in flat(said)
    for why in ('It has stray "{{"', "It repeats text of 17 dev samples", "It has 15,785 characters; the cap is 6,000"):
        assert f"refused: {why}" in said
        assert flat(said).count(why) == 2, "in the table and below"
    code, said = ferry("prompts", "convert", results, "--target", target, "--use-case", "extraction", "--json")
    worst = next(one for one in json.loads(said) if len(one["refusals"]) > 1)
    assert worst["refusal"] == worst["refusals"][0]
    assert "17 dev samples" in worst["refusals"][1]


def test_a_dataset_goes_before_the_files_own_samples(tmp_path: Path) -> None:
    path = tmp_path / "foo.yaml"
    path.write_text("prompts: ['Sort {{question}}']\ntests:\n- vars: {question: Where is it}\n")
    told = ("prompts", "convert", path, "--target", "recorded:llama-3.3-70b")
    assert "so the samples in foo.yaml (1) are dev" in flat(ferry(*told)[1])
    assert "are dev" not in flat(ferry(*told, "--dataset", dataset(tmp_path))[1])


def test_convert_caps_the_cost(chat: Path) -> None:
    code, said = ferry(
        "prompts", "convert", chat, "--target", LLAMA, "--most-usd", "0.001", "--json", "--endpoint-url", "http://127.0.0.1:9"
    )
    assert code == 0
    assert all("the cap is 0.001 USD" in c["refusal"] for c in json.loads(said) if c["method"] == "as is")


def test_diff_of_two_files_and_of_one_that_holds_both(chat: Path, tmp_path: Path) -> None:
    later = tmp_path / "later.txt"
    later.write_text("Message: {question}\nLabel:")
    code, said = ferry("prompts", "diff", chat, later)
    assert code == 0
    assert "system: The system text of 1 line was removed." in said
    assert "- Intent:\n+ Label:" in said
    code, said = ferry("prompts", "diff", chat, chat)
    assert (code, flat(said)) == (0, "chat.json → chat.json: equal")
    code, said = ferry("prompts", "diff", later)
    assert (code, "Give the other one" in flat(said)) == (2, True)
    both = tmp_path / "results.jsonl"
    results = [{"optimizedPromptTemplate": "B {{x}}", "modelId": "m"}]
    both.write_text(json.dumps({"promptTemplate": "A {{x}}", "promptOptimizationResults": results}))
    code, said = ferry("prompts", "diff", both, "--json")
    assert [change["section"] for change in json.loads(said)["changes"]] == ["user"]


def test_diff_of_one_file_compares_a_prompt_with_the_one_it_was_made_from(tmp_path: Path) -> None:
    lines = [
        {"templateId": name, "promptTemplate": f"{name} {{{{q}}}}", "promptOptimizationResults": made}
        for name, made in (("One", []), ("Two", [{"optimizedPromptTemplate": "Two, better {{q}}", "modelId": "m"}]))
    ]
    path = tmp_path / "two.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)))
    code, said = ferry("prompts", "diff", path, "--json")
    assert (code, json.loads(said)["before"], json.loads(said)["after"]) == (0, "Two", "Two for m")


def test_diff_says_which_prompt_of_a_file_it_compares_and_takes_the_improved_one(tmp_path: Path) -> None:
    before, after = tmp_path / "before.txt", tmp_path / "results.jsonl"
    before.write_text("A {x}")
    better = [{"optimizedPromptTemplate": f"{name} {{{{x}}}}", "modelId": name} for name in ("B", "C")]
    after.write_text(json.dumps({"templateId": "t", "promptTemplate": "A {{x}}", "promptOptimizationResults": better}))
    code, said = ferry("prompts", "diff", before, after)
    assert code == 0
    assert "before.txt → t for B" in said
    assert "results.jsonl holds 3 prompts; this is t for B, number 2. Choose another one with --pick." in flat(said)
    assert "- A {x}\n+ B {{x}}" in said
    code, said = ferry("prompts", "diff", before, after, "--pick", "t")
    assert (code, "this is t, number 1." in flat(said)) == (0, True)
    code, said = ferry("prompts", "diff", after, "--pick", "t for C", "--json")
    told = json.loads(said)
    assert (code, told["before"], told["after"], told["of"]) == (0, "t", "t for C", 3)
    assert "this is t for B, number 2" in flat(ferry("prompts", "diff", after)[1])
    assert "results.jsonl holds 3 prompts; this is t, number 1." in flat(ferry("prompts", "diff", after, before)[1])
    code, said = ferry("prompts", "diff", before, after, "--pick", "D")
    assert (code, 'holds no prompt named "D". It holds: t, t for B, t for C' in flat(said)) == (2, True)


def test_parts_joined_by_plus_are_one_prompt(chat: Path, tmp_path: Path) -> None:
    system, shown, user = (tmp_path / name for name in ("system.txt", "turns.json", "user.txt"))
    system.write_text("Sort the message.")
    shown.write_text(json.dumps(CHAT["messages"][1:3]))  # type: ignore[index]
    user.write_text("Message: {question}\nIntent:")
    code, said = ferry("prompts", "diff", chat, f"{system}+{shown}+{user}", "--json")
    assert code == 0
    assert [change["section"] for change in json.loads(said)["changes"]] == ["parameters"]
    assert imported(Source(text=chat.read_text(), name="c"))[0].prompt.system == "Sort the message."


def test_convert_asks_a_writer_when_one_is_named_and_says_so_when_none_is(tmp_path: Path) -> None:
    path, script = tmp_path / "prompt.txt", tmp_path / "writer.json"
    path.write_text("Sort this: {question}")
    told = "<new_system>\n</new_system>\n<new_user>\nSort: {{question}}\n</new_user>\n<changes>\n- Shorter.\n</changes>"
    script.write_text(json.dumps({"matches": [["It mixes up refunds", told]], "log": str(tmp_path / "calls")}))
    code, said = ferry("prompts", "convert", path, "--target", LLAMA.replace("bedrock:", "recorded:"))
    assert (code, "Conversion by a model was not tried" in flat(said)) == (0, True)
    asks = ("--writer", f"scripted:{script}", "--source", "recorded:gpt-4.1", "--feedback", "It mixes up refunds")
    code, said = ferry("prompts", "convert", path, "--target", "recorded:llama-3.3-70b", "--json", *asks)
    assert code == 0
    assert [one["method"] for one in json.loads(said)] == ["as is", "conversion, faithful"], "equal versions stand there once"
    assert len((tmp_path / "calls").read_text().splitlines()) == 3


def test_measure_answers_dev_once_and_refuses_what_was_changed(tmp_path: Path) -> None:
    path, script, out = tmp_path / "prompt.txt", tmp_path / "model.json", tmp_path / "out"
    path.write_text("Sort this: {question}")
    script.write_text(
        json.dumps({"matches": [["text only", "delivery"], ["", "It is about delivery."]], "log": str(tmp_path / "calls")})
    )
    data = dataset(tmp_path)
    asks = ("--target", "recorded:gpt-4.1", "--use-case", "classification", "--dataset", data, "-o", out)
    assert ferry("prompts", "convert", path, *asks)[0] == 0
    measure = ("prompts", "measure", out, "--dataset", data, "--model", f"scripted:{script}", "-m", "exact_match", "--json")
    code, said = ferry(*measure)
    assert code == 0
    figures = {one["method"]: one for one in json.loads(said)}
    assert figures["as is"]["means"] == {"exact_match": 0.0}
    assert figures["format-fixed"]["means"]["exact_match"] > 0
    assert len({one["n"] for one in figures.values()}) == 1
    calls = (tmp_path / "calls").read_text()
    assert ferry(*measure) == (0, said)
    assert (tmp_path / "calls").read_text() == calls, "what is in the folder is not asked again"
    code, shown = ferry(*measure[:-1])
    assert (code, "format-fixed" in shown) == (0, True)
    other = tmp_path / "other.json"
    other.write_text(script.read_text())
    with_other = [f"scripted:{other}" if part == f"scripted:{script}" else part for part in measure]
    code, second = ferry(*with_other)
    assert (code, len(json.loads(second))) == (0, len(figures)), "another model has files of its own"
    assert {path.name.split("-", 2)[2] for path in out.glob("dev-*.jsonl")} == {
        f"{slug(ref)}-{content_hash(ref)[:6]}.jsonl" for ref in (f"scripted:{script}", f"scripted:{other}")
    }
    data.write_text(data.read_text().replace("parcel", "packet"))
    code, said = ferry(*measure)
    assert (code, "Delete it to start over, or convert into another folder." in flat(said)) == (2, True)
    next(out.glob("1-*.txt")).write_text("Sort that: {question}")
    code, said = ferry(*measure)
    assert (code, "was changed since it was written" in flat(said)) == (2, True)
    (out / "candidates.json").write_text("{}")
    code, said = ferry(*measure)
    assert (code, "nothing to measure" in flat(said)) == (2, True)
    (out / "candidates.json").write_text("[1]")
    assert ferry(*measure)[0] == 2


def test_a_cap_on_cost_refuses_a_candidate_and_needs_a_price(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    path = tmp_path / "prompt.txt"
    path.write_text("Sort {question}." + " Take care." * 60)
    told = ("prompts", "convert", path, "--target", LLAMA)
    assert "the cap is" not in ferry(*told)[1]
    assert "the cap is 0.0001 USD. Shorten the prompt, or raise the cap." in flat(ferry(*told, "--most-usd", "0.0001")[1])
    criteria = tmp_path / "criteria.json"
    criteria.write_text(json.dumps({"metrics": [{"metric": "exact_match", "primary": True}], "most_usd": 0.0001}))
    assert "the cap is 0.0001 USD" in flat(ferry(*told, "--criteria", criteria)[1])
    assert "the cap is" not in ferry(*told, "--criteria", criteria, "--most-usd", "100")[1]
    code, said = ferry("prompts", "convert", path, "--target", "bedrock:nobody.knows", "--most-usd", "1")
    assert (code, "The price of bedrock:nobody.knows is unknown" in flat(said)) == (2, True)
