// form[data-push]: asks the browser for a subscription and sends it. Its value is the
// key that says who will send. Shown only where a browser can take notifications.
"use strict";
(() => {
  const form = document.querySelector("form[data-push]");
  if (!form) return;
  const told = form.querySelector("[data-push-told]");
  const can = "serviceWorker" in navigator && "PushManager" in window;
  if (!can) {
    told.textContent = window.isSecureContext
      ? "This browser cannot take notifications. On an iPhone, add Headwater to the home screen first."
      : "Notifications need https: ask who runs Headwater.";
    return;
  }
  const button = form.querySelector("button");
  button.hidden = false;
  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  form.addEventListener("submit", async (event) => {
    if (form.elements.endpoint.value) return;
    event.preventDefault();
    button.disabled = true;
    try {
      const worker = await navigator.serviceWorker.register("/worker.js");
      await navigator.serviceWorker.ready;
      const subscription = await worker.pushManager.subscribe({
        userVisibleOnly: true,
        applicationServerKey: bytes(form.dataset.push),
      });
      const { endpoint, keys } = subscription.toJSON();
      Object.assign(form.elements.endpoint, { value: endpoint });
      Object.assign(form.elements.p256dh, { value: keys.p256dh });
      Object.assign(form.elements.auth, { value: keys.auth });
      form.submit();
    } catch (error) {
      told.textContent =
        Notification.permission === "denied"
          ? "Notifications are switched off for this site in the browser's settings."
          : `The browser did not allow it: ${error.message}`;
      button.disabled = false;
    }
  });
})();
