"""AdvPO's marks become frozen spans."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.prompts.importers.frozen import frozen


@pytest.mark.parametrize(
    ("texts", "became"),
    [
        (("a <advpo:exclude>b</advpo:exclude> c",), ("a <freeze>b</freeze> c",)),
        (("a <advpo:optimize>b</advpo:optimize> c",), ("<freeze>a </freeze>b<freeze> c</freeze>",)),
        (("sys", "<advpo:optimize>b</advpo:optimize>\n"), ("<freeze>sys</freeze>", "b\n")),
        (
            ("<advpo:optimize>a</advpo:optimize> <advpo:exclude>b</advpo:exclude>",),
            ("a <freeze>b</freeze>",),
        ),
        (("a <freeze>b</freeze>",), ("a <freeze>b</freeze>",)),
        (("<FREEZE>a</FREEZE> <freeze >b< /freeze> <Freeze>c</ Freeze>",), (" ".join(f"<freeze>{x}</freeze>" for x in "abc"),)),
        (("<AdvPO:Exclude>a< /advpo:exclude >",), ("<freeze>a</freeze>",)),
        (("a <ADVPO:OPTIMIZE>b</advpo:optimize>",), ("<freeze>a </freeze>b",)),
        (("a <freezer> </freezing> <\nfreeze>",), ("a <freezer> </freezing> <\nfreeze>",)),
    ],
)
def test_marks_are_mapped(texts: tuple[str, ...], became: tuple[str, ...]) -> None:
    assert frozen(texts) == became


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<advpo:exclude>a", "never closed"),
        ("<FREEZE>a", "never closed"),
        ("a</advpo:exclude>", "closes nothing"),
        ("<advpo:optimize>a<advpo:exclude>b</advpo:exclude></advpo:optimize>", "stands inside"),
    ],
)
def test_marks_that_do_not_fit_are_refused(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        frozen((text,))


@given(st.lists(st.sampled_from(["a", "{x}", "\n", "<freeze>b</freeze>", "<advpo:exclude>c</advpo:exclude>"]), max_size=6))
def test_it_is_idempotent_and_keeps_every_word(parts: list[str]) -> None:
    once = frozen(("".join(parts),))
    assert frozen(once) == once
    assert once[0].replace("<freeze>", "").replace("</freeze>", "") == "".join(
        p.replace("<freeze>", "").replace("</freeze>", "").replace("<advpo:exclude>", "").replace("</advpo:exclude>", "")
        for p in parts
    )
