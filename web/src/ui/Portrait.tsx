import { useEffect, useState } from "react";

import { useStore } from "../core/store";
import type { PersonaView } from "../wire/types";

/** A round portrait; the initial while the picture cannot be had. Tries again when the line is back. */
export function Portrait({ persona, size, className = "" }: { persona: PersonaView; size: number; className?: string }) {
  const online = useStore((state) => state.connection === "online");
  const [failed, setFailed] = useState(false);
  useEffect(() => setFailed(false), [persona.portrait_url, online]);
  const style = { inlineSize: size, blockSize: size, "--hue": persona.hue } as React.CSSProperties;
  return failed
    ? <span className={`portrait portrait-letter ${className}`} style={{ ...style, fontSize: size * 0.46 }} aria-hidden="true">{persona.name.slice(0, 1)}</span>
    : <img className={`portrait ${className}`} src={persona.portrait_url} alt="" width={size} height={size} style={style} onError={() => setFailed(true)} />;
}
