/* What a device keeps of attendance: answers that are to be sent (outbox), what is filled in and not saved (drafts),
   and rows as the server last told them (sheets). Everything is kept per person; nobody sends or sees what another
   person left. An answer has one nonce for ever, so sending it again is harmless. */
(() => {
  "use strict";
  const person = Number(document.body.dataset.person ?? 0);
  const FLAG = "parlband.device", OFFSET = "parlband.offset";
  const STORES = { outbox: "nonce", drafts: ["person", "session"], sheets: ["person", "session"] };
  const possible = Boolean(window.indexedDB && window.crypto?.randomUUID);
  const recall = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const recorded = (name, value) => { try { localStorage.setItem(name, value); } catch { /* only a convenience */ } };
  const used = () => Boolean(recall(FLAG));

  /* --- the database ------------------------------------------------------------------------------------------- */
  let opened;
  const base = () => (opened ??= new Promise((done, fail) => {
    const asked = indexedDB.open("parlband", 1);
    asked.onupgradeneeded = () => {
      for (const [name, keyPath] of Object.entries(STORES)) asked.result.createObjectStore(name, { keyPath });
    };
    asked.onerror = () => fail(asked.error);
    asked.onsuccess = () => {
      asked.result.onversionchange = () => { asked.result.close(); opened = undefined; };
      done(asked.result);
    };
  }).catch((trouble) => { opened = undefined; throw trouble; }));
  /* One transaction over the named stores; `act` gets them and may not wait for anything else. On the disk when done. */
  const within = async (names, mode, act) => {
    const work = (await base()).transaction(names, mode, { durability: "strict" });
    const stores = Object.fromEntries(names.map((name) => [name, work.objectStore(name)]));
    return new Promise((done, fail) => {
      const result = {};
      act(stores, result);
      work.oncomplete = () => done(result);
      work.onerror = work.onabort = () => fail(work.error);
    });
  };
  const all = async (name) => {
    const { found } = await within([name], "readonly", (stores, result) => {
      stores[name].getAll().onsuccess = (event) => { result.found = event.target.result; };
    });
    return found;
  };
  const one = async (name, session) => (await all(name)).find((each) => each.person === person && each.session === session);
  const put = (name, value) => within([name], "readwrite", (stores) => { stores[name].put(value); });
  const waiting = async () => (await all("outbox")).filter((each) => each.person === person)
    .sort((one, other) => one.number - other.number);
  const count = (records) => new Set(records.flatMap((each) => Object.keys(each.rows).map((id) => `${each.session}:${id}`))).size;

  /* --- the clock ---------------------------------------------------------------------------------------------- */
  const offset = () => Number(recall(OFFSET) ?? 0);
  const now = () => Date.now() + offset();

  /* --- sending ------------------------------------------------------------------------------------------------ */
  const link = { state: "ok" }; /* ok, offline, busy, out (signed out), other (somebody else is signed in) */
  const ask = async (url, options) => {
    let answer;
    try {
      answer = await fetch(url, { redirect: "manual", credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout?.(20000), ...options });
      if (answer.type === "opaqueredirect") return { link: "out" };
      if (answer.status >= 500 || answer.status === 429) return { link: "busy" };
      return { link: "ok", status: answer.status, said: (answer.headers.get("Content-Type") ?? "").includes("json") ? await answer.json() : {} };
    } catch {
      return { link: answer ? "busy" : "offline" }; /* the answer broke off, or never came: it is asked for again */
    }
  };
  const askState = async (session, url) => {
    const sent = Date.now(), heard = await ask(url);
    if (heard.status === 200) {
      if (heard.said.person !== person) return { link: "other" };
      recorded(OFFSET, String(Math.round(Date.parse(heard.said.now) - (sent + Date.now()) / 2)));
      await put("sheets", { person, session, rows: heard.said.rows });
      tell("rows", { session, ...heard.said });
    }
    return heard;
  };
  const post = (record, token) => {
    const body = new URLSearchParams({ csrf_token: token, nonce: record.nonce, person: String(record.person), marked_at: new Date(record.markedAt).toISOString() });
    if (record.waited || now() - record.markedAt > 60000) body.set("waited", "1");
    for (const [id, row] of Object.entries(record.rows)) {
      for (const name of ["seen", "state", "came", "left", "absence"]) body.set(`${name}${id}`, row[name] ?? "");
    }
    return ask(record.urls.send, { method: "POST", body });
  };
  /* What the server answered, in one step: the record leaves the outbox, rows that need their person become a draft,
     and what was written is what later records of the sheet have seen. */
  const settle = (record, said, notes) => within(["outbox", "drafts", "sheets"], "readwrite", ({ outbox, drafts, sheets }) => {
    outbox.delete(record.nonce);
    const key = [record.person, record.session];
    if (said.rows) sheets.put({ person: record.person, session: record.session, rows: said.rows });
    outbox.getAll().onsuccess = ({ target }) => {
      const later = target.result.filter((each) => each.person === record.person && each.session === record.session);
      for (const each of later) {
        for (const [id, row] of Object.entries(each.rows)) {
          const mine = record.rows[id];
          if (mine && !notes[id] && said.rows?.[id] && row.seen === mine.seen) row.seen = said.rows[id].seen;
        }
        outbox.put(each);
      }
      drafts.get(key).onsuccess = (event) => {
        const draft = event.target.result ?? { person: record.person, session: record.session, urls: record.urls, label: record.label, at: record.markedAt, rows: {} };
        for (const [id, mine] of Object.entries(record.rows)) {
          const newer = draft.rows[id], note = notes[id];
          if (note && !later.some((each) => each.rows[id])) draft.rows[id] = { ...(newer ?? mine), seen: note.seen ?? mine.seen, note };
          else if (newer && !note && said.rows?.[id] && newer.seen === mine.seen) newer.seen = said.rows[id].seen;
        }
        if (Object.keys(draft.rows).length) drafts.put(draft); else drafts.delete(key);
      };
    };
  });
  const notesOf = (record, heard) => {
    const { said } = heard, every = (note) => Object.fromEntries(Object.keys(record.rows).map((id) => [id, note]));
    if (heard.status !== 200) return every({ kind: said.code === "signed" ? "signed" : "refused", told: said.told ?? "" });
    return Object.fromEntries([
      ...said.taken.map((id) => [id, { kind: "taken", seen: said.rows[id].seen }]),
      ...Object.entries(said.errors).map(([id, told]) => [id, { kind: "error", told }]),
      ...said.gone.map((id) => [id, { kind: "gone" }]),
    ]);
  };
  /* What could not be sent at once has waited, and says so when it comes. */
  const unsent = () => within(["outbox"], "readwrite", ({ outbox }) => {
    outbox.getAll().onsuccess = ({ target }) => target.result
      .filter((each) => each.person === person && !each.waited).forEach((each) => outbox.put({ ...each, waited: true }));
  });
  const sendOne = async (record, token, again = true) => {
    const heard = await post(record, token);
    if (heard.link !== "ok") return heard.link;
    if (heard.status === 409 && heard.said.code === "person") return "other";
    if (again && (heard.status === 400 || heard.said.code === "same_moment")) {
      const fresh = await askState(record.session, record.urls.state);
      if (fresh.status === 200) return sendOne(record, fresh.said.token, false);
      if (fresh.link !== "ok") return fresh.link;
    }
    if (heard.said.code === "same_moment") return "busy";
    await settle(record, heard.said, notesOf(record, heard));
    tell("sent", { session: record.session, status: heard.status, ...heard.said });
    return "ok";
  };
  const sendAll = async (open) => {
    const records = await waiting(), places = new Map(open ? [[open.session, open.urls.state]] : []);
    records.forEach((each) => places.set(each.session, each.urls.state));
    let state = "ok";
    for (const [session, url] of places) {
      const heard = await askState(session, url);
      if (heard.link !== "ok") return heard.link;
      for (const { nonce } of records.filter((each) => each.session === session)) {
        const record = (await waiting()).find((each) => each.nonce === nonce); /* what was sent before has changed it */
        if (!record) continue;
        if (heard.status === 200) state = await sendOne(record, heard.said.token);
        else { await settle(record, {}, notesOf(record, heard)); tell("sent", { session, status: heard.status }); }
        if (state !== "ok") return state;
      }
    }
    return state;
  };

  /* --- again and again ---------------------------------------------------------------------------------------- */
  const tell = (name, detail) => document.dispatchEvent(new CustomEvent(`parlband:${name}`, { detail }));
  const alone = (work) => (navigator.locks ? navigator.locks.request("parlband-outbox", work) : work());
  let running, wanted = false, pause = 2000, timer, open;
  const flush = (now_ = true) => {
    if (now_) pause = 2000;
    wanted = true;
    running ??= (async () => {
      try {
        while (wanted) {
          wanted = false;
          tell("link", { sending: true, waiting: count(await waiting()) });
          link.state = await alone(() => sendAll(open));
          if (link.state !== "ok") await unsent();
        }
      } finally {
        running = undefined;
        const left = count(await waiting().catch(() => []));
        clearTimeout(timer);
        if (["offline", "busy"].includes(link.state)) { timer = setTimeout(() => flush(false), pause); pause = Math.min(pause * 2, 60000); }
        tell("link", { sending: false, waiting: left });
      }
    })();
    return running;
  };

  /* --- other people's, and signing out ------------------------------------------------------------------------- */
  const worker = async (message) => {
    const registered = await navigator.serviceWorker?.getRegistration();
    if (!registered?.active) return undefined;
    return new Promise((done) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => done(data);
      registered.active.postMessage(message, [port2]);
    });
  };
  const forgetOthers = async () => {
    const pages = (await window.caches?.has("parlband-sheets")) ? await caches.open("parlband-sheets") : undefined;
    for (const request of (await pages?.keys()) ?? []) {
      const found = await pages.match(request);
      if (found?.headers.get("Kept-For") !== String(person)) await pages.delete(request);
    }
    const month = now() - 30 * 86400000;
    await within(["sheets", "drafts"], "readwrite", ({ sheets, drafts }) => {
      sheets.getAll().onsuccess = ({ target }) => target.result.filter((each) => each.person !== person).forEach((each) => sheets.delete([each.person, each.session]));
      drafts.getAll().onsuccess = ({ target }) => target.result.filter((each) => each.at < month).forEach((each) => drafts.delete([each.person, each.session]));
    });
  };
  document.querySelector('form[action$="/sign-out"]')?.addEventListener("submit", () => {
    if (!used() || !possible) return;
    window.caches?.delete("parlband-sheets");
    window.caches?.delete("parlband-parts");
    within(["sheets"], "readwrite", ({ sheets }) => { sheets.clear(); });
  });

  /* --- what every page says ------------------------------------------------------------------------------------ */
  const region = document.querySelector(".messages[data-waiting]");
  const announce = async () => {
    if (!region || document.querySelector("[data-sheet-session], [data-offline-page]")) return;
    const outbox = await all("outbox"), drafts = await all("drafts");
    const mine = [...outbox, ...drafts].filter((each) => !person || each.person === person);
    region.querySelector(".waiting")?.remove();
    const left = count(mine);
    region.classList.toggle("has-messages", left > 0 || region.children.length > 0);
    if (!left) return;
    const note = document.createElement("div"), words = region.dataset, text = document.createElement("p");
    note.className = "note pagar waiting";
    text.className = "note-body";
    text.textContent = (left === 1 ? words.waitingOne : words.waiting).replace("%n", left);
    note.append(text);
    for (const each of person ? new Map(mine.map((one) => [one.session, one])).values() : []) {
      const way = document.createElement("a");
      way.href = each.urls.sheet;
      way.textContent = each.label;
      text.append(" ", way);
    }
    if (!person) {
      const way = document.createElement("a");
      way.href = words.signIn;
      way.textContent = words.signInWord;
      text.append(" ", way);
    }
    region.append(note);
  };
  const offlinePage = async () => {
    const place = document.getElementById("kept");
    if (!place || !(await window.caches?.has("parlband-sheets"))) return;
    const pages = await caches.open("parlband-sheets");
    for (const request of await pages.keys()) {
      const found = await pages.match(request), item = document.createElement("li"), way = document.createElement("a");
      way.href = new URL(request.url).pathname;
      way.textContent = decodeURIComponent(found.headers.get("Kept-Title"));
      item.append(way);
      place.querySelector("ul").append(item);
      place.hidden = false;
      document.getElementById("none-kept").hidden = true;
    }
  };

  const begin = async () => {
    if (person) await forgetOthers();
    if (!open && person && (await waiting()).length) await flush();
    await announce();
  };
  window.parlband = {
    person, possible, link, within, all, one, put, waiting, count, now, flush, worker,
    /* The page shows this sheet: ask about it as well, also when nothing is waiting. */
    watch(sheet) { open = sheet; recorded(FLAG, "1"); },
  };
  document.addEventListener("parlband:link", ({ detail }) => { if (!detail.sending) announce(); });
  const again = async () => { if (used() && possible && person && (open || (await waiting()).length)) flush(); };
  window.addEventListener("online", again);
  window.addEventListener("offline", () => { if (open) { link.state = "offline"; tell("link", { sending: false }); } });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") again(); });
  const start = () => { offlinePage(); begin().catch(() => {}); };
  if (used() && possible) {
    if (document.readyState === "complete") start(); else window.addEventListener("load", start);
  }
})();
