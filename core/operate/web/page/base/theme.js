// Dark, light, or as the system has it; the choice is this browser's.

import { byId } from "./dom.js";

const KEY = "stampmill-theme";
const select = byId("theme");
const system = matchMedia("(prefers-color-scheme: dark)");

// Calls back whenever the colours have changed.
export function startTheme(changed) {
  apply(localStorage.getItem(KEY) ?? "auto");
  select.addEventListener("change", () => {
    localStorage.setItem(KEY, select.value);
    apply(select.value);
    changed();
  });
  system.addEventListener("change", changed);
}

function apply(theme) {
  const known = ["light", "dark"].includes(theme);
  select.value = known ? theme : "auto";
  if (known) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}
