// button[data-copy]: copies the text of the element it names ("#id"), or of the
// <pre> or <code> beside it.
"use strict";
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = button.dataset.copy
    ? document.querySelector(button.dataset.copy)
    : button.parentElement.querySelector("pre, code, input");
  const text = source.value ?? source.textContent;
  const word = button.textContent;
  try {
    await navigator.clipboard.writeText(text.trim());
    button.textContent = "Copied";
  } catch {
    // Without HTTPS there is no clipboard: select, so that the keys can do it.
    getSelection().selectAllChildren(source);
    button.textContent = "Selected";
  }
  setTimeout(() => (button.textContent = word), 1500);
});
