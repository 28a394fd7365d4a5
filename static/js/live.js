// Parts that refresh themselves (hx-trigger="sse:…") do so quietly: a part in which
// someone types, has a menu open or selects text waits until they are done; an equal
// part is not touched; focus, open details and the place on the page are kept; what
// changed glows for a second, and rows out of sight are announced.
"use strict";
(() => {
  const waiting = new Set();
  const kept = new WeakMap();
  const FOCUSABLE = "a[href], button, summary, input, select, textarea, [tabindex]";
  const MARKS = ["href", "data-status", "data-severity", "data-health", "data-state", "data-kind"];

  const isLive = (detail) => detail.requestConfig?.triggeringEvent?.type.startsWith("sse:");

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
    for (const time of copy.querySelectorAll("time")) time.textContent = time.dateTime;
    for (const time of copy.querySelectorAll("time[data-since]")) time.textContent = "";
    const states = [copy, ...copy.querySelectorAll("*")]
      .map((element) => MARKS.map((name) => element.getAttribute(name) ?? "").join())
      .join();
    return copy.textContent.replace(/\s+/g, " ") + states;
  }

  const rowsOf = (part) => new Map([...part.querySelectorAll("[id]")].map((row) => [row.id, row]));

  document.addEventListener("htmx:beforeSwap", (event) => {
    const part = event.detail.target;
    if (!isLive(event.detail) || !event.detail.shouldSwap) return;
    const fresh = new DOMParser().parseFromString(event.detail.serverResponse, "text/html").body;
    const next = fresh.children.length === 1 && fresh.firstElementChild.id === part.id
      ? fresh.firstElementChild : fresh;
    const same = signature(part) === signature(next);
    if (same || isBusy(part)) {
      event.detail.shouldSwap = false;
      if (!same) waiting.add(part.id);
      return;
    }
    const focusables = [...part.querySelectorAll(FOCUSABLE)];
    kept.set(event.detail.xhr, {
      id: part.id,
      rows: new Map([...rowsOf(part)].map(([id, row]) => [id, signature(row)])),
      open: [...part.querySelectorAll("details")].map((details) => details.open),
      focus: focusables.indexOf(document.activeElement),
      scrolls: [...part.querySelectorAll("[id]")].filter((e) => e.scrollTop || e.scrollLeft)
        .map((e) => [e.id, e.scrollLeft, e.scrollTop]),
      ...anchor(part),
    });
  });

  // A thing below the part that the reader sees; it must not move.
  function anchor(part) {
    const box = part.getBoundingClientRect();
    if (box.top >= 0) return {};
    const seen = document.elementFromPoint(innerWidth / 2, innerHeight / 2);
    if (!seen || part.contains(seen) || seen.contains(part)) return {};
    return { seen, top: seen.getBoundingClientRect().top };
  }

  document.addEventListener("htmx:afterSwap", (event) => {
    const before = kept.get(event.detail.xhr);
    const part = before && document.getElementById(before.id);
    if (!part) return;
    kept.delete(event.detail.xhr);
    part.querySelectorAll("details").forEach((d, i) => (d.open = before.open[i] ?? d.open));
    for (const [id, left, top] of before.scrolls) document.getElementById(id)?.scrollTo(left, top);
    if (before.focus >= 0) part.querySelectorAll(FOCUSABLE)[before.focus]?.focus({ preventScroll: true });
    if (before.seen) scrollBy(0, before.seen.getBoundingClientRect().top - before.top);
    const rows = [...rowsOf(part).values()];
    const changed = rows.filter((row) => before.rows.get(row.id) !== signature(row));
    const inner = changed.filter((row) => !changed.some((other) => other !== row && row.contains(other)));
    document.dispatchEvent(new CustomEvent("headwater:changed", {
      detail: {
        part,
        changed: inner.length ? inner : [part],
        added: rows.filter((row) => row.matches("[data-row]") && !before.rows.has(row.id)),
      },
    }));
  });

  function retry() {
    for (const id of waiting) {
      const part = document.getElementById(id);
      if (part && isBusy(part)) continue;
      waiting.delete(id);
      if (part) window.htmx.trigger(part, part.getAttribute("hx-trigger").match(/sse:[\w-]+/)[0]);
    }
  }
  for (const name of ["focusout", "toggle", "close", "selectionchange", "reset", "htmx:afterRequest"]) {
    document.addEventListener(name, () => waiting.size && setTimeout(retry, 150), true);
  }
})();
