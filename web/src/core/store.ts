import { useRef, useSyncExternalStore } from "react";

import type { Action, Command, Event as WireEvent, Message, Stop } from "../wire/types";
import { Gate } from "./gate";
import { frames, mark, marks, paintedMouths, startTurn } from "./latency";
import { Outbox } from "./outbox";
import { getPrefs, setPrefs, subscribePrefs, type Mode } from "./prefs";
import {
  initial, isAnswering, isUnsent, questionOf, reduce, unsentMessage, type Local, type State,
} from "./reduce";
import { currentToken, forgetToken, renewInMs, signIn, SignedOut } from "./session";
import { Socket } from "./socket";
import { Player } from "./speech";

const THREAD = "greenroom.thread";
const ASKED = "greenroom.asked";

let state: State = initial;
let wantedPersona: string | null = null;
let renewTimer = 0;
const listeners = new Set<() => void>();
let notifying = false;
const outbox = new Outbox();
const gate = new Gate(JSON.parse(sessionStorage.getItem(ASKED) ?? "[]") as string[]);

export const player = new Player({
  changed: notify,
  scheduled: (piece) => {
    mark("firstAudio");
    const context = player.context;
    if (context) mark("audible", performance.now() + (piece.start - player.heardNow) * 1000);
  },
  buffered: (utterance_id, ms) => {
    socket.send({ type: "speech.ack", utterance_id, buffered_ms: Math.round(ms) });
  },
});
player.muted = getPrefs().muted;

const socket = new Socket(`${location.origin.replace(/^http/, "ws")}/api/ws`, {
  hello: async () => {
    try {
      const token = await currentToken();
      planRenewal();
      return {
        type: "hello", v: 1, token, thread_id: state.threadId,
        last_seq: state.loaded && state.threadId ? state.seq : null, locale: navigator.language.slice(0, 35),
        speak: getPrefs().mode !== "text", codecs: ["pcm16"], persona_id: wantedPersona,
      };
    } catch (problem) {
      if (problem instanceof SignedOut) dispatch({ type: "local.connection", connection: "signed_out" });
      throw problem;
    }
  },
  event: receive,
  sound: (chunk, pcm) => {
    if (getPrefs().mode === "text") return;
    const verdict = gate.verdict(chunk);
    if (verdict === "drop") return;
    if (verdict === "play") mark("firstChunk");
    player.push(chunk, pcm, verdict === "hold");
  },
  link: (connection) => {
    if (connection === "connecting" && state.connection !== "online") return;
    if (state.connection === "signed_out" && connection === "offline") return;
    dispatch({ type: "local.connection", connection });
  },
  unauthorised: forgetToken,
  missing: () => {
    sessionStorage.removeItem(THREAD);
    localStorage.removeItem(THREAD);
    dispatch({ type: "local.opened", threadId: null });
  },
});

/** Joins the conversation this tab was in, else the last one of this browser, else a new one. */
export function start(): void {
  const threadId = sessionStorage.getItem(THREAD) ?? localStorage.getItem(THREAD);
  dispatch({ type: "local.opened", threadId });
  showPending();
  socket.connect();
}

export function dispatch(event: WireEvent | Local): void {
  const next = reduce(state, event);
  if (next === state) return;
  state = next;
  if (state.needsSync && socket.send({ type: "resync" })) state = reduce(state, { type: "local.synced" });
  notify();
}

export const getState = (): State => state;

/** Subscribes a component to what it reads; renders at most once a frame however fast words come. */
export function useStore<T>(select: (state: State) => T): T {
  const last = useRef<{ state: State; value: T } | null>(null);
  return useSyncExternalStore(subscribe, () => {
    if (last.current?.state !== state) last.current = { state, value: select(state) };
    return last.current.value;
  });
}

export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Reads the player; the component renders again when it changes. */
export function usePlayer<T>(read: () => T): T {
  return useSyncExternalStore(subscribe, read);
}

export const talks = (): boolean => getPrefs().mode !== "text";
export const roundTripMs = (): number => socket.roundTripMs;

