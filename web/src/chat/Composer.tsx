import { useEffect, useLayoutEffect, useRef, useState } from "react";

import { ask, interrupt, isBusy, talks, usePlayer, useStore } from "../core/store";
import { t } from "../i18n";
import * as Icon from "../ui/icons";
import { setTyping } from "./typing";

const MAX = 20_000;
const draftKey = (threadId: string | null) => `greenroom.draft.${threadId ?? "new"}`;

export function Composer({ name }: { name: string }) {
  const threadId = useStore((state) => state.threadId);
  const closed = useStore((state) => state.connection === "signed_out" || state.connection === "refused");
  const busy = usePlayer(isBusy);
  const [text, setText] = useState(() => sessionStorage.getItem(draftKey(threadId)) ?? "");
  const field = useRef<HTMLTextAreaElement>(null);
  const thread = useRef(threadId);

  useEffect(() => {
    const before = thread.current;
    thread.current = threadId;
    if (before === threadId) return;
    // a new conversation got its id while something was being typed: the draft stays
    if (before === null && text) sessionStorage.setItem(draftKey(threadId), text);
    else setText(sessionStorage.getItem(draftKey(threadId)) ?? "");
    sessionStorage.removeItem(draftKey(null));
  }, [threadId]);

  useLayoutEffect(() => {
    const area = field.current;
    if (!area) return;
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, 180)}px`;
  }, [text]);

  const change = (next: string) => {
    // the first typed character takes the floor; someone who only reads is not interrupted
    if (text === "" && next !== "" && talks()) interrupt("barge_in");
    setText(next);
    setTyping(next !== "");
    sessionStorage.setItem(draftKey(threadId), next);
  };
  const over = text.length - MAX;
  const send = () => {
    const said = text.trim();
    if (!said || over > 0 || closed) return;
    ask(said);
    change("");
    field.current?.focus();
  };
  const stops = busy && !text.trim();
  return (
    <form className="composer" onSubmit={(event) => { event.preventDefault(); send(); }}>
      {over > 0 && <p className="composer-problem" role="alert">{t("composer.tooLong", { over, max: MAX.toLocaleString() })}</p>}
      <div className="composer-box">
        <textarea id="composer" ref={field} rows={1} dir="auto" value={text} placeholder={t("composer.placeholder", { name })}
          aria-label={t("composer.label")} aria-describedby="composer-hint" enterKeyHint="send" autoComplete="off"
          onInput={(event) => change(event.currentTarget.value)} onBlur={() => setTyping(false)} onFocus={() => setTyping(text !== "")}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
              event.preventDefault();
              send();
            }
          }} />
        {stops
          ? <button key="stop" type="button" className="round-button" aria-label={t("composer.stop")} onClick={() => { interrupt("user"); field.current?.focus(); }}><Icon.StopSquare /></button>
          : <button key="send" type="submit" className="round-button" aria-label={t("composer.send")} disabled={!text.trim() || over > 0 || closed}><Icon.Send /></button>}
      </div>
      <p id="composer-hint" className="sr-only">{t("composer.hint")}</p>
    </form>
  );
}
