/** Where one answer's time went, as this page saw it: performance.now() milliseconds, 0 = not yet. */
export interface Marks {
  sent: number;
  firstDelta: number;
  firstChunk: number;
  /** When the first sound was handed to the audio clock. */
  firstAudio: number;
  /** When that sound leaves the loudspeaker. */
  audible: number;
}

export const marks: Marks = { sent: 0, firstDelta: 0, firstChunk: 0, firstAudio: 0, audible: 0 };

/** Milliseconds after sending at which each thing of the last turn happened; null = has not. */
export function sinceSent(): Record<Exclude<keyof Marks, "sent">, number | null> {
  const since = (mark: number) => (mark && marks.sent ? mark - marks.sent : null);
  return {
    firstDelta: since(marks.firstDelta), firstChunk: since(marks.firstChunk),
    firstAudio: since(marks.firstAudio), audible: since(marks.audible),
  };
}

export function startTurn(): void {
  Object.assign(marks, { sent: performance.now(), firstDelta: 0, firstChunk: 0, firstAudio: 0, audible: 0 });
}

export function mark(name: keyof Marks, at = performance.now()): void {
  if (marks.sent && !marks[name]) marks[name] = at;
}

/** One painted mouth: the instant of the audio clock that was heard then (s), its mouth, the line's peak. */
export interface PaintedMouth { t_audio: number; mouth: number; utterance: string; index: number; frame: number; peak: number }

const RING = 4096;
const ring: PaintedMouth[] = [];
export const paintedMouths = (): readonly PaintedMouth[] => ring;

export function recordMouth(painted: PaintedMouth): void {
  ring.push(painted);
  if (ring.length > RING) ring.splice(0, RING / 4);
}

/** Frames drawn in the last second, and the longest gap between two of them (ms). */
export const frames = { perSecond: 0, worstGapMs: 0, total: 0, paints: 0 };
let windowStart = 0;
let windowFrames = 0;
let lastFrame = 0;

export function countFrame(now: number): void {
  frames.total++;
  windowFrames++;
  if (lastFrame && now - lastFrame < 1000) frames.worstGapMs = Math.max(frames.worstGapMs, now - lastFrame);
  lastFrame = now;
  if (now - windowStart >= 1000) {
    frames.perSecond = windowStart ? (windowFrames * 1000) / (now - windowStart) : 0;
    windowStart = now;
    windowFrames = 0;
  }
}

/** The loop paused (hidden, idle cap): the next gap says nothing. */
export function pauseFrames(): void {
  lastFrame = 0;
  windowStart = 0;
  windowFrames = 0;
}
