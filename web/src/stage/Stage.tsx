import { useEffect, useRef, useState } from "react";

import { useTyping } from "../chat/typing";
import { usePrefs } from "../core/prefs";
import { isAnswering } from "../core/reduce";
import { hear, interrupt, isWaiting, player, setMuted, usePlayer, useStore } from "../core/store";
import { t } from "../i18n";
import type { PersonaView } from "../wire/types";
import * as Icon from "../ui/icons";
import { loadAtlas } from "./atlas";
import { Captions } from "./Captions";
import { LiveFace } from "./face";
import type { View } from "./painter";
import { VoiceMeter } from "./VoiceMeter";

/** full: the desktop column. strip: above the conversation on a phone. pill: one line, a small round face. */
export type StageSize = "full" | "strip" | "pill";

const VIEWS: Record<StageSize, View> = { full: "portrait", strip: "wide", pill: "head" };

type Status = "away" | "speaking" | "thinking" | "listening" | "ready";

export function useStatus(): Status {
  const online = useStore((state) => state.connection === "online");
  const answering = useStore((state) => isAnswering(state) || isWaiting(state));
  const speaking = usePlayer(() => player.speaking);
  const typing = useTyping();
  if (!online) return "away";
  if (speaking) return "speaking";
  return answering ? "thinking" : typing ? "listening" : "ready";
}

export function Stage({ persona, size, onResize }: { persona: PersonaView; size: StageSize; onResize?: () => void }) {
  const { mode, muted } = usePrefs();
  const status = useStatus();
  const blocked = usePlayer(() => player.blocked);
  const face = mode === "full";
  const talking = status === "speaking";
  return (
    <section aria-label={t("stage.label")} className={`stage stage-${size}`} data-status={status} style={{ "--hue": persona.hue } as React.CSSProperties}>
      <div className="stage-picture">
        {face ? <Face persona={persona} view={VIEWS[size]} /> : <VoicePicture persona={persona} />}
      </div>
      <div className="stage-top">
        <span className="status"><i className="status-dot" />{size === "pill" && <b dir="auto">{persona.name}</b>}<span>{t(`stage.${status}`)}</span></span>
        <span className="stage-buttons">
          {talking && <button type="button" className="stage-button" aria-label={t("stage.stop")} onClick={() => interrupt("user")}><Icon.StopSquare /></button>}
          <button type="button" className="stage-button" aria-pressed={muted} aria-label={t(muted ? "stage.unmute" : "stage.mute")} onClick={() => setMuted(!muted)}>
            {muted ? <Icon.Muted /> : <Icon.Sound />}
          </button>
          {onResize && (
            <button type="button" className="stage-button" aria-label={t(size === "pill" ? "stage.enlarge" : "stage.shrink")} aria-expanded={size !== "pill"} onClick={onResize}>
              {size === "pill" ? <Icon.Down /> : <Icon.Up />}
            </button>
          )}
        </span>
      </div>
      {blocked && !muted && (
        <button type="button" className="tap" onClick={hear}><Icon.Sound size={18} />{t("stage.tap", { name: persona.name })}</button>
      )}
      <Captions key={size} />
    </section>
  );
}

function VoicePicture({ persona }: { persona: PersonaView }) {
  return (
    <div className="voice-picture">
      <img src={persona.portrait_url} alt={t("stage.face", { name: persona.name })} width={192} height={192} />
      <VoiceMeter />
    </div>
  );
}

function Face({ persona, view }: { persona: PersonaView; view: View }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const live = useRef<LiveFace | null>(null);
  const [shown, setShown] = useState<"loading" | "live" | "failed">("loading");
  const [attempt, setAttempt] = useState(0);
  const speaking = usePlayer(() => player.speaking);
  const online = useStore((state) => state.connection === "online");

  // the line is back: so may be the face
  useEffect(() => { if (online && shown === "failed") setAttempt(attempt + 1); }, [online]);

  useEffect(() => {
    let gone = false;
    setShown("loading");
    loadAtlas(persona.atlas_url).then((atlas) => {
      if (gone || !canvas.current) return;
      live.current = new LiveFace(canvas.current, atlas, player, view, aspectOf(canvas.current));
      setShown("live");
    }, () => { if (!gone) setShown("failed"); });
    return () => {
      gone = true;
      live.current?.stop();
      live.current = null;
    };
  }, [persona.atlas_url, attempt]);

  useEffect(() => {
    const host = canvas.current;
    if (!host) return;
    const fit = () => live.current?.setView(view, aspectOf(host));
    fit();
    const observer = new ResizeObserver(fit);
    observer.observe(host);
    return () => observer.disconnect();
  }, [view, shown]);

  useEffect(() => { if (speaking) live.current?.wake(); }, [speaking]);

  return (
    <>
      {shown === "loading" && <img className="face-waiting" src={persona.portrait_url} alt="" onError={(event) => { event.currentTarget.hidden = true; }} />}
      {shown === "failed" && <span className="face-letter" aria-hidden="true">{persona.name.slice(0, 1)}</span>}
      <canvas ref={canvas} className={shown === "live" ? "face" : "face face-hidden"} role="img" aria-label={t("stage.face", { name: persona.name })} />
      {shown === "failed" && (
        <p className="face-problem"><span>{t("stage.noFace")}</span><button type="button" className="link" onClick={() => setAttempt(attempt + 1)}>{t("nav.tryAgain")}</button></p>
      )}
    </>
  );
}

const aspectOf = (canvas: HTMLCanvasElement) => {
  const { width, height } = canvas.getBoundingClientRect();
  return width && height ? width / height : 1;
};
