// Lists that are put in order by dragging: data-sort on the list names the form that
// is sent, data-id stands on each row that can move. Buttons do the same without it.
"use strict";
(() => {
  for (const list of document.querySelectorAll("[data-sort]")) {
    const form = document.querySelector(list.dataset.sort);
    let dragged = null;
    let before = "";
    const ids = () => [...list.querySelectorAll("[data-id]")].map((row) => row.dataset.id);

    for (const row of list.querySelectorAll("[data-id]")) row.draggable = true;

    list.addEventListener("dragstart", (event) => {
      dragged = event.target.closest("[data-id]");
      if (!dragged) return;
      before = ids().join();
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", dragged.dataset.id);
      dragged.dataset.dragged = "";
    });
    list.addEventListener("dragover", (event) => {
      const over = event.target.closest("[data-id]");
      if (!dragged || !over) return;
      event.preventDefault();
      const box = over.getBoundingClientRect();
      const below = event.clientY > box.top + box.height / 2;
      over[below ? "after" : "before"](dragged);
    });
    list.addEventListener("drop", (event) => event.preventDefault());
    list.addEventListener("dragend", () => {
      delete dragged?.dataset.dragged;
      dragged = null;
      if (ids().join() === before) return;
      for (const id of ids()) {
        const input = document.createElement("input");
        Object.assign(input, { type: "hidden", name: "id", value: id });
        form.append(input);
      }
      form.requestSubmit();
    });
  }
})();
