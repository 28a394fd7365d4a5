// details[data-menu]: closes on a click elsewhere and on Escape; arrows move inside.
"use strict";
(() => {
  const openMenus = () => document.querySelectorAll("details[data-menu][open]");

  document.addEventListener("click", (event) => {
    for (const menu of openMenus()) {
      const chosen = event.target.closest(".menu__panel a, .menu__panel button");
      if (!menu.contains(event.target) || chosen) menu.open = false;
    }
  });

  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("details[data-menu][open]");
    if (event.key === "Escape") {
      for (const open of openMenus()) open.open = false;
      menu?.querySelector("summary").focus();
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!menu || !step || event.target.matches("input, textarea, select")) return;
    event.preventDefault();
    const items = [...menu.querySelectorAll(".menu__panel :is(a, button)")];
    const next = items.indexOf(document.activeElement) + step;
    items[(next + items.length) % items.length]?.focus();
  });

  // One menu at a time.
  document.addEventListener(
    "toggle",
    (event) => {
      if (!event.target.matches?.("details[data-menu]") || !event.target.open) return;
      for (const menu of openMenus()) if (menu !== event.target) menu.open = false;
    },
    true,
  );
})();
