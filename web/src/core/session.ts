/** Who is signed in, and the REST calls made in their name. */

import type { Conversation, Memory } from "../wire/types";

const KEY = "greenroom.session";
/** A token is renewed when this share of its life is over. */
const RENEW_AT = 0.8;

interface Session { token: string; userId: string; expiresAt: number; lifeMs: number }

export class SignedOut extends Error {}
export class Refusal extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

let session: Session | null = load();
let pending: Promise<Session> | null = null;

/** A token that is good now. Signs in by itself in local mode; throws SignedOut where that is not allowed. */
export async function currentToken(): Promise<string> {
  if (session && session.expiresAt - Date.now() > session.lifeMs * (1 - RENEW_AT)) return session.token;
  return (await signIn()).token;
}

/** Sign in again although the token still holds, e.g. shortly before it expires. */
export function signIn(): Promise<Session> {
  pending ??= requestSession().finally(() => { pending = null; });
  return pending;
}

export function forgetToken(): void {
  session = null;
  sessionStorage.removeItem(KEY);
}

/** Milliseconds until the token should be renewed. */
export const renewInMs = (): number =>
  session ? Math.max(1000, session.expiresAt - Date.now() - session.lifeMs * (1 - RENEW_AT)) : 0;

export const listConversations = async () => (await call<{ items: Conversation[] }>("GET", "/api/conversations")).items;
export const renameConversation = (id: string, title: string) =>
  call<unknown>("PATCH", `/api/conversations/${encodeURIComponent(id)}`, { title });
export const deleteConversation = (id: string) => call<unknown>("DELETE", `/api/conversations/${encodeURIComponent(id)}`);
export const listMemories = async () => (await call<{ items: Memory[] }>("GET", "/api/memories")).items;
export const deleteMemory = (id: string) => call<unknown>("DELETE", `/api/memories/${encodeURIComponent(id)}`);
export const deleteMemories = () => call<unknown>("DELETE", "/api/memories");

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    const response = await fetch(path, {
      method,
      headers: { Authorization: `Bearer ${await currentToken()}`, ...(body ? { "Content-Type": "application/json" } : {}) },
      body: body ? JSON.stringify(body) : undefined,
    });
    if (response.status === 401 && attempt === 0) {
      forgetToken();
      continue;
    }
    if (!response.ok) throw new Refusal(response.status, await sentence(response));
    return (response.status === 204 ? undefined : await response.json()) as T;
  }
}

async function requestSession(): Promise<Session> {
  const response = await fetch("/api/session", { method: "POST" });
  if (response.status === 401 || response.status === 403) throw new SignedOut(await sentence(response));
  if (!response.ok) throw new Refusal(response.status, await sentence(response));
  const answer = (await response.json()) as { access_token: string; user_id: string; expires_in: number };
  const lifeMs = answer.expires_in * 1000;
  session = { token: answer.access_token, userId: answer.user_id, lifeMs, expiresAt: Date.now() + lifeMs };
  sessionStorage.setItem(KEY, JSON.stringify(session));
  return session;
}

/** The server's own sentence about what went wrong, or an empty one. */
async function sentence(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => null);
  if (body && typeof body === "object") {
    for (const key of ["message", "detail", "error"]) {
      const value = (body as Record<string, unknown>)[key];
      if (typeof value === "string") return value;
      if (value && typeof value === "object" && typeof (value as { message?: unknown }).message === "string") {
        return (value as { message: string }).message;
      }
    }
  }
  return "";
}

function load(): Session | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Session | null;
    return kept && kept.expiresAt > Date.now() ? kept : null;
  } catch {
    return null;
  }
}
