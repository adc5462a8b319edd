/** Longest caption line pair, in characters: two lines of a subtitle. */
const PAGE = 76;

/**
 * The page of a caption that holds the word at `from`: whole words, at most two subtitle lines. Pages are cut at the
 * same places however far the voice is, so the words do not move while they are spoken.
 */
export function captionPage(text: string, from: number, size = PAGE): [number, number] {
  let start = 0;
  while (text.length - start > size) {
    const room = text.slice(start, start + size + 1);
    const comma = Math.max(room.lastIndexOf(", "), room.lastIndexOf("; "), room.lastIndexOf(": ")) + 1;
    const cut = comma > size * 0.5 ? comma : room.lastIndexOf(" ");
    const end = start + (cut > 0 ? cut : size);
    if (from < end) return [start, end];
    start = end + (text[end] === " " ? 1 : 0);
  }
  return [start, text.length];
}
