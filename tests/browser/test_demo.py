"""The demo in a real Chromium, walked as a newcomer would; screenshots stay under build/browser."""

import asyncio
import csv
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, TimeoutError, async_playwright, expect

ROOT = Path(__file__).parent.parent.parent
SHOTS = ROOT / "build" / "browser"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
NEEDED = bool(os.environ.get("FERRY_REQUIRE_ALL"))
MODEL_S = 420_000  # milliseconds the model's runs may take on a busy machine

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM and not NEEDED, reason="no Chromium on this machine: install it to walk the page"),
]


def smaller(folder: Path) -> Path:
    """The demo's dataset with every third sample left in, so that the small model is done sooner."""
    with (ROOT / "pipeline/data/demo/banking_intents.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    path = folder / "banking_intents.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, found[0])
        writer.writeheader()
        writer.writerows(found[::3])
    return path


@asynccontextmanager
async def demo(home: Path) -> AsyncIterator[str]:
    """`ferry demo` as a process of its own; yields the address it prints."""
    command = [sys.executable, "-m", "bot", "demo", "--no-open", "--home", str(home)]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=None)
    try:
        assert process.stdout
        async with asyncio.timeout(120):
            while not (found := re.search(rb"http://127\.0\.0\.1:\d+", await process.stdout.readline())):
                assert process.returncode is None, "the demo ended before it printed its address"
        yield found.group().decode()
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def browser() -> AsyncIterator[Page]:
    async with async_playwright() as driver:
        chromium = await driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = await chromium.new_page(viewport={"width": 1500, "height": 950})
        yield page
        await chromium.close()


class Visitor:
    """What a person can do with the page."""

    def __init__(self, page: Page) -> None:
        self.page, self._shots = page, 0
        page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))

    async def become(self, name: str, place: str = "# general") -> None:
        await self.page.get_by_role("navigation").get_by_role("button", name=name, exact=True).click()
        where = (
            self.page.get_by_role("group", name="Direct messages") if place == "Ferry" else self.page.get_by_role("navigation")
        )
        await where.get_by_role("button", name=re.compile(rf"^{place}")).first.click()

    async def type(self, text: str) -> None:
        box = self.page.get_by_label("Message #general")
        await box.fill(text)
        await box.press("Enter")

    async def open_thread(self) -> None:
        await self.page.locator(".replies").first.click()

    async def press(self, name: str, within: float = 60_000) -> None:
        await self.page.locator(".blocks").get_by_role("button", name=name, exact=True).last.click(timeout=within)

    async def sees(self, text: str, within: float = 60_000) -> None:
        await expect(self.page.get_by_text(re.compile(text)).last).to_be_visible(timeout=within)

    async def keep(self, name: str) -> None:
        self._shots += 1
        SHOTS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=SHOTS / f"{self._shots:02d}-{name}.png")


@pytest.mark.xdist_group("browser")
async def test_a_newcomer_walks_the_demo(tmp_path: Path) -> None:
    dataset = smaller(tmp_path)
    async with demo(tmp_path / "home") as url, browser() as page:
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        visitor = Visitor(page)
        await page.goto(url)
        try:
            await start(visitor, dataset)
            await approve(visitor)
            await accept(visitor)
            await review(visitor)
            await sign(visitor)
        finally:
            await visitor.keep("end")
        assert problems == []


async def start(visitor: Visitor, dataset: Path) -> None:
    page = visitor.page
    form = page.locator("form.modal")
    for _ in range(60):  # the bot is still starting: a person tries again
        await visitor.type("/migrate")
        try:
            await form.wait_for(timeout=2_000)
            break
        except Exception:  # noqa: BLE001, S112
            continue
    await visitor.keep("form")
    await form.locator("[data-block=dataset] input[type=file]").set_input_files(dataset)
    await form.get_by_role("button", name="Start").click()
    await expect(form).to_be_hidden(timeout=30_000)
    await visitor.open_thread()


async def approve(visitor: Visitor) -> None:
    await visitor.sees("Plan 1")
    await visitor.keep("plan")
    for name in ("Metrics and judge", "Add criteria", "Change"):
        await look_into(visitor, name)
    await visitor.press("Approve")
    await visitor.sees("Approved")
    await visitor.keep("progress")


async def accept(visitor: Visitor) -> None:
    """The candidates are measured: look at what changed, at all of them, at the form that tries one, then use what dev chose."""
    use = visitor.page.locator(".blocks").get_by_role("button", name="Use these prompts", exact=True)
    await use.last.wait_for(timeout=MODEL_S)
    await visitor.keep("prompts")
    for name in ("What changed", "All candidates", "Try on a sample", "Another round"):
        await look_into(visitor, name)
    await visitor.press("Use these prompts")
    await visitor.sees("These prompts are used")
    await visitor.keep("prompts-used")


async def look_into(visitor: Visitor, name: str) -> None:
    """Open a form and close it again: every field of it must be one that the page can show."""
    form = visitor.page.locator("form.modal")
    await pressed_until(visitor, name, form)
    assert "cannot show" not in await form.inner_text()
    await visitor.keep(name.replace(" ", "-").lower())
    await form.get_by_label("Close", exact=True).click()
    await expect(form).to_be_hidden()


async def pressed_until(visitor: Visitor, name: str, form: Locator) -> None:
    """Slack opens no form later than three seconds after a click. On a busy machine Ferry asks to press again."""
    for _ in range(3):
        await visitor.press(name)
        with suppress(TimeoutError):
            return await form.wait_for(timeout=10_000)
    return await form.wait_for(timeout=10_000)


async def review(visitor: Visitor) -> None:
    for name in ("SME 1", "SME 2"):
        await visitor.become(name, "Ferry")
        card = visitor.page.locator(".message").last
        await visitor.page.locator(".blocks").get_by_role("button", name="Same", exact=True).wait_for(timeout=MODEL_S)
        await visitor.keep("review")
        while await card.get_by_role("button", name="Same", exact=True).count():
            before = await card.inner_text()
            await card.get_by_role("button", name="A is better", exact=True).click()
            await expect(card).not_to_have_text(before, use_inner_text=True, timeout=30_000)
        await visitor.sees("All done")


async def sign(visitor: Visitor) -> None:
    await visitor.become("Owner")
    await visitor.open_thread()
    await visitor.sees("Comparison on the test split", MODEL_S)
    await expect(visitor.page.locator(".blocks table").last).to_be_visible()
    await visitor.keep("comparison")
    await visitor.press("Sign off")
    await visitor.sees("Digest of", MODEL_S)
    await visitor.keep("sign-off")
    files = visitor.page.locator("a.file")
    assert await files.count() >= 4
    await visitor.become("Requester", "Ferry: Home")
    await visitor.sees("Banking intents")
    await visitor.keep("home")
