// Before the first paint: the remembered theme, and the mark that scripts run.
// Buttons carry data-theme-set="", "light" or "dark".
"use strict";
(() => {
  const root = document.documentElement;
  const KEY = "headwater.theme";
  root.dataset.js = "";

  function remembered() {
    try {
      return localStorage.getItem(KEY) || "";
    } catch {
      return ""; // storage may be switched off; the system's theme is fine
    }
  }

  function show(theme) {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    for (const button of document.querySelectorAll("[data-theme-set]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeSet === theme));
    }
  }

  show(remembered());
  document.addEventListener("DOMContentLoaded", () => show(remembered()));
  // Other tabs follow.
  addEventListener("storage", (event) => event.key === KEY && show(remembered()));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-set]");
    if (!button) return;
    try {
      localStorage.setItem(KEY, button.dataset.themeSet);
    } catch {
      // shown now, not remembered
    }
    show(button.dataset.themeSet);
  });
})();
