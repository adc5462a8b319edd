/* Generated from core/events.py by `make protocol`. Do not edit. */

export type Command = Hello | AuthRefresh | UserMessage | ActionTaken | Stop | SpeechAck | Resync | Ping;
export type Event =
  | Welcome
  | Snapshot
  | ConversationChanged
  | MessageCreated
  | MessageCompleted
  | CardUpsert
  | MessageDelta
  | MessageRetracted
  | MessageBrain
  | ToolRunning
  | JobProgress
  | SpeechChunk
  | SpeechCancel
  | TurnTiming
  | MemoriesChanged
  | PersonasChanged
  | Refused
  | Pong
  | Bye;

export interface Wire {
  command: Command;
  event: Event;
}
/**
 * The first message, within five seconds. `thread_id` null opens a new conversation.
 */
export interface Hello {
  codecs?: string[];
  last_seq?: number | null;
  locale?: string;
  persona_id?: string | null;
  speak?: boolean;
  thread_id?: string | null;
  token: string;
  type: "hello";
  v: 1;
}
export interface AuthRefresh {
  token: string;
  type: "auth.refresh";
}
export interface UserMessage {
  client_id: string;
  persona_id?: string | null;
  speak?: boolean;
  text: string;
  type: "user.message";
}
/**
 * A button press. `card_id` is the card or message that offered it; the Call is looked up on the server.
 */
export interface ActionTaken {
  action_id: string;
  base_rev?: number;
  card_id: string;
  client_id: string;
  text?: string | null;
  type: "action";
}
export interface Stop {
  /**
   * [speech chunk index, ms into it]: where the voice was cut. The server maps it to text.
   */
  heard?: [number, number] | null;
  reason?: "user" | "barge_in" | "navigation";
  type: "stop";
  utterance_id?: string | null;
}
export interface SpeechAck {
  buffered_ms: number;
  type: "speech.ack";
  utterance_id: string;
}
export interface Resync {
  type: "resync";
}
export interface Ping {
  t: number;
  type: "ping";
}
export interface Welcome {
  brain: string;
  build: string;
  heartbeat_ms: number;
  personas: PersonaView[];
  resume: "replay" | "snapshot";
  seq: number;
  session_id: string;
  thread_id: string;
  type: "welcome";
  user_id: string;
  v: 1;
  voice: string;
}
/**
 * What the page needs to show and animate one persona.
 */
export interface PersonaView {
  atlas_url: string;
  description: string;
  greeting: string;
  hue: number;
  id: string;
  mine: boolean;
  name: string;
  portrait_url: string;
  role: string;
  starters: string[];
}
export interface Snapshot {
  cards: (ChoicesCard | VideoCard)[];
  conversation: Conversation;
  memories: Memory[];
  messages: Message[];
  seq: number;
  type: "snapshot";
  v: 1;
}
/**
 * A question with buttons: clarify, suggestions.
 */
export interface ChoicesCard {
  actions: Action[];
  id: string;
  kind: "choices";
  prompt: string;
  resolved: string | null;
  rev: number;
}
/**
 * A button. Behind its id the server keeps the Call it was offered with, so a browser cannot alter it.
 */
export interface Action {
  cost: number | null;
  id: string;
  label: string;
  needs_text: boolean;
  style: "primary" | "secondary" | "danger" | "ghost";
}
/**
 * A kept reply as a film: rendering, ready or failed.
 */
export interface VideoCard {
  actions: Action[];
  aspect: "16:9" | "9:16";
  captions: string | null;
  download: string | null;
  id: string;
  kind: "video";
  message_id: string;
  pct: number;
  poster: string | null;
  problem: string | null;
  rev: number;
  seconds: number | null;
  src: string | null;
  state: "rendering" | "ready" | "failed";
  title: string;
}
export interface Conversation {
  id: string;
  persona_id: string;
  seq: number;
  title: string;
  updated_at: string;
}
/**
 * One fact a person asked to be remembered. Inspectable and deletable.
 */
