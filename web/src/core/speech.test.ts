import { beforeEach, describe, expect, test, vi } from "vitest";

import type { Message, SpeechChunk } from "../wire/types";
import { Gate } from "./gate";
import { frameAt, Player } from "./speech";

const RATE = 1000;
const chunk = (index: number, utterance_id = "u1", message_id = "a"): SpeechChunk => ({
  v: 1, type: "speech.chunk", utterance_id, message_id, index, codec: "pcm16", rate: RATE, ms: 1000, text: "hello you", char_start: 0, char_end: 9,
  words: [[0, 0, 5], [500, 6, 9]], track: { fps: 25, mouth: Array.from({ length: 25 }, (_, i) => i), eyes: Array(25).fill(0), head: Array(25).fill([0, 0]) }, final: false,
});
const second = () => new Int16Array(RATE).fill(1000).buffer;

class FakeContext {
  state: AudioContextState = "running";
  currentTime = 10;
  outputLatency = 0.05;
  baseLatency = 0;
  destination = {};
  onstatechange: (() => void) | null = null;
  ramps: [number, number][] = [];
  stopped: number[] = [];
  started: number[] = [];
  createGain() {
    const gain = { value: 1, cancelScheduledValues: () => 0, setValueAtTime: () => 0, setTargetAtTime: () => 0, linearRampToValueAtTime: (to: number, at: number) => this.ramps.push([to, at]) };
    return { gain, connect: (next: unknown) => next, disconnect: () => undefined };
  }
  createAnalyser() { return { fftSize: 0, connect: (next: unknown) => next, getFloatTimeDomainData: (into: Float32Array) => into.fill(0) }; }
  createBuffer(_: number, length: number, rate: number) { return { duration: length / rate, getChannelData: () => new Float32Array(length) }; }
  createBufferSource() {
    return { buffer: null, onended: null, connect: () => undefined, start: (at: number) => this.started.push(at), stop: (at: number) => this.stopped.push(at) };
  }
  async resume() { this.state = "running"; }
}

let context: FakeContext;
let player: Player;
const buffered = vi.fn();
beforeEach(() => {
  context = new FakeContext();
  buffered.mockClear();
  player = new Player({ changed: vi.fn(), scheduled: vi.fn(), buffered }, () => context as unknown as AudioContext);
});

