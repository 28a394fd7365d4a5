// The live connection rests while its tab is hidden: browsers allow six connections
// to a server on HTTP/1.1, and forgotten tabs would use them up. On return it opens
// again, and js/news.js then asks for every part once. Each also listens for what the
// numbers of the frame count, which js/counts.js asks for.
"use strict";
(() => {
  const HIDDEN_MS = 15000;

  class RestingSource {
    #listeners = [];
    #inner = null;
    #timer = 0;
    #over = false;

    constructor(url) {
      const full = new URL(url, location);
      full.searchParams.append("count", "incidents");
      this.url = full.href;
      this.addEventListener("counted", () => document.dispatchEvent(new Event("headwater:counted")));
      document.addEventListener("visibilitychange", this.#look);
      this.#connect();
    }

    get readyState() {
      if (this.#over) return EventSource.CLOSED;
      return this.#inner?.readyState ?? EventSource.CONNECTING;
    }

    addEventListener(type, listener) {
      this.#listeners.push([type, listener]);
      this.#inner?.addEventListener(type, listener);
    }

    removeEventListener(type, listener) {
      this.#listeners = this.#listeners.filter(([t, l]) => t !== type || l !== listener);
      this.#inner?.removeEventListener(type, listener);
    }

    close() {
      this.#over = true;
      document.removeEventListener("visibilitychange", this.#look);
      clearTimeout(this.#timer);
      this.#inner?.close();
    }

    #connect() {
      this.#inner = new EventSource(this.url);
      for (const [type, listener] of this.#listeners) this.#inner.addEventListener(type, listener);
      this.#inner.onopen = (event) => this.onopen?.(event);
      this.#inner.onerror = (event) => {
        // Refused for good: htmx makes a new source, this one must not wake again.
        if (this.#inner.readyState === EventSource.CLOSED) this.close();
        this.onerror?.(event);
      };
    }

    #look = () => {
      clearTimeout(this.#timer);
      if (!document.hidden) {
        if (!this.#inner) this.#connect();
        return;
      }
      this.#timer = setTimeout(() => {
        this.#inner?.close();
        this.#inner = null;
      }, HIDDEN_MS);
    };
  }

  window.htmx.createEventSource = (url) => new RestingSource(url);
})();
