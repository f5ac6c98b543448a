"""Other syntaxes mapped to Ferry's: same literals, same variables, never read again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.prompts.importers.variables import mapped
from pipeline.prompts.template import Piece, fill, pieces
from pipeline.records import Syntax


@pytest.mark.parametrize(
    ("text", "became", "syntax"),
    [
        ("Sort {x}", "Sort {x}", Syntax.SINGLE),
        ("Sort {{ x }} as {y}", "Sort {{ x }} as {y}", None),
        ('Sort {{x}} as {"a": {"b": 1}}', 'Sort {{x}} as {"a": {"b": 1}}', Syntax.DOUBLE),
        ("<x>{$X}</x>", "<x>{$X}</x>", Syntax.DOLLAR),
        ("Sort ${x}, ${y}", "Sort {{x}}, {{y}}", Syntax.DOUBLE),
        ("Sort %(x)s to 100%%", "Sort {{x}} to 100%", Syntax.DOUBLE),
        ("Sort %s now", "Sort {{input}} now", Syntax.DOUBLE),
        ("syntax: {{x}}\n{a} {{b}}", "{a} {{b}}", Syntax.DOUBLE),
        ("Costs $5 and 7% so", "Costs $5 and 7% so", Syntax.SINGLE),
    ],
)
def test_markers_decide(text: str, became: str, syntax: Syntax | None) -> None:
    if syntax is None:
        with pytest.raises(InputError, match="more than one syntax"):
            mapped([text])
        return
    assert mapped([text]) == ((became,), syntax)


def test_a_declared_syntax_counts_alone() -> None:
    assert mapped(["$QUESTION costs $5 {x}"], "$X") == (("{{QUESTION}} costs $5 {x}",), Syntax.DOUBLE)
    assert mapped(["{x} ${y} {{z}}"], "${x}")[0] == ("{x} {{y}} \\{{z}}",)
    with pytest.raises(InputError, match="no variable syntax"):
        mapped(["x"], "<x>")


@pytest.mark.parametrize("text", ["{{x}} ${y}", "%(x)s ${y}"])
def test_two_syntaxes_at_once_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="two syntaxes"):
        mapped([text])


def test_several_unnamed_places_are_refused() -> None:
    with pytest.raises(InputError, match="have no names"):
        mapped(["%s and %s"])


@given(st.lists(st.one_of(st.text(alphabet="ab {}\\%", max_size=8), st.sampled_from(["${x}", "${yy}"])), max_size=6))
def test_dollar_markers_become_the_same_variables_and_literals(parts: list[str]) -> None:
    text = "${q}" + "".join(parts)
    ((became,), syntax) = mapped([text], "${x}")
    expected = [p for p in parts if p in {"${x}", "${yy}"}]
    assert [p.text for p in pieces(became, syntax) if p.variable] == ["q", *(p[2:-1] for p in expected)]
    values = {"q": "{{x}}", "x": "${q}", "yy": "1"}
    assert fill(became, syntax, values) == "{{x}}" + "".join(values[p[2:-1]] if p in expected else p for p in parts)


@given(st.text(alphabet="ab {}\\$", max_size=12))
def test_mapping_is_idempotent(text: str) -> None:
    (once,), syntax = mapped([text], "${x}")
    assert mapped([once], syntax.value) == ((once,), syntax)
    assert all(isinstance(p, Piece) for p in pieces(once, syntax))