export interface Memory {
  created_at: string;
  id: string;
  text: string;
}
export interface Message {
  actions: Action[];
  brain: string | null;
  client_id: string | null;
  created_at: string;
  heard: number | null;
  id: string;
  notice: string | null;
  parts: (TextPart | CardPart)[];
  persona_id: string | null;
  role: "user" | "assistant";
  state: "streaming" | "done" | "stopped" | "failed";
  timings: Timing[];
}
export interface TextPart {
  kind: "text";
  text: string;
}
export interface CardPart {
  card_id: string;
  kind: "card";
}
/**
 * Where one answer's time went: a stage and its milliseconds since the message arrived.
 */
export interface Timing {
  ms: number;
  stage: "received" | "thinking" | "first_text" | "first_clause" | "first_speech" | "text_done" | "speech_done";
}
/**
 * Title or persona changed.
 */
export interface ConversationChanged {
  conversation: Conversation;
  /**
   * Per conversation, gapless: the resume cursor.
   */
  seq: number;
  type: "conversation.changed";
  v: 1;
}
export interface MessageCreated {
  message: Message;
  /**
   * Per conversation, gapless: the resume cursor.
   */
  seq: number;
  type: "message.created";
  v: 1;
}
/**
 * The message as it is now, whole: after its last word, a stop, a failure, or a card joined it.
 */
export interface MessageCompleted {
  message: Message;
  /**
   * Per conversation, gapless: the resume cursor.
   */
  seq: number;
  type: "message.completed";
  v: 1;
}
export interface CardUpsert {
  card: ChoicesCard | VideoCard;
  /**
   * Per conversation, gapless: the resume cursor.
   */
  seq: number;
  type: "card.upsert";
  v: 1;
}
export interface MessageDelta {
  message_id: string;
  /**
   * Character (UTF-16 code unit) offset: makes deltas idempotent and gaps detectable.
   */
  offset: number;
  part: number;
  text: string;
  type: "message.delta";
  v: 1;
}
/**
 * A retry or another brain starts the answer over: drop the streamed text and its speech.
 */
export interface MessageRetracted {
  message_id: string;
  reason: string;
  type: "message.retracted";
  v: 1;
}
/**
 * Which brain is answering this message now, and what was downgraded, if anything.
 */
export interface MessageBrain {
  brain: string;
  message_id: string;
  notice: string | null;
  type: "message.brain";
  v: 1;
}
export interface ToolRunning {
  label: string;
  message_id: string;
  name: string;
  type: "tool.running";
  v: 1;
}
export interface JobProgress {
  card_id: string;
  eta_s: number | null;
  pct: number;
  stage: string;
  type: "job.progress";
  v: 1;
}
/**
 * Header of a BINARY frame: u32le header length, this JSON, then the sound (PCM, 16-bit LE, mono).
 */
export interface SpeechChunk {
  char_end: number;
  char_start: number;
  codec: "pcm16";
  final: boolean;
  index: number;
  message_id: string;
  ms: number;
  rate: number;
  text: string;
  track: Track;
  type: "speech.chunk";
  utterance_id: string;
  v: 1;
  /**
   * [start ms, from, to] into `text`
   */
  words: [number, number, number][];
}
/**
 * `core.speech.PoseTrack` on the wire.
 */
export interface Track {
  eyes: number[];
  fps: number;
  head: [number, number][];
  mouth: number[];
}
export interface SpeechCancel {
  type: "speech.cancel";
  utterance_id: string | null;
  v: 1;
}
/**
 * Server stages of the answer under way; the finished message carries them all.
 */
export interface TurnTiming {
  message_id: string;
  ms: number;
  stage: string;
  type: "turn.timing";
  v: 1;
}
export interface MemoriesChanged {
  memories: Memory[];
  type: "memories.changed";
  v: 1;
}
/**
 * A persona file was edited, added or removed.
 */
export interface PersonasChanged {
  personas: PersonaView[];
  type: "personas.changed";
  v: 1;
}
/**
 * An error a person can read. `ref` is the client_id it answers, if any.
 */
export interface Refused {
  code:
    | "auth"
    | "bad_message"
    | "conflict"
    | "forbidden"
    | "not_found"
    | "rate"
    | "too_large"
    | "unavailable"
    | "internal"
    | "version";
  message: string;
  ref: string | null;
  retryable: boolean;
  type: "error";
  v: 1;
}
export interface Pong {
  t: number;
  type: "pong";
  v: 1;
}
export interface Bye {
  reason: string;
  retry_after_ms: number;
  type: "bye";
  v: 1;
}
