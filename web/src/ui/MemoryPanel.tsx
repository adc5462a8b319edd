import { useEffect, useState } from "react";

import { deleteMemories, deleteMemory, listMemories } from "../core/session";
import { dispatch, getState, useStore } from "../core/store";
import { t } from "../i18n";
import * as Icon from "./icons";

export function MemoryPanel() {
  const memories = useStore((state) => state.memories);
  const [sure, setSure] = useState(false);
  const [failed, setFailed] = useState(false);
  useEffect(() => { listMemories().then((list) => dispatch({ type: "local.memories", memories: list }), () => undefined); }, []);

  const forget = (work: Promise<unknown>, keep: (id: string) => boolean) => work.then(() => {
    setFailed(false);
    setSure(false);
    dispatch({ type: "local.memories", memories: getState().memories.filter((memory) => keep(memory.id)) });
  }, () => setFailed(true));

  if (memories.length === 0) return <div className="panel-empty"><Icon.Memory size={30} /><p>{t("memory.empty")}</p></div>;
  return (
    <>
      {failed && <p className="notice" role="alert"><Icon.Warning size={16} />{t("memory.failed")}</p>}
      <ul className="facts">
        {memories.map((memory) => (
          <li key={memory.id} className="fact">
            <div><p dir="auto">{memory.text}</p><p className="fact-date">{t("memory.kept", { date: new Date(memory.created_at).toLocaleDateString(undefined, { dateStyle: "medium" }) })}</p></div>
            <button type="button" className="icon-button small" aria-label={t("memory.delete", { text: memory.text })}
              onClick={() => void forget(deleteMemory(memory.id), (id) => id !== memory.id)}><Icon.Trash size={18} /></button>
          </li>
        ))}
      </ul>
      <div className="sheet-actions">
        {sure
          ? <><span className="sure">{t("memory.sure", { count: memories.length })}</span><button type="button" className="button button-ghost" onClick={() => setSure(false)}>{t("nav.cancel")}</button><button type="button" className="button button-danger" onClick={() => void forget(deleteMemories(), () => false)}>{t("memory.deleteAll")}</button></>
          : <button type="button" className="button button-secondary" onClick={() => setSure(true)}>{t("memory.deleteAll")}</button>}
      </div>
    </>
  );
}
