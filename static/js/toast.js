// What an htmx request did, said at the bottom: the server answers with
// HX-Trigger: {"toast": {"text": "…", "undo": "/address/", "level": "success"}};
// a refusal or a lost connection says what happened and what was kept.
"use strict";
(() => {
  const SHOWN_MS = 8000;
  const box = document.querySelector("[data-toasts]");
  if (!box) return;

  function show({ text, undo, level = "info" }) {
    const toast = document.createElement("div");
    toast.className = "message";
    toast.dataset.level = level;
    toast.append(Object.assign(document.createElement("p"), { textContent: text }));
    const button = Object.assign(document.createElement("button"), {
      className: "btn btn--small",
      type: "button",
      textContent: undo ? "Undo" : "Close",
    });
    button.addEventListener("click", () => {
      if (undo) window.htmx.ajax("POST", undo, { swap: "none" });
      toast.remove();
    });
    toast.append(button);
    box.append(toast);
    // Errors stay until they are closed; nobody should have to read fast.
    if (level === "error") return;
    let timer = setTimeout(() => toast.remove(), SHOWN_MS);
    toast.addEventListener("pointerenter", () => clearTimeout(timer));
    toast.addEventListener("focusin", () => clearTimeout(timer));
    toast.addEventListener("pointerleave", () => {
      timer = setTimeout(() => toast.remove(), SHOWN_MS / 2);
    });
  }

  function reason(xhr) {
    const type = xhr.getResponseHeader("Content-Type") || "";
    if (type.startsWith("text/plain") && xhr.responseText.length < 400) return xhr.responseText;
    if (type.includes("json")) {
      try {
        return JSON.parse(xhr.responseText).detail;
      } catch {
        return "";
      }
    }
    return "";
  }

  const isQuiet = (event) => event.detail.requestConfig?.triggeringEvent?.type.startsWith("sse:");

  document.addEventListener("toast", (event) => show(event.detail));
  document.addEventListener("htmx:responseError", (event) => {
    if (isQuiet(event)) return;
    const { status } = event.detail.xhr;
    const text = reason(event.detail.xhr) ||
      (status >= 500 ? "The server failed to answer." : `The server refused this (${status}).`);
    show({ text: `${text} What you typed is kept.`, level: "error" });
  });
  document.addEventListener("htmx:sendError", (event) => {
    if (isQuiet(event)) return;
    show({
      text: "No connection to the server. Nothing was sent; what you typed is kept.",
      level: "error",
    });
  });
})();
