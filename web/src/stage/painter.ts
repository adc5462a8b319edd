import type { Atlas, Box, Manifest } from "./atlas";

export type View = "portrait" | "wide" | "head";
export interface Shown { mouth: number; eyes: number; dx: number; dy: number }

/** How far the head may move while one posture goes over into another: atlas pixels per second and axis. */
const HEAD_SPEED = 50;
const HEAD_REACH = 12;

/**
 * The crop of the atlas a view shows. `aspect` (width / height) matters to the wide view only: it keeps the head
 * above the captions, whatever the shape of the strip.
 */
export function cropOf(manifest: Manifest, view: View, aspect: number): Box {
  const { focus, mouths, eyes, width, height } = manifest;
  if (view === "portrait") return focus;
  const [, eyesTop] = eyes.box;
  const chin = mouths.box[1] + mouths.box[3];
  const [fx, fy, fw] = focus;
  if (view === "head") {
    // the hair may reach far below: eyes and mouth say where the face is
    const side = even(Math.min((chin - eyesTop) * 1.9, width, height));
    return [clamp(fx + fw / 2 - side / 2, 0, width - side), clamp((eyesTop + chin) / 2 - side * 0.54, 0, height - side), side, side];
  }
  const tall = Math.min((chin - fy) * 1.46, height - fy);
  const wide = Math.min(tall * aspect, width);
  const h = even(wide / aspect);
  const w = even(wide);
  return [clamp(fx + fw / 2 - w / 2, 0, width - w), clamp(fy, 0, height - h), w, h];
}

/** One step of the shown head towards the wanted one; never a jump. */
export function follow(shown: number, wanted: number, seconds: number): number {
  const step = HEAD_SPEED * seconds;
  return Math.abs(wanted - shown) <= step ? wanted : shown + Math.sign(wanted - shown) * step;
}

/** A head offset between two frames of a track, whole pixels: painting stays 1:1. */
export function between(head: readonly (readonly [number, number])[], frame: number, share: number): [number, number] {
  const from = head[frame] ?? [0, 0];
  const to = head[Math.min(frame + 1, head.length - 1)] ?? from;
  return [Math.round(from[0] + (to[0] - from[0]) * share), Math.round(from[1] + (to[1] - from[1]) * share)];
}

/** The sheet cell of a mouth; of its pure shape while the blends are still loading. */
export function mouthCell(atlas: Pick<Atlas, "manifest" | "mouths">, mouth: number): readonly [number, number, number] | null {
  const { cells, pure } = atlas.manifest.mouths;
  const cell = cells[mouth];
  if (cell && atlas.mouths[cell[0]]) return cell;
  const fallback = cells[pure?.[mouth] ?? 0];
  return fallback && atlas.mouths[fallback[0]] ? fallback : null;
}

/** Paints one face 1:1 onto a canvas whose backing store is the crop itself; CSS does the scaling. */
export class Painter {
  #context: CanvasRenderingContext2D;
  #crop: Box;
  #last: Shown | null = null;
  #lastSheet: ImageBitmap | null = null;

  constructor(private readonly canvas: HTMLCanvasElement, private readonly atlas: Atlas, view: View, aspect: number) {
    this.#context = canvas.getContext("2d", { alpha: false }) as CanvasRenderingContext2D;
    this.#crop = this.#fit(view, aspect);
  }

  setView(view: View, aspect: number): void {
    const crop = cropOf(this.atlas.manifest, view, aspect);
    if (crop.every((value, index) => value === this.#crop[index])) return;
    this.#crop = this.#fit(view, aspect);
  }

  /** Draws only what can have changed. True when something was drawn. */
  paint(shown: Shown): boolean {
    const { atlas, canvas } = this;
    const { layers, mouths, eyes } = atlas.manifest;
    const cell = mouthCell(atlas, shown.mouth);
    const sheet = cell ? (atlas.mouths[cell[0]] as ImageBitmap) : null;
    const last = this.#last;
    if (last && sheet === this.#lastSheet && last.mouth === shown.mouth && last.eyes === shown.eyes
      && last.dx === shown.dx && last.dy === shown.dy) return false;
    const context = this.#context;
    const [cx, cy] = this.#crop;
    const still = last !== null && last.dx === shown.dx && last.dy === shown.dy;
    const whole: Box = [cx, cy, canvas.width, canvas.height];
    const dirty = !last ? whole : still ? grow(union(mouths.box, eyes.box), HEAD_REACH) : grow(layers.head.box, HEAD_REACH);
    const [x, y, w, h] = intersect(dirty, whole);
    context.save();
    context.beginPath();
    context.rect(x - cx, y - cy, w, h);
    context.clip();
    context.drawImage(atlas.base, x, y, w, h, x - cx, y - cy, w, h);
    const { dx, dy } = shown;
    context.drawImage(atlas.head, layers.head.box[0] - cx + dx, layers.head.box[1] - cy + dy);
    if (cell && sheet) blit(context, sheet, cell, mouths.box, dx - cx, dy - cy);
    const eye = eyes.cells[shown.eyes] ?? eyes.cells[0];
    const eyeSheet = eye && atlas.eyes[eye[0]];
    if (eye && eyeSheet) blit(context, eyeSheet, eye, eyes.box, dx - cx, dy - cy);
    context.restore();
    this.#last = { ...shown };
    this.#lastSheet = sheet;
    return true;
  }

  #fit(view: View, aspect: number): Box {
    const crop = cropOf(this.atlas.manifest, view, aspect);
    this.canvas.width = crop[2];
    this.canvas.height = crop[3];
    this.#last = null;
    return crop;
  }
}

function blit(
  context: CanvasRenderingContext2D, sheet: ImageBitmap, cell: readonly [number, number, number], box: Box, dx: number, dy: number,
): void {
  const [x, y, w, h] = box;
  context.drawImage(sheet, cell[1], cell[2], w, h, x + dx, y + dy, w, h);
}

const even = (value: number) => Math.round(value / 2) * 2;
const clamp = (value: number, low: number, high: number) => even(Math.max(low, Math.min(high, value)));

function union([ax, ay, aw, ah]: Box, [bx, by, bw, bh]: Box): Box {
  const x = Math.min(ax, bx);
  const y = Math.min(ay, by);
  return [x, y, Math.max(ax + aw, bx + bw) - x, Math.max(ay + ah, by + bh) - y];
}

const grow = ([x, y, w, h]: Box, by: number): Box => [x - by, y - by, w + 2 * by, h + 2 * by];

function intersect([ax, ay, aw, ah]: Box, [bx, by, bw, bh]: Box): Box {
  const x = Math.max(ax, bx);
  const y = Math.max(ay, by);
  return [x, y, Math.max(0, Math.min(ax + aw, bx + bw) - x), Math.max(0, Math.min(ay + ah, by + bh) - y)];
}
