// Goes on counting where the server stopped: time[data-when] is relative,
// time[data-since] has lasted so far. Same words as core/templatetags/headwater.py.
"use strict";
(() => {
  const MINUTE = 60;
  const HOUR = 3600;
  const DAY = 86400;

  function duration(total) {
    if (total < MINUTE) return `${total} s`;
    if (total < HOUR) return `${Math.floor(total / MINUTE)} min`;
    const [big, small, names] =
      total < DAY
        ? [Math.floor(total / HOUR), Math.floor((total % HOUR) / MINUTE), ["h", "min"]]
        : [Math.floor(total / DAY), Math.floor((total % DAY) / HOUR), ["d", "h"]];
    return small ? `${big} ${names[0]} ${small} ${names[1]}` : `${big} ${names[0]}`;
  }

  function relative(seconds) {
    const distance = Math.abs(seconds);
    if (distance < MINUTE) return seconds < 0 ? "in a moment" : "just now";
    const count =
      distance < HOUR
        ? `${Math.floor(distance / MINUTE)} min`
        : `${Math.floor(distance / HOUR)} h`;
    return seconds < 0 ? `in ${count}` : `${count} ago`;
  }

  function write(time, text) {
    if (time.textContent !== text) time.textContent = text;
  }

  function tick() {
    const now = Date.now();
    for (const time of document.querySelectorAll("time[data-when]")) {
      const seconds = Math.trunc((now - Date.parse(time.dateTime)) / 1000);
      // Past a day the server has written the date itself.
      if (Math.abs(seconds) < DAY) write(time, relative(seconds));
    }
    for (const time of document.querySelectorAll("time[data-since]")) {
      const seconds = Math.trunc((now - Date.parse(time.dataset.since)) / 1000);
      write(time, duration(Math.max(0, seconds)));
    }
  }

  // A time that stands alone can be focused, so that its exact value is reachable
  // without a mouse; inside a link or a row the link's own title is enough.
  function makeFocusable(root) {
    for (const time of root.querySelectorAll("time[title]:not([tabindex])")) {
      if (!time.closest("a, button, summary, [data-row], .timeline")) time.tabIndex = 0;
    }
  }

  tick();
  makeFocusable(document);
  setInterval(tick, 5000);
  document.addEventListener("visibilitychange", () => document.hidden || tick());
  document.addEventListener("htmx:load", (event) => makeFocusable(event.target));
})();
