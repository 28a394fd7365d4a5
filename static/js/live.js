// Parts that refresh themselves (hx-trigger="sse:…, changed from:body") do so quietly: a part in which
// someone types, has a menu open or selects text waits until they are done, and an
// equal part is not touched. js/keep.js keeps the reader's place, js/news.js tells.
"use strict";
(() => {
  const waiting = new Set();
  const before = new WeakMap();
  const STATES = ["href", "data-status", "data-severity", "data-health", "data-state", "data-kind"];
  const DONE = ["focusout", "toggle", "close", "selectionchange", "reset", "htmx:afterRequest"];

  // "changed" is what our own acts answer with; the stream says the same a little later.
  const isLive = (detail) =>
    /^(sse:|changed$)/.test(detail.requestConfig?.triggeringEvent?.type ?? "");
  const rowsOf = (part) => [...part.querySelectorAll("[id]")];

  function isBusy(part) {
    const active = document.activeElement;
    if (part.contains(active) && active.matches("input, textarea, select")) return true;
    if (part.querySelector("details[data-menu][open], dialog[open]")) return true;
    const selection = getSelection();
    if (!selection.isCollapsed && part.contains(selection.anchorNode)) return true;
    return [...part.querySelectorAll("textarea, input:not([type=hidden])")].some(
      (field) => field.value !== field.defaultValue || field.checked !== field.defaultChecked,
    );
  }

  // What a reader would notice: words (without counting times) and states.
  function signature(root) {
    const copy = root.cloneNode(true);
    for (const time of copy.querySelectorAll("time")) {
      time.textContent = time.dataset.since ?? time.dateTime;
    }
    const states = [copy, ...copy.querySelectorAll("*")].map((element) =>
      STATES.map((name) => element.getAttribute(name) ?? "").join(),
    );
    return copy.textContent.replace(/\s+/g, " ") + states.join();
  }

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { detail } = event;
    const part = detail.target;
    if (!isLive(detail) || !detail.shouldSwap) return;
    const fresh = new DOMParser().parseFromString(detail.serverResponse, "text/html");
    const same = signature(part) === signature(fresh.getElementById(part.id) ?? fresh.body);
    if (same || isBusy(part)) {
      detail.shouldSwap = false;
      if (!same) waiting.add(part.id);
      return;
    }
    const rows = new Map(rowsOf(part).map((row) => [row.id, signature(row)]));
    before.set(detail.xhr, { id: part.id, rows });
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    const was = before.get(event.detail.xhr);
    const part = was && document.getElementById(was.id);
    if (!part) return;
    before.delete(event.detail.xhr);
    const rows = rowsOf(part);
    const changed = rows.filter((row) => was.rows.get(row.id) !== signature(row));
    const innermost = changed.filter(
      (row) => !changed.some((other) => other !== row && row.contains(other)),
    );
    const added = rows.filter((row) => row.matches("[data-row]") && !was.rows.has(row.id));
    document.dispatchEvent(new CustomEvent("headwater:changed", {
      detail: { part, changed: innermost.length ? innermost : [part], added },
    }));
  });

  // [hx-trigger] of a part names the event that refreshes it.
  function refresh(part) {
    const name = part.getAttribute("hx-trigger")?.match(/sse:[\w-]+/)?.[0];
    if (name) window.htmx.trigger(part, name);
  }

  function retry() {
    for (const id of waiting) {
      const part = document.getElementById(id);
      if (part && isBusy(part)) continue;
      waiting.delete(id);
      if (part) refresh(part);
    }
  }
  for (const name of DONE) {
    document.addEventListener(name, () => waiting.size && setTimeout(retry, 150), true);
  }
  document.addEventListener("headwater:refresh", (event) => refresh(event.target));
})();
