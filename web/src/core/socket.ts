import type { Command, Event as WireEvent, Hello, SpeechChunk } from "../wire/types";

export type Link = "connecting" | "offline" | "restarting" | "signed_out" | "refused";

export interface SocketListener {
  hello(): Promise<Hello>;
  event(event: WireEvent): void;
  sound(header: SpeechChunk, pcm: ArrayBuffer): void;
  link(link: Link): void;
  /** The token was refused: forget it before the next hello. */
  unauthorised(): void;
  /** The conversation asked for is gone or somebody else's. */
  missing(): void;
}

const CAP_MS = 20_000;
const CLOSE = { heartbeat: 4000, auth: 4401, origin: 4403, missing: 4404, flood: 4029, restart: 1012 } as const;

/** Wait before attempt `tries` (0 first), ms: 400 × 2^n, jittered to 50–100 %, at most 20 s. */
export const backoffMs = (tries: number, random = Math.random()) =>
  Math.min(CAP_MS, 400 * 2 ** tries) * (0.5 + random / 2);

/** Splits the one binary frame: u32le header length, JSON header, PCM. Null when it is not whole. */
export function splitFrame(frame: ArrayBuffer): { header: SpeechChunk; pcm: ArrayBuffer } | null {
  if (frame.byteLength < 4) return null;
  const length = new DataView(frame).getUint32(0, true);
  if (length > frame.byteLength - 4) return null;
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(frame, 4, length))) as SpeechChunk;
  return { header, pcm: frame.slice(4 + length) };
}

/**
 * One websocket that stays: says hello, keeps the heartbeat, reconnects with backoff, at once when the network or the
 * tab comes back. It holds no commands; what must not be lost waits in the outbox.
 */
export class Socket {
  online = false;
  roundTripMs = 0;
  #ws: WebSocket | null = null;
  #tries = 0;
  #refusals = 0;
  #retryTimer = 0;
  #beatTimer = 0;
  #lastHeard = 0;
  #waitMs = 0;
  #opened = false;
  /** Attempts in a row that were turned away while the server answered otherwise. */
  #shutOut = 0;
  #closed = false;

  constructor(private readonly url: string, private readonly listener: SocketListener) {
    addEventListener("online", this.#hurry);
    document.addEventListener("visibilitychange", this.#hurry);
  }

  connect(): void {
    if (this.#closed || (this.#ws && this.#ws.readyState < WebSocket.CLOSING)) return;
    clearTimeout(this.#retryTimer);
    this.listener.link("connecting");
    this.#opened = false;
    const ws = new WebSocket(this.url);
    ws.binaryType = "arraybuffer";
    this.#ws = ws;
    ws.onopen = () => {
      this.#opened = true;
      this.#shutOut = 0;
      void this.#greet(ws);
    };
    ws.onmessage = (message) => this.#ws === ws && this.#receive(message.data);
    ws.onclose = (close) => this.#ws === ws && this.#ended(close.code);
  }

  /** Drop this connection and greet again: another conversation, another token. */
  reopen(): void {
    const old = this.#ws;
    this.#ws = null;
    this.online = false;
    clearInterval(this.#beatTimer);
    old?.close(1000);
    this.#tries = 0;
    this.#refusals = 0;
    this.connect();
  }

  /** True when it went out. */
  send(command: Command): boolean {
    if (!this.online || this.#ws?.readyState !== WebSocket.OPEN) return false;
    this.#ws.send(JSON.stringify(command));
    return true;
  }

  ping(): void {
    this.send({ type: "ping", t: performance.now() });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retryTimer);
    clearInterval(this.#beatTimer);
    removeEventListener("online", this.#hurry);
    document.removeEventListener("visibilitychange", this.#hurry);
    this.#ws?.close(1000);
  }

  async #greet(ws: WebSocket): Promise<void> {
    try {
      const hello = await this.listener.hello();
      if (this.#ws === ws && ws.readyState === WebSocket.OPEN) ws.send(JSON.stringify(hello));
    } catch {
      ws.close(1000);
    }
  }

  #receive(data: unknown): void {
    this.#lastHeard = performance.now();
    if (data instanceof ArrayBuffer) {
      const frame = splitFrame(data);
      if (frame?.header.type === "speech.chunk") this.listener.sound(frame.header, frame.pcm);
      return;
    }
    const event = JSON.parse(String(data)) as WireEvent;
    if (event.type === "pong") {
      this.roundTripMs = performance.now() - event.t;
      return;
    }
    if (event.type === "bye") this.#waitMs = event.retry_after_ms;
    if (event.type === "welcome") {
      this.online = true;
      this.#tries = 0;
      this.#refusals = 0;
      this.#beat(event.heartbeat_ms);
    }
    this.listener.event(event);
  }

  #ended(code: number): void {
    clearInterval(this.#beatTimer);
    this.online = false;
    this.#ws = null;
    if (this.#closed) return;
    if (!this.#opened) this.#checkDoor();
    if (code === CLOSE.auth) {
      this.listener.unauthorised();
      if (++this.#refusals >= 3) return this.listener.link("signed_out");
    }
    if (code === CLOSE.missing) this.listener.missing();
    const shut = code === CLOSE.origin || this.#shutOut >= 3;
    this.listener.link(shut ? "refused" : code === CLOSE.restart ? "restarting" : "offline");
    const wait = Math.max(this.#waitMs, code === CLOSE.flood ? 5000 : 0, backoffMs(this.#tries++));
    this.#waitMs = 0;
    this.#retryTimer = window.setTimeout(() => this.connect(), wait);
  }

  #beat(everyMs: number): void {
    clearInterval(this.#beatTimer);
    this.ping();
    this.#beatTimer = window.setInterval(() => {
      // any traffic proves the line; timers of hidden tabs are slowed down by the browser
      if (performance.now() - this.#lastHeard > everyMs * 2.5) this.#ws?.close(CLOSE.heartbeat);
      else this.ping();
    }, everyMs);
  }

  /** A refused handshake looks like a dropped line to a page; a server that answers HTTP meanwhile tells them apart. */
  #checkDoor(): void {
    fetch("/api/config").then(
      (answer) => { this.#shutOut = answer.ok ? this.#shutOut + 1 : 0; },
      () => { this.#shutOut = 0; },
    );
  }

  #hurry = (): void => {
    if (this.online || this.#closed || document.visibilityState !== "visible") return;
    this.#tries = 0;
    this.connect();
  };
}
