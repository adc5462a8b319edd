import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { Hello } from "../wire/types";
import { backoffMs, Socket, splitFrame, type SocketListener } from "./socket";

class FakeSocket {
  static all: FakeSocket[] = [];
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  readyState = 0;
  sent: string[] = [];
  closedWith: number | null = null;
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: unknown }) => void) | null = null;
  onclose: ((close: { code: number }) => void) | null = null;
  constructor(readonly url: string) { FakeSocket.all.push(this); }
  send(text: string) { this.sent.push(text); }
  close(code: number) { this.closedWith = code; this.end(code); }
  async open() { this.readyState = 1; this.onopen?.(); await Promise.resolve(); await Promise.resolve(); }
  end(code: number) { this.readyState = 3; this.onclose?.({ code }); }
  say(event: unknown) { this.onmessage?.({ data: JSON.stringify(event) }); }
}
const last = () => FakeSocket.all.at(-1) as FakeSocket;
const hello: Hello = { type: "hello", v: 1, token: "t" };
const listener = () => ({
  hello: vi.fn(async () => hello), event: vi.fn(), sound: vi.fn(), link: vi.fn(), unauthorised: vi.fn(), missing: vi.fn(),
}) satisfies SocketListener;
const welcome = { v: 1, type: "welcome", heartbeat_ms: 1000 };

beforeEach(() => {
  FakeSocket.all = [];
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.stubGlobal("fetch", vi.fn(async () => { throw new Error("no network"); }));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("waits double, jittered to at least half, and are capped", () => {
  expect([backoffMs(0, 0), backoffMs(0, 1), backoffMs(1, 1), backoffMs(30, 1), backoffMs(30, 0)]).toEqual([200, 400, 800, 20_000, 10_000]);
});

test("a binary frame is split into its header and its sound; a torn one is refused", () => {
  const header = new TextEncoder().encode(JSON.stringify({ type: "speech.chunk", text: "é" }));
  const frame = new Uint8Array(4 + header.length + 4);
  new DataView(frame.buffer).setUint32(0, header.length, true);
  frame.set(header, 4);
  frame.set([1, 2, 3, 4], 4 + header.length);
  const split = splitFrame(frame.buffer);
  expect(split?.header.text).toBe("é");
  expect([...new Uint8Array(split?.pcm ?? new ArrayBuffer(0))]).toEqual([1, 2, 3, 4]);
  expect(splitFrame(frame.buffer.slice(0, 10))).toBeNull();
  expect(splitFrame(new ArrayBuffer(2))).toBeNull();
});

describe("a connection", () => {
  test("says hello first and sends nothing before the welcome", async () => {
    const socket = new Socket("ws://x", listener());
    socket.connect();
    await last().open();
    expect(JSON.parse(last().sent[0] ?? "")).toEqual(hello);
    expect(socket.send({ type: "resync" })).toBe(false);
    last().say(welcome);
    expect(socket.send({ type: "resync" })).toBe(true);
    socket.close();
  });
  test("comes back by itself, later each time", async () => {
    const socket = new Socket("ws://x", listener());
    socket.connect();
    for (const wait of [400, 800, 1600]) {
      const count = FakeSocket.all.length;
      last().end(1006);
      await vi.advanceTimersByTimeAsync(wait / 2 - 1);
      expect(FakeSocket.all).toHaveLength(count);
      await vi.advanceTimersByTimeAsync(wait / 2 + 1);
      expect(FakeSocket.all).toHaveLength(count + 1);
    }
    socket.close();
  });
  test("asks for a new token when refused, and gives up after three refusals", async () => {
    const hears = listener();
    const socket = new Socket("ws://x", hears);
    socket.connect();
    for (let refusal = 0; refusal < 3; refusal++) {
      await last().open();
      last().end(4401);
      await vi.advanceTimersByTimeAsync(2000);
    }
    expect(hears.unauthorised).toHaveBeenCalledTimes(3);
    expect(hears.link).toHaveBeenLastCalledWith("signed_out");
    expect(FakeSocket.all).toHaveLength(3);
    socket.close();
  });
  test("a silent line is cut after two and a half heartbeats; any traffic keeps it", async () => {
    const socket = new Socket("ws://x", listener());
    socket.connect();
    await last().open();
    last().say(welcome);
    const line = last();
    await vi.advanceTimersByTimeAsync(2000);
    line.say({ v: 1, type: "speech.cancel", utterance_id: null });
    await vi.advanceTimersByTimeAsync(2000);
    expect(line.closedWith).toBeNull();
    await vi.advanceTimersByTimeAsync(1000);
    expect(line.closedWith).toBe(4000);
    socket.close();
  });
  test("a server that answers but lets nobody in is told apart from a dropped line", async () => {
    const fetched = vi.fn(async () => ({ ok: true }));
    vi.stubGlobal("fetch", fetched);
    const hears = listener();
    const socket = new Socket("ws://x", hears);
    socket.connect();
    for (let attempt = 0; attempt < 4; attempt++) {
      last().end(1006);
      await vi.advanceTimersByTimeAsync(4000);
    }
    expect(hears.link.mock.calls.map(([link]) => link).filter((link) => link !== "connecting")).toEqual(["offline", "offline", "offline", "refused"]);
    socket.close();
  });
  test("waits as long as a leaving server asks", async () => {
    const socket = new Socket("ws://x", listener());
    socket.connect();
    last().say({ v: 1, type: "bye", reason: "restart", retry_after_ms: 9000 });
    last().end(1012);
    await vi.advanceTimersByTimeAsync(8900);
    expect(FakeSocket.all).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(FakeSocket.all).toHaveLength(2);
    socket.close();
  });
});
