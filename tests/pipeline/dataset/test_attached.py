"""Tables with images and PDFs become samples that know their files by content; every refusal says where and what to do."""

import json
from pathlib import Path

import pytest

from pipeline.attachments.store import Kept
from pipeline.dataset import storage
from pipeline.dataset.freeze import freeze, source_prompt
from pipeline.errors import InputError
from pipeline.records import Dataset, Sample
from tests.pipeline.attachments.made import archive, data_uri, image, pdf

COLORS = ("red", "green", "blue", "black", "white", "gray")


def zipped(tmp_path: Path, name: str = "data.zip", **changes: bytes | str) -> Path:
    """Six samples with a photo each, and one contract they share."""
    lines = [f"s{at},What colour is it?,photos/{color}.png,file:contract.pdf,{color}" for at, color in enumerate(COLORS)]
    files: dict[str, bytes | str] = {f"set/photos/{color}.png": image(color) for color in COLORS}
    files |= {"set/data.csv": "\n".join(["id,question,photo,contract,label", *lines]), "set/contract.pdf": pdf(3)}
    files |= {"__MACOSX/set/._data.csv": b"\0", "set/.DS_Store": b"\0"}
    return archive(tmp_path / name, files | {key.replace("__", "."): value for key, value in changes.items()})


def frozen(path: Path, kept: Kept | None = None) -> Dataset:
    return freeze(path, name="data.zip", kept=kept)


def by_id(dataset: Dataset) -> dict[str, Sample]:
    return {sample.id: sample for sample in dataset.samples}


def test_an_archive_gives_samples_that_know_their_files(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "kept")
    samples = by_id(frozen(zipped(tmp_path), kept))
    red = samples["s0"]
    photo, contract = sorted(red.attachments, key=lambda each: each.format, reverse=True)
    assert red.variables == {
        "question": "What colour is it?",
        "photo": "[image photos/red.png]",
        "contract": "[PDF contract.pdf]",
    }
    assert (photo.variable, photo.format, photo.width, photo.height) == ("photo", "png", 3, 2)
    assert (contract.variable, contract.kind, contract.pages) == ("contract", "pdf", 3)
    assert kept.read(photo) == image("red")
    assert kept.read(contract) == pdf(3)
    assert len(list(kept.root.iterdir())) == len(COLORS) + 1, "the contract that all share is kept once"


def test_the_hash_covers_the_files(tmp_path: Path) -> None:
    one, again = frozen(zipped(tmp_path)), frozen(zipped(tmp_path, "again.zip"))
    other = archive(
        tmp_path / "other.zip",
        {
            "data.csv": "id,question,photo\ns0,What is it?,a.png\ns1,What is it?,b.png",
            "a.png": image("red"),
            "b.png": image("blue"),
        },
    )
    changed = archive(
        tmp_path / "changed.zip",
        {
            "data.csv": "id,question,photo\ns0,What is it?,a.png\ns1,What is it?,b.png",
            "a.png": image("red"),
            "b.png": image("green"),
        },
    )
    assert one.hash == again.hash
    assert frozen(other).hash != frozen(changed).hash
    assert by_id(frozen(other))["s1"].input_hash != by_id(frozen(changed))["s1"].input_hash


def test_one_question_about_other_images_is_no_near_duplicate(tmp_path: Path) -> None:
    dataset = frozen(zipped(tmp_path))
    codes = {finding.code for finding in dataset.findings}
    assert len(set(dataset.splits.values())) == 2
    assert not codes & {"near_duplicate", "duplicate"}
    told = next(finding.message for finding in dataset.findings if finding.code == "file_column")
    assert told == "“photo” holds images (6 PNG; 0.1 MB in all). Only models that take them can be asked."
    assert "shared_file" in codes


