// The numbers beside Incidents and Home, and the open incidents in the tab's title,
// follow what others do: asked for when js/source.js hears that they may have changed,
// every two seconds at most, and after the connection was away.
"use strict";
(() => {
  const REST_MS = 2000;
  const url = document.querySelector("[data-counts]")?.dataset.counts;
  const title = document.title;
  const opened = new WeakSet();
  let asked = 0;
  let timer = 0;

  function entitle(number) {
    document.title = number > 0 ? `(${number}) ${title}` : title;
  }

  function show(numbers) {
    for (const place of document.querySelectorAll("[data-count]")) {
      const number = numbers[place.dataset.count];
      place.textContent = number;
      place.parentElement.hidden = number === 0;
    }
    entitle(numbers.open_incidents);
  }

  async function ask() {
    timer = 0;
    asked = Date.now();
    try {
      const answer = await fetch(url, { headers: { Accept: "application/json" } });
      // Signed out meanwhile: the page of signing in is no JSON.
      if (answer.ok && !answer.redirected) show(await answer.json());
    } catch {
      // The connection is away; it asks again once it is back.
    }
  }

  const soon = () => (timer ||= setTimeout(ask, Math.max(0, asked + REST_MS - Date.now())));

  if (!url) return;
  entitle(Number(document.querySelector("[data-count=open_incidents]")?.textContent));
  document.addEventListener("headwater:counted", soon);
  document.addEventListener("htmx:sseOpen", ({ target }) => {
    if (opened.has(target)) soon();
    opened.add(target);
  });
})();