/** Say something. What is being said now is cut first. */
export function ask(text: string): void {
  void player.unlock();
  interrupt("barge_in");
  startTurn();
  const client_id = crypto.randomUUID();
  gate.ask(client_id);
  sessionStorage.setItem(ASKED, JSON.stringify(gate.asked));
  dispatch({ type: "local.sent", message: unsentMessage(client_id, text) });
  const persona_id = wantedPersona ?? state.conversation?.persona_id ?? null;
  deliver({ type: "user.message", client_id, text, persona_id, speak: talks() });
}

/** Press a button a message or card offered. */
export function act(action: Action, subject: string, rev = 0, text: string | null = null): void {
  void player.unlock();
  gate.press(subject);
  dispatch({ type: "local.acted" });
  deliver({ type: "action", client_id: crypto.randomUUID(), card_id: subject, action_id: action.id, base_rev: rev, text });
}

export function retry(message: Message): void {
  const text = message.parts.find((part) => part.kind === "text")?.text ?? "";
  withdraw(message);
  ask(text);
}

export function withdraw(message: Message): void {
  if (!message.client_id) return;
  outbox.remove(message.client_id);
  dispatch({ type: "local.withdrawn", client_id: message.client_id });
}

/** Stop talking at once and tell the server how much was heard. True when there was something to stop. */
export function interrupt(reason: NonNullable<Stop["reason"]>): boolean {
  if (!isBusy()) return false;
  const unanswered = state.messages.filter(isUnsent).flatMap((message) => message.client_id ?? []);
  const last = state.messages.at(-1);
  if (last?.role === "user" && last.client_id) unanswered.push(last.client_id);
  gate.interrupt(state.messages, unanswered);
  const cut = player.stop();
  if (cut) gate.cancel(cut.utterance_id);
  socket.send({ type: "stop", reason, ...(cut ?? {}) });
  return true;
}

/** Something is being said, written, or thought about. */
export const isBusy = (): boolean => player.speaking || player.blocked || isAnswering(state) || isWaiting(state);

/** A question has no answer yet. */
export const isWaiting = (now: State): boolean => {
  const last = now.messages.at(-1);
  return last?.role === "user" && !(last.client_id && last.client_id in now.rejected) && now.connection === "online"
    && Date.now() - Date.parse(last.created_at) < 60_000;
};

/** Let speech be heard that the browser, or another tab's question, held back. */
export function hear(): void {
  gate.allow();
  void player.release();
}

export function setMode(mode: Mode): void {
  const before = getPrefs().mode;
  setPrefs({ mode });
  if (mode === "text") for (const id of player.cancel(() => true)) gate.cancel(id);
  else void player.unlock();
  if ((before === "text") !== (mode === "text") && !isAnswering(state)) socket.reopen();
}

export function setMuted(muted: boolean): void {
  setPrefs({ muted });
  if (!muted) void player.unlock();
}

/** Go to a conversation, or to a new one (null) with a persona. */
export function openConversation(threadId: string | null, persona: string | null = null): void {
  interrupt("navigation");
  const untouched = state.threadId !== null && state.loaded && state.messages.every((message) => message.role !== "user");
  if (threadId === null && untouched && (!persona || persona === currentPersonaId())) return;
  if (threadId !== null && threadId === state.threadId) return;
  wantedPersona = persona;
  remember(threadId);
  dispatch({ type: "local.opened", threadId });
  showPending();
  socket.reopen();
}

export const currentPersonaId = (): string | null =>
  state.conversation?.persona_id ?? wantedPersona ?? state.personas[0]?.id ?? null;

export function reconnect(): void {
  forgetToken();
  dispatch({ type: "local.connection", connection: "connecting" });
  socket.reopen();
}

