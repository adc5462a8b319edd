"""A real Chromium in the room: how it is started, and a page of it with what a person does there."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Locator, Page, sync_playwright

from tests.e2e.find_browser import find_browser

ARGS = (
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
EAR = Path(__file__).parent / "ear.js"
SECONDS = 20.0
"""Longest wait for one thing to become true: a bound on a hang, never a pace."""
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


CUT_EARLY = """async when => {
    const field = document.querySelector('#composer');
    const press = key => field.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}));
    const before = greenroom.marks.sent;
    press('Enter');
    while (greenroom.marks.sent === before || (when === 'first word' && !greenroom.marks.firstDelta)) {
        await new Promise(go => setTimeout(go, 1));
    }
    const spoke = greenroom.marks.firstAudio > 0;
    const at = ear.context.currentTime;
    press('Escape');
    return [spoke, at];
}"""


@contextmanager
def open_browser() -> Iterator[Browser]:
    """The Chromium of this machine, headless, with sound."""
    found = find_browser()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(found.path),
            args=["--headless=new", *ARGS, *found.args],
            env={**os.environ, **found.env},
        )
        try:
            yield browser
        finally:
            browser.close()


class Room:
    """One tab of the room. `faults` are page errors and console errors that nobody expected."""

    def __init__(self, context: BrowserContext, base: str) -> None:
        self.base = base
        self.faults: list[str] = []
        self.expected: list[str] = []
        """Parts of console errors that the test itself brings about, e.g. by stopping the server."""
        self.page: Page = context.new_page()
        self.page.add_init_script(path=EAR)
        self.page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))
        self.page.on("console", self._listen)

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(f"console: {message.text} {message.location.get('url', '')}")

    def unexpected(self) -> list[str]:
        return [fault for fault in self.faults if not any(part in fault for part in self.expected)]

    # ------------------------------------------------------------------ reading

    def read(self, script: str, argument: Any = None) -> Any:
        """The value of a script in the page. Counts as a gesture of the person."""
        return self.page.evaluate(script, argument)

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.read("greenroom.state()")
        return found

    def messages(self, role: str | None = None) -> list[dict[str, Any]]:
        return [message for message in self.state()["messages"] if role in (None, message["role"])]

    def until(self, wanted: str | Callable[[], Any], seconds: float = SECONDS) -> Any:
        """Wait until a script in the page, or a function here, gives something true; gives that."""
        end = time.monotonic() + seconds
        last: object = None
        while time.monotonic() < end:
            try:
                last = self.read(wanted) if isinstance(wanted, str) else wanted()
            except Error as error:
                # the page is just being replaced
                if "context was destroyed" not in str(error) and "navigation" not in str(error):
                    raise
                last = error
            if last:
                return last
            self.page.wait_for_timeout(15)
        what = wanted if isinstance(wanted, str) else wanted.__doc__ or wanted.__name__
        raise AssertionError(f"Not within {seconds:.0f} s: {what} (last: {last!r}; faults: {self.faults})")

    # ------------------------------------------------------------------ doing

    def enter(self, persona: str | None = None) -> Room:
        """Open the page; with a persona's id, in a new conversation with it."""
        self.page.goto(self.base)
        self.until("window.greenroom && greenroom.state().connection === 'online' && greenroom.state().loaded")
        if persona is not None and self.state()["conversation"]["persona_id"] != persona:
            name = next(one["name"] for one in self.state()["personas"] if one["id"] == persona)
            self.member(name).click()
            self.until(f"greenroom.state().loaded && greenroom.state().conversation?.persona_id === '{persona}'")
        return self

    def member(self, name: str) -> Locator:
        return self.page.locator(".member").filter(has_text=name)

    @property
    def composer(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message")

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log")

    def say(self, text: str) -> None:
        """Type and send."""
        self.composer.fill(text)
        self.composer.press("Enter")

    def ask(self, text: str) -> dict[str, Any]:
        """Say it and wait for the whole answer's text; its voice may still be speaking."""
        before = len(self.messages("assistant"))
        self.say(text)
        return self.answer(before)

    def answer(self, before: int) -> dict[str, Any]:
        """The first finished answer after the first `before` ones."""
        script = (
            "greenroom.state().messages.filter(m => m.role === 'assistant')"
            f".slice({before}).find(m => m.state !== 'streaming') ?? null"
        )
        found: dict[str, Any] = self.until(script)
        return found

    def cut_early(self, text: str, when: Literal["at once", "first word"]) -> tuple[bool, float]:
        """Send, and Escape right after it or when the first word is here, all within the page. Returns whether sound
        had been scheduled already, and the audio time of the Escape. Speech must have been heard before."""
        self.composer.fill(text)
        spoke, at = self.read(CUT_EARLY, when)
        return bool(spoke), float(at)

    def loudest_since(self, at: float) -> float:
        """The loudest 5 ms (RMS) that left the page after this audio time."""
        script = "at => { ear.listen(); return Math.max(0, ...ear.blocks.filter(b => b[0] > at).map(b => b[1])); }"
        return float(self.read(script, at))

    def until_speaking(self) -> None:
        """Wait until sound, not silence, leaves the page."""
        self.until("greenroom.speech.speaking && ear.peak() > 0.01")

    def until_quiet(self) -> None:
        """Wait until everything is written and said."""
        self.until(
            "!greenroom.speech.speaking && greenroom.state().messages.every(m => m.state !== 'streaming')"
            " && greenroom.state().messages.at(-1)?.role !== 'user'",
            90,
        )


def text_of(message: dict[str, Any]) -> str:
    return "\n\n".join(part["text"] for part in message["parts"] if part["kind"] == "text")
