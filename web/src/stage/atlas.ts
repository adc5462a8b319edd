import type { Track } from "../wire/types";

/** [x, y, width, height] in atlas pixels, all even. */
export type Box = [number, number, number, number];
/** [file, x, y]: where a cell's top left corner stands on a sheet. */
type Cell = [number, number, number];

export interface Manifest {
  version: number;
  width: number;
  height: number;
  layers: { base: { file: string; box: Box }; head: { file: string; box: Box } };
  /** `pure[m]` is the pure shape (0..11) nearest to mouth m. */
  mouths: { box: Box; files: string[]; cells: Cell[]; pure: number[] };
  eyes: { box: Box; files: string[]; cells: Cell[] };
  portrait: string;
  poster: string;
  /** 4:5 crop for the stage. */
  focus: Box;
  focus_wide: Box;
  idle: Track;
}

export interface Atlas {
  manifest: Manifest;
  base: ImageBitmap;
  head: ImageBitmap;
  /** The blends' sheet may still be on its way: null. */
  mouths: (ImageBitmap | null)[];
  eyes: (ImageBitmap | null)[];
}

const loading = new Map<string, Promise<Atlas>>();

/**
 * Loads a face once per page. Resolves as soon as it can be shown and can speak with its twelve pure mouths; the
 * blends arrive later in `mouths`.
 */
export function loadAtlas(url: string): Promise<Atlas> {
  let atlas = loading.get(url);
  if (!atlas) {
    atlas = fetchAtlas(new URL(url, location.href));
    loading.set(url, atlas);
    // a failed load may be tried again
    atlas.catch(() => loading.delete(url));
  }
  return atlas;
}

async function fetchAtlas(url: URL): Promise<Atlas> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The face could not be loaded (${response.status}).`);
  const manifest = (await response.json()) as Manifest;
  if (manifest.version !== 1) throw new Error(`This page cannot show faces of version ${manifest.version}.`);
  const picture = (file: string) => fetchPicture(new URL(file, url));
  const [base, head, mouth, ...eyes] = await Promise.all([
    picture(manifest.layers.base.file), picture(manifest.layers.head.file),
    picture(manifest.mouths.files[0] as string), ...manifest.eyes.files.map(picture),
  ]);
  const atlas: Atlas = { manifest, base, head, mouths: manifest.mouths.files.map(() => null), eyes };
  atlas.mouths[0] = mouth;
  manifest.mouths.files.slice(1).forEach((file, index) => {
    picture(file).then((sheet) => { atlas.mouths[index + 1] = sheet; }, () => undefined);
  });
  return atlas;
}

async function fetchPicture(url: URL): Promise<ImageBitmap> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The face could not be loaded (${response.status}).`);
  return createImageBitmap(await response.blob());
}
