import { DropdownMenu } from "radix-ui";
import { useCallback, useEffect, useState } from "react";

import { setPrefs, usePrefs, type Theme } from "../core/prefs";
import { deleteConversation, listConversations, renameConversation } from "../core/session";
import { currentPersonaId, dispatch, getState, openConversation, useStore } from "../core/store";
import { t } from "../i18n";
import type { Conversation, PersonaView } from "../wire/types";
import * as Icon from "./icons";
import { Portrait } from "./Portrait";
import { Sheet } from "./Sheet";

export type Panel = "memory" | "timings" | null;

export function Sidebar({ onPanel, onPick }: { onPanel(panel: Panel): void; onPick?: () => void }) {
  const personas = useStore((state) => state.personas);
  const current = useStore(() => currentPersonaId());
  const facts = useStore((state) => state.memories.length);
  const open = (thread: string | null, persona: string | null = null) => {
    openConversation(thread, persona);
    onPick?.();
  };
  return (
    <div className="sidebar">
      <div className="brand"><img src="/icon.svg" alt="" width={30} height={30} /><span>{t("app.name")}</span></div>
      <button type="button" className="button button-secondary new" onClick={() => open(null, current)}><Icon.Plus size={18} />{t("nav.new")}</button>
      <div className="sidebar-scroll">
        <h2 className="eyebrow" id="cast">{t("nav.cast")}</h2>
        <ul className="cast" aria-labelledby="cast">
          {personas.map((persona) => <Member key={persona.id} persona={persona} here={persona.id === current} onPick={() => open(null, persona.id)} />)}
        </ul>
        <Conversations onOpen={open} />
      </div>
      <div className="sidebar-foot">
        <button type="button" className="foot-button" onClick={() => onPanel("memory")}><Icon.Memory size={18} />{t("nav.memory")}{facts > 0 && <span className="count">{facts}</span>}</button>
        <button type="button" className="foot-button" onClick={() => onPanel("timings")}><Icon.Clock size={18} />{t("nav.timings")}</button>
        <ThemeMenu />
      </div>
    </div>
  );
}

function Member({ persona, here, onPick }: { persona: PersonaView; here: boolean; onPick(): void }) {
  return (
    <li>
      <button type="button" className="member" aria-current={here ? "true" : undefined} onClick={onPick} title={persona.description}>
        <Portrait persona={persona} size={44} />
        <span><span className="member-name" dir="auto">{persona.name}{persona.mine && <em className="tag">{t("nav.yours")}</em>}</span><span className="member-role" dir="auto">{persona.role}</span></span>
      </button>
    </li>
  );
}