describe("the player", () => {
  test("chunks follow each other without a gap", async () => {
    await player.unlock();
    player.push(chunk(0), second());
    player.push(chunk(1), second());
    expect(context.started[1]).toBeCloseTo((context.started[0] ?? 0) + 1, 9);
  });
  test("the clock is what the ear hears, so pose and word wait for the loudspeaker", async () => {
    await player.unlock();
    player.push(chunk(0), second());
    context.currentTime = 10.04;
    expect(player.pose()).toBeNull();
    context.currentTime = 10.02 + 0.05 + 0.5;
    expect(player.pose()?.frame).toBe(12);
    expect(player.caption()).toMatchObject({ from: 6, to: 9 });
  });
  test("a cut says which chunk and how much of it was heard, and ramps within 40 ms", async () => {
    await player.unlock();
    player.push(chunk(0), second());
    player.push(chunk(1), second());
    context.currentTime = 10.02 + 0.05 + 1.25;
    expect(player.stop()).toEqual({ utterance_id: "u1", heard: [1, 250] });
    const [level, at] = context.ramps[0] ?? [1, Infinity];
    expect(level).toBe(0);
    expect(at - context.currentTime).toBeLessThanOrEqual(0.04);
    expect(context.stopped).toHaveLength(2);
    expect(player.speaking).toBe(false);
  });
  test("after a cut the server learns that nothing is queued any more, or it would hold the next answer back", async () => {
    await player.unlock();
    for (let i = 0; i < 30; i++) player.push(chunk(i), second());
    expect(buffered.mock.lastCall?.[1]).toBeGreaterThan(25_000);
    player.stop();
    expect(buffered).toHaveBeenLastCalledWith("u1", 0);
  });
  test("what comes after a cut starts at once, not behind what was queued", async () => {
    await player.unlock();
    for (let i = 0; i < 5; i++) player.push(chunk(i), second());
    player.stop();
    player.push(chunk(0, "u2"), second());
    expect(context.started.at(-1)).toBeCloseTo(context.currentTime + 0.02, 9);
  });
  test("speech waits while the browser forbids sound, and plays after a tap", async () => {
    context.state = "suspended";
    player.push(chunk(0), second());
    expect([player.blocked, context.started.length]).toEqual([true, 0]);
    await player.release();
    expect([player.blocked, context.started.length]).toEqual([false, 1]);
  });
  test("of what other tabs asked for, only the newest answer waits", async () => {
    await player.unlock();
    player.push(chunk(0, "u1", "a"), second(), true);
    player.push(chunk(0, "u2", "b"), second(), true);
    player.push(chunk(1, "u2", "b"), second(), true);
    await player.release();
    expect(player.pieces.map((piece) => piece.chunk.utterance_id)).toEqual(["u2", "u2"]);
  });
  test("a cut before the first sound reports that nothing was heard", () => {
    context.state = "suspended";
    player.push(chunk(0), second());
    expect(player.stop()).toEqual({ utterance_id: "u1", heard: [0, 0] });
    expect(player.stop()).toBeNull();
  });
  test("cancelling one utterance leaves silence and names it", async () => {
    await player.unlock();
    player.push(chunk(0), second());
    expect(player.cancel((candidate) => candidate.message_id === "other")).toEqual([]);
    expect(player.speaking).toBe(true);
    expect(player.cancel((candidate) => candidate.message_id === "a")).toEqual(["u1"]);
    expect(player.speaking).toBe(false);
  });
});

test("a frame is shown from i/fps to (i+1)/fps, and the last one stays", () => {
  expect([frameAt(-0.01, 25, 10), frameAt(0, 25, 10), frameAt(0.0399, 25, 10), frameAt(0.04, 25, 10), frameAt(9, 25, 10), frameAt(0, 25, 0)]).toEqual([0, 0, 0, 1, 9, -1]);
  for (let i = 0; i < 500; i++) expect(frameAt(i / 25, 25, 500)).toBe(i);
});

describe("the gate", () => {
  const said = (id: string, role: "user" | "assistant", client_id: string | null = null) => ({ id, role, client_id }) as Message;
  test("late chunks of what was interrupted are dropped, the next answer is heard", () => {
    const gate = new Gate();
    gate.ask("one");
    gate.created(said("a", "assistant"), said("q1", "user", "one"));
    expect(gate.verdict(chunk(0))).toBe("play");
    gate.interrupt([said("a", "assistant")], []);
    expect(gate.verdict(chunk(1))).toBe("drop");
    gate.ask("two");
    gate.created(said("b", "assistant"), said("q2", "user", "two"));
    expect(gate.verdict(chunk(0, "u2", "b"))).toBe("play");
  });
  test("an answer that had not begun when it was interrupted is not heard either", () => {
    const gate = new Gate();
    gate.ask("one");
    gate.interrupt([], ["one"]);
    gate.created(said("a", "assistant"), said("q1", "user", "one"));
    expect(gate.verdict(chunk(0))).toBe("drop");
  });
  test("a question of another tab waits for a tap", () => {
    const gate = new Gate();
    gate.created(said("a", "assistant"), said("q1", "user", "theirs"));
    expect(gate.verdict(chunk(0))).toBe("hold");
    gate.allow();
    expect(gate.verdict(chunk(1))).toBe("play");
  });
  test("a button pressed here lets its message speak again", () => {
    const gate = new Gate();
    gate.interrupt([said("a", "assistant")], []);
    gate.press("a");
    expect(gate.verdict(chunk(0, "u9"))).toBe("play");
  });
});
