import { useEffect, useRef } from "react";

import { player } from "../core/store";

const BARS = [0.55, 0.8, 1, 0.8, 0.55];

/** Five bars that move with the voice. Still when motion is unwelcome. */
export function VoiceMeter() {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    let frame = 0;
    let level = 0;
    const draw = () => {
      frame = requestAnimationFrame(draw);
      level += (player.peak() - level) * 0.28;
      for (const [index, bar] of [...(host.current?.children ?? [])].entries()) {
        (bar as HTMLElement).style.transform = `scaleY(${Math.min(1, 0.12 + level * 1.7 * (BARS[index] ?? 1))})`;
      }
    };
    draw();
    return () => cancelAnimationFrame(frame);
  }, []);
  return <div ref={host} className="meter" aria-hidden="true">{BARS.map((_, index) => <i key={index} />)}</div>;
}
