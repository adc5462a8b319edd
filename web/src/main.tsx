import { createRoot } from "react-dom/client";

import { applyTheme } from "./core/prefs";
import { start } from "./core/store";
import { language } from "./i18n";
import { App } from "./ui/App";
import "./styles/index.css";

applyTheme();
document.documentElement.lang = language === "en" ? language : "en";
start();
createRoot(document.getElementById("root") as HTMLElement).render(<App />);
