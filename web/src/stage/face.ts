import { countFrame, frames, pauseFrames, recordMouth } from "../core/latency";
import type { Player } from "../core/speech";
import type { Atlas } from "./atlas";
import { between, follow, Painter, type Shown, type View } from "./painter";

const IDLE_FRAME_MS = 40;

/**
 * Keeps one canvas showing the face: the pose track of the speech being heard, else the atlas's idle track. Runs at
 * the screen's rate while talking, at 25 a second while idle, not at all while the page is hidden.
 */
export class LiveFace {
  #painter: Painter;
  #x = 0;
  #y = 0;
  #lastTick = 0;
  #timer = 0;
  #frame = 0;
  #stopped = false;
  #calm = matchMedia("(prefers-reduced-motion: reduce)");

  constructor(canvas: HTMLCanvasElement, private readonly atlas: Atlas, private readonly player: Player, view: View, aspect: number) {
    this.#painter = new Painter(canvas, atlas, view, aspect);
    document.addEventListener("visibilitychange", this.#wake);
    this.#tick(performance.now());
  }

  setView(view: View, aspect: number): void {
    this.#painter.setView(view, aspect);
    this.wake();
  }

  /** Speech may have begun: do not wait for the next idle frame. */
  wake(): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
    if (document.visibilityState === "visible") this.#frame = requestAnimationFrame((now) => this.#tick(now));
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
    document.removeEventListener("visibilitychange", this.#wake);
  }

  #wake = () => {
    pauseFrames();
    this.wake();
  };

  #tick(now: number): void {
    if (this.#stopped) return;
    const seconds = Math.min(0.1, this.#lastTick ? (now - this.#lastTick) / 1000 : 0);
    this.#lastTick = now;
    const { player } = this;
    const talking = player.speaking;
    const wanted = talking ? this.#spoken() : this.#idle(now);
    this.#x = follow(this.#x, wanted.dx, seconds);
    this.#y = follow(this.#y, wanted.dy, seconds);
    const drawn = this.#painter.paint({ mouth: wanted.mouth, eyes: wanted.eyes, dx: Math.round(this.#x), dy: Math.round(this.#y) });
    if (drawn) frames.paints++;
    if (talking) countFrame(now);
    else pauseFrames();
    if (document.visibilityState !== "visible") return;
    if (talking) this.#frame = requestAnimationFrame((next) => this.#tick(next));
    else this.#timer = window.setTimeout(() => this.wake(), IDLE_FRAME_MS - 8);
  }

  #spoken(): Shown {
    const pose = this.player.pose();
    if (!pose) return { ...this.#idle(performance.now()), mouth: 0 };
    const { track, frame, piece } = pose;
    const heard = this.player.heardNow;
    const mouth = track.mouth[frame] ?? 0;
    recordMouth({
      t_audio: heard, mouth, utterance: piece.chunk.utterance_id, index: piece.chunk.index, frame, peak: this.player.peak(),
    });
    const share = Math.min(1, Math.max(0, (heard - piece.start) * track.fps - frame));
    const [dx, dy] = this.#calm.matches ? [0, 0] : between(track.head, frame, share);
    return { mouth, eyes: track.eyes[frame] ?? 0, dx, dy };
  }

  #idle(now: number): Shown {
    const { idle } = this.atlas.manifest;
    if (this.#calm.matches || idle.mouth.length === 0) return { mouth: 0, eyes: idle.eyes[0] ?? 0, dx: 0, dy: 0 };
    const frame = Math.floor((now / 1000) * idle.fps) % idle.mouth.length;
    const [dx, dy] = idle.head[frame] ?? [0, 0];
    return { mouth: idle.mouth[frame] ?? 0, eyes: idle.eyes[frame] ?? 0, dx, dy };
  }
}
