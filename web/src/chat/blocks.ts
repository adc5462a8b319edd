/**
 * Markdown in pieces that can be rendered on their own, so that a growing answer renders only its last piece again.
 * Split at blank lines; fences, lists, tables, quotes and indented continuations stay whole.
 */
export function splitBlocks(markdown: string): string[] {
  const blocks: string[] = [];
  let block: string[] = [];
  let fence: string | null = null;
  const close = () => {
    if (block.some((line) => line.trim())) blocks.push(block.join("\n").replace(/\n+$/, ""));
    block = [];
  };
  const lines = markdown.split("\n");
  for (const [at, line] of lines.entries()) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence) {
      block.push(line);
      if (mark && mark.startsWith(fence) && !line.trim().slice(mark.length)) fence = null;
      continue;
    }
    if (mark) fence = mark;
    if (line.trim() === "" && !continues(block, lines.slice(at + 1).find((next) => next.trim() !== ""))) close();
    else block.push(line);
  }
  close();
  return blocks;
}

const LIST = /^ {0,3}([-*+]|\d{1,9}[.)])\s/;

/**
 * The end of a growing block with its open marks closed, so that half a **bold** word is bold at once instead of
 * showing its asterisks first.
 */
export function closeMarks(block: string): string {
  if (/^ {0,3}(`{3,}|~{3,})/.test(block)) return block;
  const plain = block.replace(/`[^`]*`/g, "");
  if (plain.includes("`")) return `${block}\``;
  const trimmed = block.replace(/\*{1,2}$/, "");
  const bold = (trimmed.replace(/`[^`]*`/g, "").match(/\*\*/g) ?? []).length % 2 === 1;
  return bold ? `${trimmed.trimEnd()}**` : trimmed;
}

/** A loose list goes on after a blank line with another item or an indented line. */
function continues(block: string[], next: string | undefined): boolean {
  const first = block.find((line) => line.trim());
  return first !== undefined && LIST.test(first) && next !== undefined && (LIST.test(next) || /^\s{2,}\S/.test(next));
}
