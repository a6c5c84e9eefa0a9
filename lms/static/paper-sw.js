/* Scanning without network: below /v/ this worker shows one kept page instead of the register's. It keeps that page
   with its parts, and the issuer's keys; the script of the page keeps lists of revocations. No page about a person is
   ever kept. The worker of attendance sheets (sw.js) is another one. */
"use strict";
const STORE = "parlband-paper", PATIENCE = 8000, FRESH = 86400000;
const SHELL = new URL("offline", self.registration.scope).href;

self.addEventListener("install", (event) => event.waitUntil(renew().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => { if (event.data === "renew") event.waitUntil(renew(FRESH).catch(() => {})); });

self.addEventListener("fetch", (event) => {
  const { request } = event, { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (pathname.includes("/static/")) event.respondWith(part(request));
});

async function page(request) {
  const asked = fetch(request), shell = await kept(SHELL);
  try {
    const answer = await (shell ? Promise.race([asked, late()]) : asked);
    return answer.status >= 502 && shell ? shell : answer;
  } catch {
    asked.catch(() => {});
    return shell ?? Response.error();
  }
}

async function part(request) {
  return (await kept(request.url)) ?? fetch(request);
}

async function kept(url) {
  return (await caches.open(STORE)).match(url, { ignoreVary: true });
}

function late() {
  return new Promise((_done, fail) => { setTimeout(() => fail(new Error("late")), PATIENCE); });
}

/* The page and what it consists of, together: an old page never stands with new parts. */
async function renew(age = 0) {
  const before = await kept(SHELL);
  if (before && Date.now() - Date.parse(before.headers.get("Kept-At")) < age) return;
  const shell = await fresh(SHELL), html = await shell.clone().text();
  const named = [...html.matchAll(/ (?:href|src|data-keys)="([^"]*(?:\/static\/|did\.json)[^"]*)"/g)];
  const parts = named.map(([, found]) => new URL(found.replaceAll("&amp;", "&"), SHELL).href);
  const answers = await Promise.all(parts.map(fresh)), store = await caches.open(STORE);
  await Promise.all(parts.map((url, number) => store.put(url, answers[number])));
  await store.put(SHELL, shell);
  for (const { url } of await store.keys()) if (url.includes("/static/") && !parts.includes(url)) await store.delete(url);
}

async function fresh(url) {
  const answer = await fetch(url, { credentials: "omit", cache: "no-cache" });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  const headers = new Headers(answer.headers);
  ["Content-Encoding", "Content-Length", "Vary"].forEach((name) => headers.delete(name));
  headers.set("Kept-At", new Date().toISOString());
  return new Response(await answer.blob(), { headers });
}
