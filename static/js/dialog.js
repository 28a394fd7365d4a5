// data-dialog="id" opens <dialog id="id">; on a link, the link is where a browser
// without scripts goes instead. A click on the veil closes; focus returns by itself.
"use strict";
(() => {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    const dialog = opener && document.getElementById(opener.dataset.dialog);
    if (dialog) {
      event.preventDefault();
      if (dialog.open) return;
      dialog.dispatchEvent(new CustomEvent("headwater:open", { bubbles: true }));
      dialog.showModal();
      return;
    }
    if (event.target.matches("dialog[open]")) {
      const box = event.target.getBoundingClientRect();
      const inside =
        event.clientX >= box.left && event.clientX <= box.right &&
        event.clientY >= box.top && event.clientY <= box.bottom;
      // A dialog with something typed in it stays: a slip must not lose text.
      const typed = [...event.target.querySelectorAll("input, textarea")]
        .some((field) => field.value !== field.defaultValue && !field.closest(".palette"));
      if (!inside && !typed) event.target.close();
    }
    if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
  });
})();
