"""Text becomes chunks with their place in the message, and a cut maps back to whole words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest

from agent.voice import Utterance
from core.errors import ProviderDown
from core.events import SpeechChunk
from core.models import Voice
from core.speech import Phoneme, Spoken, Word

RATE = 1000
WORD_SECONDS = 0.4


class Metronome:
    """A voice that says one word every 0.4 s."""

    name = "metronome"

    def __init__(self) -> None:
        self.firsts: list[bool] = []

    async def speak(self, text: str, voice: Voice, *, first: bool = False) -> Spoken:
        self.firsts.append(first)
        words, at = [], 0
        for number, word in enumerate(text.split()):
            start = text.index(word, at)
            at = start + len(word)
            words.append(Word(number * WORD_SECONDS, (number + 1) * WORD_SECONDS, start, at))
        seconds = len(words) * WORD_SECONDS
        phonemes = tuple(Phoneme(word.start, "a") for word in words)
        return Spoken(text, bytes(2 * round(seconds * RATE)), RATE, phonemes, tuple(words), self.name)

    async def warm(self, voices: Sequence[Voice]) -> None: ...

    async def close(self) -> None: ...


def utterance(sent: list[SpeechChunk], speech: Metronome, prefix: str = "") -> Utterance:
    async def ready() -> None: ...

    return Utterance(
        "u-1",
        "m-1",
        voice=Voice(),
        speech=speech,
        send=lambda chunk, pcm: sent.append(chunk),
        ready=ready,
        stage=lambda name: None,
        prefix=prefix,
    )


TEXT = (
    "**Market share** is a number. It is not a goal, unless profit follows."
    "\n\nSo choose *who* you serve 🙂 first. Then price."
)


async def spoken(text: str, prefix: str = "") -> tuple[Utterance, list[SpeechChunk], Metronome]:
    sent: list[SpeechChunk] = []
    speech = Metronome()
    one = utterance(sent, speech, prefix)
    for start in range(0, len(text), 7):
        one.push(text[start : start + 7])
    one.finish()
    await one.run()
    return one, sent, speech


async def test_chunks_cover_the_text_in_order_and_the_last_is_final() -> None:
    _, sent, speech = await spoken(TEXT)
    assert [c.index for c in sent] == list(range(len(sent)))
    assert [c.final for c in sent] == [False] * (len(sent) - 1) + [True]
    assert "Market share is a number." in sent[0].text and "*" not in "".join(c.text for c in sent)
    assert all(a.char_end <= b.char_start for a, b in pairwise(sent))
    assert speech.firsts == [True] + [False] * (len(speech.firsts) - 1)


async def test_offsets_count_as_javascript_does() -> None:
    _, sent, _ = await spoken(TEXT)
    units = TEXT.encode("utf-16-le")
    last = [c for c in sent if c.text][-1]
    assert units[2 * last.char_start : 2 * last.char_end].decode("utf-16-le").strip() == "Then price."


async def test_the_face_goes_on_from_chunk_to_chunk() -> None:
    _, sent, _ = await spoken(TEXT)
    frames = sum(len(c.track.mouth) for c in sent)
    assert frames == pytest.approx(sum(c.ms for c in sent) / 1000 * 25, abs=len(sent))


async def test_a_cut_is_mapped_to_whole_words_of_the_message() -> None:
    one, sent, _ = await spoken(TEXT)
    assert one.heard(0, 0) == one.uttered[0].char_from
    heard = TEXT[: one.heard(0, 500)]
    assert heard.rstrip("*").endswith("Market share")
    assert TEXT[: one.heard(0, 10**6)].rstrip().endswith("number.")
    assert one.heard(99, 0) == one.uttered[-1].char_to and one.heard(-1, 0) == 0
    assert sent


async def test_what_was_said_before_is_not_said_again() -> None:
    prefix = "Already said. "
    one, sent, _ = await spoken("And this is new.", prefix)
    assert sent[0].text == "And this is new." and sent[0].char_start == len(prefix)
    assert (prefix + "And this is new.")[: one.heard(0, 700)] == prefix + "And this"


async def test_a_failing_voice_is_told() -> None:
    class Mute(Metronome):
        async def speak(self, text: str, voice: Voice, *, first: bool = False) -> Spoken:
            raise ProviderDown("The voice is gone.")

    one = utterance([], Mute())
    one.push("Hello there. ")
    one.finish()
    with pytest.raises(ProviderDown):
        await one.run()
