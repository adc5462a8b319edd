import { useEffect, useState } from "react";

import { frames, sinceSent } from "../core/latency";
import { player, roundTripMs, useStore } from "../core/store";
import { t, type Phrase } from "../i18n";

const PAGE_STAGES = ["firstDelta", "firstChunk", "firstAudio", "audible"] as const;
const SERVER_STAGES = ["received", "thinking", "first_text", "first_clause", "first_speech", "text_done", "speech_done"];

interface Row { label: string; ms: number }

/** Every stage of the last answer on one time line. */
export function TimingPanel() {
  const [, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTick((tick) => tick + 1), 400);
    return () => clearInterval(timer);
  }, []);
  const server = useStore((state) => {
    const answer = state.messages.findLast((message) => message.role === "assistant" && (message.timings.length > 0 || message.id in state.timings));
    return answer ? (state.timings[answer.id] ?? answer.timings) : [];
  });
  const brain = useStore((state) => state.messages.findLast((message) => message.brain)?.brain ?? state.brain);
  const voice = useStore((state) => state.voice);
  const since = sinceSent();
  const page: Row[] = PAGE_STAGES.flatMap((stage) => (since[stage] === null ? [] : [{ label: t(`timing.${stage}`), ms: since[stage] }]));
  const room: Row[] = SERVER_STAGES.flatMap((stage) => {
    const time = server.find((candidate) => candidate.stage === stage);
    return time ? [{ label: t(`timing.${stage}` as Phrase), ms: time.ms }] : [];
  });
  const longest = Math.max(1, ...page.map((row) => row.ms), ...room.map((row) => row.ms));
  const latency = player.context ? (player.context.outputLatency || player.context.baseLatency || 0) * 1000 : null;
  return (
    <div className="timings">
      {page.length + room.length === 0 && <p className="side-note">{t("timing.none")}</p>}
      <Group title={t("timing.page")} rows={page} longest={longest} />
      <Group title={t("timing.server")} rows={room} longest={longest} />
      <h3 className="eyebrow">{t("timing.line")}</h3>
      <dl className="line-facts">
        <Fact name={t("timing.roundTrip")} value={t("timing.ms", { ms: round(roundTripMs()) })} />
        {latency !== null && <Fact name={t("timing.outputLatency")} value={t("timing.ms", { ms: round(latency) })} />}
        {frames.perSecond > 0 && <Fact name={t("timing.fps")} value={frames.perSecond.toFixed(0)} />}
        <Fact name={t("timing.brain")} value={brain} />
        <Fact name={t("timing.voice")} value={voice} />
      </dl>
    </div>
  );
}

function Group({ title, rows, longest }: { title: string; rows: Row[]; longest: number }) {
  if (rows.length === 0) return null;
  return (
    <>
      <h3 className="eyebrow">{title}</h3>
      <ul className="waterfall">
        {rows.map((row) => (
          <li key={row.label}>
            <span className="waterfall-name">{row.label}</span><span className="waterfall-ms">{t("timing.ms", { ms: round(row.ms) })}</span>
            <span className="waterfall-bar" aria-hidden="true"><i style={{ inlineSize: `${Math.max(0.8, (row.ms / longest) * 100)}%` }} /></span>
          </li>
        ))}
      </ul>
    </>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return value ? <div><dt>{name}</dt><dd dir="auto">{value}</dd></div> : null;
}

const round = (ms: number) => (ms < 10 ? ms.toFixed(1) : Math.round(ms).toLocaleString());
