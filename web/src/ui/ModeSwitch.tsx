import { usePrefs, type Mode } from "../core/prefs";
import { setMode } from "../core/store";
import { t } from "../i18n";
import * as Icon from "./icons";

const MODES: { mode: Mode; Sign: (props: { size?: number }) => React.JSX.Element }[] = [
  { mode: "full", Sign: Icon.Face }, { mode: "audio", Sign: Icon.Voice }, { mode: "text", Sign: Icon.Text },
];

/** Face and voice, voice alone, or text alone: any time, remembered. */
export function ModeSwitch({ name }: { name: string }) {
  const { mode } = usePrefs();
  return (
    <fieldset className="modes">
      <legend className="sr-only">{t("mode.label")}</legend>
      {MODES.map(({ mode: value, Sign }) => (
        <label key={value} title={t(`mode.${value}Hint`)} className={mode === value ? "mode chosen" : "mode"}>
          <input type="radio" name={name} value={value} checked={mode === value} onChange={() => setMode(value)} className="sr-only" />
          <Sign size={17} /><span>{t(`mode.${value}`)}</span>
        </label>
      ))}
    </fieldset>
  );
}
