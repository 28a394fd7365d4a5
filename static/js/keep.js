// Around a live swap (after js/live.js allowed it): focus, open <details>, inner
// scrolling and what the reader looks at stay where they are.
"use strict";
(() => {
  const kept = new WeakMap();
  const FOCUSABLE = "a[href], button, summary, input, select, textarea, [tabindex]";
  const FIELD = "input, textarea, select, [contenteditable]";

  // A thing outside the part that must not move: the field being typed in, else
  // what is in the middle of the screen when the part begins above it.
  function anchor(part) {
    const active = document.activeElement;
    if (active.matches(FIELD) && !part.contains(active)) return active;
    if (part.getBoundingClientRect().top >= 0) return null;
    const seen = document.elementFromPoint(innerWidth / 2, innerHeight / 2);
    return !seen || part.contains(seen) || seen.contains(part) ? null : seen;
  }

  const isFixed = (element) => {
    for (let at = element; at; at = at.parentElement) {
      if (["fixed", "sticky"].includes(getComputedStyle(at).position)) return true;
    }
    return false;
  };

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { requestConfig, shouldSwap, target: part, xhr } = event.detail;
    if (!shouldSwap || !requestConfig?.triggeringEvent?.type.startsWith("sse:")) return;
    const still = anchor(part);
    kept.set(xhr, {
      id: part.id,
      open: [...part.querySelectorAll("details")].map((details) => details.open),
      focus: [...part.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement),
      focusId: document.activeElement.closest("[id]")?.id,
      scrolls: [...part.querySelectorAll("[id]")]
        .filter((element) => element.scrollTop || element.scrollLeft)
        .map((element) => [element.id, element.scrollLeft, element.scrollTop]),
      still: still && !isFixed(still) ? still : null,
      top: still?.getBoundingClientRect().top,
    });
  });

  // The row that had focus may have moved: look in it first, then by position.
  function focusAgain(part, { focus, focusId }) {
    if (focus < 0 || part.contains(document.activeElement)) return;
    const row = focusId && focusId !== part.id && document.getElementById(focusId);
    const element = (row && (row.matches(FOCUSABLE) ? row : row.querySelector(FOCUSABLE))) ||
      part.querySelectorAll(FOCUSABLE)[focus];
    element?.focus({ preventScroll: true });
  }

  document.addEventListener("htmx:afterSwap", (event) => {
    const was = kept.get(event.detail.xhr);
    const part = was && document.getElementById(was.id);
    if (!part) return;
    kept.delete(event.detail.xhr);
    part.querySelectorAll("details").forEach((details, index) => {
      details.open = was.open[index] ?? details.open;
    });
    for (const [id, left, top] of was.scrolls) document.getElementById(id)?.scrollTo(left, top);
    focusAgain(part, was);
    if (was.still) scrollBy(0, was.still.getBoundingClientRect().top - was.top);
  });
})();
