"""The rules of the house that a machine can hold: sizes, words, layers' borders, broad excepts, locks."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("bot", "agent", "pipeline", "db")
FILE_LINES, FUNCTION_LINES, SHORT_LINES = 350, 50, 20
SHORT = re.compile(r"bot/listeners/|agent/nodes\.py|db/store/")
BROAD_ALLOWED = {"bot/boundary.py", "agent/worker/boundary.py"}
SWITCHES = "pipeline/metrics/judged/quiet.py"  # sets the switches of Ragas and DeepEval, which are environment variables
SOURCES = sorted(p for name in (*PACKAGES, "tests") for p in (ROOT / name).rglob("*.py") if "versions" not in p.parts)
PRODUCT = [p for p in SOURCES if p.relative_to(ROOT).parts[0] in PACKAGES]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def text_of(path: Path) -> str:
    return path.read_text()


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Every file is parsed once, its module first."""
    return tuple(ast.walk(ast.parse(text_of(path))))


def length(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def too_long(path: Path) -> Iterator[str]:
    limit = SHORT_LINES if SHORT.search(name_of(path)) else FUNCTION_LINES
    if (lines := len(text_of(path).splitlines())) > FILE_LINES:
        yield f"{name_of(path)} ({lines} lines)"
    functions = (n for n in nodes(path) if isinstance(n, Function))
    yield from (f"{name_of(path)}: {f.name} ({length(f)} lines)" for f in functions if length(f) > limit)


def test_files_and_functions_are_short() -> None:
    assert [said for path in SOURCES for said in too_long(path)] == []


def test_every_file_says_what_it_is_for() -> None:
    """A module docstring tells a stranger what to find there."""
    modules = [(path, module) for path in PRODUCT if isinstance(module := nodes(path)[0], ast.Module)]
    assert len(modules) == len(PRODUCT)
    assert [name_of(path) for path, module in modules if module.body and not ast.get_docstring(module)] == []


def broad(path: Path) -> Iterator[str]:
    for handler in (n for n in nodes(path) if isinstance(n, ast.ExceptHandler)):
        if handler.type is None or ast.unparse(handler.type) in {"Exception", "BaseException"}:
            yield f"{name_of(path)}:{handler.lineno}"


def test_broad_excepts_stand_at_the_two_boundaries_only() -> None:
    assert [said for path in PRODUCT if name_of(path) not in BROAD_ALLOWED for said in broad(path)] == []


def test_pipeline_reads_no_clock_no_environment_and_no_chance() -> None:
    banned = re.compile(r"datetime\.now|time\.time\(|os\.environ|os\.getenv|\brandom\.random\(|default_rng\(\)")
    pure = [path for path in PRODUCT if name_of(path).startswith("pipeline/") and name_of(path) != SWITCHES]
    assert pure
    assert [name_of(path) for path in pure if banned.search(text_of(path))] == []


def test_files_speak_the_glossary() -> None:
    other = {"job", "project", "experiment", "testcase", "evaluator", "prediction", "completion", "vote", "watch"}
    classes = [(path, n.name) for path in PRODUCT for n in nodes(path) if isinstance(n, ast.ClassDef)]
    assert classes
    assert [f"{name_of(path)}: {name}" for path, name in classes if name.lower() in other] == []


def test_no_mocks() -> None:
    banned = re.compile(r"\bMagic" + r"Mock\b|unittest" + r"\.mock")
    assert [name_of(p) for p in SOURCES if banned.search(text_of(p)) and p != Path(__file__)] == []


@pytest.mark.parametrize("lock", sorted(ROOT.glob("requirements*.lock")), ids=name_of)
def test_locks_carry_hashes_and_no_addresses(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    pins = re.findall(r"^[\w.\[\]-]+==", text, re.MULTILINE)
    assert pins
    assert text.count("--hash=sha256:") >= len(pins)


def test_every_direct_dependency_is_pinned_and_locked() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["build"], *project["dependency-groups"]["dev"]]
    lock = (ROOT / "requirements-dev.lock").read_text()
    assert [w for w in wanted if "==" not in w] == []
    assert [w for w in wanted if re.sub(r"\[.*?\]", "", w) not in lock and w not in lock] == []


def test_no_registry_lock_with_addresses_is_tracked() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert [t for t in tracked if Path(t).name in {"uv.lock", "package-lock.json", "poetry.lock"}] == []


def test_the_image_starts_what_exists() -> None:
    """No engine builds images here: at least every path and lock the Dockerfile names is there."""
    text = (ROOT / "Dockerfile").read_text()
    copied = [w for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE) for w in line.split()[:-1]]
    assert copied
    assert [w for w in copied if not (ROOT / w).exists()] == []
    ignored = (ROOT / ".dockerignore").read_text()
    assert [w for w in copied if f"!{w}" not in ignored] == []
