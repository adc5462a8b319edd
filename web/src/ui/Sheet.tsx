import { Dialog } from "radix-ui";
import { useRef, type ReactNode } from "react";

import { t } from "../i18n";
import * as Icon from "./icons";

interface Props {
  open: boolean;
  onOpenChange(open: boolean): void;
  title: string;
  description?: string;
  /** side: a panel at the right edge (from below on a phone). start: from the left. middle: a small box. */
  place?: "side" | "start" | "middle";
  hideTitle?: boolean;
  children: ReactNode;
}

/** A dialog over the page: focus is kept inside, Escape and the backdrop close it, focus returns where it was. */
export function Sheet({ open, onOpenChange, title, description, place = "side", hideTitle, children }: Props) {
  // these dialogs have no trigger of their own to give the focus back to
  const before = useRef<HTMLElement | null>(null);
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className="backdrop" />
        <Dialog.Content className={`sheet sheet-${place}`} {...(description ? {} : { "aria-describedby": undefined })}
          onOpenAutoFocus={(event) => {
            before.current = document.activeElement as HTMLElement | null;
            const field = (event.currentTarget as HTMLElement).querySelector<HTMLInputElement>("input.field");
            if (!field) return;
            event.preventDefault();
            field.select();
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            before.current?.focus();
          }}
          onEscapeKeyDown={(event) => event.stopPropagation()}>
          <header className={hideTitle ? "sheet-head sheet-head-bare" : "sheet-head"}>
            <Dialog.Title className={hideTitle ? "sr-only" : "sheet-title"}>{title}</Dialog.Title>
            <Dialog.Close className="icon-button" aria-label={t("nav.close")}><Icon.Close /></Dialog.Close>
          </header>
          {description && <Dialog.Description className="sheet-text">{description}</Dialog.Description>}
          {children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
