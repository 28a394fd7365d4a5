// Choosing a time in a calendar with data-new, to put somebody in: by dragging with the
// mouse, by holding a finger and then dragging (so that a swipe still scrolls), and by
// keyboard: Space, arrows, Enter, arrows, Enter. Tells js/calendar.js the address.
"use strict";
(() => {
  const NEAR_PIXELS = 5;
  const HOLD_MILLISECONDS = 450;
  const EDGE_PIXELS = 32;
  const HOUR = 3600;
  let drag = null;

  // Seconds a step has: about what a mouse, or a finger, can hit.
  const stepOf = (track, calendar, least) => {
    const seconds = calendar.dataset.end - calendar.dataset.start;
    const hour = (track.getBoundingClientRect().width / seconds) * HOUR;
    return [0.5, 1, 3, 6, 12].find((hours) => hours * hour >= least) * HOUR || 12 * HOUR;
  };
  const bounded = ({ calendar }, at) =>
    Math.min(Math.max(at, Number(calendar.dataset.start)), Number(calendar.dataset.end));
  const momentAt = (choice, x) => {
    const box = choice.track.getBoundingClientRect();
    const [from, to] = [Number(choice.calendar.dataset.start), Number(choice.calendar.dataset.end)];
    const at = from + ((x - box.left) / box.width) * (to - from);
    return bounded(choice, from + Math.round((at - from) / choice.step) * choice.step);
  };

  const begin = (calendar, track, least) => {
    const mark = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    mark.setAttribute("class", "calendar__chosen");
    mark.setAttribute("height", "100%");
    return { calendar, track, mark, step: stepOf(track, calendar, least), active: false };
  };
  const draw = () => {
    const { calendar, track, mark, first, last } = drag;
    const [from, to] = [Number(calendar.dataset.start), Number(calendar.dataset.end)];
    const [low, high] = [Math.min(first, last), Math.max(first, last)];
    mark.setAttribute("x", `${((low - from) / (to - from)) * 100}%`);
    mark.setAttribute("width", `${Math.max(((high - low) / (to - from)) * 100, 0.3)}%`);
    if (!mark.isConnected) track.append(mark);
    const words = new Intl.DateTimeFormat("en-GB", {
      timeZone: calendar.dataset.zone, weekday: "short", day: "numeric", month: "short",
      hour: "2-digit", minute: "2-digit", hourCycle: "h23",
    });
    say(words.formatRange(low * 1000, high * 1000));
  };
  const say = (text) => {
    const said = document.getElementById("calendar-chosen");
    if (said) said.textContent = text;
  };
  const stop = () => {
    if (!drag) return;
    clearTimeout(drag.timer);
    drag.mark.remove();
    drag = null;
    say("");
  };
  const finish = () => {
    const { calendar, first, last } = drag;
    stop();
    if (first === last) return;
    const span = `${Math.min(first, last)}-${Math.max(first, last)}`;
    const detail = `${calendar.dataset.new}?span=${span}`;
    document.dispatchEvent(new CustomEvent("calendar:chosen", { detail }));
  };

  document.addEventListener("pointerdown", (event) => {
    stop();
    const track = event.target.closest?.(".calendar[data-new] .calendar__track");
    if (!track || event.button !== 0) return;
    const touch = event.pointerType === "touch";
    drag = begin(track.closest(".calendar"), track, touch ? 6 : 2);
    drag = { ...drag, touch, x: event.clientX, y: event.clientY };
    drag.first = drag.last = momentAt(drag, event.clientX);
    if (!touch) return;
    drag.timer = setTimeout(() => {
      drag.active = true;
      draw();
    }, HOLD_MILLISECONDS);
  });
  document.addEventListener("pointermove", (event) => {
    if (!drag || drag.keyed) return;
    const far = Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > NEAR_PIXELS;
    if (!drag.active && !far) return;
    if (!drag.active && drag.touch) return stop(); // a swipe
    drag.active = true;
    const box = drag.calendar.getBoundingClientRect();
    if (event.clientX > box.right - EDGE_PIXELS) drag.calendar.scrollLeft += 8;
    if (event.clientX < box.left + EDGE_PIXELS) drag.calendar.scrollLeft -= 8;
    drag.last = momentAt(drag, event.clientX);
    draw();
  });
  document.addEventListener("pointerup", () => {
    if (!drag || drag.keyed) return;
    if (!drag.active) return stop();
    // The click that follows is the end of the drag, not a choice of a shift.
    const swallow = (event) => { event.preventDefault(); event.stopPropagation(); };
    addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => removeEventListener("click", swallow, { capture: true }), 50);
    finish();
  });
  document.addEventListener("pointercancel", stop);
  // While a held finger draws, it neither scrolls nor opens the menu of a link.
  const keep = (event) => { if (drag?.touch && drag.active) event.preventDefault(); };
  document.addEventListener("touchmove", keep, { passive: false });
  document.addEventListener("contextmenu", (event) => { if (drag?.touch) event.preventDefault(); });
  document.addEventListener("dragstart", (event) => {
    if (event.target.closest?.(".calendar[data-new]")) event.preventDefault();
  });

  const startByKey = (focused) => {
    const calendar = focused.closest(".calendar[data-new]");
    const row = focused.closest(".calendar__row") ||
      calendar?.querySelector(".calendar__row:last-child");
    const track = row?.querySelector(".calendar__track");
    if (!track) return;
    const shift = parseFloat(focused.querySelector("svg")?.getAttribute("x"));
    drag = { ...begin(calendar, track, 0), keyed: true, step: HOUR };
    const now = Math.ceil(Date.now() / 1000 / HOUR) * HOUR;
    const box = track.getBoundingClientRect();
    const left = box.left + (shift / 100) * box.width;
    drag.first = drag.last = shift >= 0 ? momentAt(drag, left) : bounded(drag, now);
    draw();
  };
  const moveByKey = (hours) => {
    drag.last = bounded(drag, drag.last + hours * HOUR);
    if (!drag.fixed) drag.first = drag.last;
    draw();
  };
  const HOURS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 24, ArrowUp: -24 };
  document.addEventListener("keydown", (event) => {
    if (drag && event.key === "Escape") return stop();
    if (drag?.keyed && HOURS[event.key]) moveByKey(HOURS[event.key]);
    else if (drag?.keyed && ["Enter", " "].includes(event.key)) {
      if (drag.fixed) finish();
      else drag.fixed = true;
    } else if (event.key === " " && event.target.closest?.(".calendar[data-new]")) {
      startByKey(event.target);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }, { capture: true });
})();
