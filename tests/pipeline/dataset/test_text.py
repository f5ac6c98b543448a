"""Encodings: marked, unmarked, foreign and broken."""

from pathlib import Path

import pytest

from pipeline.dataset import read, text
from pipeline.errors import InputError

TABLE = "question,answer_ground_truth\nIs a café open señor?,Größe 3 – ja\nŻółć? 🎉,да\n"


def cells_of(path: Path) -> list[dict[str, str]]:
    return [dict(line.cells) for line in read.lines(path, name="t.csv")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_every_unicode_encoding_reads_the_same(tmp_path: Path, encoding: str) -> None:
    plain, other = tmp_path / "a", tmp_path / "b"
    plain.write_text(TABLE, encoding="utf-8")
    other.write_text(TABLE, encoding=encoding)
    assert cells_of(other) == cells_of(plain)
    assert read.scan(other, name="b").findings == ()


def test_an_old_western_encoding_is_guessed_and_reported(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(("question,label\n" + "Où est la cafétéria s’il vous plaît ?,déjà là\n" * 20).encode("cp1252"))
    assert cells_of(path)[0] == {"question": "Où est la cafétéria s’il vous plaît ?", "label": "déjà là"}
    assert [f.code for f in read.scan(path, name="t.csv").findings] == ["encoding_guessed"]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "¿Dónde está la estación de autobús señor?"),
        ("cp1250", "Příliš žluťoučký kůň úpěl ďábelské ódy"),
        ("cp1251", "Где находится вокзал скажите пожалуйста"),
        ("cp1253", "Πού είναι ο σταθμός παρακαλώ"),
        ("cp932", "駅はどこですか、お願いします"),
        ("gb18030", "请问火车站在哪里，谢谢"),
        ("cp949", "기차역이 어디에 있나요"),
    ],
)
def test_common_old_encodings_are_told_apart(tmp_path: Path, encoding: str, text: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(("question;label\n" + f"{text};x\n" * 10).encode(encoding))
    assert cells_of(path)[0]["question"] == text


def test_the_first_foreign_letter_may_come_late(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"question;label\n" + b"plain text;a\n" * 20_000 + "un café crème à côté;b\n".encode("latin-1") * 30)
    assert cells_of(path)[-1] == {"question": "un café crème à côté", "label": "b"}


def test_broken_utf8_names_its_line_and_is_not_read_as_something_else(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("question,label\nÄpfel und Öl,größer\n".encode() + b"br\xffken,x\n" + "schön,ja\n".encode())
    with pytest.raises(InputError, match=r"^t\.csv: Line 3 holds bytes that are not valid UTF-8.*upload it again\.$"):
        read.scan(path, name="t.csv")


def test_a_byte_that_breaks_after_the_evidence_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"question,label\n" + "schöne grüße,ja\n".encode() * 5000 + b"\xc3\x28,x\n")
    with pytest.raises(InputError, match="Line 5002 "):
        read.scan(path, name="t.csv")


def test_utf16_cut_in_the_middle_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("question,label\nab,c\nde,f".encode("utf-16")[:-1])
    with pytest.raises(InputError, match="Line 3 "):
        read.scan(path, name="t.csv")


def test_binary_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "t.bin"
    path.write_bytes(bytes(range(256)) * 300)
    assert text.encoding_of(path, path.read_bytes()) == ""
