/* Attendance sheets without network. Network first; what this device has opened, when there is none.
   Only open sheets are kept, for three days at most; signing and signing out remove them. Answers are not kept here
   but in IndexedDB (device.js). */
"use strict";
const SHEETS = "parlband-sheets", PARTS = "parlband-parts";
const DAYS = 3, PATIENCE = 6000; /* milliseconds a slow network gets before the kept sheet is shown */
const SHEET = /\/sessions\/\d+\/attendance$/;
const here = new URL(self.registration.scope).pathname;
let forgotten = 0; /* what was asked for before a sign-out is not kept after it */

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(Promise.all([self.clients.claim(), prune()])));

self.addEventListener("fetch", (event) => {
  const { request } = event, { origin, pathname } = new URL(request.url);
  if (origin !== self.location.origin) return;
  if (request.method === "POST" && pathname.endsWith("/sign-out")) event.waitUntil(forget());
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(SHEET.test(pathname) ? sheet(event, pathname) : page(request));
  else if (pathname.includes("/static/")) event.respondWith(part(request));
});

self.addEventListener("message", (event) => {
  const { keep: path, drop, forget: all, parts = [], stored } = event.data;
  const reply = (said) => event.ports[0]?.postMessage(said);
  const work = async () => {
    if (all) return forget();
    if (drop) return remove(drop);
    await prune();
    const cache = await caches.open(PARTS);
    const page = new Request(`${here}offline`, { credentials: "omit" }); /* nobody's: it names no one */
    await Promise.all([...parts, page].map(async (one) => (await cache.match(one)) || cache.add(one)));
    const since = forgotten;
    if (!stored || !(await kept(path))) await store(path, await fetch(path, { credentials: "same-origin" }), since);
    await tidy(cache, [...parts, page.url]);
    return Boolean(await kept(path));
  };
  event.waitUntil(work().then(reply, () => reply(false)));
});

async function sheet(event, path) {
  const asked = fetch(event.request);
  const old = await kept(path), since = forgotten;
  try {
    const answer = await (old ? Promise.race([asked, late()]) : asked);
    if (answer.status >= 502 && old) return old;
    event.waitUntil(store(path, answer.clone(), since));
    return answer;
  } catch {
    asked.catch(() => {});
    return old ?? offline();
  }
}

async function page(request) {
  try {
    return await fetch(request);
  } catch {
    return offline();
  }
}

async function part(request) {
  return (await caches.match(request)) ?? fetch(request);
}

async function offline() {
  return (await caches.match(`${here}offline`)) ?? Response.error();
}

function late() {
  return new Promise((_done, fail) => { setTimeout(() => fail(new Error("late")), PATIENCE); });
}

/* Keep an open sheet; what is not one (signed, refused, gone) replaces nothing and is not left behind either. */
async function store(path, answer, since = forgotten) {
  if (answer.type === "opaqueredirect" || answer.redirected || answer.status >= 500) return;
  const html = answer.ok ? await answer.text() : "";
  const told = html.match(/ data-offline-sheet="([^"]*)"/), person = html.match(/<body[^>]* data-person="(\d+)"/);
  if (!told || !person) { await remove(path); return; }
  if (since !== forgotten) return;
  const at = new Date().toISOString(), headers = new Headers(answer.headers);
  ["Content-Encoding", "Content-Length", "Set-Cookie", "Vary"].forEach((name) => headers.delete(name));
  headers.set("Kept-At", at);
  headers.set("Kept-For", person[1]);
  headers.set("Kept-Title", encodeURIComponent(told[1].replaceAll("&amp;", "&").replaceAll("&#39;", "'").replaceAll("&#34;", '"')));
  const marked = html.replace("<html ", `<html data-kept="${at}" `);
  await (await caches.open(SHEETS)).put(path, new Response(marked, { status: 200, headers }));
}

/* Parts of earlier versions go when no other kept page can need them. */
async function tidy(cache, needed) {
  if ((await (await caches.open(SHEETS)).keys()).length > 1) return;
  for (const request of await cache.keys()) if (!needed.includes(request.url)) await cache.delete(request);
}

async function kept(path) {
  const found = await caches.match(path, { cacheName: SHEETS });
  if (found && Date.now() - Date.parse(found.headers.get("Kept-At")) > DAYS * 86400000) { await remove(path); return undefined; }
  return found;
}

async function remove(path) {
  if (await caches.has(SHEETS)) await (await caches.open(SHEETS)).delete(path);
}

async function prune() {
  if (!(await caches.has(SHEETS))) return;
  for (const { url } of await (await caches.open(SHEETS)).keys()) await kept(new URL(url).pathname);
}

/* Signing out: sheets and what was sent go. Answers that are not sent stay, for the same person only. */
async function forget() {
  forgotten += 1;
  await Promise.all([caches.delete(SHEETS), caches.delete(PARTS)]);
  await new Promise((done) => {
    const asked = indexedDB.open("parlband");
    asked.onerror = done;
    asked.onsuccess = () => {
      const base = asked.result;
      if (!base.objectStoreNames.contains("sheets")) { base.close(); indexedDB.deleteDatabase("parlband"); done(); return; }
      const work = base.transaction("sheets", "readwrite");
      work.objectStore("sheets").clear();
      work.oncomplete = work.onabort = () => { base.close(); done(); };
    };
  });
}
