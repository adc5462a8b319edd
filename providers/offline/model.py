"""The offline brain: a chat model made of rules and notes. No key, no network, no weights.

It calls the same tools a language model would and streams like one, so the agent treats it as any other provider.
Besides the messages it is given a BrainState (`wants_state`), because it does not read prompts.
"""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, ClassVar

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, ToolMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import ToolCall, tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import Field

from core.models import Passage
from providers.offline import answer as say
from providers.offline.answer import LABEL_CHARS_MAX, Said
from providers.offline.follow import find_follow_up
from providers.offline.grammar import parse
from providers.offline.intent import Intent
from providers.offline.report import report
from providers.offline.state import STATE_KEY, BrainState, read_state

TOOLS = {
    "name_is": "memory_remember",
    "remember": "memory_remember",
    "recall": "memory_recall",
    "forget": "memory_forget",
    "list_personas": "persona_list",
    "switch_persona": "persona_switch",
    "keep_reply": "reply_keep",
}
"""Intent → the name of its tool: the Call's, with "." written "_"."""

WORDS_EACH = 8
"""Words per streamed piece when no pace is set: each piece costs the event loop about as much as any other."""


class OfflineBrain(BaseChatModel):
    """Answers from `studio_state` (see state.py) and the last messages."""

    wants_state: ClassVar[bool] = True
    model_label: ClassVar[str] = "offline rules"

    words_per_second: float | None = Field(default=None, gt=0)
    """Slows the stream down to a reading pace; None streams as fast as it is taken."""

    @property
    def _llm_type(self) -> str:
        return "greenroom-offline"

    @property
    def label(self) -> str:
        return self.model_label

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        kwargs.pop("strict", None)
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], tool_choice=tool_choice, **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._reply(messages, kwargs))])

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return self._generate(messages, stop, None, **kwargs)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        for chunk in _cut(self._reply(messages, kwargs), 1 if self.words_per_second else WORDS_EACH):
            if run_manager:
                run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        pause = 1 / self.words_per_second if self.words_per_second else 0.0
        for chunk in _cut(self._reply(messages, kwargs), 1 if self.words_per_second else WORDS_EACH):
            # A stream that never waits keeps its reader from running until the last word.
            await asyncio.sleep(pause)
            if run_manager:
                await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk

    def _reply(self, messages: list[BaseMessage], settings: dict[str, Any]) -> AIMessage:
        state = read_state(settings)
        tools = {tool["function"]["name"] for tool in settings.get("tools") or ()}
        said, calls = decide(messages, tools, state)
        used = sum(len(message.text) for message in messages) // 4
        made = (len(said.text) + sum(len(json.dumps(call["args"])) for call in calls)) // 4
        choices = [{"label": _label(text), "text": text} for text in said.choices]
        return AIMessage(
            content=said.text,
            tool_calls=calls,
            id=f"lc_run--{uuid.uuid4()}",
            additional_kwargs={
                **({"choices": choices} if choices and not calls else {}),
                **({"topic": said.topic.heading} if said.topic else {}),
            },
            usage_metadata=UsageMetadata(input_tokens=used, output_tokens=made, total_tokens=used + made),
            response_metadata={
                "model_name": self.model_label,
                "model_provider": "offline",
                "finish_reason": "tool_calls" if calls else "stop",
            },
        )


def decide(messages: Sequence[BaseMessage], tools: set[str], state: BrainState) -> tuple[Said, list[ToolCall]]:
    """What is said and which tools are called next. `tools` are the names on offer; others are never called.

    The message's additional_kwargs carry `choices` (buttons: label, text) and `topic` (heading of the note it is from).
    """
    if not messages:
        return Said(say.greet(state, state.persona.id)), []
    results = _last_results(messages)
    if results:
        return Said(report(results)), []
    asked = next((at for at in range(len(messages) - 1, -1, -1) if isinstance(messages[at], HumanMessage)), None)
    if asked is None:
        return Said(say.greet(state, state.persona.id)), []
    text = messages[asked].text
    before = next((m.text for m in reversed(messages[:asked]) if isinstance(m, AIMessage) and m.text.strip()), "")
    texts: list[str] = []
    choices: tuple[str, ...] = ()
    topic: Passage | None = None
    calls: list[ToolCall] = []
    for intent in parse(text, state.persona, state.cast, state.memories):
        call = _call(intent, tools, state)
        if call is not None:
            calls += [call] if all((call["name"], call["args"]) != (c["name"], c["args"]) for c in calls) else []
            continue
        said = _say(intent, state, before)
        texts.append(said.text)
        choices, topic = choices or said.choices, topic or said.topic
    return Said(" ".join(texts), choices, topic), calls


