// Shifts, gaps and chosen times of a calendar are links to a form; with a script it opens
// in the dialog #shift-dialog. Arrow keys go from shift to shift.
"use strict";
(() => {
  const dialog = () => document.getElementById("shift-dialog");
  const open = async (url) => {
    const box = dialog();
    if (!box || !window.htmx) return location.assign(url);
    const part = { target: "#shift-form", select: "#override-part", swap: "innerHTML" };
    await htmx.ajax("GET", url, part);
    if (!box.open) box.showModal();
    box.querySelector("select")?.focus();
  };

  document.addEventListener("calendar:chosen", (event) => open(event.detail));

  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#shift-dialog [data-close]")) event.preventDefault();
    const link = event.target.closest?.("a[href*='/overrides/new/']");
    if (!link || !dialog() || dialog().contains(link)) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    open(link.getAttribute("href"));
  });

  document.addEventListener("keydown", (event) => {
    const here = event.target.closest?.(".calendar a");
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!here || !step) return;
    const all = [...here.closest(".calendar__row").querySelectorAll("a")];
    all[all.indexOf(here) + step]?.focus();
    event.preventDefault();
  });
})();
