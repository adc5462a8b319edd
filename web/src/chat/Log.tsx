import { useEffect, useState } from "react";
import { useStickToBottom } from "use-stick-to-bottom";

import { textOf } from "../core/reduce";
import { ask, currentPersonaId, isWaiting, useStore } from "../core/store";
import { t } from "../i18n";
import type { PersonaView } from "../wire/types";
import * as Icon from "../ui/icons";
import { Portrait } from "../ui/Portrait";
import { MessageView } from "./MessageView";

/** The conversation. `onReading`: whether the person has scrolled away from the newest words. */
export function Log({ onReading }: { onReading(reading: boolean): void }) {
  const messages = useStore((state) => state.messages);
  const personas = useStore((state) => state.personas);
  const loaded = useStore((state) => state.loaded);
  const acted = useStore((state) => state.acted);
  const waiting = useStore(isWaiting);
  const { scrollRef, contentRef, isAtBottom, scrollToBottom } = useStickToBottom({ resize: "smooth", initial: "instant" });
  const persona = personas.find((candidate) => candidate.id === currentPersonaId());
  const of = (id: string | null) => personas.find((candidate) => candidate.id === id) ?? persona;
  const empty = loaded && messages.every((message) => message.role !== "user");

  useEffect(() => { if (acted) void scrollToBottom({ ignoreEscapes: true }); }, [acted]);
  useEffect(() => onReading(!isAtBottom && messages.length > 0), [isAtBottom, messages.length > 0]);

  return (
    <div className="log">
      {/* a scrolling region must be reachable by keyboard */}
      <div className="log-scroll" ref={scrollRef} tabIndex={0} role="log" aria-live="off" aria-label={t("chat.label")}>
        <div className="log-content" ref={contentRef}>
          {!loaded && messages.length === 0 && <div className="log-loading" role="status"><span className="sr-only">{t("chat.loading")}</span></div>}
          {empty && persona && <Greeting persona={persona} />}
          {messages.filter((message) => !(empty && message.role === "assistant" && textOf(message) === persona?.greeting)).map((message, index, shown) => (
            <MessageView key={message.client_id ?? message.id} message={message} persona={of(message.persona_id)} last={index === shown.length - 1}
              grouped={message.role === "assistant" && shown[index - 1]?.role === "assistant" && shown[index - 1]?.persona_id === message.persona_id} />
          ))}
          {waiting && persona && (
            <div className="answer" aria-hidden="true">
              <Portrait persona={persona} size={34} className="avatar" />
              <div className="answer-body"><p className="byline"><span className="name">{persona.name}</span></p><p className="working"><span className="dots"><i /><i /><i /></span></p></div>
            </div>
          )}
        </div>
      </div>
      {!isAtBottom && messages.length > 0 && (
        <button type="button" className="jump" onClick={() => void scrollToBottom({ ignoreEscapes: true })}><Icon.ArrowDown size={17} />{t("chat.jump")}</button>
      )}
      <Announcer />
    </div>
  );
}

function Greeting({ persona }: { persona: PersonaView }) {
  return (
    <section className="greeting rise" key={persona.id}>
      <h1 dir="auto">{persona.greeting}</h1>
      {persona.starters.length > 0 && (
        <>
          <p className="greeting-try">{t("chat.try")}</p>
          <ul className="starters">
            {persona.starters.slice(0, 4).map((starter) => (
              <li key={starter}><button type="button" className="starter" dir="auto" onClick={() => ask(starter)}>{starter}</button></li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

/** One polite announcement per finished message, never one per word. */
function Announcer() {
  const done = useStore((state) => state.messages.findLast((message) => message.role === "assistant" && message.state !== "streaming"));
  const persona = useStore((state) => state.personas.find((candidate) => candidate.id === done?.persona_id));
  const acted = useStore((state) => state.acted > 0);
  const [said, setSaid] = useState("");
  useEffect(() => {
    // what was already there when the page opened is not news
    if (acted && done) setSaid(t("chat.said", { name: persona?.name ?? "", text: textOf(done).replace(/[*_`#>|]/g, "") }));
  }, [done?.id]);
  return <p className="sr-only" role="status" aria-live="polite">{said}</p>;
}
