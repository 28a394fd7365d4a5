// Keys: ? / c, g then a letter, j k x in a list, and data-key="a" on any button,
// link or field of the page. The list of keys in the help dialog is read from them.
"use strict";
(() => {
  const GO_WAIT_MS = 1200;
  let goUntil = 0;

  const visible = (element) => element.checkVisibility({ visibilityProperty: true });
  // What stands in a closed menu has its key all the same.
  const reachable = (element) =>
    visible(element.closest("details[data-menu]:not([open])") ?? element);
  const first = (selector) => [...document.querySelectorAll(selector)].find(visible);
  const withKey = () => [...document.querySelectorAll("[data-key]")].filter(reachable);

  function isTyping(target) {
    return target.matches("input:not([type=checkbox], [type=radio]), textarea, select") ||
      target.isContentEditable;
  }

  function use(element) {
    if (!element) return false;
    if (element.matches("input:not([type=checkbox]), textarea, select")) element.focus();
    else element.click();
    return true;
  }

  function moveInList(step) {
    const links = [...document.querySelectorAll("[data-row] .row__link, [data-row] a[data-row-link]")]
      .filter(visible);
    if (!links.length) return false;
    const at = links.findIndex((link) => link.closest("[data-row]").contains(document.activeElement));
    const next = at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step;
    const link = links[Math.min(links.length - 1, Math.max(0, next))];
    link.focus({ preventScroll: true });
    link.closest("[data-row]").scrollIntoView({ block: "nearest" });
    return true;
  }

  function select() {
    const box = document.activeElement.closest?.("[data-row]")
      ?.querySelector("input[type=checkbox]");
    return use(box);
  }

  function act(key) {
    if (performance.now() < goUntil) {
      goUntil = 0;
      return use(document.querySelector(`a[data-go="${CSS.escape(key)}"]`));
    }
    if (key === "g") {
      goUntil = performance.now() + GO_WAIT_MS;
      return true;
    }
    if (key === "?") return use(document.querySelector("[data-dialog=keys]"));
    if (key === "/") return use(first("[data-search]"));
    if (key === "j") return moveInList(1);
    if (key === "k") return moveInList(-1);
    if (key === "x") return select();
    if (use(withKey().find((it) => it.dataset.key === key && !it.disabled))) return true;
    return key === "c" && use(document.querySelector("[data-go-declare]"));
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && isTyping(event.target)) event.target.blur();
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    if (act(event.key)) event.preventDefault();
  });

  document.addEventListener("headwater:open", (event) => {
    const list = event.target.querySelector("[data-page-keys]");
    if (!list) return;
    list.replaceChildren();
    for (const element of withKey()) {
      const term = document.createElement("dt");
      term.append(Object.assign(document.createElement("kbd"), { textContent: element.dataset.key }));
      const text = element.dataset.keyName || element.getAttribute("aria-label") ||
        element.textContent.trim() || element.labels?.[0]?.textContent.trim();
      list.append(term, Object.assign(document.createElement("dd"), { textContent: text }));
    }
    list.closest("section").hidden = !list.children.length;
  });
})();
