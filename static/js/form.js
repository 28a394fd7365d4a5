// Small helps of forms: no double submit, textareas that grow where the browser
// cannot, selects that send their form (data-submit-on-change).
"use strict";
(() => {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method === "dialog" || event.defaultPrevented || form.hasAttribute("hx-post")) return;
    if (form.dataset.busy !== undefined) {
      event.preventDefault();
      return;
    }
    form.dataset.busy = "";
  });
  // Back from the cache: the form may be sent again.
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-busy]")) delete form.dataset.busy;
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
  });

  // Ctrl-Enter sends from a textarea.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("textarea")) {
      event.target.form?.requestSubmit();
    }
  });

  if (!CSS.supports("field-sizing", "content")) {
    const grow = (area) => {
      area.style.height = "auto";
      area.style.height = `${area.scrollHeight + 2}px`;
    };
    document.addEventListener("input", (event) => {
      if (event.target.matches("textarea")) grow(event.target);
    });
  }

  // Wide parts that open at a place: a calendar at now, a picture at its asset.
  for (const box of document.querySelectorAll("[data-scroll-to]")) {
    const share = Number(box.dataset.scrollTo) || 0;
    box.scrollLeft = share * box.scrollWidth - box.clientWidth / 3;
    const focus = box.querySelector("[data-focus]");
    if (focus) {
      const down = focus.getBoundingClientRect().top - box.getBoundingClientRect().top;
      box.scrollTop = down - box.clientHeight / 2;
    }
  }
})();
