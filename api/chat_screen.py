"""What a conversation looks like in a terminal: streaming text, cards as lines, buttons as numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from core.events import (
    CardUpsert,
    ConversationChanged,
    Event,
    JobProgress,
    MessageBrain,
    MessageCompleted,
    MessageCreated,
    MessageDelta,
    MessageRetracted,
    Refused,
    Snapshot,
    ToolRunning,
    utf16_length,
)
from core.models import Card, CardPart, ChoicesCard, Message, VideoCard

DIM, BOLD, PLAIN = "\x1b[2m", "\x1b[1m", "\x1b[0m"
CAUGHT_UP_WITH = 6
"""Messages of an earlier conversation that are shown again."""


@dataclass(frozen=True, slots=True)
class Button:
    card_id: str
    action_id: str
    label: str


class Screen:
    """Writes with `write`; `url` is put before addresses the room gives without a host."""

    def __init__(self, write: Callable[[str], None], url: str, *, colour: bool = False) -> None:
        self.cast: dict[str, str] = {}
        self.streaming: str | None = None
        """The message that is being written now."""
        self.mine: set[str] = set()
        """client_ids of what was typed here: the terminal shows that already."""
        self._write, self._url, self._colour = write, url.rstrip("/"), colour
        self._shown: dict[str, str] = {}
        self._cards: dict[str, Card] = {}
        self._speakers: dict[str, str] = {}
        self._done: set[str] = set()
        self._at_start = True
        self._noted = ""

    # ------------------------------------------------------------------ writing

    def note(self, text: str, *, once: bool = False) -> None:
        """A line about the conversation, not of it. `once` leaves it out when it was the last note already."""
        if once and self._noted == text:
            return
        self._line()
        self._put(self._styled(text, DIM) + "\n")
        self._noted = text

    def say(self, who: str, text: str) -> None:
        self._line()
        self._put(f"{self._styled(who + ':', BOLD)} {plain(text)}\n")

    def _put(self, text: str) -> None:
        self._write(text)
        self._at_start = text.endswith("\n")
        self._noted = ""

    def _line(self) -> None:
        if not self._at_start:
            self._put("\n")

    def _styled(self, text: str, style: str) -> str:
        return f"{style}{plain(text)}{PLAIN}" if self._colour else plain(text)

    # ------------------------------------------------------------------ events

    def show(self, event: Event) -> bool:
        """Show one event. False for a delta that does not fit what was shown: the whole has to be asked for."""
        match event:
            case MessageCreated(message=message) if message.role == "assistant":
                self._begin(message)
            case MessageCreated(message=message):
                if message.client_id not in self.mine and message.id not in self._done:
                    self.say("You", message.text)
                self._done.add(message.id)
            case MessageDelta():
                return self._stream(event)
            case MessageRetracted():
                self._shown[event.message_id] = ""
                self.note(event.reason)
            case MessageBrain(notice=str(notice)):
                self.note(notice)
            case MessageCompleted(message=message) if message.role == "assistant":
                self._complete(message)
            case ToolRunning():
                self.note(f"{event.label} …", once=True)
            case JobProgress():
                self.note(f"{event.stage} …", once=True)
            case CardUpsert(card=card):
                self._card(card)
            case ConversationChanged():
                name = self.cast.get(event.conversation.persona_id)
                if name and self._speakers.get("") not in (None, name):
                    self.note(f"You are talking to {name} now.")
                self._speakers[""] = name or ""
            case Refused():
                self.note(event.message)
            case _:
                pass
        return True

    def catch_up(self, snapshot: Snapshot) -> None:
        """Show what of a conversation is not on the screen yet."""
        self._speakers[""] = self.cast.get(snapshot.conversation.persona_id, "")
        self._cards.update({card.id: card for card in snapshot.cards})
        missing = [message for message in snapshot.messages if message.id not in self._done]
        for message in missing[-CAUGHT_UP_WITH:]:
            if message.state == "streaming":
                self._begin(message)
                self._stream(MessageDelta(message_id=message.id, part=0, offset=0, text=message.text))
            elif message.role == "user":
                if message.client_id not in self.mine:
                    self.say("You", message.text)
                self._done.add(message.id)
            else:
                self._complete(message)

    def buttons(self, messages: Iterable[Message], cards: Iterable[Card]) -> list[Button]:
        """What can be pressed under the latest reply."""
        self._cards.update({card.id: card for card in cards})
        replies = [message for message in messages if message.role == "assistant"]
        return self._number(replies[-1]) if replies else []

    def offered(self, event: Event) -> list[Button] | None:
        """The buttons an event brings, shown with their numbers; None when it brings none."""
        match event:
            case MessageCompleted(message=message) if message.role == "assistant" and message.state == "done":
                buttons = self._number(message)
            case CardUpsert(card=VideoCard(actions=actions) as card) if actions:
                buttons = [Button(card.id, action.id, action.label) for action in actions]
            case _:
                return None
        if buttons:
            self.note("   ".join(f"[{number}] {button.label}" for number, button in enumerate(buttons, 1)), once=True)
        return buttons

    def _number(self, message: Message) -> list[Button]:
        found: list[Button] = []
        for part in message.parts:
            card = self._cards.get(part.card_id) if isinstance(part, CardPart) else None
            if isinstance(card, ChoicesCard) and card.resolved is None:
                found += [Button(card.id, action.id, action.label) for action in card.actions]
        return found + [Button(message.id, action.id, action.label) for action in message.actions]

    def _begin(self, message: Message) -> None:
        if message.id in self._done or message.id in self._shown:
            return
        self._line()
        self.streaming = message.id
        self._shown[message.id] = ""
        who = self.cast.get(message.persona_id or "", "Reply")
        self._put(f"{self._styled(who + ':', BOLD)} ")

    def _stream(self, delta: MessageDelta) -> bool:
        if delta.message_id in self._done:
            return True
        shown = self._shown.get(delta.message_id, "")
        have = utf16_length(shown)
        if delta.offset > have:
            return False
        end = delta.offset + utf16_length(delta.text)
        if end <= have:
            return True
        fresh = delta.text.encode("utf-16-le")[2 * (have - delta.offset) :].decode("utf-16-le", "replace")
        self._shown[delta.message_id] = shown + fresh
        self._put(plain(fresh))
        return True

    def _complete(self, message: Message) -> None:
        if message.id in self._done:
            return
        if message.state == "streaming":
            return
        self._begin(message)
        shown, whole = self._shown.pop(message.id, ""), message.text
        if whole.startswith(shown):
            self._put(plain(whole[len(shown) :]))
        else:
            self._line()
            self._put(plain(whole))
        self._line()
        self._done.add(message.id)
        self.streaming = None
        if message.state == "stopped":
            self.note("(stopped)")
        if message.notice:
            self.note(message.notice)
        for part in message.parts:
            if isinstance(part, CardPart) and (card := self._cards.get(part.card_id)) is not None:
                self._card(card)

    def _card(self, card: Card) -> None:
        before = self._cards.get(card.id)
        self._cards[card.id] = card
        match card:
            case VideoCard(state="ready") if not (isinstance(before, VideoCard) and before.state == "ready"):
                address = card.download or card.src or ""
                self.note(f"The video is ready: {self._url if address.startswith('/') else ''}{address}")
            case VideoCard(state="failed") if not (isinstance(before, VideoCard) and before.state == "failed"):
                self.note(card.problem or "The video could not be made.")
            case _:
                pass


def plain(text: str) -> str:
    """`text` without control characters: an answer must not be able to steer the terminal."""
    return "".join(c for c in text if c in "\n\t" or (c >= " " and not "\x7f" <= c <= "\x9f"))
