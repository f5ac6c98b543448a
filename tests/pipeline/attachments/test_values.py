"""What a cell says of an image or a PDF, for any cell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.attachments import values
from pipeline.errors import InputError
from tests.pipeline.attachments.made import data_uri

MEDIA = st.sampled_from(sorted(values.MEDIA))


@given(content=st.binary(max_size=300), media=MEDIA, name=st.sampled_from(["", ";name=a.png", ";charset=x"]))
def test_a_data_uri_gives_its_bytes_back(content: bytes, media: str, name: str) -> None:
    cell = data_uri(content, media + name)
    assert values.says_file(cell)
    assert values.decoded(cell) == content


@given(content=st.binary(min_size=1, max_size=100), at=st.integers(min_value=0))
def test_a_code_that_was_cut_off_or_damaged_is_refused(content: bytes, at: int) -> None:
    coded = data_uri(content)
    place = coded.index(",") + 1 + at % (len(coded) - coded.index(",") - 1)
    with pytest.raises(InputError) as refused:
        values.decoded(coded[:place] + "!" + coded[place + 1 :])
    assert coded.partition(",")[2] not in refused.value.message


@given(text=st.text(max_size=200))
def test_text_is_no_file_unless_it_has_one_of_the_three_forms(text: str) -> None:
    if values.says_file(text):
        assert text.strip().lower().startswith(("data:", "file:", "s3://"))


@given(
    parts=st.lists(st.from_regex(r"[a-z0-9_]{1,8}", fullmatch=True), min_size=1, max_size=4),
    end=st.sampled_from(sorted(values.ENDINGS)),
)
def test_one_file_has_one_path_however_it_is_written(parts: list[str], end: str) -> None:
    path = "/".join(parts) + end
    ways = [path, f"file:{path}", f"./{path}", path.replace("/", "\\"), f"file:///{path}", f" {path} "]
    assert {values.path_of(way) for way in ways} == {path}
    assert all(values.says_file(way, {path}) for way in ways)
    assert not values.says_file(path)


@pytest.mark.parametrize(
    ("cell", "holds"),
    [
        ("s3://my-bucket/a/b.png", True),
        ("s3://my-bucket/a/b.PDF", True),
        ("s3://my-bucket/a/b.docx", False),
        ("s3://my-bucket/", False),
        ("s3://My_Bucket/a.png", False),
        ("file:a.png", True),
        ("file:notes.txt", False),
        ("data:text/plain;base64,aGk=", False),
        ("data:image/png,plain", False),
        ("see s3://my-bucket/a.png", False),
        ("photo.png", False),
    ],
)
def test_forms(cell: str, *, holds: bool) -> None:
    assert values.says_file(cell) is holds
