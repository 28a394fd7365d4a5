// The editor of a postmortem, form[data-editor="address of the API"]: saves after a
// pause, puts facts and other wordings in place. Without it each is a button that posts.
"use strict";
(() => {
  const form = document.querySelector("#postmortem-form");
  if (!form) return;
  const PAUSE_MS = 3000;
  const RETRY_MS = 10000;
  const [title, body, version] = ["title", "body", "version"].map((name) => form.elements[name]);
  const changed = (field) => field.dispatchEvent(new Event("input", { bubbles: true }));

  function replace(start, end, text) {
    body.focus();
    body.setSelectionRange(start, end);
    // Unlike setRangeText this can be undone with Ctrl-Z.
    if (document.execCommand("insertText", false, text)) return;
    body.setRangeText(text, start, end, "end");
    changed(body);
  }

  // Offsets count characters; JavaScript counts UTF-16 units.
  function reword({ value, dataset: { old, reword: wording } }) {
    const near = [...body.value].slice(0, parseInt(value, 10)).join("").length;
    const at = body.value.startsWith(old, near) ? near : body.value.indexOf(old);
    if (at >= 0) replace(at, at + old.length, wording);
  }

  let cursor = null;
  body.addEventListener("blur", () => (cursor = body.selectionEnd));
  function insert(text) {
    const at = cursor ?? body.value.length;
    const before = body.value.slice(0, at);
    const isItem = (line) => /^[-*+] /.test(line);
    const joins = isItem(text) && isItem(before.trimEnd().split("\n").pop());
    const gap = !before || before.endsWith("\n\n") ? "" : joins || before.endsWith("\n") ? "\n" : "\n\n";
    replace(at, at, gap + text + (body.value[at] === "\n" ? "" : "\n"));
    cursor = body.selectionEnd;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-reword], [data-insert]");
    if (!button) return;
    event.preventDefault();
    if (button.dataset.insert) insert(document.querySelector(button.dataset.insert).textContent);
    else reword(button);
  });

  // Refused text stays in this browser as not stored until it is.
  if (form.dataset.notStored) {
    body.defaultValue = document.querySelector(form.dataset.notStored).value;
    changed(body);
  }
  // Text put back here was written on top of another version: saving shows both.
  if (body.dataset.draftStale !== undefined) version.value = 0;
  if (!form.dataset.editor) return;

  const state = form.querySelector("[data-editor-state]");
  let timer, waiting, busy, stopped;
  const isSaved = () => body.value === body.defaultValue && title.value === title.defaultValue;
  function later(ms) {
    clearTimeout(timer);
    timer = setTimeout(save, ms);
  }

  function keep(sent, told) {
    version.value = told.version;
    [title.defaultValue, body.defaultValue] = [sent.title, sent.body];
    state.textContent = `Saved as version ${told.version} at ${new Date().toTimeString().slice(0, 5)}`;
    for (const field of [title, body]) changed(field);
  }

  async function save() {
    if (busy || stopped || isSaved()) return;
    busy = true;
    const sent = { title: title.value, body: body.value, version: Number(version.value) };
    const headers = { "Content-Type": "application/json", ...JSON.parse(document.body.getAttribute("hx-headers")) };
    try {
      const answer = await fetch(form.dataset.editor, { method: "PATCH", headers, body: JSON.stringify(sent) });
      const told = await answer.json();
      stopped = answer.status === 409;
      if (answer.ok) keep(sent, told);
      else if (stopped) state.textContent = "Not saved: the text was changed elsewhere. Save to see both.";
      else state.textContent = `Not saved: ${Object.values(told).flat().join(" ")}`;
    } catch {
      state.textContent = "No connection. Your text is kept in this browser.";
      later(RETRY_MS);
    }
    busy = false;
    if (waiting) form.requestSubmit(waiting);
  }

  form.addEventListener("input", () => {
    if (isSaved() || stopped) return;
    state.textContent = "Not saved yet";
    later(PAUSE_MS);
  });
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (!busy) return;
    event.preventDefault();
    waiting = event.submitter;
  });
})();
