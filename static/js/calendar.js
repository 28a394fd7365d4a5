// A calendar with data-new: dragging along a row chooses a time, and opens the form for
// it. Shifts and gaps are links to the same form; with a script they open it in the
// dialog #shift-dialog. Arrow keys go from shift to shift.
"use strict";
(() => {
  const NEAR_PIXELS = 5;
  let drag = null;
  let dragged = false;

  const dialog = () => document.getElementById("shift-dialog");
  const open = async (url) => {
    const box = dialog();
    if (!box || !window.htmx) return location.assign(url);
    const part = { target: "#shift-form", select: "#override-part", swap: "innerHTML" };
    await htmx.ajax("GET", url, part);
    if (!box.open) box.showModal();
    box.querySelector("select")?.focus();
  };

  // Half hours where a day is wide enough to hit one, else hours.
  const moment = (calendar, track, x) => {
    const box = track.getBoundingClientRect();
    const [from, to] = [Number(calendar.dataset.start), Number(calendar.dataset.end)];
    const share = Math.min(Math.max((x - box.left) / box.width, 0), 1);
    const step = (box.width / (to - from)) * 86400 > 120 ? 1800 : 3600;
    return Math.round((from + share * (to - from)) / step) * step;
  };

  const draw = () => {
    const { calendar, track, mark, first, last } = drag;
    const [from, to] = [Number(calendar.dataset.start), Number(calendar.dataset.end)];
    const [low, high] = [Math.min(first, last), Math.max(first, last)];
    mark.setAttribute("x", `${((low - from) / (to - from)) * 100}%`);
    mark.setAttribute("width", `${((high - low) / (to - from)) * 100}%`);
    if (!mark.isConnected) track.append(mark);
    const words = new Intl.DateTimeFormat(undefined, {
      timeZone: calendar.dataset.zone, weekday: "short", day: "numeric",
      hour: "2-digit", minute: "2-digit", hourCycle: "h23",
    });
    const said = document.getElementById("calendar-chosen");
    if (said) said.textContent = words.formatRange(low * 1000, high * 1000);
  };

  document.addEventListener("pointerdown", (event) => {
    dragged = false;
    const track = event.target.closest?.(".calendar[data-new] .calendar__track");
    // A finger scrolls; it taps on a shift instead.
    if (!track || event.button !== 0 || event.pointerType === "touch") return;
    const calendar = track.closest(".calendar");
    const mark = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    mark.setAttribute("class", "calendar__chosen");
    mark.setAttribute("height", "100%");
    const first = moment(calendar, track, event.clientX);
    drag = { calendar, track, mark, first, last: first, x: event.clientX };
  });
  document.addEventListener("pointermove", (event) => {
    if (!drag || (!dragged && Math.abs(event.clientX - drag.x) < NEAR_PIXELS)) return;
    dragged = true;
    drag.last = moment(drag.calendar, drag.track, event.clientX);
    draw();
  });
  const stop = () => {
    drag?.mark.remove();
    drag = null;
    const said = document.getElementById("calendar-chosen");
    if (said) said.textContent = "";
  };
  document.addEventListener("pointerup", () => {
    if (drag && dragged && drag.first !== drag.last) {
      const [low, high] = [drag.first, drag.last].sort((a, b) => a - b);
      open(`${drag.calendar.dataset.new}?span=${low}-${high}`);
    }
    stop();
  });
  document.addEventListener("pointercancel", stop);
  document.addEventListener("dragstart", (event) => {
    if (event.target.closest?.(".calendar[data-new]")) event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#shift-dialog [data-close]")) event.preventDefault();
    const link = event.target.closest?.("a[href*='/overrides/new/']");
    if (!link || !dialog() || dialog().contains(link)) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    if (!dragged) open(link.getAttribute("href"));
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && drag) stop();
    const here = event.target.closest?.(".calendar a");
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!here || !step) return;
    const all = [...here.closest(".calendar__row").querySelectorAll("a")];
    all[all.indexOf(here) + step]?.focus();
    event.preventDefault();
  });
})();