def _call(intent: Intent, tools: set[str], state: BrainState) -> ToolCall | None:
    """The tool call the intent stands for; None when words are the right answer to it."""
    name = TOOLS.get(intent.kind)
    if name is None or name not in tools:
        return None
    args = {key: value for key, value in intent.args.items() if key not in ("name",)}
    if intent.kind in ("remember", "name_is") and not args.get("fact"):
        return None
    if intent.kind == "recall":
        if args.get("about") == "name":
            return None
        args = {}
    if intent.kind == "switch_persona" and (args.get("persona") or state.persona.id) == state.persona.id:
        return None
    if intent.kind == "keep_reply" and not state.has_reply:
        return None
    return ToolCall(name=name, args=dict(args), id=f"call_{uuid.uuid4().hex[:16]}", type="tool_call")


def _say(intent: Intent, state: BrainState, before: str) -> Said:
    """The words for an intent that calls no tool."""
    others = [other.name for other in state.cast if other.id != state.persona.id]
    match intent.kind:
        case "question" | "vague":
            if (about := find_follow_up(intent.text, state)) is not None:
                return say.follow_up(about, state, before)
            return say.answer(intent, state) if intent.kind == "question" else say.clarify(intent, state)
        case "hello":
            return Said(say.greet(state, intent.text))
        case "goodbye" | "thanks" | "how_are_you" | "rules":
            return Said(say.say_line(intent.kind, state, intent.text))
        case "who_are_you":
            return Said(say.introduce(state, intent.text))
        case "capabilities":
            return say.overview(state)
        case "repeat":
            return Said(before or f"I have not said anything yet. {say.greet(state, intent.text)}")
        case "more":
            return say.more(state, before)
        case "stop":
            return Said("All right.")
        case "acknowledge":
            return Said("Good. What would you like to look at next?", state.persona.starters[: say.CHOICES_MAX])
        case "negated":
            return Said("All right, I won't.")
        case "film":
            return Said(
                "Making films scene by scene is not here yet; it is coming next. What I can do now is turn my"
                " last answer "
                "into a video: just say keep this reply."
            )
        case "recall":
            if intent.args.get("about") == "name":
                name = say.known_name(state)
                return Said(f"Your name is {name}." if name else "You haven't told me your name yet. What is it?")
        case "remember":
            if not intent.args.get("fact"):
                return Said("Gladly. What exactly shall I remember?")
        case "switch_persona":
            if intent.args.get("persona") == state.persona.id:
                return Said(f"You're already talking to me, {state.persona.name}.")
            if intent.args.get("persona") is None:
                choices = tuple(f"Switch to {name}" for name in others)[: say.CHOICES_MAX]
                who = f" I can bring in {say.join_words(others, 'or')}." if others else ""
                return Said(f"There is nobody called {intent.args.get('name')} here.{who}", choices)
        case "keep_reply":
            if not state.has_reply:
                return Said("There is no answer to keep yet. Ask me something first, then say keep this reply.")
        case "forget" | "list_personas" | "name_is":
            pass
    return Said("I understood that, but it cannot be done here right now.")


def _last_results(messages: Sequence[BaseMessage]) -> list[ToolMessage]:
    results: list[ToolMessage] = []
    for message in reversed(messages):
        if not isinstance(message, ToolMessage):
            break
        results.append(message)
    return results[::-1]


def _cut(message: AIMessage, words_each: int) -> Iterator[ChatGenerationChunk]:
    """The message as a stream: a few words at a time, then tool calls, then one last chunk with usage and choices."""
    words = re.findall(r"\s*\S+(?:\s+$)?", str(message.content))
    for first in range(0, len(words), words_each):
        some = "".join(words[first : first + words_each])
        yield ChatGenerationChunk(message=AIMessageChunk(content=some, id=message.id))
    for at, call in enumerate(message.tool_calls):
        piece = tool_call_chunk(
            name=call["name"], args=json.dumps(call["args"], ensure_ascii=False), id=call["id"], index=at
        )
        yield ChatGenerationChunk(message=AIMessageChunk(content="", id=message.id, tool_call_chunks=[piece]))
    yield ChatGenerationChunk(
        message=AIMessageChunk(
            content="",
            id=message.id,
            additional_kwargs=message.additional_kwargs,
            usage_metadata=message.usage_metadata,
            response_metadata=message.response_metadata,
            chunk_position="last",
        )
    )


def _label(text: str) -> str:
    return text if len(text) <= LABEL_CHARS_MAX else text[: LABEL_CHARS_MAX - 1].rsplit(" ", 1)[0] + "…"


__all__ = ["STATE_KEY", "TOOLS", "BrainState", "OfflineBrain", "decide"]
