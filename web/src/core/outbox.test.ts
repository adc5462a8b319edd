import { beforeEach, expect, test } from "vitest";

import type { UserMessage } from "../wire/types";
import { Outbox } from "./outbox";

const command = (client_id: string): UserMessage => ({ type: "user.message", client_id, text: "hi" });
let kept: Map<string, string>;
const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
beforeEach(() => { kept = new Map(); });

test("what is unconfirmed survives a reload and goes out again", () => {
  const before = new Outbox(storage);
  before.add(command("one"), "t");
  before.markSent("one");
  expect(new Outbox(storage).for("t")).toMatchObject([{ command: { client_id: "one" }, sent: false }]);
});
test("a confirmed command is gone for good", () => {
  const outbox = new Outbox(storage);
  outbox.add(command("one"), "t");
  outbox.remove("one");
  expect(new Outbox(storage).for("t")).toEqual([]);
});
test("what was said in a conversation without an id belongs to it once it has one", () => {
  const outbox = new Outbox(storage);
  outbox.add(command("one"), null);
  outbox.add(command("two"), "other");
  outbox.adopt("new");
  expect(outbox.for("new").map((item) => item.command.client_id)).toEqual(["one"]);
});
test("button presses are settled once sent, messages are not", () => {
  const outbox = new Outbox(storage);
  outbox.add({ type: "action", client_id: "press", card_id: "c", action_id: "a" }, "t");
  outbox.add(command("one"), "t");
  outbox.settleActions();
  expect(outbox.for("t")).toHaveLength(2);
  outbox.markSent("press");
  outbox.markSent("one");
  outbox.settleActions();
  expect(outbox.for("t").map((item) => item.command.client_id)).toEqual(["one"]);
});
test("a spoilt store is an empty one", () => {
  kept.set("greenroom.outbox", "{nonsense");
  expect(new Outbox(storage).for("t")).toEqual([]);
});
