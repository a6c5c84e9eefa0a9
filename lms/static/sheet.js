/* The attendance sheet: minutes and totals follow the choices, one letter chooses, and with the help of device.js
   what is filled in is kept on the device until the server has it. Without this file the form posts as forms do.
   Words come from the page's own language in data attributes, with %n, %h, %m and %s for what they are about. */
(() => {
  "use strict";
  const form = document.querySelector(".sheet-form"), home = form ?? document.querySelector("[data-sheet-session]");
  if (!home) return;
  const words = home.dataset, said = document.getElementById("sheet-words")?.dataset ?? {};
  const correcting = "correcting" in words, signed = !form, device = window.parlband;
  const minutes = (text) => {
    const parts = text.match(/\d+/g) ?? [];
    if (parts.length > 1) return Number(parts[0]) * 60 + Number(parts[1]);
    const digits = (parts[0] ?? "").padStart(4, "0");
    return Number(digits.slice(0, -2)) * 60 + Number(digits.slice(-2));
  };
  const start = minutes(words.sessionStart ?? ""), length = Number(words.sessionMinutes ?? minutes(words.sessionEnd ?? "") - start);
  const end = start + length;
  const near = (clock) => (clock < start - 360 ? clock + 1440 : clock); /* a session may go past midnight */
  const rows = [...(form?.querySelectorAll("tbody tr") ?? [])].filter((row) => row.querySelector(".seg-in"));
  const show = (place, text) => { if (place) place.textContent = text; };
  const sumOf = (key) => document.querySelector(`[data-sum="${key}"]`);
  const explain = (came, left) => [
    came > start ? (words.late ?? "").replace("%n", came - start) : "",
    left < end ? (words.early ?? "").replace("%n", end - left) : "",
  ].filter(Boolean).join(", ");
  const minutesOf = (row, state) => {
    const fields = [...row.querySelectorAll(".times-edit input")].map((field) => field.value);
    const [came, left] = fields.map((clock) => near(minutes(clock)));
    if (state === "klar") return length;
    if (state !== "pagar") return 0;
    const { came: begun, left: ended, minutes: counted, why } = row.querySelector(".times-edit").dataset;
    if (counted && fields[0] === begun && fields[1] === ended) { /* as the ledger has it, time away in between too */
      show(row.querySelector(".why"), why);
      return Number(counted);
    }
    show(row.querySelector(".why"), explain(came, left));
    return Math.max(0, Math.min(left, end) - Math.max(came, start));
  };
  const update = () => {
    const sum = { klar: 0, pagar: 0, saknas: 0 };
    let total = 0;
    for (const row of rows) {
      const state = row.querySelector(".seg-in:checked")?.dataset.state;
      show(row.querySelector(".why"), "");
      const present = minutesOf(row, state);
      show(row.querySelector(".mins"), state ? present : "–");
      if (state) { sum[state] += 1; total += present; }
    }
    Object.entries(sum).forEach(([state, count]) => show(sumOf(state), count));
    show(sumOf("filled"), (words.filled ?? "%n/%m").replace("%n", sum.klar + sum.pagar + sum.saknas).replace("%m", rows.length));
    show(sumOf("total"), (words.total ?? "%h h %m min").replace("%h", Math.floor(total / 60)).replace("%m", total % 60));
  };
  const filled = () => form.dispatchEvent(new Event("input"));
  form?.addEventListener("input", update);
  form?.addEventListener("keydown", (event) => {
    if (!event.target.classList.contains("seg-in") || event.ctrlKey || event.metaKey || event.altKey) return;
    const choice = [...event.target.closest("fieldset").querySelectorAll("[data-key]")]
      .find((option) => option.dataset.key === event.key.toLowerCase());
    if (!choice) return;
    choice.checked = true;
    choice.focus();
    event.preventDefault();
    filled();
  });
  form?.querySelector("[data-all]")?.addEventListener("click", (event) => {
    event.preventDefault();
    rows.filter((row) => !row.querySelector(".seg-in:checked"))
      .forEach((row) => { row.querySelector('[data-state="klar"]').checked = true; });
    filled();
  });
  if (form) update();

  /* --- from here on: the device keeps what is filled in -------------------------------------------------------- */
  if (!device?.possible || !device.person || !words.sendUrl) return;
  const session = Number(words.sheetSession), person = device.person;
  const urls = { sheet: words.sheetUrl, state: words.stateUrl, send: words.sendUrl };
  const keptAt = document.documentElement.dataset.kept;
  const places = new Map(rows.map((row) => [row.querySelector('[name^="seen"]').name.slice(4), row]));
  const known = new Map(); /* row → as the server has it */
  let draft = { person, session, urls, label: words.label, rows: {} }; /* filled in and not saved, rows with a note */
  let queued = {}; /* saved here and not yet told to the server */
  let sending = false, slow, signedBy = "", roster = false, kept = Boolean(keptAt), told = "";

  const field = (id, name) => places.get(id).querySelector(`[name="${name}${id}"]`);
  const read = (id) => ({
    state: places.get(id).querySelector(".seg-in:checked")?.value ?? "",
    came: field(id, "came").value, left: field(id, "left").value, absence: field(id, "absence").value,
  });
  const asSent = (id) => ({ /* as the page came, whatever a browser has restored since */
    seen: field(id, "seen").value,
    state: [...places.get(id).querySelectorAll(".seg-in")].find((choice) => choice.defaultChecked)?.value ?? "",
    came: field(id, "came").defaultValue, left: field(id, "left").defaultValue,
    absence: [...field(id, "absence").options].find((option) => option.defaultSelected)?.value ?? "unknown",
  });
  const write = (id, row) => {
    places.get(id).querySelectorAll(".seg-in").forEach((choice) => { choice.checked = choice.value === row.state; });
    for (const name of ["came", "left", "absence"]) if (row[name]) field(id, name).value = row[name];
  };
  const clocks = (one, other) => one === other || (/\d/.test(one) && /\d/.test(other) && minutes(one) === minutes(other));
  const same = (one, other) => one.state === other.state
    && (one.state !== "part" || (clocks(one.came, other.came) && clocks(one.left, other.left)))
    && (one.state !== "absent" || one.absence === other.absence);
  const inWords = (row, id) => {
    const label = places.get(id).querySelector(`.seg-in[value="${row.state}"] + label`)?.textContent.trim().replace(/\s+/g, " ") ?? "–";
    if (row.state === "part") return `${label} ${row.came}–${row.left}`;
    const reason = [...field(id, "absence").options].find((option) => option.value === row.absence)?.textContent;
    return row.state === "absent" && row.absence !== "unknown" ? `${label} (${reason})` : label;
  };

  /* --- notes at rows ------------------------------------------------------------------------------------------- */
  const clearNote = (id) => {
    places.get(id).querySelectorAll(".row-note, .sheet-choice").forEach((part) => part.remove());
    places.get(id).querySelector("fieldset").removeAttribute("aria-describedby");
  };
  const noteAt = (id) => {
    const row = draft.rows[id], note = row?.note, stands = known.get(id);
    if (!note || note.kind === "signed") { clearNote(id); return; }
    const wording = note.kind === "taken"
      ? `${stands.told ?? ""} ${stands.said ?? ""}. ${said.yours.replace("%s", inWords(row, id))}`
      : note.kind === "gone" ? said.gone : note.told || said.refused;
    if (places.get(id).querySelector(".row-note span")?.textContent === wording) return; /* who stands there keeps the focus */
    clearNote(id);
    const place = places.get(id).querySelector(".c-status");
    const text = document.getElementById("row-note").content.cloneNode(true).firstElementChild;
    text.classList.add("row-note");
    text.id = `note${id}`;
    text.querySelector("span").textContent = wording;
    place.append(text);
    places.get(id).querySelector("fieldset").setAttribute("aria-describedby", text.id);
    if (note.kind !== "taken") return;
    const choice = document.getElementById("row-choice").content.cloneNode(true).firstElementChild;
    choice.querySelector('[data-choose="theirs"]').textContent = said.theirsChoice.replace("%s", stands.said ?? "");
    choice.querySelector('[data-choose="mine"]').textContent = said.mineChoice.replace("%s", inWords(row, id));
    choice.querySelectorAll("button").forEach((button) => button.setAttribute("aria-describedby", text.id));
    choice.addEventListener("click", (event) => { if (event.target.dataset.choose) choose(id, event.target.dataset.choose); });
    place.append(choice);
  };
  const choose = async (id, whose) => {
    if (whose === "theirs") write(id, known.get(id)); else write(id, draft.rows[id]);
    places.get(id).querySelector(".seg-in:checked")?.focus();
    if (whose === "theirs") { delete draft.rows[id]; update(); noteAt(id); await keepDraft([id]); tell(); return; }
    await save([id]);
  };

  /* --- the state in words -------------------------------------------------------------------------------------- */
  const line = document.getElementById("sheet-state"), ways = document.getElementById("sheet-ways");
  const way = document.getElementById("sheet-way"), drop = document.getElementById("sheet-drop");
  const count = (key, n) => (n === 1 && said[`${key}One`] ? said[`${key}One`] : said[key] ?? "").replace("%n", n);
  const noted = (...kinds) => Object.values(draft.rows).filter((row) => kinds.includes(row.note?.kind)).length;
  const sentence = () => {
    const waiting = Object.keys(queued).length, state = device.link.state;
    const unsaved = Object.values(draft.rows).filter((row) => !row.note).length;
    const own = [
      noted("taken") ? count("taken", noted("taken")) : "", noted("error", "refused", "gone") ? count("wrong", noted("error", "refused", "gone")) : "",
      unsaved ? count("unsaved", unsaved) : "",
    ];
    if (correcting) return Object.keys(draft.rows).length ? said.filledIn : "";
    if (signed) return Object.keys(draft.rows).length ? count("signed", Object.keys(draft.rows).length) : "";
    if (signedBy) return [signedBy, Object.keys(draft.rows).length ? count("signed", Object.keys(draft.rows).length) : ""].filter(Boolean).join(" ");
    if (state === "other") return said.other;
    if (state !== "ok") return [count(waiting ? `${state}Waiting` : state, waiting), told, ...own].filter(Boolean).join(" ");
    if (waiting) return sending ? undefined : said.sending;
    return [own.some(Boolean) ? "" : said.saved, ...own, roster ? said.roster : "", !own.some(Boolean) && kept ? said.kept : ""].filter(Boolean).join(" ");
  };
  const tell = () => {
    const text = sentence();
    if (text !== undefined && text !== line.textContent) line.textContent = text;
    const left = Object.keys(draft.rows).length > 0;
    const [label, url] = (signedBy && !correcting) || (signed && left) ? [said.correctWord, words.correctUrl]
      : device.link.state === "out" ? [said.signInWord, words.signInUrl]
        : noted("taken", "error", "refused") && !correcting && !signed ? [said.showWord, `#${document.querySelector(".row-note")?.id ?? ""}`]
        : device.link.state === "other" || (roster && device.link.state === "ok") ? [said.againWord, words.sheetUrl] : ["", ""];
    way.hidden = !label;
    way.textContent = label;
    if (label) way.href = url;
    drop.hidden = !((correcting || signed) && left);
    document.querySelector(".signbar-acts")?.toggleAttribute("hidden", Boolean(signedBy));
    ways.hidden = way.hidden && drop.hidden;
  };
  drop?.addEventListener("click", async () => {
    if (!drop.dataset.sure) { drop.dataset.sure = "1"; drop.textContent = said.sure; return; }
    const ids = Object.keys(draft.rows);
    draft.rows = {};
    await keepDraft(ids);
    window.location.assign(words.sheetUrl);
  });

  /* --- keeping, saving ----------------------------------------------------------------------------------------- */
  /* Only rows that changed here: what another window, or an answer of the server, put there meanwhile stays. */
  const into = (drafts, ids) => {
    drafts.get([person, session]).onsuccess = ({ target }) => {
      const stored = { ...draft, rows: {}, ...target.result, at: device.now() };
      for (const id of ids) if (draft.rows[id]) stored.rows[id] = draft.rows[id]; else delete stored.rows[id];
      if (Object.keys(stored.rows).length) drafts.put(stored); else drafts.delete([person, session]);
    };
  };
  const keepDraft = (ids) => (ids.length ? device.within(["drafts"], "readwrite", ({ drafts }) => into(drafts, ids)) : Promise.resolve());
  const loadQueue = async () => {
    queued = {};
    for (const record of await device.waiting()) if (record.session === session) Object.assign(queued, record.rows);
  };
  const remember = () => {
    const changed = [];
    for (const id of places.keys()) {
      const now = read(id), before = draft.rows[id], server = known.get(id), base = queued[id] ?? server;
      if (!now.state || same(now, base)) {
        if (before) { delete draft.rows[id]; clearNote(id); changed.push(id); }
      } else if (!before || !same(now, before)) {
        draft.rows[id] = { ...now, seen: before?.seen ?? server.seen, ...(before?.note?.kind === "taken" && { note: before.note }) };
        noteAt(id);
        changed.push(id);
      }
    }
    return keepDraft(changed);
  };
  const save = async (only) => {
    await remember();
    const chosen = Object.keys(draft.rows).filter((id) => places.has(id) && (!only || only.includes(id)));
    if (chosen.length) {
      const numbers = (await device.waiting()).map((each) => each.number + 1);
      const record = {
        nonce: crypto.randomUUID(), person, session, urls, label: words.label, number: Math.max(Date.now(), ...numbers),
        markedAt: device.now(), waited: device.link.state !== "ok" || !navigator.onLine, rows: {},
      };
      for (const id of chosen) {
        const { note: _note, ...row } = draft.rows[id];
        record.rows[id] = queued[id] = row; /* at no moment neither filled in nor waiting */
        delete draft.rows[id];
        clearNote(id);
      }
      await device.within(["outbox", "drafts"], "readwrite", ({ outbox, drafts }) => {
        outbox.put(record);
        into(drafts, chosen);
      });
      await loadQueue();
    }
    await device.flush();
    tell();
  };
  const clear = () => device.link.state === "ok" && !signedBy && !Object.keys(queued).length && !Object.keys(draft.rows).length;
  const ONWARDS = { sign: [words.signUrl, said.signing], walk_in: [words.addUrl, said.adding], move: [words.moveUrl, said.adding] };
  form?.addEventListener("submit", (event) => {
    if (correcting) return;
    const [url, needs] = ONWARDS[event.submitter?.name] ?? [];
    event.preventDefault();
    told = "";
    save().then(() => {
      if (url && clear()) { window.location.assign(url); return; }
      if (needs && ["offline", "busy"].includes(device.link.state)) told = needs;
      tell();
      document.querySelector(".row-note")?.focus();
    }, () => { HTMLFormElement.prototype.submit.call(plain(event.submitter)); });
  });
  /* The device cannot keep anything (full, forbidden): the form goes as it would without script. */
  const plain = (submitter) => {
    const button = document.createElement("input");
    Object.assign(button, { type: "hidden", name: submitter?.name || "save", value: "1" });
    form.append(button);
    return form;
  };
  form?.addEventListener("input", () => { told = ""; if (!correcting) remember().then(tell, () => {}); });

  /* --- what the server says ------------------------------------------------------------------------------------ */
  const learn = (all) => { /* rows as the server has them: shown where nothing else is filled in here */
    const changed = [];
    for (const [id, row] of Object.entries(all ?? {})) {
      if (signed) { if (draft.rows[id] && same(draft.rows[id], row)) { delete draft.rows[id]; changed.push(id); } continue; }
      if (!places.has(id)) { roster = true; continue; }
      const before = known.get(id), mine = draft.rows[id];
      known.set(id, row);
      field(id, "seen").value = row.seen;
      const ledger = row.state === "part" ? { came: row.came, left: row.left, minutes: row.minutes, why: row.why } : { minutes: "" };
      Object.assign(places.get(id).querySelector(".times-edit").dataset, ledger);
      if (mine && same(mine, row)) { delete draft.rows[id]; changed.push(id); }
      else if (mine && mine.seen !== row.seen && row.seen && !signedBy) {
        draft.rows[id] = { ...mine, seen: row.seen, note: { kind: "taken" } };
        changed.push(id);
      } else if (!mine && !queued[id] && row.state && !(same(read(id), row) && before.seen === row.seen)) write(id, row);
    }
    if (!signed) { roster ||= [...places.keys()].some((id) => all && !all[id]); update(); }
    places.forEach((_row, id) => noteAt(id));
    return keepDraft(changed);
  };
  const reload = async () => {
    const found = await device.one("drafts", session);
    draft = found ?? { ...draft, rows: {} };
    await loadQueue();
  };
  document.addEventListener("parlband:rows", async ({ detail }) => {
    if (detail.session !== session) return;
    if (detail.signed && form && !correcting) { signedBy = detail.signed; device.worker({ drop: words.sheetUrl }); }
    await learn(detail.rows);
    tell();
  });
  document.addEventListener("parlband:sent", async ({ detail }) => {
    if (detail.session !== session) return;
    await reload();
    signedBy ||= Object.values(draft.rows).find((row) => row.note?.kind === "signed")?.note.told ?? "";
    await learn(detail.rows ?? Object.fromEntries(known));
    tell();
  });
  document.addEventListener("parlband:link", ({ detail }) => {
    sending = detail.sending;
    clearTimeout(slow);
    slow = undefined;
    if (sending && detail.waiting && device.link.state === "ok") slow = setTimeout(() => { if (sending) line.textContent = said.sending; }, 400);
    else loadQueue().then(tell);
  });

  /* --- beginning ----------------------------------------------------------------------------------------------- */
  const keepPage = async () => {
    if (!("serviceWorker" in navigator)) return;
    await navigator.serviceWorker.register(words.worker);
    await navigator.serviceWorker.ready;
    const parts = [...document.querySelectorAll('link[rel="stylesheet"], link[rel="icon"], script[src], img[src]')].map((part) => part.href || part.src);
    kept = Boolean(await device.worker({ keep: words.sheetUrl, parts, stored: Boolean(navigator.serviceWorker.controller) }));
    tell();
  };
  const begin = async () => {
    places.forEach((_row, id) => known.set(id, asSent(id)));
    if (!correcting) device.watch({ session, urls });
    if (keptAt) device.link.state = "offline"; /* until the server answers */
    await reload();
    if (signed) { await device.flush(); tell(); return; }
    if (correcting) {
      if (document.getElementById("errors")) draft.rows = {};
      Object.entries(draft.rows).forEach(([id, row]) => { if (places.has(id)) write(id, row); });
      update();
      tell();
      return;
    }
    if (keptAt) {
      document.querySelector(".messages")?.replaceChildren();
      await learn((await device.one("sheets", session))?.rows);
    }
    const left = { ...queued, ...draft.rows };
    Object.entries(left).forEach(([id, row]) => { if (places.has(id)) { write(id, row); noteAt(id); } });
    update();
    if (keptAt || Object.keys(draft.rows).length) tell();
    await device.flush();
    if (!keptAt) await keepPage();
  };
  begin().catch(() => {});
})();
