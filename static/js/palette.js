// Ctrl-K: every visible or menu link and button that carries data-command, by name.
"use strict";
(() => {
  const dialog = document.getElementById("palette");
  if (!dialog) return;
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("[role=listbox]");
  let acts = [];

  function collect() {
    const seen = new Set();
    acts = [];
    // Acts of the page itself come first, those of the frame after them.
    const found = [...document.querySelectorAll("[data-command]")].filter(
      (element) => !element.disabled,
    );
    found.sort((a, b) => Boolean(b.closest("main")) - Boolean(a.closest("main")));
    for (const element of found) {
      const name = element.dataset.command || element.textContent.trim();
      if (!name || seen.has(name)) continue;
      seen.add(name);
      const go = element.dataset.go && `g ${element.dataset.go}`;
      acts.push({ name, element, key: element.dataset.key || go || "" });
    }
  }

  // Every word typed must begin a word of the name.
  function matches(name, words) {
    const parts = name.toLowerCase().split(/[\s:/-]+/);
    return words.every((word) => parts.some((part) => part.startsWith(word)));
  }

  function show() {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = acts.filter((act) => matches(act.name, words));
    list.replaceChildren(...found.map((act, index) => {
      const item = document.createElement("li");
      Object.assign(item, { className: "palette__item", id: `act-${index}`, role: "option" });
      item.setAttribute("role", "option");
      item.textContent = act.name;
      if (act.key) item.append(Object.assign(document.createElement("kbd"), { textContent: act.key }));
      item.act = act;
      return item;
    }));
    if (!found.length) {
      list.append(Object.assign(document.createElement("li"), {
        className: "palette__none",
        textContent: "No act of that name here. Enter searches for it.",
      }));
    }
    mark(0);
  }

  function mark(index) {
    const items = [...list.querySelectorAll("[role=option]")];
    items.forEach((item, i) => item.setAttribute("aria-selected", String(i === index)));
    input.setAttribute("aria-activedescendant", items[index]?.id ?? "");
    items[index]?.scrollIntoView({ block: "nearest" });
  }

  function run(item) {
    dialog.close();
    if (item?.act) {
      item.act.element.click();
      return;
    }
    const search = document.querySelector("[data-search]");
    if (!search || !input.value) return;
    search.value = input.value;
    search.form.requestSubmit();
  }

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (dialog.open) return dialog.close();
    collect();
    input.value = "";
    show();
    dialog.showModal();
  });
  input.addEventListener("input", show);
  list.addEventListener("click", (event) => run(event.target.closest("[role=option]")));
  input.addEventListener("keydown", (event) => {
    const items = [...list.querySelectorAll("[role=option]")];
    const at = items.findIndex((item) => item.getAttribute("aria-selected") === "true");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && items.length) mark((at + step + items.length) % items.length);
    else if (event.key === "Enter") run(items[at]);
    else return;
    event.preventDefault();
  });
})();
