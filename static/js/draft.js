// Nothing typed is lost: [data-draft="key"] keeps a field's text in this browser
// until the server has taken it, and puts it back with a note.
"use strict";
(() => {
  const PREFIX = "headwater.draft.";
  const KEEP_MS = 30 * 86400e3;
  const letters = (text) => text.replace(/[^\p{L}\p{N}]+/gu, "").slice(0, 80);
  const nameOf = (field) => PREFIX + field.dataset.draft;

  function store(field, sent = false) {
    try {
      if (field.value === field.defaultValue) localStorage.removeItem(nameOf(field));
      else {
        const kept = { text: field.value, base: field.defaultValue, at: Date.now(), sent };
        localStorage.setItem(nameOf(field), JSON.stringify(kept));
      }
    } catch {
      // storage is full or switched off: the page works without it
    }
  }

  function forget(field) {
    localStorage.removeItem(nameOf(field));
    field.parentElement.querySelector(".draft-note")?.remove();
  }

  function note(field, kept) {
    const line = document.createElement("p");
    line.className = "draft-note";
    line.setAttribute("role", "status");
    const stale = kept.base !== field.defaultValue ? " The text was changed elsewhere meanwhile." : "";
    line.textContent = `Your unsaved text of ${new Date(kept.at).toLocaleString()} was put back.${stale} `;
    const button = Object.assign(document.createElement("button"), {
      type: "button",
      className: "btn btn--link",
      textContent: "Discard it",
    });
    button.addEventListener("click", () => {
      field.value = field.defaultValue;
      forget(field);
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    line.append(button);
    field.after(line);
  }

  function restore(field) {
    let kept = null;
    try {
      kept = JSON.parse(localStorage.getItem(nameOf(field)));
    } catch {
      return;
    }
    if (!kept || kept.text === field.value) return;
    // Sent text that stands in the page now has arrived.
    const arrived = kept.sent && letters(document.body.textContent).length &&
      document.body.textContent.replace(/[^\p{L}\p{N}]+/gu, "").includes(letters(kept.text));
    if (arrived || Date.now() - kept.at > KEEP_MS) return localStorage.removeItem(nameOf(field));
    field.value = kept.text;
    field.toggleAttribute("data-draft-stale", kept.base !== field.defaultValue);
    note(field, kept);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  const fields = (root) => root.querySelectorAll?.("[data-draft]") ?? [];
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-draft]")) store(event.target);
  });
  document.addEventListener("submit", (event) => {
    for (const field of fields(event.target)) store(field, true);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest?.("form");
    if (event.target.matches?.("[data-preview]")) return;
    if (!form || !event.detail.successful || event.detail.requestConfig.verb === "get") return;
    for (const field of fields(form)) forget(field);
    if (form.hasAttribute("data-reset")) form.reset();
  });
  document.addEventListener("htmx:load", (event) => fields(event.target).forEach(restore));
  fields(document).forEach(restore);
})();
