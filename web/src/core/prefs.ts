import { useSyncExternalStore } from "react";

export type Mode = "full" | "audio" | "text";
export type Theme = "system" | "light" | "dark";
export interface Prefs { mode: Mode; theme: Theme; muted: boolean }

const KEY = "greenroom.prefs";
const DEFAULTS: Prefs = { mode: "full", theme: "system", muted: false };
const listeners = new Set<() => void>();
let prefs: Prefs = read();

export const getPrefs = (): Prefs => prefs;

export function setPrefs(change: Partial<Prefs>): void {
  prefs = { ...prefs, ...change };
  localStorage.setItem(KEY, JSON.stringify(prefs));
  applyTheme();
  for (const listener of listeners) listener();
}

export function usePrefs(): Prefs {
  return useSyncExternalStore(subscribePrefs, getPrefs);
}

export function subscribePrefs(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Puts the theme on the document; follows the system while no theme is chosen. */
export function applyTheme(): void {
  const dark = prefs.theme === "dark" || (prefs.theme === "system" && systemDark.matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}

const systemDark = matchMedia("(prefers-color-scheme: dark)");
systemDark.addEventListener("change", applyTheme);
addEventListener("storage", (event) => {
  if (event.key !== KEY) return;
  prefs = read();
  applyTheme();
  for (const listener of listeners) listener();
});

function read(): Prefs {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Prefs>) };
  } catch {
    return DEFAULTS;
  }
}
