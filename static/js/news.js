// Says what live.js swapped: the changed edge glows, new rows out of sight are
// announced with a button that goes there, and a lost connection is told.
"use strict";
(() => {
  const GLOW_MS = 1000;
  const speaker = document.querySelector("[data-announce]");
  let button = null;
  let lostAt = null;
  const connected = new WeakSet();

  const say = (text) => speaker && (speaker.textContent = text);

  function glow(element) {
    element.dataset.changed = "";
    setTimeout(() => delete element.dataset.changed, GLOW_MS);
  }

  function offer(rows) {
    button?.remove();
    const target = rows[0];
    const up = target.getBoundingClientRect().top < 0;
    const text = rows.length === 1 ? "1 new entry" : `${rows.length} new entries`;
    button = Object.assign(document.createElement("button"), {
      type: "button",
      className: "btn news",
      textContent: `${up ? "↑" : "↓"} ${text}`,
    });
    button.dataset.direction = up ? "up" : "down";
    button.addEventListener("click", () => {
      target.scrollIntoView({ block: "center" });
      rows.forEach(glow);
      button.remove();
    });
    document.body.append(button);
    const watch = new IntersectionObserver(([seen]) => {
      if (!seen.isIntersecting) return;
      button.remove();
      watch.disconnect();
    });
    watch.observe(target);
    say(text);
  }

  document.addEventListener("headwater:changed", (event) => {
    const { changed, added } = event.detail;
    changed.forEach(glow);
    const hidden = added.filter((row) => {
      const box = row.getBoundingClientRect();
      return box.bottom < 0 || box.top > innerHeight;
    });
    if (hidden.length) offer(hidden);
    else if (added.length) say(added.length === 1 ? "1 new entry" : `${added.length} new entries`);
    else say(event.detail.part.dataset.liveName ? `${event.detail.part.dataset.liveName} changed` : "");
  });

  // [data-link-state] says since when the page stands still.
  function tell(text) {
    for (const place of document.querySelectorAll("[data-link-state]")) {
      place.textContent = text;
      place.hidden = !text;
    }
  }
  document.addEventListener("htmx:sseError", () => {
    lostAt ??= new Date();
    const time = lostAt.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    tell(`Not live since ${time}, trying again`);
  });
  document.addEventListener("htmx:sseOpen", (event) => {
    tell("");
    lostAt = null;
    const again = connected.has(event.target);
    connected.add(event.target);
    // What happened while it was shut was not heard.
    if (again) askAll();
  });
  // What this reader did shows at once even so: HX-Trigger of their own act.
  document.addEventListener("changed", () => lostAt && askAll());

  function askAll() {
    for (const part of document.querySelectorAll("[hx-trigger*='sse:']")) {
      part.dispatchEvent(new CustomEvent("headwater:refresh", { bubbles: true }));
    }
  }
})();
