/* What changes by itself on the screen in the room and in the trainer's list: both pages work without this file.
   The page is fetched again, and its parts that say data-live take the place of those on the screen. */
(() => {
  "use strict";
  const body = document.body;
  const every = Number(body.dataset.every ?? 0) * 1000;
  if (!every) return;
  const patience = Number(body.dataset.last ?? 20) * 1000;
  const lost = document.querySelector("[data-lost]");
  const words = document.querySelector("[data-lost-words]")?.content.textContent ?? "";
  const shown = new Map();
  let heard = performance.now(), next = heard + every, until = 0, asking = false;

  const read = (page) => {
    const timed = page.querySelector("[data-left]");
    until = timed ? performance.now() + Number(timed.dataset.left) * 1000 : 0;
    timed?.removeAttribute("data-left");
    return [...page.querySelectorAll("[data-live]")];
  };
  read(document).forEach((part) => shown.set(part.dataset.live, part.outerHTML));

  const replace = (fresh) => {
    const name = fresh.dataset.live, text = fresh.outerHTML;
    if (shown.get(name) === text) return;
    shown.set(name, text);
    document.querySelector(`[data-live="${name}"]`)?.replaceWith(document.adoptNode(fresh));
  };
  const say = (isLost) => {
    body.classList.toggle("is-lost", isLost);
    if (lost && lost.textContent !== (isLost ? words : "")) lost.textContent = isLost ? words : "";
  };
  const count = () => {
    const row = document.querySelector("[data-countdown]");
    if (!row || !until) return;
    const seconds = Math.max(0, Math.ceil((until - performance.now()) / 1000));
    row.hidden = false;
    row.querySelector("[data-seconds]").textContent = seconds;
    row.querySelectorAll(".bd").forEach((bead, place) => bead.classList.toggle("on", place < seconds));
  };
  const ask = async () => {
    asking = true;
    try {
      const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(5000) });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const parts = answer.ok ? read(page) : [];
      if (parts.length) { parts.forEach(replace); heard = performance.now(); }
    } catch { /* no network: asked again in a moment, and told when it lasts */ }
    const now = performance.now();
    next = until > now ? Math.min(now + every, until + 30) : now + every;
    asking = false;
    say(now - heard > patience);
    count();
  };
  setInterval(() => { count(); if (!asking && !document.hidden && performance.now() >= next) ask(); }, 250);
  document.addEventListener("visibilitychange", () => { if (!document.hidden && !asking) ask(); });
  count();
  next = until ? Math.min(next, until + 30) : next;
})();
