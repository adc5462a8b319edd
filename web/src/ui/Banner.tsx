import { useEffect, useState } from "react";

import { dispatch, reconnect, useStore } from "../core/store";
import { t } from "../i18n";
import * as Icon from "./icons";

/** What is wrong with the line or the last request, in one sentence with the way out. */
export function Banner() {
  const connection = useStore((state) => state.connection);
  const problem = useStore((state) => state.problem);
  const stale = useStore((state) => state.build !== null && state.serverBuild !== state.build);
  const [late, setLate] = useState(false);
  // a blink of the line is not worth a sentence
  useEffect(() => {
    setLate(false);
    const timer = setTimeout(() => setLate(true), 700);
    return () => clearTimeout(timer);
  }, [connection]);

  const dropped = connection === "restarting" || ((connection === "offline" || connection === "connecting") && late);
  return (
    <div className="banners" role="status" aria-live="polite">
      {dropped && <p className="banner"><span className="spinner" aria-hidden="true" />{t(connection === "restarting" ? "state.restarting" : "state.reconnecting")}</p>}
      {stale && connection === "online" && (
        <p className="banner banner-good">{t("state.newBuild")}<button type="button" className="link" onClick={() => location.reload()}>{t("state.reload")}</button></p>
      )}
      {problem && (
        <p className="banner banner-bad"><Icon.Warning size={18} /><span dir="auto">{problem.message || t("state.rate")}</span>
          <button type="button" className="icon-button small" aria-label={t("state.dismiss")} onClick={() => dispatch({ type: "local.problem", problem: null })}><Icon.Close size={17} /></button></p>
      )}
    </div>
  );
}

/** Instead of the room, when it cannot be entered at all. */
export function Closed() {
  const connection = useStore((state) => state.connection);
  if (connection !== "signed_out" && connection !== "refused") return null;
  const out = connection === "signed_out";
  return (
    <div className="closed" role="alertdialog" aria-labelledby="closed-title" aria-describedby="closed-text">
      <img src="/icon.svg" alt="" width={44} height={44} />
      <h2 id="closed-title">{t(out ? "state.signedOut" : "state.refused")}</h2>
      <p id="closed-text">{out ? t("state.signedOutText") : t("state.refusedText", { origin: location.origin })}</p>
      <button type="button" className="button button-primary" autoFocus onClick={reconnect}>{t(out ? "state.signIn" : "nav.tryAgain")}</button>
    </div>
  );
}