function receive(event: WireEvent): void {
  if (event.type === "message.delta" && !gateDropped(event.message_id)) mark("firstDelta");
  if (event.type === "message.created") {
    gate.created(event.message, event.message.role === "assistant" ? questionOf(state.messages, event.message.id) : undefined);
  }
  if (event.type === "speech.cancel") cancelSpeech((chunk) => !event.utterance_id || chunk.utterance_id === event.utterance_id);
  if (event.type === "speech.cancel" && event.utterance_id) gate.cancel(event.utterance_id);
  if (event.type === "message.retracted") cancelSpeech((chunk) => chunk.message_id === event.message_id);
  dispatch(event);
  if (event.type === "welcome") {
    remember(event.thread_id);
    outbox.adopt(event.thread_id);
    showPending();
  }
  // what is unsent goes out once the conversation is whole, so that echoes find their place
  if (event.type === "welcome" || event.type === "snapshot") sendPending();
  if ((event.type === "message.created" || event.type === "message.completed") && event.message.client_id) {
    outbox.remove(event.message.client_id);
  }
  if (event.type === "card.upsert" || event.type === "message.created" || event.type === "message.completed") {
    outbox.settleActions();
  }
  if (event.type === "error" && event.ref) outbox.remove(event.ref);
  if (event.type === "snapshot") for (const message of event.messages) if (message.client_id) outbox.remove(message.client_id);
}

const gateDropped = (message_id: string): boolean => gate.verdict({ utterance_id: `of:${message_id}`, message_id }) === "drop";

function cancelSpeech(matches: Parameters<Player["cancel"]>[0]): void {
  for (const id of player.cancel(matches)) gate.cancel(id);
}

function deliver(command: Extract<Command, { client_id: string }>): void {
  outbox.add(command, state.threadId);
  if (state.threadId && socket.send(command)) outbox.markSent(command.client_id);
}

function sendPending(): void {
  for (const { command, sent } of outbox.for(state.threadId)) {
    if (sent && state.loaded) continue;
    if (socket.send(command)) outbox.markSent(command.client_id);
  }
}

/** After a reload: what was typed and not confirmed stands in the log again. */
function showPending(): void {
  for (const { command } of outbox.for(state.threadId)) {
    if (command.type !== "user.message" || state.messages.some((message) => message.client_id === command.client_id)) continue;
    dispatch({ type: "local.sent", message: unsentMessage(command.client_id, command.text) });
  }
}

function remember(threadId: string | null): void {
  if (threadId === null) return sessionStorage.removeItem(THREAD);
  sessionStorage.setItem(THREAD, threadId);
  localStorage.setItem(THREAD, threadId);
}

function planRenewal(): void {
  clearTimeout(renewTimer);
  renewTimer = window.setTimeout(() => {
    void signIn().then(({ token }) => {
      socket.send({ type: "auth.refresh", token });
      planRenewal();
    }, () => undefined);
  }, renewInMs());
}

function notify(): void {
  if (notifying) return;
  notifying = true;
  const tell = () => {
    notifying = false;
    for (const listener of listeners) listener();
  };
  // animation frames stand still in hidden tabs
  if (document.visibilityState === "visible") requestAnimationFrame(tell);
  else setTimeout(tell, 60);
}

subscribePrefs(() => { player.muted = getPrefs().muted; });

/** For the browser tests and the benchmark: what was measured, nothing that steers. */
Object.assign(window, {
  greenroom: {
    marks, frames,
    speech: {
      peak: () => player.peak(),
      get state() { return player.context?.state ?? "none"; },
      get speaking() { return player.speaking; },
      get blocked() { return player.blocked; },
      get cutAt() { return player.cutAt; },
      get silentAt() { return player.silentAt; },
      get heardNow() { return player.heardNow; },
      pieces: () => player.pieces.map(({ chunk, start, end }) => ({
        utterance: chunk.utterance_id, message: chunk.message_id, index: chunk.index, start, end, text: chunk.text,
      })),
    },
    mouths: () => paintedMouths(),
    lipOffset: () => ({
      outputLatency: player.context?.outputLatency ?? 0,
      chunks: player.pieces.map(({ chunk, start, end }) => ({ utterance: chunk.utterance_id, index: chunk.index, start, end, track: chunk.track })),
      painted: paintedMouths(),
    }),
    roundTripMs,
    state: () => state,
  },
});
