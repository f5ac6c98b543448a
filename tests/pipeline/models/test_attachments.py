"""Images and PDFs on the wire: the bytes that were given are the bytes that are sent, at their place in the message."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.attachments.store import Kept
from pipeline.dataset.freeze import freeze
from pipeline.models import open_model
from pipeline.models.providers.bedrock_content import NO_TEXT
from pipeline.models.providers.scripted import ScriptedModel
from pipeline.prompts.template import parse_prompt, render
from pipeline.records import Attachment, Output, PromptVersion, RecordedOutput, Request, Sample, Syntax, Turn
from tests.pipeline.attachments.made import archive, image, pdf
from tests.pipeline.models.ask import settings
from tests.pipeline.models.openai_peer import USAGE, openai_peer
from tests.pipeline.models.peer import Said, answered, bedrock
from tests.pipeline.models.test_bedrock_recorded import CASSETTES

MODEL = "eu.amazon.nova-lite-v1:0"
RED, BLUE = image("red"), image("blue", form="JPEG")


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def sample(tmp_path: Path, files: Mapping[str, bytes | str]) -> Sample:
    """The first sample of an archive, its files kept beside it."""
    path = archive(tmp_path / "data.zip", files)
    return freeze(path, name=path.name, kept=Kept(tmp_path / "kept")).samples[0]


def photos(tmp_path: Path) -> Sample:
    table = "id,question,front,back,terms\ns1,Which one is red?,red.png,blue.jpg,terms.pdf"
    return sample(tmp_path, {"t.csv": table, "red.png": RED, "blue.jpg": BLUE, "terms.pdf": pdf(2)})


async def on_bedrock(request: Request, tmp_path: Path) -> tuple[list[Any], Output]:
    """The messages that arrive, and the answer."""
    async with bedrock({MODEL: [answered("the first")]}) as peer:
        given = settings(endpoint_url=peer.url, stream=False, files=tmp_path / "kept")
        model = open_model(f"bedrock:{MODEL}", settings=given)
        output = await model.answer(request)
        await model.close()
    return [body["messages"] for _, _, body in peer.asked], output


def coded(content: bytes) -> str:
    return base64.b64encode(content).decode()


async def test_bedrock_gets_images_and_documents_between_the_texts(tmp_path: Path) -> None:
    prompt = parse_prompt("Front: {front}\nBack: {back}\nTerms: {terms}\n{question}")
    (messages,), output = await on_bedrock(render(prompt, photos(tmp_path)), tmp_path)
    assert output.text == "the first"
    assert messages == [
        {
            "role": "user",
            "content": [
                {"text": "Front: "},
                {"image": {"format": "png", "source": {"bytes": coded(RED)}}},
                {"text": "\nBack: "},
                {"image": {"format": "jpeg", "source": {"bytes": coded(BLUE)}}},
                {"text": "\nTerms: "},
                {"document": {"format": "pdf", "name": "Document 1", "source": {"bytes": coded(pdf(2))}}},
                {"text": "\nWhich one is red?"},
            ],
        }
    ]


async def test_a_name_that_tells_the_answer_is_not_sent(tmp_path: Path) -> None:
    found = sample(tmp_path, {"t.csv": "question,photo\nWhat is it?,is_a_cat.pdf", "is_a_cat.pdf": pdf()})
    messages, _ = await on_bedrock(render(parse_prompt("{question} {photo}"), found), tmp_path)
    assert "cat" not in json.dumps(messages)


async def test_a_document_alone_gets_a_text_beside_it(tmp_path: Path) -> None:
    (messages,), _ = await on_bedrock(render(PromptVersion(user="{terms}\n"), photos(tmp_path)), tmp_path)
    assert [list(block) for block in messages[0]["content"]] == [["document"], ["text"]]
    assert messages[0]["content"][1]["text"] == NO_TEXT
    (messages,), _ = await on_bedrock(render(PromptVersion(user="{front}"), photos(tmp_path)), tmp_path)
    assert [list(block) for block in messages[0]["content"]] == [["image"]]


async def test_an_address_in_s3_is_left_to_bedrock(tmp_path: Path) -> None:
    scan = Attachment(variable="scan", format="pdf", name="a.pdf", uri="s3://my-bucket/a.pdf")
    given = Sample(id="s1", variables={"scan": scan.placeholder}, attachments=(scan,))
    (messages,), _ = await on_bedrock(render(PromptVersion(user="Read {scan}"), given), tmp_path)
    assert messages[0]["content"][1]["document"]["source"] == {"s3Location": {"uri": "s3://my-bucket/a.pdf"}}


async def test_the_message_is_what_a_recorded_call_with_a_document_sent(tmp_path: Path) -> None:
    """Recorded by others against AWS, and answered there with 200."""
    path = CASSETTES / "pydantic-ai" / "test_document_url_input.yaml"
    if not path.is_file():
        pytest.skip(f"no recordings in {CASSETTES}: set FERRY_SHARED")
    call = yaml.load(path.read_text(), Loader=yaml.CSafeLoader)["interactions"][1]
    recorded = json.loads(call["request"].get("body") or json.dumps(call["request"]["parsed_body"]))["messages"]
    assert call["response"]["status"]["code"] == 200
    text, document = recorded[0]["content"]
    content = base64.b64decode(document["document"]["source"]["bytes"])
    found = sample(tmp_path, {"t.csv": f"question,doc\n{text['text']},d.pdf", "d.pdf": content})
    messages, _ = await on_bedrock(render(parse_prompt("{question}{doc}"), found), tmp_path)
    assert messages == [recorded]


async def test_openai_gets_images_as_uris_and_pdfs_as_files(tmp_path: Path) -> None:
    said = {
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "the first"}, "finish_reason": "stop"}],
        "usage": USAGE,
    }
    request = render(parse_prompt("{front}Terms: {terms} {question}"), photos(tmp_path))
    async with openai_peer([Said(parts=[json.dumps(said).encode()])]) as peer:
        given = settings(openai=peer.access(), stream=False, files=tmp_path / "kept")
        model = open_model("openai:gpt-4o", settings=given)
        output = await model.answer(request)
        await model.close()
    assert output.text == "the first"
    assert peer.bodies[0]["messages"] == [
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{coded(RED)}"}},
                {"type": "text", "text": "Terms: "},
                {
                    "type": "file",
                    "file": {"filename": "document.pdf", "file_data": f"data:application/pdf;base64,{coded(pdf(2))}"},
                },
                {"type": "text", "text": " Which one is red?"},
            ],
        }
    ]


async def test_without_images_a_message_is_the_text_it_was(tmp_path: Path) -> None:
    request = render(parse_prompt("{question}"), photos(tmp_path))
    assert request.turns == (Turn(role="user", text="Which one is red?"),)
    assert request.attachments == ()


@pytest.mark.parametrize("ref", ["bedrock:" + MODEL, "openai:gpt-4o"])
async def test_a_file_that_is_gone_fails_its_sample_without_a_call(ref: str, tmp_path: Path) -> None:
    async with openai_peer([]) as peer:
        given = settings(openai=peer.access(), endpoint_url=peer.url, files=tmp_path / "elsewhere")
        model = open_model(ref, settings=given)
        output = await model.answer(render(parse_prompt("{front}"), photos(tmp_path)))
        await model.close()
    assert output.failure is not None
    assert output.failure.kind == "attachment"
    assert "red.png of this dataset is not in Ferry's folder any more" in output.failure.message
    assert peer.asked == []


async def test_models_of_text_say_so_and_a_recorded_source_replays(tmp_path: Path) -> None:
    found = photos(tmp_path)
    request = render(parse_prompt("{front}"), found)
    refused = await ScriptedModel({"s1": "red"}).answer(request)
    assert refused.failure is not None
    assert "takes text only" in refused.failure.message
    assert (await ScriptedModel({"s1": "red"}, takes=("image",)).answer(request)).text == "red"
    local = await open_model("local:gemma3-270m", settings=settings()).answer(request)
    assert local.failure is not None
    assert "A local model takes text only" in local.failure.message
    was = Sample(id="s1", variables=found.variables, recorded=RecordedOutput(text="red"))
    assert (await open_model("recorded:gpt-4o", samples=[was]).answer(request)).text == "red"


def test_an_image_in_a_system_text_or_an_earlier_answer_is_refused(tmp_path: Path) -> None:
    from pipeline.errors import InputError

    found = photos(tmp_path)
    with pytest.raises(InputError, match='puts "front", an image, into the system text'):
        render(PromptVersion(system="{front}", user="{question}"), found)
    shown = (Turn(role="user", text="{FRONT}"), Turn(role="assistant", text="{terms}"))
    with pytest.raises(InputError, match='puts "terms", a PDF, into the assistant text'):
        render(PromptVersion(user="{question}", turns=shown), found)
    earlier = render(
        PromptVersion(user="{{question}}", syntax=Syntax.DOUBLE, turns=(Turn(role="user", text="{{FRONT}}"),)), found
    )
    assert [len(turn.attachments) for turn in earlier.turns] == [1, 0]
