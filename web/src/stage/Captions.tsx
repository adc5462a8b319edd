import { useEffect, useRef } from "react";

import { player } from "../core/store";
import { captionPage } from "./pages";

/** Characters that fit on two lines of a stage this many CSS pixels wide. */
const twoLines = (width: number) => Math.max(30, Math.min(84, Math.floor((width - 62) / 8) * 2));

/** The words being heard, the current one lit. Hidden from screen readers: the same words stand in the log. */
export function Captions() {
  const line = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    const before = document.createTextNode("");
    const word = document.createElement("b");
    const after = document.createTextNode("");
    line.current?.replaceChildren(before, word, after);
    let shown = "";
    let frame = 0;
    const draw = () => {
      frame = requestAnimationFrame(draw);
      const paragraph = line.current;
      if (!paragraph) return;
      const caption = player.caption();
      const key = caption ? `${caption.chunk.utterance_id}:${caption.chunk.index}:${caption.from}` : "";
      if (key === shown) return;
      shown = key;
      paragraph.hidden = !caption;
      if (!caption) return;
      const { text } = caption.chunk;
      const size = twoLines(paragraph.parentElement?.clientWidth ?? 0);
      const [start, end] = captionPage(text, caption.from, size);
      before.data = text.slice(start, caption.from);
      word.textContent = text.slice(caption.from, caption.to);
      after.data = text.slice(Math.max(start, caption.to), end);
    };
    draw();
    return () => cancelAnimationFrame(frame);
  }, []);
  return <p ref={line} className="captions" aria-hidden="true" dir="auto" hidden />;
}
