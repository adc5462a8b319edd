import { describe, expect, test } from "vitest";

import type { Manifest } from "./atlas";
import { captionPage } from "./pages";
import { between, cropOf, follow, mouthCell } from "./painter";

const manifest = {
  width: 1920, height: 1080, focus: [552, 0, 816, 1020], layers: { head: { box: [710, 20, 500, 908] }, base: { box: [0, 0, 1920, 1080] } },
  eyes: { box: [780, 270, 360, 140] },
  mouths: { box: [798, 444, 324, 190], cells: Array.from({ length: 78 }, (_, i) => [i < 12 ? 0 : 1, i * 2, 4]), pure: Array.from({ length: 78 }, (_, i) => (i < 12 ? i : 10)) },
} as unknown as Manifest;

describe("crops", () => {
  test.each([0.6, 1, 1.33, 2.4])("the wide view has the strip's shape and stays inside the picture (%f)", (aspect) => {
    const [x, y, w, h] = cropOf(manifest, "wide", aspect);
    expect(w / h).toBeCloseTo(aspect, 1);
    expect(x).toBeGreaterThanOrEqual(0);
    expect(x + w).toBeLessThanOrEqual(1920);
    expect(y + h).toBeLessThanOrEqual(1080);
    expect([x, y, w, h].every((value) => value % 2 === 0)).toBe(true);
  });
  test("the portrait view is the focus; the head view is square and holds eyes and mouth", () => {
    expect(cropOf(manifest, "portrait", 2)).toEqual([552, 0, 816, 1020]);
    const [x, y, w, h] = cropOf(manifest, "head", 2);
    expect(w).toBe(h);
    expect(y).toBeLessThan(270);
    expect(y + h).toBeGreaterThan(444 + 190);
    expect(x + w / 2).toBeCloseTo(960, -1);
  });
});

test("a blend falls back to its pure shape until its sheet is here", () => {
  const sheet = {} as ImageBitmap;
  expect(mouthCell({ manifest, mouths: [sheet, null] }, 40)).toEqual([0, 20, 4]);
  expect(mouthCell({ manifest, mouths: [sheet, sheet] }, 40)).toEqual([1, 80, 4]);
  expect(mouthCell({ manifest, mouths: [null, null] }, 40)).toBeNull();
});

test("the head goes over from one posture to the next without a jump", () => {
  let at = 0;
  const path = Array.from({ length: 8 }, () => (at = follow(at, 10, 0.04)));
  expect(Math.max(...path.map((value, i) => value - (path[i - 1] ?? 0)))).toBeLessThanOrEqual(2 + 1e-9);
  expect(path.at(-1)).toBe(10);
});

test("between two frames the head stands on whole pixels, and at the end it stays", () => {
  expect(between([[0, 0], [2, -2]], 0, 0.5)).toEqual([1, -1]);
  expect(between([[0, 0], [2, -2]], 1, 0.9)).toEqual([2, -2]);
  expect(between([], 0, 0.5)).toEqual([0, 0]);
});

describe("captions", () => {
  const long = "A forecast earns trust the slow way, it is written down before the result is known, and then it is checked by someone else.";
  test("every word is on a page of at most two lines, and pages do not shift while they are spoken", () => {
    const pages = new Set<string>();
    for (const word of long.matchAll(/\S+/g)) {
      const [start, end] = captionPage(long, word.index, 76);
      expect(start).toBeLessThanOrEqual(word.index);
      expect(end).toBeGreaterThanOrEqual(word.index + word[0].length);
      expect(end - start).toBeLessThanOrEqual(77);
      pages.add(`${start}-${end}`);
    }
    expect(pages.size).toBe(2);
  });
  test("a short caption is one page", () => expect(captionPage("Hello you", 6)).toEqual([0, 9]));
  test("a word longer than the page is cut rather than lost", () => expect(captionPage("x".repeat(200), 0, 76)).toEqual([0, 76]));
});
