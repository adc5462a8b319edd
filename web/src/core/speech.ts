import type { SpeechChunk, Track } from "../wire/types";

export interface Piece {
  chunk: SpeechChunk;
  /** On the audio context's clock, seconds. */
  start: number;
  end: number;
  source: AudioBufferSourceNode;
}

/** Where the voice was cut: the chunk, and how many ms of it were heard. */
export interface Heard { utterance_id: string; heard: [number, number] }
export interface Pose { track: Track; frame: number; piece: Piece }

export interface PlayerListener {
  changed(): void;
  scheduled(piece: Piece): void;
  buffered(utterance_id: string, ms: number): void;
}

const LEAD_S = 0.02;
const RAMP_S = 0.03;
const KEPT_PIECES = 60;
/** Peak below which the line counts as silent: -50 dBFS. */
const SILENT = 0.003;
const MAX_HELD = 400;

/** Plays chunks back to back on the audio clock; face and captions read the same clock. */
export class Player {
  context: AudioContext | null = null;
  /** performance.now() of the last cut, and when the line had fallen silent after it. */
  cutAt = 0;
  silentAt = 0;
  #pieces: Piece[] = [];
  #waiting: { chunk: SpeechChunk; pcm: ArrayBuffer; held: boolean }[] = [];
  #voice: GainNode | null = null;
  #volume: GainNode | null = null;
  #analyser: AnalyserNode | null = null;
  #samples = new Float32Array(512);
  #nextStart = 0;
  #muted = false;

  constructor(
    private readonly listener: PlayerListener,
    private readonly makeContext: () => AudioContext = () => new AudioContext({ latencyHint: "interactive" }),
  ) {}

  /** Browsers let sound start only inside a click or key press: call this from one. */
  async unlock(): Promise<void> {
    const context = this.#open();
    if (context.state !== "running") await context.resume().catch(() => undefined);
    this.#flush();
    this.listener.changed();
  }

