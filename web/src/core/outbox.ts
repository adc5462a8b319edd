import type { ActionTaken, UserMessage } from "../wire/types";

export type Pending = { command: UserMessage | ActionTaken; threadId: string | null; sent: boolean };

const KEY = "greenroom.outbox";

/**
 * Commands the server has not confirmed yet, kept across reloads. Each carries its client_id, so sending one again
 * is always safe.
 */
export class Outbox {
  #items: Pending[];

  constructor(private readonly storage: Pick<Storage, "getItem" | "setItem"> = sessionStorage) {
    this.#items = this.#read();
  }

  add(command: UserMessage | ActionTaken, threadId: string | null): void {
    this.#items = [...this.#items, { command, threadId, sent: false }];
    this.#write();
  }

  /** What has to go out in this conversation, oldest first. */
  for(threadId: string | null): Pending[] {
    return this.#items.filter((item) => item.threadId === threadId);
  }

  /** A conversation got its id: what waited for it belongs there. */
  adopt(threadId: string): void {
    this.#items = this.#items.map((item) => (item.threadId === null ? { ...item, threadId } : item));
    this.#write();
  }

  markSent(client_id: string): void {
    this.#items = this.#items.map((item) => (item.command.client_id === client_id ? { ...item, sent: true } : item));
    this.#write();
  }

  remove(client_id: string): void {
    this.#items = this.#items.filter((item) => item.command.client_id !== client_id);
    this.#write();
  }

  /** A kept event came after these button presses went out: they were taken. */
  settleActions(): void {
    this.#items = this.#items.filter((item) => !(item.command.type === "action" && item.sent));
    this.#write();
  }

  #read(): Pending[] {
    try {
      const kept = JSON.parse(this.storage.getItem(KEY) ?? "[]") as Pending[];
      return Array.isArray(kept) ? kept.map((item) => ({ ...item, sent: false })) : [];
    } catch {
      return [];
    }
  }

  #write(): void {
    this.storage.setItem(KEY, JSON.stringify(this.#items));
  }
}
