// The service worker: shows a page on this device though no tab is open.
"use strict";
self.addEventListener("push", (event) => {
  const page = event.data ? event.data.json() : {};
  const actions = [{ action: "open", title: "Open" }];
  if (page.acknowledge_url) actions.unshift({ action: "acknowledge", title: "Acknowledge" });
  event.waitUntil(
    self.registration.showNotification(page.title || "Headwater", {
      body: page.body,
      tag: page.tag,
      renotify: Boolean(page.tag),
      requireInteraction: true,
      vibrate: [400, 200, 400, 200, 400],
      icon: "/static/favicon.svg",
      data: page,
      actions,
    }),
  );
});

// The button leads to the signed link, whose page asks for a second tap.
self.addEventListener("notificationclick", (event) => {
  const page = event.notification.data || {};
  event.notification.close();
  const wanted = event.action === "acknowledge" ? page.acknowledge_url : page.url;
  event.waitUntil(self.clients.openWindow(wanted || "/"));
});

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