  /** Sound what waits, also what was held because another tab asked for it. */
  async release(): Promise<void> {
    for (const item of this.#waiting) item.held = false;
    await this.unlock();
  }

  get locked(): boolean {
    return this.context?.state !== "running";
  }

  /** Speech is here but needs a tap before it may be heard. */
  get blocked(): boolean {
    return this.#waiting.length > 0;
  }

  /** The moment of the audio clock that leaves the loudspeaker now, seconds. */
  get heardNow(): number {
    const context = this.context;
    return context ? context.currentTime - Math.min(0.25, context.outputLatency || context.baseLatency || 0) : 0;
  }

  get speaking(): boolean {
    const last = this.#pieces.at(-1);
    return !!last && this.heardNow < last.end;
  }

  get pieces(): readonly Piece[] {
    return this.#pieces;
  }

  get muted(): boolean {
    return this.#muted;
  }

  set muted(muted: boolean) {
    this.#muted = muted;
    const gain = this.#volume?.gain;
    if (gain && this.context) gain.setTargetAtTime(muted ? 0 : 1, this.context.currentTime, 0.01);
    this.listener.changed();
  }

  push(chunk: SpeechChunk, pcm: ArrayBuffer, held = false): void {
    // only the newest answer of another tab is worth a tap
    if (held) this.#waiting = this.#waiting.filter((item) => !item.held || item.chunk.message_id === chunk.message_id);
    if (held || this.locked) {
      if (this.#waiting.length < MAX_HELD) this.#waiting.push({ chunk, pcm, held });
      this.listener.changed();
    } else this.#play(chunk, pcm);
  }

  /** Barge-in: silence within the ramp. Says where it was cut, or null when nothing was being said. */
  stop(): Heard | null {
    this.cutAt = performance.now();
    const now = this.heardNow;
    const live = this.#pieces.find((piece) => now < piece.end);
    const first = live?.chunk ?? this.#waiting[0]?.chunk;
    const heardMs = live ? Math.max(0, Math.round((now - live.start) * 1000)) : 0;
    this.#cut();
    this.#waiting = [];
    this.#watchSilence();
    this.listener.changed();
    return first ? { utterance_id: first.utterance_id, heard: [first.index, heardMs] } : null;
  }

  /** Drop one utterance, or every one; sounds nothing more of it. Returns the utterances dropped. */
  cancel(matches: (chunk: SpeechChunk) => boolean): string[] {
    const dropped = [...this.#pieces.filter((piece) => piece.end > this.heardNow), ...this.#waiting]
      .map((item) => item.chunk).filter(matches).map((chunk) => chunk.utterance_id);
    if (this.#pieces.some((piece) => matches(piece.chunk) && piece.end > this.heardNow)) this.#cut();
    this.#waiting = this.#waiting.filter((item) => !matches(item.chunk));
    this.listener.changed();
    return [...new Set(dropped)];
  }

  /** The chunk, and the frame of its pose track, at the moment being heard. */
  pose(): Pose | null {
    const piece = this.#current();
    if (!piece) return null;
    const { track } = piece.chunk;
    const frame = frameAt(this.heardNow - piece.start, track.fps, track.mouth.length);
    return frame < 0 ? null : { track, frame, piece };
  }

  /** The chunk being heard and the span of the word in it. */
  caption(): { chunk: SpeechChunk; from: number; to: number } | null {
    const piece = this.#current();
    if (!piece) return null;
    const ms = (this.heardNow - piece.start) * 1000;
    const word = piece.chunk.words.findLast(([start]) => start <= ms);
    return { chunk: piece.chunk, from: word?.[1] ?? 0, to: word?.[2] ?? 0 };
  }

  /** Largest sample on the line in the last ~10 ms, 0..1. Zero while muted or silent. */
  peak(): number {
    if (!this.#analyser) return 0;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    let peak = 0;
    for (const sample of this.#samples) peak = Math.max(peak, Math.abs(sample));
    return peak;
  }

  #open(): AudioContext {
    if (this.context) return this.context;
    const context = (this.context = this.makeContext());
    this.#volume = context.createGain();
    this.#volume.gain.value = this.#muted ? 0 : 1;
    this.#analyser = context.createAnalyser();
    this.#analyser.fftSize = this.#samples.length;
    this.#volume.connect(this.#analyser).connect(context.destination);
    context.onstatechange = () => {
      this.#flush();
      this.listener.changed();
    };
    return context;
  }

  #flush(): void {
    if (this.locked) return;
    const ready = this.#waiting.filter((item) => !item.held);
    this.#waiting = this.#waiting.filter((item) => item.held);
    for (const { chunk, pcm } of ready) this.#play(chunk, pcm);
  }

  #play(chunk: SpeechChunk, pcm: ArrayBuffer): void {
    const context = this.#open();
    const samples = new Int16Array(pcm, 0, pcm.byteLength >> 1);
    if (samples.length === 0) return;
    const buffer = context.createBuffer(1, samples.length, chunk.rate);
    const channel = buffer.getChannelData(0);
    for (let i = 0; i < samples.length; i++) channel[i] = (samples[i] as number) / 32768;
    if (!this.#voice) {
      this.#voice = context.createGain();
      this.#voice.connect(this.#volume as GainNode);
    }
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.#voice);
    const start = Math.max(context.currentTime + LEAD_S, this.#nextStart);
    source.start(start);
    const piece = { chunk, start, end: start + buffer.duration, source };
    this.#nextStart = piece.end;
    this.#pieces = [...this.#pieces.slice(-KEPT_PIECES), piece];
    const report = () => {
      this.listener.buffered(chunk.utterance_id, Math.max(0, (this.#nextStart - context.currentTime) * 1000));
      this.listener.changed();
    };
    source.onended = report;
    this.listener.scheduled(piece);
    report();
  }

  /** Ramp the voice to zero and forget what was queued. The old gain is left to die with its sources. */
  #cut(): void {
    const { context } = this;
    const old = this.#voice;
    const pieces = this.#pieces;
    // the server paces speech by what is queued here: now nothing is
    const last = pieces.at(-1);
    if (last) this.listener.buffered(last.chunk.utterance_id, 0);
    this.#pieces = [];
    this.#nextStart = 0;
    if (!context || !old) return;
    this.#voice = null;
    old.gain.cancelScheduledValues(context.currentTime);
    old.gain.setValueAtTime(old.gain.value, context.currentTime);
    old.gain.linearRampToValueAtTime(0, context.currentTime + RAMP_S);
    for (const { source } of pieces) {
      source.onended = null;
      try {
        source.stop(context.currentTime + RAMP_S);
      } catch {
        // a source that has already ended refuses to stop
      }
    }
    setTimeout(() => old.disconnect(), RAMP_S * 1000 + 200);
  }

  #watchSilence(): void {
    this.silentAt = 0;
    const look = () => {
      if (this.silentAt) return;
      if (this.peak() < SILENT || performance.now() - this.cutAt > 2000) this.silentAt = performance.now();
      else setTimeout(look, 2);
    };
    look();
  }

  #current(): Piece | undefined {
    const now = this.heardNow;
    return this.#pieces.find((piece) => now >= piece.start && now < piece.end);
  }
}

/** Frame shown `seconds` into a track: held from i/fps to (i+1)/fps; the last one stays. -1 for an empty track. */
export function frameAt(seconds: number, fps: number, length: number): number {
  // a hair of tolerance: i/fps·fps can come out a rounding error below i
  return Math.max(0, Math.min(length - 1, Math.floor(seconds * fps + 1e-6))) - (length === 0 ? 1 : 0);
}
