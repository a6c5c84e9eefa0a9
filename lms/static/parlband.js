/* Progressive enhancement only: every page works without this file. On a device that has kept attendance sheets or
   answers (device.js), every page sends what waits and forgets what is another person's. */
(() => {
  "use strict";
  const device = document.currentScript?.dataset.device;
  let used = false;
  try { used = Boolean(localStorage.getItem("parlband.device")); } catch { /* a browser that keeps nothing */ }
  if (!used || !device || document.querySelector("[data-sheet-session]")) return;
  const script = document.createElement("script");
  script.src = device;
  document.head.append(script);
})();
