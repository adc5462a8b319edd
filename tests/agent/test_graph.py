"""History a vendor accepts, whatever happened in between."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage

from agent.graph import calls_this_turn, recent, repair


def call(call_id: str) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": "persona_list", "args": {}, "id": call_id, "type": "tool_call"}])


def test_a_whole_history_is_left_alone() -> None:
    assert repair([HumanMessage("a"), call("1"), ToolMessage("ok", tool_call_id="1"), AIMessage("b")]) is None


def test_an_open_call_is_answered_right_after_it() -> None:
    fixed = repair([HumanMessage("a"), call("1"), HumanMessage("b")])
    assert fixed is not None
    assert [m.type for m in fixed] == ["human", "ai", "tool", "human"]
    answer = fixed[2]
    assert isinstance(answer, ToolMessage) and answer.tool_call_id == "1" and answer.status == "error"


@given(st.lists(st.sampled_from(["human", "ai", "call", "answer"]), max_size=30))
def test_after_repair_every_call_has_one_answer(kinds: list[str]) -> None:
    messages: list[AnyMessage] = []
    open_calls: list[str] = []
    for number, kind in enumerate(kinds):
        if kind == "human":
            messages.append(HumanMessage(str(number)))
        elif kind == "ai":
            messages.append(AIMessage(str(number)))
        elif kind == "call":
            messages.append(call(str(number)))
            open_calls.append(str(number))
        elif open_calls:
            messages.append(ToolMessage("ok", tool_call_id=open_calls.pop()))
    whole = repair(messages) or messages
    asked = [c["id"] for m in whole if isinstance(m, AIMessage) for c in m.tool_calls]
    answered = [m.tool_call_id for m in whole if isinstance(m, ToolMessage)]
    assert sorted(map(str, asked)) == sorted(answered)
    assert repair(whole) is None


def test_recent_history_starts_at_a_question() -> None:
    messages: list[AnyMessage] = [HumanMessage("0"), call("1"), ToolMessage("ok", tool_call_id="1"), AIMessage("x")] * 5
    kept = recent(messages, 6)
    assert len(kept) <= 6 and kept[0].type == "human" and recent(messages, 100) == messages


def test_a_turn_longer_than_the_limit_keeps_its_question() -> None:
    messages: list[AnyMessage] = [HumanMessage("q"), *[AIMessage(str(i)) for i in range(9)]]
    assert recent(messages, 4)[0].text == "q"


def test_model_calls_are_counted_since_the_last_question() -> None:
    assert calls_this_turn([AIMessage("a"), HumanMessage("b"), AIMessage("c"), AIMessage("d")]) == 2
