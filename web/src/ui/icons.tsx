/** Line icons, 24 × 24, drawn with the colour of the text. Decorative: the control around them carries the name. */
const icon = (path: string, filled = false) => function Icon({ size = 20 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill={filled ? "currentColor" : "none"} stroke="currentColor"
      strokeWidth={filled ? 0 : 1.7} strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false">
      <path d={path} />
    </svg>
  );
};

export const Plus = icon("M12 5v14M5 12h14");
export const Send = icon("M12 19V5M6 11l6-6 6 6");
export const StopSquare = icon("M8.5 7h7A1.5 1.5 0 0 1 17 8.5v7a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 1.5 0 0 1 7 15.5v-7A1.5 1.5 0 0 1 8.5 7z", true);
export const Sound = icon("M11 5 6.5 9H3v6h3.5L11 19zM15 9.2a4 4 0 0 1 0 5.6M17.8 6.4a8 8 0 0 1 0 11.2");
export const Muted = icon("M11 5 6.5 9H3v6h3.5L11 19zM16 9.5l5 5M21 9.5l-5 5");
export const Menu = icon("M4 7h16M4 12h16M4 17h10");
export const More = icon("M5 12h.01M12 12h.01M19 12h.01");
export const Close = icon("M6 6l12 12M18 6 6 18");
export const Down = icon("M6 9l6 6 6-6");
export const Up = icon("M6 15l6-6 6 6");
export const ArrowDown = icon("M12 5v14M6 13l6 6 6-6");
export const Copy = icon("M9 9h10v11H9zM5 15V4h10");
export const Check = icon("M5 12.5l4.5 4.5L19 7.5");
export const Film = icon("M4 5h16v14H4zM8 5v14M16 5v14M4 9.5h4M4 14.5h4M16 9.5h4M16 14.5h4");
export const Download = icon("M12 4v11M7 11l5 5 5-5M5 20h14");
export const Memory = icon("M6 4h12v16l-6-4-6 4z");
export const Clock = icon("M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM12 8v4l2.8 2");
export const Trash = icon("M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.5 11v5M13.5 11v5");
export const Pencil = icon("M4 20l1-4L16.5 4.5l3 3L8 19z");
export const Face = icon("M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM9 10h.01M15 10h.01M8.8 14.4c1.8 1.9 4.6 1.9 6.4 0");
export const Voice = icon("M4 10v4M8 7v10M12 4.5v15M16 8v8M20 10.5v3");
export const Text = icon("M5 7h14M5 12h14M5 17h8");
export const Sun = icon("M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1.1 1.1M17.3 17.3l1.1 1.1M18.4 5.6l-1.1 1.1M6.7 17.3l-1.1 1.1");
export const Moon = icon("M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7z");
export const System = icon("M4 5h16v11H4zM9 20h6M12 16v4");
export const Warning = icon("M12 4.5 3.5 19h17zM12 10v4M12 16.6h.01");
export const Retry = icon("M19 12a7 7 0 1 1-2.1-5M19 4v4h-4");
