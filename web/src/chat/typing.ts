import { useSyncExternalStore } from "react";

let typing = false;
const listeners = new Set<() => void>();

/** Whether this person is writing just now: the stage listens. */
export function setTyping(now: boolean): void {
  if (now === typing) return;
  typing = now;
  for (const listener of listeners) listener();
}

export const useTyping = (): boolean =>
  useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, () => typing);
