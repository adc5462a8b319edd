import type {
  Conversation, Event as WireEvent, Memory, Message, PersonaView, Refused, Snapshot, Welcome,
} from "../wire/types";

export type Card = Snapshot["cards"][number];
export type Connection = "connecting" | "online" | "offline" | "restarting" | "signed_out" | "refused";
export interface Progress { stage: string; pct: number; eta_s: number | null }
export interface StageTime { stage: string; ms: number }
export interface Problem { code: Refused["code"] | "page"; message: string; retryable: boolean }

/** Everything the page shows. Only `reduce` makes a new one. */
export interface State {
  connection: Connection;
  conversation: Conversation | null;
  threadId: string | null;
  seq: number;
  /** The server build this page was loaded with, and the one now running. */
  build: string | null;
  serverBuild: string | null;
  brain: string;
  voice: string;
  personas: PersonaView[];
  messages: Message[];
  cards: Record<string, Card>;
  memories: Memory[];
  progress: Record<string, Progress>;
  tools: Record<string, string>;
  timings: Record<string, StageTime[]>;
  /** Own messages the server refused, by client_id. */
  rejected: Record<string, Problem>;
  problem: Problem | null;
  needsSync: boolean;
  loaded: boolean;
  /** Counts what this person did, so that the log can scroll to it. */
  acted: number;
}

export const initial: State = {
  connection: "connecting", conversation: null, threadId: null, seq: 0, build: null, serverBuild: null, brain: "",
  voice: "", personas: [], messages: [], cards: {}, memories: [], progress: {}, tools: {}, timings: {}, rejected: {},
  problem: null, needsSync: false, loaded: false, acted: 0,
};

/** What the page itself does to the state. */
export type Local =
  | { type: "local.connection"; connection: Connection }
  | { type: "local.sent"; message: Message }
  | { type: "local.withdrawn"; client_id: string }
  | { type: "local.acted" }
  | { type: "local.problem"; problem: Problem | null }
  | { type: "local.synced" }
  | { type: "local.memories"; memories: Memory[] }
  | { type: "local.renamed"; id: string; title: string }
  | { type: "local.opened"; threadId: string | null };

export const LOCAL_ID = "local-";

/** A message as the page shows it before the server has echoed it. */
export function unsentMessage(client_id: string, text: string): Message {
  return {
    id: LOCAL_ID + client_id, role: "user", persona_id: null, parts: [{ kind: "text", text }], state: "done",
    brain: null, notice: null, heard: null, actions: [], timings: [], created_at: new Date().toISOString(), client_id,
  };
}

export const isUnsent = (message: Message) => message.id.startsWith(LOCAL_ID);
export const textOf = (message: Message) =>
  message.parts.flatMap((part) => (part.kind === "text" ? [part.text] : [])).join("\n\n");
export const isAnswering = (state: State) =>
  state.messages.some((message) => message.role === "assistant" && message.state === "streaming");

/** The question an answer belongs to: the last thing a person said before it. */
export function questionOf(messages: Message[], id: string): Message | undefined {
  const at = messages.findIndex((message) => message.id === id);
  return messages.slice(0, at < 0 ? undefined : at).findLast((message) => message.role === "user");
}

/**
 * Next state. Pure. A kept event (one with `seq`) is applied exactly once: a duplicate is ignored, a gap asks for a
 * snapshot. Events and cards this page does not know are ignored, so an older page survives a newer server.
 */
export function reduce(state: State, event: WireEvent | Local): State {
  if ("seq" in event && event.type !== "welcome" && event.type !== "snapshot") {
    if (event.seq <= state.seq) return state;
    if (event.seq > state.seq + 1) return { ...state, needsSync: true };
    state = { ...state, seq: event.seq };
  }
  switch (event.type) {
    case "welcome":
      return welcomed(state, event);
    case "snapshot":
      return restored(state, event);
    case "conversation.changed":
      return { ...state, conversation: event.conversation };
    case "message.created":
    case "message.completed":
      return placed(state, event.message);
    case "message.delta":
      return grown(state, event);
    case "message.retracted":
      return {
        ...changeMessage(state, event.message_id, (message) => ({
          ...message, parts: message.parts.map((part) => (part.kind === "text" ? { ...part, text: "" } : part)),
        })),
        tools: without(state.tools, event.message_id),
        timings: without(state.timings, event.message_id),
      };
    case "message.brain":
      return changeMessage(state, event.message_id, (message) => ({
        ...message, brain: event.brain, notice: event.notice ?? message.notice,
      }));
    case "tool.running":
      return { ...state, tools: { ...state.tools, [event.message_id]: event.label } };
    case "turn.timing": {
      const known = (state.timings[event.message_id] ?? []).filter((time) => time.stage !== event.stage);
      return {
        ...state,
        timings: { ...state.timings, [event.message_id]: [...known, { stage: event.stage, ms: event.ms }] },
      };
    }
    case "card.upsert":
      return carded(state, event.card);
    case "job.progress": {
      const card = state.cards[event.card_id];
      if (card?.kind === "video" && card.state !== "rendering") return state;
      const before = state.progress[event.card_id]?.pct ?? 0;
      return {
        ...state,
        progress: {
          ...state.progress,
          [event.card_id]: { stage: event.stage, pct: Math.max(before, event.pct), eta_s: event.eta_s },
        },
      };
    }
    case "memories.changed":
    case "local.memories":
      return { ...state, memories: event.memories };
    case "personas.changed":
      return { ...state, personas: event.personas };
    case "error": {
      const problem = { code: event.code, message: event.message, retryable: event.retryable };
      const own = event.ref && state.messages.some((message) => isUnsent(message) && message.client_id === event.ref);
      return own
        ? { ...state, rejected: { ...state.rejected, [event.ref as string]: problem } }
        : { ...state, problem };
    }
    case "speech.chunk":
    case "speech.cancel":
    case "pong":
    case "bye":
      return state;
    case "local.connection":
      return { ...state, connection: event.connection };
    case "local.sent":
      return {
        ...state, acted: state.acted + 1, problem: null, messages: upsert(state.messages, event.message),
        rejected: without(state.rejected, event.message.client_id ?? ""),
      };
    case "local.withdrawn":
      return {
        ...state, rejected: without(state.rejected, event.client_id),
        messages: state.messages.filter((message) => !(isUnsent(message) && message.client_id === event.client_id)),
      };
    case "local.acted":
      return { ...state, acted: state.acted + 1, problem: null };
    case "local.problem":
      return { ...state, problem: event.problem };
    case "local.synced":
      return { ...state, needsSync: false };
    case "local.renamed":
      return state.conversation?.id === event.id
        ? { ...state, conversation: { ...state.conversation, title: event.title } }
        : state;
    case "local.opened":
      return {
        ...initial, threadId: event.threadId, personas: state.personas, connection: state.connection,
        build: state.build, serverBuild: state.serverBuild, brain: state.brain, voice: state.voice,
        memories: state.memories, acted: state.acted,
      };
    default:
      return unknown(event, state);
  }
}

