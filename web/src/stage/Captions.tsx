import { useEffect, useRef } from "react";

import { player } from "../core/store";
import { captionPage } from "./pages";

/** The words being heard, the current one lit. Hidden from screen readers: the same words stand in the log. */
export function Captions({ size }: { size: number }) {
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
      const [start, end] = captionPage(text, caption.from, size);
      before.data = text.slice(start, caption.from);
      word.textContent = text.slice(caption.from, caption.to);
      after.data = text.slice(Math.max(start, caption.to), end);
    };
    draw();
    return () => cancelAnimationFrame(frame);
  }, [size]);
  return <p ref={line} className="captions" aria-hidden="true" dir="auto" hidden />;
}
