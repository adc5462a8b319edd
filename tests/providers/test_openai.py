"""The strict OpenAI adapter against a server that misbehaves on request. No key, no network beyond loopback."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from langchain_core.exceptions import ModelAPIError, ModelError, ModelRateLimitError
from langchain_core.messages import AIMessageChunk
from pydantic import SecretStr

from core.errors import NotConfigured
from core.settings import Settings
from providers.brains import brains, check, explain, is_vendor_fault, label
from providers.offline.model import OfflineBrain
from providers.openai import CutOffReply, EmptyReply, MalformedToolCall, StrictChatOpenAI, UnusableReply, connect

KEY = "sk-very-secret-0123456789"
TOOL = {
    "type": "function",
    "function": {
        "name": "memory_remember",
        "description": "Remember one fact.",
        "parameters": {
            "type": "object",
            "properties": {"fact": {"type": "string"}},
            "required": ["fact"],
        },
    },
}
LIST = {
    "type": "function",
    "function": {
        "name": "persona_list",
        "description": "Who is here.",
        "parameters": {"type": "object", "properties": {}},
    },
}


def settings(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)  # type: ignore[call-arg]


@pytest.fixture
def model(llmock: Any) -> StrictChatOpenAI:
    return connect(
        settings(OPENAI_API_KEY=SecretStr(KEY), OPENAI_BASE_URL=llmock.base_url("openai"), OPENAI_MODEL="room-1")
    )


async def collect(model: Any, text: str = "Hello there") -> tuple[AIMessageChunk, list[str]]:
    whole: AIMessageChunk | None = None
    words: list[str] = []
    async for chunk in model.astream(text):
        words.append(chunk.text)
        whole = chunk if whole is None else whole + chunk
    assert whole is not None
    return whole, [word for word in words if word]


async def test_words_arrive_in_pieces_with_usage_and_finish(model: StrictChatOpenAI, llmock: Any) -> None:
    llmock.reply("Pricing follows value, and value follows what customers choose.")
    whole, words = await collect(model)
    assert whole.text == "Pricing follows value, and value follows what customers choose."
    assert len(words) > 1
    assert whole.usage_metadata is not None and whole.usage_metadata["output_tokens"] > 0
    assert whole.response_metadata["finish_reason"] == "stop"


async def test_whole_tool_arguments_pass(model: StrictChatOpenAI, llmock: Any) -> None:
    llmock.call_tool("memory_remember", {"fact": "Their launch is in May"})
    whole, _ = await collect(model.bind_tools([TOOL]))
    assert [(call["name"], call["args"]) for call in whole.tool_calls] == [
        ("memory_remember", {"fact": "Their launch is in May"})
    ]


async def test_parallel_tool_calls_keep_their_own_arguments(model: StrictChatOpenAI, llmock: Any) -> None:
    from llmock.scenarios import Reply, ToolCall

    llmock.add(
        Reply(
            tool_calls=(
                ToolCall("memory_remember", {"fact": "They like tea"}),
                ToolCall("persona_list", {}),
                ToolCall("memory_remember", {"fact": "They sell candles"}),
            )
        )
    )
    whole, _ = await collect(model.bind_tools([TOOL, LIST]))
    assert [call["args"] for call in whole.tool_calls] == [{"fact": "They like tea"}, {}, {"fact": "They sell candles"}]


async def test_malformed_arguments_are_refused_not_mended(model: StrictChatOpenAI, llmock: Any) -> None:
    llmock.call_tool("memory_remember", {"fact": "Their launch is in May"}).break_tool_call("malformed_arguments")
    with pytest.raises(MalformedToolCall) as caught:
        await collect(model.bind_tools([TOOL]))
    assert isinstance(caught.value, ModelAPIError)
    assert "cannot be used" in explain(caught.value)


async def test_malformed_arguments_are_refused_without_streaming(model: StrictChatOpenAI, llmock: Any) -> None:
    llmock.call_tool("memory_remember", {"fact": "Their launch is in May"}).break_tool_call("malformed_arguments")
    with pytest.raises(MalformedToolCall):
        await model.bind_tools([TOOL]).ainvoke("Hello")


@pytest.mark.parametrize("after", [1, 2, 3, 4])
async def test_a_tool_call_cut_off_anywhere_never_becomes_a_call(
    model: StrictChatOpenAI, llmock: Any, after: int
) -> None:
    llmock.call_tool("memory_remember", {"fact": "Their launch is in May, " * 8}).truncate(after_chunks=after)
    with pytest.raises(UnusableReply):
        await collect(model.bind_tools([TOOL]))


async def test_a_sentence_cut_off_is_an_error(model: StrictChatOpenAI, llmock: Any) -> None:
    llmock.reply("One two three four five six seven eight nine ten.").truncate(after_chunks=2)
    with pytest.raises(CutOffReply) as caught:
        await collect(model)
    assert is_vendor_fault(caught.value)


async def test_a_dropped_connection_is_a_vendor_fault(model: StrictChatOpenAI, llmock: Any) -> None:
    llmock.reply("One two three four five six seven eight nine ten.").disconnect(after_chunks=2)
    with pytest.raises(Exception) as caught:
        await collect(model)
    assert is_vendor_fault(caught.value), type(caught.value)


async def test_garbage_in_the_stream_is_a_vendor_fault(model: StrictChatOpenAI, llmock: Any) -> None:
    llmock.reply("One two three four five six seven.").corrupt(after_chunks=2)
    with pytest.raises(Exception) as caught:
        await collect(model)
    assert is_vendor_fault(caught.value), type(caught.value)


async def test_an_empty_answer_is_an_error(model: StrictChatOpenAI, llmock: Any) -> None:
    llmock.tool_mode("off").reply("")
    with pytest.raises(EmptyReply):
        await collect(model)


async def test_a_rate_limit_is_waited_out(model: StrictChatOpenAI, llmock: Any) -> None:
    llmock.rate_limit(times=1, retry_after=0.01).reply("Here I am.")
    whole, _ = await collect(model)
    assert whole.text == "Here I am."
    assert len(llmock.requests) == 2
    llmock.assert_resilient()


async def test_a_lasting_rate_limit_is_said_in_words(model: StrictChatOpenAI, llmock: Any) -> None:
    llmock.rate_limit(times=None, retry_after=0.01)
    with pytest.raises(ModelRateLimitError) as caught:
        await collect(model)
    assert len(llmock.requests) == 3
    assert "too many requests" in explain(caught.value)


async def test_an_outage_is_a_vendor_fault_in_words(model: StrictChatOpenAI, llmock: Any) -> None:
    llmock.outage()
    with pytest.raises(ModelError) as caught:
        await collect(model.model_copy(update={"max_retries": 0}))
    assert is_vendor_fault(caught.value)
    assert explain(caught.value).endswith("is not available right now.")


async def test_a_slow_first_token_only_delays(model: StrictChatOpenAI, llmock: Any) -> None:
    llmock.slow_first_token(0.05).reply("Worth the wait.")
    whole, _ = await collect(model)
    assert whole.text == "Worth the wait."


async def test_silence_longer_than_the_limit_is_an_error(llmock: Any) -> None:
    hasty = connect(
        settings(OPENAI_API_KEY=SecretStr(KEY), OPENAI_BASE_URL=llmock.base_url("openai"), brain_timeout_seconds=0.2)
    ).model_copy(update={"max_retries": 0})
    llmock.reply("One two three four five.").stall(after_chunks=1, seconds=2)
    with pytest.raises(Exception) as caught:
        await collect(hasty)
    assert is_vendor_fault(caught.value) or isinstance(caught.value, TimeoutError)
    assert "too long" in explain(caught.value)


async def test_no_error_shows_the_key(model: StrictChatOpenAI, llmock: Any) -> None:
    llmock.fail(401, message=f"Incorrect API key provided: {KEY}. You can find your key …", code="invalid_api_key")
    with pytest.raises(openai.AuthenticationError) as caught:
        await collect(model)
    assert KEY not in explain(caught.value)
    assert "key" in explain(caught.value)
    for text in (repr(model), str(model), label(model), str(check(settings(OPENAI_API_KEY=SecretStr(KEY))))):
        assert KEY not in text


def test_labels_say_where_the_words_come_from() -> None:
    assert connect(settings(OPENAI_API_KEY=SecretStr(KEY), OPENAI_MODEL="gpt-x")).label == "gpt-x via OpenAI"
    own = connect(settings(OPENAI_BASE_URL="http://user:pass@box.local:8080/v1", OPENAI_MODEL="small"))
    assert own.label == "small via box.local:8080"
    assert label(OfflineBrain()) == "offline rules"


def test_nothing_set_is_the_offline_brain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    found = brains(settings())
    assert found.primary is found.fallback
    assert check(settings()).ok


def test_openai_asked_for_but_not_described_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(NotConfigured, match="OPENAI_API_KEY"):
        brains(settings(brain="openai"))
    checked = check(settings(brain="openai"))
    assert not checked.ok and "OPENAI_API_KEY" in checked.meaning


def test_a_bad_address_is_named() -> None:
    with pytest.raises(NotConfigured, match="OPENAI_BASE_URL"):
        connect(settings(OPENAI_BASE_URL="localhost:11434"))


def test_our_own_faults_are_not_the_vendors() -> None:
    assert not is_vendor_fault(KeyError("x"))
    assert not is_vendor_fault(NotConfigured("x"))
