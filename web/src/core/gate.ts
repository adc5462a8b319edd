import type { Message, SpeechChunk } from "../wire/types";

/** What to do with a chunk of speech: sound it, keep it for a tap, or throw it away. */
export type Verdict = "play" | "hold" | "drop";

/**
 * Decides which speech may be heard in this tab. After an interruption everything that belongs to what was
 * interrupted is dropped however late it comes, also speech of answers that had not begun yet; and a question asked
 * in another tab is not answered aloud here without a tap.
 */
export class Gate {
  #utterances = new Set<string>();
  #messages = new Set<string>();
  #abandoned = new Set<string>();
  #foreign = new Set<string>();
  #asked: Set<string>;
  #pressed = false;

  /** `asked`: client_ids of the questions this tab has asked, kept across a reload. */
  constructor(asked: Iterable<string> = []) {
    this.#asked = new Set(asked);
  }

  get asked(): string[] {
    return [...this.#asked].slice(-50);
  }

  ask(client_id: string): void {
    this.#asked.add(client_id);
    this.#pressed = false;
  }

  /** A button was pressed here: what comes next is ours, and this message may speak again. */
  press(message_id: string): void {
    this.#pressed = true;
    this.#messages.delete(message_id);
  }

  /** Forget everything now being said or about to be said. `unanswered`: own questions without an answer yet. */
  interrupt(messages: Message[], unanswered: Iterable<string>): void {
    for (const message of messages) if (message.role === "assistant") this.#messages.add(message.id);
    for (const client_id of unanswered) this.#abandoned.add(client_id);
  }

  /** An answer begins; `question` is what it answers. */
  created(message: Message, question: Message | undefined): void {
    if (message.role === "user") {
      if (message.client_id && !this.#asked.has(message.client_id)) this.#pressed = false;
      return;
    }
    const client_id = question?.client_id;
    if (client_id && this.#abandoned.has(client_id)) this.#messages.add(message.id);
    if (client_id && !this.#asked.has(client_id) && !this.#pressed) this.#foreign.add(message.id);
  }

  cancel(utterance_id: string): void {
    this.#utterances.add(utterance_id);
  }

  /** A tap allowed what was held: later chunks of those answers play too. */
  allow(): void {
    this.#foreign.clear();
  }

  verdict(chunk: Pick<SpeechChunk, "utterance_id" | "message_id">): Verdict {
    if (this.#utterances.has(chunk.utterance_id)) return "drop";
    if (this.#messages.has(chunk.message_id)) {
      this.#utterances.add(chunk.utterance_id);
      return "drop";
    }
    return this.#foreign.has(chunk.message_id) ? "hold" : "play";
  }
}
