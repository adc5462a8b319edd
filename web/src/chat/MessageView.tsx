import { Fragment, memo, useEffect, useState } from "react";

import { isUnsent, textOf } from "../core/reduce";
import { retry, useStore, withdraw } from "../core/store";
import { t } from "../i18n";
import type { Message, PersonaView } from "../wire/types";
import * as Icon from "../ui/icons";
import { Portrait } from "../ui/Portrait";
import { Actions, CardView } from "./Cards";
import { Markdown } from "./Markdown";

interface Props { message: Message; persona: PersonaView | undefined; last: boolean; grouped: boolean }

export const MessageView = memo(function MessageView({ message, persona, last, grouped }: Props) {
  return message.role === "user" ? <Question message={message} /> : <Answer message={message} persona={persona} last={last} grouped={grouped} />;
});

function Question({ message }: { message: Message }) {
  const rejected = useStore((state) => (message.client_id ? state.rejected[message.client_id] : undefined));
  const online = useStore((state) => state.connection === "online");
  const waiting = isUnsent(message);
  return (
    <article className="question rise" aria-label={t("chat.you")}>
      <p className={waiting && (rejected || !online) ? "bubble bubble-waiting" : "bubble"} dir="auto">{textOf(message)}</p>
      {rejected && (
        <div className="under-bubble problem">
          <span dir="auto">{rejected.message || t("state.rate")}</span>
          <button type="button" className="link" onClick={() => retry(message)}>{t("chat.retry")}</button>
          <button type="button" className="link" onClick={() => withdraw(message)}>{t("chat.discard")}</button>
        </div>
      )}
      {waiting && !rejected && !online && <p className="under-bubble">{t("chat.unsent")}</p>}
    </article>
  );
}

function Answer({ message, persona, last, grouped }: Omit<Props, "message"> & { message: Message }) {
  const tool = useStore((state) => state.tools[message.id]);
  const cards = useStore((state) => state.cards);
  const streaming = message.state === "streaming";
  const text = textOf(message);
  const lastText = message.parts.findLastIndex((part) => part.kind === "text");
  const name = persona?.name ?? "";
  return (
    <article className={grouped ? "answer grouped" : "answer"} aria-label={name} aria-busy={streaming}>
      {!grouped && persona && <Portrait persona={persona} size={34} className="avatar" />}
      <div className="answer-body">
        {!grouped && <p className="byline"><span className="name" dir="auto">{name}</span>{message.brain && <span className="brain" title={t("chat.brain", { brain: message.brain })}>{message.brain}</span>}</p>}
        {message.parts.map((part, index) => {
          if (part.kind === "text") return part.text && (
            <Fragment key={index}>
              <Markdown text={part.text} growing={streaming && index === message.parts.length - 1} cut={message.state !== "done"} />
              {message.state === "stopped" && index === lastText && <Stopped text={text} heard={message.heard} />}
            </Fragment>
          );
          const card = cards[part.card_id];
          return card && <CardView key={part.card_id} card={card} />;
        })}
        {streaming && (tool || !text) && (
          <p className="working" aria-label={tool ?? t("chat.thinking", { name })}>
            <span className="dots" aria-hidden="true"><i /><i /><i /></span>{tool && <span dir="auto">{tool}</span>}
          </p>
        )}
        {message.notice && <p className="notice" dir="auto"><Icon.Warning size={16} />{message.notice}</p>}
        {message.state === "failed" && !message.notice && <p className="notice"><Icon.Warning size={16} />{t("chat.failed")}</p>}
        {message.state === "stopped" && !text && <Stopped text="" heard={null} />}
        {!streaming && text && (
          <div className={last ? "message-actions shown" : "message-actions"}>
            <CopyButton text={text} />
            <Actions actions={message.actions} subject={message.id} small />
          </div>
        )}
      </div>
    </article>
  );
}

/** Where the voice was cut, in its last words: the rest was written but not heard. */
function Stopped({ text, heard }: { text: string; heard: number | null }) {
  const words = heard ? text.slice(0, heard).replace(/[*_`#>|]/g, "").trim().split(/\s+/).slice(-4).join(" ") : "";
  const where = words && heard !== null && heard < text.length ? t("chat.stoppedHeard", { words }) : t("chat.stopped");
  return <p className="stopped" dir="auto"><Icon.StopSquare size={14} />{where}</p>;
}

function CopyButton({ text }: { text: string }) {
  const [state, setState] = useState<"idle" | "done" | "failed">("idle");
  useEffect(() => {
    if (state === "idle") return;
    const timer = setTimeout(() => setState("idle"), 1800);
    return () => clearTimeout(timer);
  }, [state]);
  const label = state === "done" ? t("chat.copied") : state === "failed" ? t("chat.copyFailed") : t("chat.copy");
  return (
    <button type="button" className="chip-button" onClick={() => navigator.clipboard.writeText(text).then(() => setState("done"), () => setState("failed"))}>
      {state === "done" ? <Icon.Check size={16} /> : <Icon.Copy size={16} />}<span aria-live="polite">{label}</span>
    </button>
  );
}
