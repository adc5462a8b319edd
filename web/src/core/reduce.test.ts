import { describe, expect, test } from "vitest";

import type { Event as WireEvent, Message, VideoCard } from "../wire/types";
import { initial, questionOf, reduce, textOf, unsentMessage, type Local, type State } from "./reduce";

const message = (id: string, text = "", more: Partial<Message> = {}): Message => ({
  id, role: "assistant", persona_id: null, parts: [{ kind: "text", text }], state: "streaming", brain: null, notice: null,
  heard: null, actions: [], timings: [], created_at: "2026-01-01T00:00:00Z", client_id: null, ...more,
});
const created = (seq: number, what: Message): WireEvent => ({ v: 1, type: "message.created", seq, message: what });
const delta = (offset: number, text: string, part = 0): WireEvent => ({ v: 1, type: "message.delta", message_id: "a", part, offset, text });
const run = (state: State, ...events: (WireEvent | Local)[]) => events.reduce(reduce, state);
const text = (state: State, at = 0) => textOf(state.messages[at] as Message);
const video = (rev: number, more: Partial<VideoCard> = {}): VideoCard => ({
  kind: "video", id: "c", rev, message_id: "a", title: "t", aspect: "16:9", state: "rendering", pct: 0, src: null, poster: null,
  captions: null, download: null, seconds: null, actions: [], problem: null, ...more,
});
const card = (seq: number, what: VideoCard): WireEvent => ({ v: 1, type: "card.upsert", seq, card: what });
const progress = (pct: number): WireEvent => ({ v: 1, type: "job.progress", card_id: "c", stage: "frames", pct, eta_s: null });
const snapshot = (seq: number, messages: Message[]): WireEvent => ({
  v: 1, type: "snapshot", seq, messages, cards: [], memories: [],
  conversation: { id: "t", persona_id: "jaz", title: "", seq, updated_at: "2026-01-01T00:00:00Z" },
});

describe("words as they come", () => {
  test("a delta that comes twice, or again after a reconnect, changes nothing", () => {
    const state = run(initial, created(1, message("a")), delta(0, "Hello"), delta(5, " you"), delta(5, " you"), delta(0, "Hello"));
    expect(text(state)).toBe("Hello you");
    expect(state.needsSync).toBe(false);
  });
  test("text sent again as a whole replaces the part that is known", () => {
    expect(text(run(initial, created(1, message("a", "Hel")), delta(0, "Hello you")))).toBe("Hello you");
  });
  test("a missing delta asks for a snapshot and leaves the text alone", () => {
    const state = run(initial, created(1, message("a")), delta(9, "x"));
    expect(state.needsSync).toBe(true);
    expect(text(state)).toBe("");
  });
  test("a delta may open the next part, but not one beyond it", () => {
    const state = run(initial, created(1, message("a", "one")), delta(0, "two", 1));
    expect(state.messages[0]?.parts).toHaveLength(2);
    expect(run(state, delta(0, "four", 3)).needsSync).toBe(true);
  });
  test("a late delta does not touch a finished message", () => {
    expect(text(run(initial, created(1, message("a", "done", { state: "done" })), delta(4, " more")))).toBe("done");
  });
  test("a retraction empties the answer so that it can start over", () => {
    const state = run(initial, created(1, message("a")), delta(0, "Hello"), { v: 1, type: "message.retracted", message_id: "a", reason: "retry" });
    expect(text(state)).toBe("");
    expect(text(run(state, delta(0, "Hi")))).toBe("Hi");
  });
});

describe("kept events", () => {
  test("are applied once", () => {
    expect(run(initial, created(1, message("a")), created(1, message("b"))).messages).toHaveLength(1);
  });
  test("a gap asks for a snapshot and is not applied", () => {
    const state = run(initial, created(1, message("a")), created(3, message("c")));
    expect(state.needsSync).toBe(true);
    expect(state.messages).toHaveLength(1);
    expect(state.seq).toBe(1);
  });
  test("a snapshot heals the gap", () => {
    const state = run(initial, created(2, message("b")), snapshot(3, [message("a"), message("b"), message("c")]));
    expect([state.needsSync, state.seq, state.messages.length]).toEqual([false, 3, 3]);
  });
});

describe("own messages", () => {
  const sent: Local = { type: "local.sent", message: unsentMessage("key-0001", "hi") };
  const echo = message("m1", "hi", { role: "user", state: "done", client_id: "key-0001" });
  test("the echo takes the place of the unsent copy", () => {
    const state = run(initial, sent, created(1, echo));
    expect(state.messages.map((known) => known.id)).toEqual(["m1"]);
  });
  test("a snapshot keeps what is unsent and drops what it already holds", () => {
    expect(run(initial, sent, snapshot(4, [message("a")])).messages).toHaveLength(2);
    expect(run(initial, sent, snapshot(4, [echo])).messages.map((known) => known.id)).toEqual(["m1"]);
  });
  test("a refusal stands at the message it refers to, any other above the log", () => {
    const refusal: WireEvent = { v: 1, type: "error", code: "rate", message: "Slow down.", retryable: true, ref: "key-0001" };
    const state = run(initial, sent, refusal);
    expect(state.rejected["key-0001"]?.message).toBe("Slow down.");
    expect(state.problem).toBeNull();
    expect(run(initial, { ...refusal, ref: null }).problem?.code).toBe("rate");
  });
  test("an answer belongs to the last question before it", () => {
    const state = run(initial, created(1, echo), created(2, message("a")), created(3, message("q2", "more", { role: "user" })));
    expect(questionOf(state.messages, "a")?.id).toBe("m1");
  });
});

describe("cards and jobs", () => {
  test("an older revision loses", () => {
    expect(run(initial, card(1, video(2)), card(2, video(1, { title: "old" }))).cards.c).toMatchObject({ title: "t" });
  });
  test("progress never goes backwards", () => {
    expect(run(initial, card(1, video(1)), progress(0.5), progress(0.2)).progress.c?.pct).toBe(0.5);
  });
  test("progress that comes after the end is ignored, and a second attempt starts from nothing", () => {
    const done = run(initial, card(1, video(1)), progress(0.9), card(2, video(2, { state: "failed" })), progress(0.95));
    expect(done.progress.c).toBeUndefined();
    expect(run(done, card(3, video(3)), progress(0.1)).progress.c?.pct).toBe(0.1);
  });
});

test("an event from a newer server changes nothing", () => {
  expect(reduce(initial, { v: 1, type: "hologram" } as never)).toBe(initial);
});
test("another build of the server is noticed, the first one is not", () => {
  const welcome = (build: string): WireEvent => ({
    v: 1, type: "welcome", session_id: "s", user_id: "u", thread_id: "t", seq: 0, resume: "replay", heartbeat_ms: 1, build, brain: "", voice: "", personas: [],
  });
  const state = run(initial, welcome("one"));
  expect(state.build).toBe(state.serverBuild);
  expect(run(state, welcome("two"))).toMatchObject({ build: "one", serverBuild: "two" });
});
test("opening another conversation forgets the messages and keeps the cast", () => {
  const state = run({ ...initial, personas: [{ id: "jaz" }] as never }, created(1, message("a")), { type: "local.opened", threadId: "x" });
  expect(state).toMatchObject({ messages: [], seq: 0, threadId: "x", loaded: false });
  expect(state.personas).toHaveLength(1);
});
