import { useSyncExternalStore } from "react";

const narrowQuery = matchMedia("(max-width: 879px)");

export const useNarrow = (): boolean =>
  useSyncExternalStore((listener) => {
    narrowQuery.addEventListener("change", listener);
    return () => narrowQuery.removeEventListener("change", listener);
  }, () => narrowQuery.matches);

/** An on-screen keyboard takes at least this many pixels of the height. */
const KEYBOARD_PX = 140;
let tallest = innerHeight;

/** Whether an on-screen keyboard covers part of the page. With `interactive-widget=resizes-content` the page itself
 * shrinks, elsewhere only the visual viewport does. */
export const useKeyboardOpen = (): boolean =>
  useSyncExternalStore((listener) => {
    const view = window.visualViewport;
    view?.addEventListener("resize", listener);
    addEventListener("resize", listener);
    return () => {
      view?.removeEventListener("resize", listener);
      removeEventListener("resize", listener);
    };
  }, () => {
    const visible = Math.min(innerHeight, window.visualViewport?.height ?? innerHeight);
    if (!isWriting()) tallest = visible;
    return isWriting() && tallest - visible > KEYBOARD_PX;
  });

const isWriting = () => /^(textarea|input)$/i.test(document.activeElement?.tagName ?? "");