function Conversations({ onOpen }: { onOpen(thread: string | null): void }) {
  const threadId = useStore((state) => state.threadId);
  const online = useStore((state) => state.connection === "online");
  const title = useStore((state) => state.conversation?.title);
  const questions = useStore((state) => state.messages.filter((message) => message.role === "user").length > 0);
  const personas = useStore((state) => state.personas);
  const [items, setItems] = useState<Conversation[] | null>(null);
  const [failed, setFailed] = useState(false);
  const [renaming, setRenaming] = useState<Conversation | null>(null);
  const [deleting, setDeleting] = useState<Conversation | null>(null);
  const refresh = useCallback(() => {
    listConversations().then((list) => { setItems(list); setFailed(false); }, () => setFailed(true));
  }, []);
  useEffect(() => { if (online) refresh(); }, [online, threadId, title, questions]);

  const shown = items?.filter((item) => item.title || (item.id === threadId && questions)) ?? [];
  const remove = (item: Conversation) => deleteConversation(item.id).then(() => {
    setDeleting(null);
    if (item.id === getState().threadId) onOpen(null);
    refresh();
  }, (problem: unknown) => complain(problem));
  const rename = (item: Conversation, name: string) => renameConversation(item.id, name).then(() => {
    setRenaming(null);
    dispatch({ type: "local.renamed", id: item.id, title: name });
    refresh();
  }, (problem: unknown) => complain(problem));

  return (
    <>
      <h2 className="eyebrow" id="conversations">{t("nav.conversations")}</h2>
      {failed && <p className="side-note">{t("nav.failed")} <button type="button" className="link" onClick={refresh}>{t("nav.tryAgain")}</button></p>}
      {!failed && items && shown.length === 0 && <p className="side-note">{t("nav.none")}</p>}
      <ul className="conversations" aria-labelledby="conversations">
        {shown.map((item) => {
          const name = (item.id === threadId ? title : null) || item.title || t("nav.untitled");
          const persona = personas.find((candidate) => candidate.id === item.persona_id);
          return (
            <li key={item.id} className="conversation" data-here={item.id === threadId || undefined}>
              <button type="button" className="conversation-open" aria-current={item.id === threadId ? "page" : undefined} onClick={() => onOpen(item.id)}>
                {persona && <Portrait persona={persona} size={20} />}<span dir="auto">{name}</span>
              </button>
              <DropdownMenu.Root modal={false}>
                <DropdownMenu.Trigger className="icon-button small" aria-label={t("nav.options", { title: name })}><Icon.More size={18} /></DropdownMenu.Trigger>
                <DropdownMenu.Portal>
                  <DropdownMenu.Content className="menu" align="end" sideOffset={4}>
                    <DropdownMenu.Item className="menu-item" onSelect={() => setRenaming({ ...item, title: name })}><Icon.Pencil size={17} />{t("nav.rename")}</DropdownMenu.Item>
                    <DropdownMenu.Item className="menu-item danger" onSelect={() => setDeleting({ ...item, title: name })}><Icon.Trash size={17} />{t("nav.delete")}</DropdownMenu.Item>
                  </DropdownMenu.Content>
                </DropdownMenu.Portal>
              </DropdownMenu.Root>
            </li>
          );
        })}
      </ul>
      <Sheet open={renaming !== null} onOpenChange={() => setRenaming(null)} title={t("nav.renameTitle")} place="middle">
        <form className="sheet-form" onSubmit={(event) => {
          event.preventDefault();
          const name = new FormData(event.currentTarget).get("title")?.toString().trim();
          if (renaming && name) void rename(renaming, name);
        }}>
          <label className="label" htmlFor="rename">{t("nav.title")}</label>
          <input id="rename" name="title" className="field" defaultValue={renaming?.title} maxLength={120} required dir="auto" autoComplete="off" />
          <div className="sheet-actions"><button type="button" className="button button-ghost" onClick={() => setRenaming(null)}>{t("nav.cancel")}</button><button type="submit" className="button button-primary">{t("nav.save")}</button></div>
        </form>
      </Sheet>
      <Sheet open={deleting !== null} onOpenChange={() => setDeleting(null)} title={t("nav.deleteTitle")} description={t("nav.deleteText", { title: deleting?.title ?? "" })} place="middle">
        <div className="sheet-actions"><button type="button" className="button button-ghost" onClick={() => setDeleting(null)}>{t("nav.cancel")}</button><button type="button" className="button button-danger" onClick={() => deleting && void remove(deleting)}>{t("nav.delete")}</button></div>
      </Sheet>
    </>
  );
}

function complain(problem: unknown): void {
  const message = problem instanceof Error && problem.message ? problem.message : t("nav.failed");
  dispatch({ type: "local.problem", problem: { code: "page", message, retryable: true } });
}

const THEMES: Record<Theme, (props: { size?: number }) => React.JSX.Element> = { system: Icon.System, light: Icon.Sun, dark: Icon.Moon };

function ThemeMenu() {
  const { theme } = usePrefs();
  const Current = THEMES[theme];
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger className="icon-button" aria-label={`${t("nav.theme")}: ${t(`theme.${theme}`)}`}><Current size={19} /></DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end" side="top" sideOffset={6}>
          <DropdownMenu.RadioGroup value={theme} onValueChange={(value) => setPrefs({ theme: value as Theme })}>
            {(Object.keys(THEMES) as Theme[]).map((name) => {
              const Sign = THEMES[name];
              return <DropdownMenu.RadioItem key={name} value={name} className="menu-item"><Sign size={17} />{t(`theme.${name}`)}<DropdownMenu.ItemIndicator className="menu-check"><Icon.Check size={16} /></DropdownMenu.ItemIndicator></DropdownMenu.RadioItem>;
            })}
          </DropdownMenu.RadioGroup>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
