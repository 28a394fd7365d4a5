// The name of a bar that begins to the left of what is seen of a wide calendar moves into
// sight; where no part of the bar is seen, and without a script, it stays at its start.
"use strict";
(() => {
  const PADDING = 8;

  const keepInSight = (calendar) => {
    if (calendar.scrollWidth <= calendar.clientWidth) return;
    const names = [...calendar.querySelectorAll(".shift > text, .gap > text")];
    const edge = calendar.querySelector(".calendar__name").getBoundingClientRect().right;
    const places = names.map((name) => {
      const bar = name.parentElement.querySelector("rect").getBoundingClientRect();
      const room = bar.width - name.getComputedTextLength() - 2 * PADDING;
      return PADDING + Math.max(0, Math.min(edge - bar.left, room));
    });
    names.forEach((name, index) => name.setAttribute("x", places[index]));
  };

  const all = () => document.querySelectorAll(".calendar").forEach(keepInSight);
  let waits = false;
  const soon = () => {
    if (waits) return;
    waits = true;
    requestAnimationFrame(() => {
      waits = false;
      all();
    });
  };
  const onScroll = (event) => event.target.matches?.(".calendar") && soon();
  document.addEventListener("scroll", onScroll, { capture: true, passive: true });
  document.addEventListener("htmx:afterSwap", soon);
  window.addEventListener("resize", soon);
  soon();
})();
