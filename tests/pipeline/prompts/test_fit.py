"""What is refused, failed or told before a call is paid; and what is left to the provider because nobody can be sure."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models.catalog import Catalog
from pipeline.models.prices.overrides import GivenFacts
from pipeline.models.providers.scripted import ScriptedModel
from pipeline.prompts import fit
from pipeline.prompts.template import render
from pipeline.records import Attachment, Parameters, PromptVersion, Sample, Toolset, ToolSpec, Turn

REF = "bedrock:made.model-v1:0"
NOVA, MICRO = "bedrock:amazon.nova-lite-v1:0", "bedrock:amazon.nova-micro-v1:0"
SONNET_4, SONNET_45 = "bedrock:anthropic.claude-sonnet-4-20250514-v1:0", "bedrock:anthropic.claude-sonnet-4-5-20250929-v1:0"
MIB = 1024 * 1024


def of(ref: str = REF, **facts: Any) -> Catalog:
    return Catalog(facts={ref: GivenFacts(source="a test", date="2026-11-01", **facts)})


def prompt(user: str = "{q}", **parameters: Any) -> PromptVersion:
    return PromptVersion(user=user, parameters=Parameters(**{"temperature": None, "max_tokens": 10, **parameters}))


def file(**changes: Any) -> Attachment:
    return replace(Attachment(variable="photo", format="png", name="a.png", sha256="a", size=100, width=9, height=9), **changes)


def sample(text: str = "hello", *files: Attachment, name: str = "s1") -> Sample:
    return Sample(id=name, variables={"q": text, **{each.variable: each.placeholder for each in files}}, attachments=files)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"parameters": Parameters(temperature=1.7)}, "outside 0 to 1"),
        ({"parameters": Parameters(top_p=1.5)}, "top_p 1.5 must be above 0"),
        ({"parameters": Parameters(stop=("",))}, "A stop sequence is empty"),
        ({"parameters": Parameters(stop=("x",) * 2501)}, "too many"),
        ({"parameters": Parameters(max_tokens=10_001)}, "gives at most 10,000"),
        ({"parameters": Parameters(json_schema='{"type": "object"}')}, "does not take a JSON schema"),
        ({"tools": Toolset(tools=(ToolSpec(name="get it", schema='{"type": "object"}'),))}, 'has the name "get it"'),
        ({"turns": (Turn(role="assistant", text="Hi"),)}, "starts with the assistant"),
        ({"system": "x " * 4_000_000}, "The prompt alone takes"),
    ],
)
def test_what_every_call_would_be_refused_for_is_said_with_its_way_out(changes: dict[str, Any], words: str) -> None:
    asked = replace(prompt(), **changes)
    said = fit.refusals(asked, (sample(),), NOVA, Catalog())
    assert len(said) == 1
    assert words in said[0]
    assert fit.refusals(asked, (sample(),), "recorded:gpt-4o", Catalog()) == ()


def test_a_legal_prompt_is_not_held_back() -> None:
    assert fit.refusals(prompt(temperature=0.0, max_tokens=512), (sample(),), NOVA, Catalog()) == ()
    assert fit.refusals(prompt(temperature=0.0), (sample(),), "openai:gpt-5", Catalog()) == (), "the adapter leaves it out"
    (said,) = fit.refusals(prompt(temperature=0.0), (sample(),), "openai:gpt-5", Catalog(), sampling=True)
    assert "takes neither temperature nor top_p" in said


def test_a_target_that_takes_no_images_is_refused_where_the_prompt_shows_some() -> None:
    with_photo = (sample("x", file()),)
    (said,) = fit.refusals(prompt("{q}{photo}"), with_photo, MICRO, Catalog())
    assert f"the catalogue does not know {MICRO} to take any. Choose a target that takes them (ferry models image" in said
    (said,) = fit.refusals(prompt("{photo}"), with_photo, REF, of(lacks=["image"]))
    assert "takes none (a test, 2026-11-01)" in said
    assert fit.refusals(prompt("{q}"), with_photo, MICRO, Catalog()) == (), "a photo the prompt does not show is not sent"
    assert fit.refusals(prompt("{photo}"), with_photo, MICRO, of(MICRO, takes=["image"])) == ()
    assert fit.refusals(prompt("{photo}"), with_photo, "openai:mine@http://127.0.0.1:1/v1", Catalog()) == ()
    (said,) = fit.refusals(replace(prompt("{q}"), system="{photo}"), with_photo, NOVA, Catalog())
    assert "into the system text" in said


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([file(size=15 * MIB // 4)], ""),
        ([file(size=15 * MIB // 4 + 1)], "3.75 MB"),
        ([file(width=8000)], ""),
        ([file(height=8001)], "8,000 a side"),
        ([file(variable=f"p{at}") for at in range(20)], ""),
        ([file(variable=f"p{at}") for at in range(21)], "20 images a request; these are 21"),
        ([file(variable=f"p{at}", format="pdf") for at in range(6)], "5 PDFs a request; these are 6"),
        ([file(format="pdf", size=9 * MIB // 2 + 1)], "4.50 MB"),
    ],
)
def test_limits_of_bedrock(files: list[Attachment], words: str) -> None:
    asked = prompt("".join(f"{{{each.variable}}}" for each in files))
    found = fit.unfit(render(asked, sample("x", *files)), REF, None)
    assert (found.kind if found else "") == ("attachment" if words else "")
    assert words in (found.message if found else "")
    assert fit.misfits(asked, (sample("x", *files),), REF, Catalog()).files == (("s1",) if words else ())


def test_claude_4_and_nova_take_larger_pdfs() -> None:
    large = render(prompt("{photo}"), sample("x", file(format="pdf", size=20 * MIB)))
    assert fit.unfit(large, NOVA, None) is None
    assert fit.unfit(large, SONNET_4, None) is None
    assert fit.unfit(large, "bedrock:anthropic.claude-3-haiku-20240307-v1:0", None) is not None


@pytest.mark.parametrize(
    ("ref", "text", "max_tokens", "kind"),
    [
        (REF, "word " * 160, 10, ""),  # 800 characters: 100 tokens at least, of a window of 101
        (REF, "word " * 170, 10, "context_overflow"),
        (REF, "word " * 100, 90, ""),  # whether the answer counts is not known of this model
        (SONNET_45, "word " * 100, 90, ""),  # it answers up to the window's end
        (SONNET_4, "word " * 100, 90, "context_overflow"),
        ("bedrock:meta.llama3-70b-instruct-v1:0", "word " * 100, 90, "context_overflow"),
        (REF, " " * 100_000, 10, ""),
    ],
)
def test_only_what_surely_does_not_fit_is_not_asked(ref: str, text: str, max_tokens: int, kind: str) -> None:
    request = render(prompt(max_tokens=max_tokens), sample(text))
    found = fit.unfit(request, ref, of(ref, context=101).of(ref))
    assert (found.kind if found else "") == kind


@given(text=st.text(max_size=2000), context=st.integers(1, 400))
def test_what_is_refused_has_more_characters_than_any_tokeniser_packs(text: str, context: int) -> None:
    found = fit.unfit(render(prompt(max_tokens=1), sample(text)), REF, of(context=context).of(REF))
    if found:
        assert len(text) > 8 * (context - 1)
        assert f"window of {context:,} (a test, 2026-11-01)" in found.message


async def test_a_sample_that_does_not_fit_fails_without_a_call_and_others_go_on() -> None:
    inner = ScriptedModel({"s1": "yes", "s2": "yes"}, ref=REF)
    model = fit.Fitted(inner, of(context=100))
    long = await model.answer(render(prompt(), sample("x" * 1000)))
    short = await model.answer(render(prompt(), sample("x", name="s2")))
    assert (long.failure.kind if long.failure else "", short.text, inner.calls) == ("context_overflow", "yes", 1)


def test_people_are_told_which_samples_do_not_fit() -> None:
    samples = (sample("x" * 900), sample("x" * 380, name="s2"), sample("x", file(size=9 * MIB), name="s3"), sample(name="s4"))
    catalog = of(context=100)
    found = fit.misfits(prompt("{q}{photo}"), samples, REF, catalog)
    assert (found.over, found.tight, found.files) == (("s1",), ("s2",), ("s3",))
    over, tight, files = fit.sentences(found, catalog.of(REF))
    assert over.startswith(
        f"1 of 4 samples (s1) is surely too long for {REF}, whose context window is 100 tokens (a test, 2026-11-01)"
    )
    assert "lower max_tokens, or choose a target with a larger window" in over
    assert "are asked all the same" in tight
    assert "Make the files smaller" in files


def test_a_plan_names_targets_that_fall_out_and_models_that_would_do() -> None:
    said = fit.notes((MICRO, NOVA), prompt("{photo}"), (sample("x", file()),), Catalog())
    assert len(said) == 2
    assert said[0].startswith(f"{MICRO} falls out of the shortlist: The samples hold images")
    assert said[1].startswith("The cheapest models on Bedrock that take images: bedrock:")
    assert fit.notes((NOVA,), prompt(), (sample(),), Catalog()) == ()
