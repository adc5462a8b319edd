import { useId, useState } from "react";

import { act, useStore } from "../core/store";
import type { Card } from "../core/reduce";
import { t } from "../i18n";
import type { Action, ChoicesCard, VideoCard } from "../wire/types";
import * as Icon from "../ui/icons";

export function CardView({ card }: { card: Card }) {
  switch (card.kind) {
    case "choices": return <Choices card={card} />;
    case "video": return <Video card={card} />;
    default: return nothing(card);
  }
}

/** A kind this page does not know, from a newer server, shows nothing. */
function nothing(_card: never) {
  return null;
}

/** Buttons as the server offers them; the press goes back by reference. */
export function Actions({ actions, subject, rev = 0, small }: { actions: Action[]; subject: string; rev?: number; small?: boolean }) {
  const [typing, setTyping] = useState<Action | null>(null);
  const [text, setText] = useState("");
  const [pressed, setPressed] = useState<string | null>(null);
  const press = (action: Action, words: string | null = null) => {
    setPressed(`${action.id}:${rev}`);
    act(action, subject, rev, words);
    setTimeout(() => setPressed(null), 2500);
  };
  return (
    <>
      {actions.map((action) => (
        <button key={action.id} type="button" className={small ? "chip-button" : `button button-${action.style}`}
          disabled={pressed === `${action.id}:${rev}`} dir="auto"
          onClick={() => (action.needs_text ? setTyping(action) : press(action))}>
          {small && <Icon.Film size={16} />}{action.label}{action.cost != null && <span className="cost">{action.cost}</span>}
        </button>
      ))}
      {typing && (
        <form className="card-form" onSubmit={(event) => { event.preventDefault(); if (text.trim()) { press(typing, text.trim()); setTyping(null); } }}>
          <input className="field" value={text} onChange={(event) => setText(event.currentTarget.value)} maxLength={2000} dir="auto"
            aria-label={t("card.answer")} autoFocus />
          <button className="button button-primary" type="submit">{t("card.send")}</button>
        </form>
      )}
    </>
  );
}

function Choices({ card }: { card: ChoicesCard }) {
  const id = useId();
  const done = card.resolved !== null;
  const chosen = card.actions.find((action) => action.id === card.resolved)?.label ?? card.resolved;
  return (
    <section className={done ? "card card-done" : "card rise"} role="group" aria-labelledby={id}>
      <div className="card-body">
        <p id={id} className="card-prompt" dir="auto">{card.prompt}</p>
        {done
          ? <p className="card-note" dir="auto"><Icon.Check size={16} />{t("card.chosen", { label: chosen ?? "" })}</p>
          : <div className="choice-row"><Actions actions={card.actions} subject={card.id} rev={card.rev} /></div>}
      </div>
    </section>
  );
}

function Video({ card }: { card: VideoCard }) {
  const progress = useStore((state) => state.progress[card.id]);
  const id = useId();
  const pct = Math.round(Math.min(1, Math.max(card.pct, progress?.pct ?? 0)) * 100);
  const tall = card.aspect === "9:16";
  return (
    <section className={tall ? "card card-video card-tall rise" : "card card-video rise"} aria-labelledby={id}>
      <div className={tall ? "screen screen-tall" : "screen"}>
        {card.state === "ready" && card.src
          ? (
            <video controls playsInline preload="metadata" src={card.src} poster={card.poster ?? undefined} aria-label={card.title}>
              {card.captions && <track kind="captions" src={card.captions} srcLang="en" label={t("card.captions")} />}
            </video>
          )
          : card.poster
            ? <img src={card.poster} alt="" />
            : <div className="screen-empty">{card.state === "failed" ? <Icon.Warning size={34} /> : <Icon.Film size={34} />}</div>}
      </div>
      <div className="card-body">
        <div className="card-top">
          <h3 id={id} className="card-title" dir="auto">{card.title}</h3>
          <span className="tag">{t(tall ? "card.tall" : "card.wide")}{card.seconds != null && ` · ${clock(card.seconds)}`}</span>
        </div>
        {card.state === "rendering" && (
          <>
            <div className="bar" role="progressbar" aria-label={t("card.rendering")} aria-valuemin={0} aria-valuemax={100} aria-valuenow={pct}>
              <span style={{ inlineSize: `${Math.max(2, pct)}%` }} />
            </div>
            <p className="card-note" dir="auto">
              {[progress?.stage || t("card.rendering"), t("card.progress", { pct }),
                progress?.eta_s != null && progress.eta_s > 0 ? t("card.left", { seconds: Math.ceil(progress.eta_s) }) : null]
                .filter(Boolean).join(" · ")}
            </p>
          </>
        )}
        {card.state === "failed" && <p className="card-problem" dir="auto"><Icon.Warning size={17} />{card.problem ?? t("card.failed")}</p>}
        {(card.download || card.actions.length > 0) && (
          <div className="card-actions">
            <Actions actions={card.actions} subject={card.id} rev={card.rev} />
            {card.state === "ready" && card.download && (
              <a className="button button-primary" href={card.download} download><Icon.Download size={18} />{t("card.download")}</a>
            )}
          </div>
        )}
      </div>
    </section>
  );
}

const clock = (seconds: number) => `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, "0")}`;
