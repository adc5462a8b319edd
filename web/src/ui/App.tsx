import { useEffect, useState } from "react";

import { Composer } from "../chat/Composer";
import { Log } from "../chat/Log";
import { marks } from "../core/latency";
import { usePrefs } from "../core/prefs";
import { currentPersonaId, interrupt, usePlayer, useStore } from "../core/store";
import { t } from "../i18n";
import { Stage, useStatus, type StageSize } from "../stage/Stage";
import type { PersonaView } from "../wire/types";
import { Banner, Closed } from "./Banner";
import * as Icon from "./icons";
import { MemoryPanel } from "./MemoryPanel";
import { ModeSwitch } from "./ModeSwitch";
import { Sheet } from "./Sheet";
import { Sidebar, type Panel } from "./Sidebar";
import { TimingPanel } from "./TimingPanel";
import { useKeyboardOpen, useNarrow } from "./viewport";

export function App() {
  const narrow = useNarrow();
  const { mode } = usePrefs();
  const persona = useStore((state) => state.personas.find((candidate) => candidate.id === currentPersonaId()) ?? state.personas[0]);
  const title = useStore((state) => state.conversation?.title);
  const talked = useStore((state) => !state.loaded || state.messages.some((message) => message.role === "user"));
  const [panel, setPanel] = useState<Panel>(null);
  const [menu, setMenu] = useState(false);
  const [reading, setReading] = useState(false);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && interrupt("user")) event.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  useEffect(() => { document.title = title ? `${title} · ${t("app.name")}` : t("app.name"); }, [title]);

  const openPanel = (next: Panel) => {
    setMenu(false);
    setPanel(next);
  };
  return (
    <div className="room" data-mode={mode} data-narrow={narrow || undefined}>
      <a className="skip" href="#composer">{t("app.skipComposer")}</a>
      {narrow
        ? <PhoneHeader persona={persona} onMenu={() => setMenu(true)} onTimings={() => setPanel("timings")} />
        : <nav aria-label={t("nav.label")} className="column-nav"><Sidebar onPanel={openPanel} /></nav>}
      <main className="column-talk">
        {narrow && persona && mode !== "text" && <PhoneStage persona={persona} reading={reading} />}
        {talked && <h1 className="sr-only">{title || t("app.name")}</h1>}
        <Banner />
        <Log onReading={setReading} />
        <Composer name={persona?.name ?? ""} />
      </main>
      {!narrow && persona && (
        <aside className="column-stage" aria-label={persona.name}>
          {mode !== "text" && <Stage persona={persona} size="full" />}
          <div className="playbill">
            <div><h2 className="playbill-name" dir="auto">{persona.name}</h2><p className="playbill-role" dir="auto">{persona.role}</p></div>
            {persona.description && <p className="playbill-text" dir="auto">{persona.description}</p>}
            <ModeSwitch name="mode" />
            <FirstWords onOpen={() => setPanel("timings")} />
          </div>
        </aside>
      )}
      <Sheet open={menu && narrow} onOpenChange={setMenu} title={t("nav.label")} place="start" hideTitle><Sidebar onPanel={openPanel} onPick={() => setMenu(false)} /></Sheet>
      <Sheet open={panel === "memory"} onOpenChange={() => setPanel(null)} title={t("memory.title")} description={t("memory.text")}><MemoryPanel /></Sheet>
      <Sheet open={panel === "timings"} onOpenChange={() => setPanel(null)} title={t("timing.title")} description={t("timing.text")}><TimingPanel /></Sheet>
      <Closed />
    </div>
  );
}

function PhoneHeader({ persona, onMenu, onTimings }: { persona: PersonaView | undefined; onMenu(): void; onTimings(): void }) {
  return (
    <header className="phone-head">
      <button type="button" className="icon-button" aria-label={t("nav.open")} onClick={onMenu}><Icon.Menu /></button>
      <p className="phone-name" dir="auto">{persona?.name ?? t("app.name")}</p>
      <ModeSwitch name="mode" />
      <button type="button" className="icon-button" aria-label={t("nav.timings")} onClick={onTimings}><Icon.Clock /></button>
    </header>
  );
}

/** Big while there is room and somebody speaks; a pill when the keyboard, a card or reading back needs the height. */
function PhoneStage({ persona, reading }: { persona: PersonaView; reading: boolean }) {
  const keyboard = useKeyboardOpen();
  const card = useStore((state) => state.messages.at(-1)?.parts.some((part) => part.kind === "card") ?? false);
  const [choice, setChoice] = useState<StageSize | null>(null);
  const natural: StageSize = keyboard || card || reading ? "pill" : "strip";
  useEffect(() => setChoice(null), [keyboard, card, persona.id]);
  const size = keyboard ? "pill" : (choice ?? natural);
  return <Stage persona={persona} size={size} onResize={keyboard ? undefined : () => setChoice(size === "pill" ? "strip" : "pill")} />;
}

/** The figure that matters, always in sight, and the way to all the others. */
function FirstWords({ onOpen }: { onOpen(): void }) {
  useStatus();
  const ms = usePlayer(() => (marks.firstAudio && marks.sent ? Math.round(marks.firstAudio - marks.sent) : 0));
  return (
    <button type="button" className="first-words" onClick={onOpen}><Icon.Clock size={16} />{ms > 0 ? t("stage.first", { ms }) : t("nav.timings")}</button>
  );
}
