// Puts things into the text of an editor: [data-insert="#fact"] a fact on record at the
// cursor, [data-reword="wording"] another wording in place of its data-old. Without it
// each is a button that posts.
"use strict";
(() => {
  const body = document.querySelector("#id_body");

  function replace(start, end, text) {
    body.focus();
    body.setSelectionRange(start, end);
    // Unlike setRangeText this can be undone with Ctrl-Z.
    if (!document.execCommand("insertText", false, text)) {
      body.setRangeText(text, start, end, "end");
      body.dispatchEvent(new Event("input", { bubbles: true }));
    }
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
    const end = body.value.indexOf("\n", cursor ?? body.value.length);
    const at = end < 0 ? body.value.length : end;
    const line = body.value.slice(0, at).split("\n").pop();
    const isItem = (one) => /^[-*+] /.test(one);
    const gap = !line ? "" : isItem(text) && isItem(line) ? "\n" : "\n\n";
    replace(at, at, gap + text);
    cursor = body.selectionEnd;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-reword], [data-insert]");
    if (!button) return;
    event.preventDefault();
    if (button.dataset.insert) insert(document.querySelector(button.dataset.insert).textContent);
    else reword(button);
  });
})();