/** Compile-time proof that every event is handled; at run time a newer server's event changes nothing. */
function unknown(_event: never, state: State): State {
  return state;
}

function welcomed(state: State, event: Welcome): State {
  return {
    ...state, connection: "online", threadId: event.thread_id, personas: event.personas, brain: event.brain,
    voice: event.voice, build: state.build ?? event.build, serverBuild: event.build, problem: null,
    loaded: state.loaded || event.resume === "replay",
  };
}

function restored(state: State, event: Snapshot): State {
  const unsent = state.messages.filter(
    (message) => isUnsent(message) && !event.messages.some((known) => known.client_id === message.client_id),
  );
  const cards = Object.fromEntries(event.cards.map((card) => [card.id, card]));
  const progress = Object.fromEntries(
    Object.entries(state.progress).filter(([id]) => {
      const card = cards[id];
      return card?.kind === "video" && card.state === "rendering";
    }),
  );
  return {
    ...state, seq: event.seq, conversation: event.conversation, threadId: event.conversation.id,
    messages: [...event.messages, ...unsent], cards, progress, memories: event.memories, needsSync: false, loaded: true,
  };
}

function placed(state: State, message: Message): State {
  const finished = message.state !== "streaming";
  return {
    ...state,
    messages: upsert(state.messages, message),
    tools: finished ? without(state.tools, message.id) : state.tools,
    timings: finished && message.timings.length > 0 ? without(state.timings, message.id) : state.timings,
    rejected: message.client_id ? without(state.rejected, message.client_id) : state.rejected,
  };
}

function grown(state: State, event: Extract<WireEvent, { type: "message.delta" }>): State {
  const message = state.messages.find((candidate) => candidate.id === event.message_id);
  if (!message || message.state !== "streaming") return state;
  const part = message.parts[event.part];
  if (part && part.kind !== "text") return state;
  const old = part?.text ?? "";
  if (event.offset > old.length || event.part > message.parts.length) return { ...state, needsSync: true };
  const text = old.slice(0, event.offset) + event.text;
  if (text.length <= old.length) return state;
  const parts = [...message.parts];
  parts[event.part] = { kind: "text", text };
  const grownState = changeMessage(state, message.id, (same) => ({ ...same, parts }));
  return message.id in state.tools ? { ...grownState, tools: without(state.tools, message.id) } : grownState;
}

function carded(state: State, card: Card): State {
  const old = state.cards[card.id];
  if (old && old.rev >= card.rev) return state;
  const restarted = old?.kind === "video" && old.state !== "rendering";
  const keep = card.kind === "video" && card.state === "rendering" && !restarted;
  return {
    ...state,
    cards: { ...state.cards, [card.id]: card },
    progress: keep ? state.progress : without(state.progress, card.id),
  };
}

/** The echo of an own message replaces its unsent copy where it stands. */
function upsert(messages: Message[], message: Message): Message[] {
  const at = messages.findIndex(
    (known) => known.id === message.id
      || (message.client_id != null && known.role === message.role && known.client_id === message.client_id),
  );
  return at < 0 ? [...messages, message] : messages.map((known, index) => (index === at ? message : known));
}

function changeMessage(state: State, id: string, change: (message: Message) => Message): State {
  if (!state.messages.some((message) => message.id === id)) return state;
  return { ...state, messages: state.messages.map((message) => (message.id === id ? change(message) : message)) };
}

function without<T>(record: Record<string, T>, key: string): Record<string, T> {
  if (!(key in record)) return record;
  const { [key]: _dropped, ...rest } = record;
  return rest;
}