def test_the_same_image_under_another_name_is_the_same_input(tmp_path: Path) -> None:
    table = "id,question,photo\n" + "\n".join(f"s{at},What is it?,{at}.png" for at in range(4))
    path = archive(tmp_path / "d.zip", {"t.csv": table, **{f"{at}.png": image(COLORS[at // 2]) for at in range(4)}})
    doubles = next(finding for finding in frozen(path).findings if finding.code == "duplicate")
    assert doubles.sample_ids == ("s1", "s3")


def test_a_frozen_file_keeps_what_it_knows_of_the_files(tmp_path: Path) -> None:
    dataset = frozen(zipped(tmp_path))
    storage.dump(dataset, tmp_path / "frozen.jsonl")
    loaded = freeze(tmp_path / "frozen.jsonl", name="frozen")
    assert loaded == dataset
    assert loaded.hash == dataset.hash


@pytest.mark.parametrize("lines", [2, 40])
def test_data_uris_in_every_format_of_table(tmp_path: Path, lines: int) -> None:
    big = image("red", size=(200, 160), form="JPEG") + bytes(70_000)
    rows = [{"id": f"s{at}", "question": "What?", "photo": data_uri(big + bytes([at]), "image/jpeg")} for at in range(lines)]
    jsonl, csv, whole = tmp_path / "a.jsonl", tmp_path / "a.csv", tmp_path / "a.json"
    jsonl.write_text("\n".join(map(json.dumps, rows)))
    csv.write_text("id,question,photo\n" + "\n".join(f'{row["id"]},{row["question"]},"{row["photo"]}"' for row in rows))
    whole.write_text(json.dumps(rows))
    found = [frozen(path) for path in (jsonl, csv, whole)]
    assert len({dataset.hash for dataset in found}) == 1
    first = by_id(found[0])["s0"].attachments[0]
    assert (first.format, first.width, first.size) == ("jpeg", 200, len(big) + 1)
    assert first.name == f"{first.sha256[:12]}.jpeg"


def test_a_document_column_is_the_question_under_both_names(tmp_path: Path) -> None:
    path = archive(tmp_path / "d.zip", {"t.csv": "document,label\na.pdf,x\nb.pdf,y", "a.pdf": pdf(1), "b.pdf": pdf(2)})
    sample = frozen(path).samples[0]
    assert sorted(each.variable for each in sample.attachments) == ["document", "question"]
    assert sample.variables["question"] == sample.variables["document"]


def test_addresses_in_s3_are_taken_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,question,scan\ns0,What?,s3://my-bucket/a.pdf\ns1,Which?,s3://my-bucket/b.pdf\n")
    dataset = frozen(path)
    attachment = by_id(dataset)["s0"].attachments[0]
    assert (attachment.uri, attachment.format, attachment.name, attachment.sha256) == ("s3://my-bucket/a.pdf", "pdf", "a.pdf", "")
    assert any(finding.code == "files_in_s3" for finding in dataset.findings)


def test_a_column_of_texts_and_files_stays_text(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,question,scan\ns0,What?,s3://my-bucket/a.pdf\ns1,Which?,none given\n")
    dataset = frozen(path)
    assert not any(sample.attachments for sample in dataset.samples)
    assert any(finding.code == "mixed_column" for finding in dataset.findings)


def test_the_sources_prompt_is_read_from_an_archive(tmp_path: Path) -> None:
    table = (
        "id,question,photo,prompt_source_llm\ns0,What is it?,a.png,Look: What is it?\ns1,Whose is it?,b.png,Look: Whose is it?"
    )
    path = archive(tmp_path / "d.zip", {"t.csv": table, "a.png": image("red"), "b.png": image("blue")})
    assert source_prompt(path) == "Look: {question}"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a.png": image()}, "no table of samples"),
        ({"a.csv": "q\nx", "b.csv": "q\nx"}, "2 tables"),
        (
            {"t.csv": "question,photo\nx,file:gone.png"},
            "Line 2 has an image or PDF in “photo” that cannot be used: the archive has no",
        ),
        ({"t.csv": "question,photo\nx,a.png", "a.png": b"no image"}, "no PNG, JPEG, GIF or WebP image and no PDF"),
        ({"t.csv": "question,photo\nx,a.png", "a.png": bytes(33 * 1024 * 1024)}, "larger than 32 MB"),
    ],
)
def test_an_archive_that_cannot_be_used_says_why(tmp_path: Path, files: dict[str, bytes | str], said: str) -> None:
    with pytest.raises(InputError) as refused:
        frozen(archive(tmp_path / "bad.zip", files))
    assert said in refused.value.message
    assert refused.value.message.startswith("data.zip: ")


@pytest.mark.parametrize(
    ("cell", "said"),
    [("file:a.png", "give a ZIP archive"), ("data:image/png;base64,####", "no base64"), (data_uri(b"hi"), "or is damaged")],
)
def test_a_cell_without_a_usable_file_says_where(tmp_path: Path, cell: str, said: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f'question,photo\nx,"{cell}"\n')
    with pytest.raises(InputError) as refused:
        frozen(path)
    assert said in refused.value.message
    assert "Line 2" in refused.value.message
    assert "###" not in refused.value.message


def test_a_member_cannot_be_read_from_outside_of_the_archive(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(image())
    path = archive(tmp_path / "d.zip", {"in/t.csv": "question,photo\nx,file:../../secret.png"})
    with pytest.raises(InputError, match="no file of that name"):
        frozen(path)


def test_a_file_that_was_changed_is_not_sent(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "kept")
    attachment = by_id(frozen(zipped(tmp_path), kept))["s0"].attachments[0]
    (kept.root / attachment.sha256).write_bytes(b"other")
    with pytest.raises(InputError, match="was changed there"):
        kept.read(attachment)


def test_pages_of_a_pdf_are_counted_in_packed_objects_too(tmp_path: Path) -> None:
    table = "question,scan\nx,a.pdf\ny,b.pdf"
    path = archive(tmp_path / "d.zip", {"t.csv": table, "a.pdf": pdf(4, packed=True), "b.pdf": pdf(2)})
    pages = {each.name: each.pages for sample in frozen(path).samples for each in sample.attachments}
    assert pages == {"a.pdf": 4, "b.pdf": 2}
