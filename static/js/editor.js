// The editor of a postmortem: form[data-editor="address of the API"] saves after a
// pause; with data-not-stored="#stored" it holds text that was refused. Without this
// the Save button does it.
"use strict";
(() => {
  const form = document.querySelector("#postmortem-form");
  const [PAUSE_MS, RETRY_MS] = [3000, 10000];
  const [title, body, version] = ["title", "body", "version"].map((name) => form.elements[name]);
  const changed = (field) => field.dispatchEvent(new Event("input", { bubbles: true }));

  // Refused text stays in this browser as not stored until it is.
  if (form.dataset.notStored) {
    const mine = body.value;
    body.defaultValue = document.querySelector(form.dataset.notStored).value;
    body.value = mine; // an untouched field follows its default
    changed(body);
  }
  // Text put back here was written on top of another version: saving shows both.
  if (body.dataset.draftStale !== undefined) version.value = 0;
  if (!form.dataset.editor) return;

  const state = form.querySelector("[data-editor-state]");
  const isSaved = () => body.value === body.defaultValue && title.value === title.defaultValue;
  if (!isSaved()) {
    state.textContent = "Not saved yet";
    addEventListener("load", () => window.htmx.trigger("#preview", "refresh"));
  }
  let timer, waiting, busy, stopped;

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
      timer = setTimeout(save, RETRY_MS);
    }
    busy = false;
    if (waiting) form.requestSubmit(waiting);
  }

  form.addEventListener("input", () => {
    if (isSaved() || stopped) return;
    state.textContent = "Not saved yet";
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE_MS);
  });
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (!busy) return;
    event.preventDefault();
    waiting = event.submitter;
  });
})();
