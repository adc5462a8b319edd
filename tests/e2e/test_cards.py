"""What the conversation offers beside words: another persona, suggestions with buttons, the reply as a film."""

from __future__ import annotations

import pytest

from tests.e2e.browser import Room, text_of

RENDER_SECONDS = 120


def test_another_persona_is_asked_for_in_the_chat(room: Room) -> None:
    room.enter("jaz")
    room.ask("Can I talk to Marcus?")
    room.until("greenroom.state().conversation.persona_id === 'marcus'")
    room.page.locator(".playbill-name", has_text="Marcus").wait_for()
    room.until_quiet()
    answer = room.ask("Gross margin vs net margin?")
    assert answer["persona_id"] == "marcus"
    assert room.member("Marcus").get_attribute("aria-current") == "true"


def test_a_suggestion_is_taken_by_its_button(room: Room) -> None:
    room.enter("jaz")
    room.ask("hmm what about the thing")
    card = room.page.locator(".card").last
    button = card.get_by_role("button").first
    label = button.inner_text()
    button.click()
    answer = room.answer(1)
    assert text_of(answer)
    card.get_by_text(f"You chose: {label}").wait_for()
    assert card.get_by_role("button").count() == 0
    room.until_speaking()


@pytest.mark.parametrize(("button", "width", "height"), [("wide", 1920, 1080), ("tall", 1080, 1920)])
def test_a_kept_reply_becomes_a_film_that_plays(room: Room, button: str, width: int, height: int) -> None:
    room.enter("jaz")
    room.ask("Mean or median for order values?")
    room.composer.press("Escape")
    room.until_quiet()
    buttons = room.page.locator(".message-actions").last.get_by_role("button").filter(has_text="Keep")
    buttons.nth(0 if button == "wide" else 1).click()
    card = room.page.locator(".card-video").last
    card.get_by_role("progressbar").wait_for()
    video = card.locator("video")
    video.wait_for(timeout=RENDER_SECONDS * 1000)
    playing = room.read(
        """async () => {
            const video = [...document.querySelectorAll('video')].at(-1);
            await video.play();
            const first = video.getVideoPlaybackQuality().totalVideoFrames;
            const end = performance.now() + 10000;
            while (video.currentTime < 1 && performance.now() < end) await new Promise(go => setTimeout(go, 50));
            const track = video.textTracks[0];
            track.mode = 'showing';
            while (!track.cues?.length && performance.now() < end) await new Promise(go => setTimeout(go, 50));
            video.pause();
            return {
                at: video.currentTime, width: video.videoWidth, height: video.videoHeight, seconds: video.duration,
                frames: video.getVideoPlaybackQuality().totalVideoFrames - first,
                cues: [...(track.cues ?? [])].map(cue => cue.text),
            };
        }"""
    )
    assert playing["at"] >= 1 and playing["frames"] >= 10
    assert (playing["width"], playing["height"]) == (width, height)
    spoken = " ".join(" ".join(playing["cues"]).split())
    assert text_of(room.messages("assistant")[0]).split()[0] in spoken
    with room.page.expect_download() as download:
        card.get_by_role("link", name="Download").click()
    assert download.value.path().stat().st_size > 50_000
    assert download.value.suggested_filename.endswith(".mp4")
    seek = "(() => { const v = [...document.querySelectorAll('video')].at(-1); v.currentTime = v.duration - 0.5; })()"
    room.read(seek)
    room.until("(v => !v.seeking && v.currentTime > v.duration - 1)([...document.querySelectorAll('video')].at(-1))")
