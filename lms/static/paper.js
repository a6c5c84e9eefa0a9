/* Is the paper genuine? The digits behind # in a scanned code are what the issuer signed (certificates/standards/
   paper.py). They are checked here, in the browser, and are never sent anywhere. The page works without this file. */
const LONGEST = 2000, BITS = 131072, MOST = 16 * BITS / 8;
const DAY = 86400000, SLACK = 600000; /* a clock may be ten minutes slow */
const STORE = "parlband-paper", LISTS = 30;
const LEVELS = ["trainer", "user"];
const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/* --- reading: strict, in the one spelling that is written ----------------------------------------------------- */

class Unreadable extends Error {}
const need = (right) => { if (!right) throw new Unreadable(); };
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const join = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));

/** Decimal digits as the bytes of one big number. */
export function bytesOf(digits) {
  need(digits.length <= LONGEST && /^[1-9][0-9]*$/.test(digits));
  const text = BigInt(digits).toString(16), even = text.length % 2 ? `0${text}` : text;
  return Uint8Array.from(even.match(/../g), (pair) => parseInt(pair, 16));
}

/** A reader of canonical CBOR (RFC 8949 §4.2): every head as short as it can be, and nothing of other kinds. */
function reader(bytes) {
  let at = 0;
  const take = (length) => { need(at + length <= bytes.length); at += length; return bytes.subarray(at - length, at); };
  const head = (kind) => {
    const [first] = take(1), size = first & 31;
    need(first >> 5 === kind && size < 27);
    if (size < 24) return size;
    const value = take(1 << (size - 24)).reduce((sum, byte) => sum * 256 + byte, 0);
    need(value >= [24, 256, 65536][size - 24]);
    return value;
  };
  return {
    count: (kind, wanted) => need(head(kind) === wanted),
    whole: () => head(0),
    below: () => -1 - head(1),
    bytes: () => take(head(2)),
    text: () => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(take(head(3))),
    maybe: () => (bytes[at] === 0xf6 ? (take(1), null) : head(0)),
    end: () => need(at === bytes.length),
  };
}

function text(bytes) { /* the head of a byte string, and the bytes */
  need(bytes.length < 65536);
  const size = bytes.length;
  return join(size < 24 ? [64 + size] : size < 256 ? [88, size] : [89, size >> 8, size & 255], bytes);
}

/** 0x01 and a COSE_Sign1 as its parts: who signed, what was signed, the signature, and what it says. */
export function parse(digits) {
  const bytes = bytesOf(digits);
  need(bytes[0] === 1);
  const message = reader(bytes.subarray(1));
  message.count(4, 4);
  const head = message.bytes();
  message.count(5, 0);
  const payload = message.bytes(), signature = message.bytes();
  message.end();
  need(signature.length === 64);
  const fields = reader(head);
  fields.count(5, 2);
  fields.count(0, 1);
  need(fields.below() === -8);
  fields.count(0, 4);
  const key = fields.bytes();
  fields.end();
  need(key.length === 8);
  const signed = join([132, 106], new TextEncoder().encode("Signature1"), text(head), text([]), text(payload));
  return { key: hex(key), signed, signature, said: said(payload) };
}

function said(payload) {
  const map = reader(payload), value = (name, read) => { map.count(0, name); return map[read](); };
  map.count(5, 9);
  const [number, name, programme] = [value(1, "text"), value(2, "text"), value(3, "text")];
  const level = LEVELS[value(4, "whole")], issued = day(value(5, "whole")), last = value(6, "maybe");
  const place = value(7, "whole"), digest = value(8, "bytes"), list = value(9, "text");
  map.end();
  need(level && digest.length === 16 && /^[a-z0-9]{1,16}$/.test(list));
  return { number, name, programme, level, issued, until: last === null ? "" : day(last), place, list };
}

function day(count) {
  need(count <= 2932896); /* the last day that has four digits of a year */
  return new Date(count * DAY).toISOString().slice(0, 10);
}

/* --- keys ------------------------------------------------------------------------------------------------------- */

function raw(multikey) {
  let number = 0n;
  for (const sign of multikey.slice(1)) {
    const place = ALPHABET.indexOf(sign);
    need(place >= 0);
    number = number * 58n + BigInt(place);
  }
  const text = number.toString(16), bytes = Uint8Array.from((text.length % 2 ? `0${text}` : text).match(/../g), (pair) => parseInt(pair, 16));
  need(multikey[0] === "z" && bytes.length === 34 && bytes[0] === 0xed && bytes[1] === 1);
  return bytes.subarray(2);
}

/** The keys of a DID document by what the digits call them: the first eight bytes of the SHA-256 of the key. */
export async function keysOf(document) {
  const keys = new Map();
  for (const method of document.verificationMethod) {
    const key = raw(method.publicKeyMultibase), sum = new Uint8Array(await crypto.subtle.digest("SHA-256", key));
    keys.set(hex(sum.subarray(0, 8)), { key, good: !method.revoked && document.assertionMethod.includes(method.id) });
  }
  return keys;
}

/** What the digits are: genuine (with what they say), broken, foreign, withdrawn, or unable to tell. */
export async function check(digits, document) {
  let parts;
  try { parts = parse(digits); } catch { return { is: "broken" }; }
  let keys, ours, verifier;
  try {
    keys = await keysOf(document);
    ours = keys.get(parts.key);
    if (!ours) return { is: "foreign" };
    verifier = await crypto.subtle.importKey("raw", ours.key, { name: "Ed25519" }, false, ["verify"]);
  } catch (trouble) { return { is: globalThis.crypto?.subtle && !keys ? "keyless" : "unable" }; }
  if (!(await crypto.subtle.verify({ name: "Ed25519" }, verifier, parts.signature, parts.signed))) return { is: "broken" };
  return ours.good ? { is: "genuine", said: parts.said } : { is: "withdrawn" };
}

/* --- the list of revocations ------------------------------------------------------------------------------------ */

/** The bit of a status list credential. Throws for one that says nothing: another's, too short, of another purpose. */
export async function bit(list, address, place) {
  const subject = list.credentialSubject;
  need(list.id.endsWith(address) && subject.statusPurpose === "revocation" && subject.encodedList[0] === "u");
  const packed = atob(subject.encodedList.slice(1).replaceAll("-", "+").replaceAll("_", "/"));
  const stream = new Blob([Uint8Array.from(packed, (sign) => sign.charCodeAt(0))]).stream();
  const unpacked = stream.pipeThrough(new DecompressionStream("gzip")).getReader(), parts = [];
  for (let size = 0, part = await unpacked.read(); !part.done; part = await unpacked.read()) {
    need((size += part.value.length) <= MOST);
    parts.push(part.value);
  }
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  need(bytes.length * 8 >= BITS && place < bytes.length * 8);
  return Boolean(bytes[place >> 3] & (128 >> (place & 7)));
}

/* --- what is fetched, and kept for when there is no network: keys and lists, nothing about persons ---------------- */

const store = async () => { try { return await globalThis.caches?.open(STORE); } catch { return undefined; } };

async function ask(url) {
  try {
    const answer = await fetch(url, { credentials: "omit", cache: "no-cache" });
    if (answer.status >= 500) throw new Error("busy");
    if (!answer.ok) return undefined;
    const told = await answer.json();
    await keep(url, told).catch(() => {});
    return { told };
  } catch {
    const found = await (await store())?.match(url, { ignoreVary: true });
    return found && { told: await found.json(), kept: new Date(found.headers.get("Kept-At")) };
  }
}

async function keep(url, told) {
  const kept = await store();
  if (!kept) return;
  const headers = { "Content-Type": "application/json", "Kept-At": new Date().toISOString() };
  await kept.put(url, new Response(JSON.stringify(told), { headers }));
  const lists = (await kept.keys()).filter((each) => each.url.includes("/status/"));
  for (const each of lists.slice(0, -LISTS)) await kept.delete(each); /* in the order they were kept */
}

/* --- saying it -------------------------------------------------------------------------------------------------- */

const place = globalThis.document?.querySelector("[data-paper]");
const verdict = place?.parentElement.querySelector(".verdict");
const titled = globalThis.document?.title;
const language = globalThis.document?.documentElement.lang;
const written = (moment, time = true) => new Intl.DateTimeFormat(language === "en" ? "en-GB" : "sv-SE",
  time ? { dateStyle: "long", timeStyle: "short", timeZone: "Europe/Stockholm" } : { dateStyle: "long", timeZone: "UTC" }).format(moment).replace(/(\d\d):(\d\d)/, "$1.$2"); /* 16.40, as everywhere */
const today = (now) => new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Stockholm" }).format(now); /* 2026-11-22 */
const word = (name) => document.querySelector(`template[data-words="${name}"]`).content.textContent;

function age(from, now) {
  const minutes = Math.round(Math.min(from - now, 0) / 60000), units = [["day", 1440], ["hour", 60], ["minute", 1]];
  const [unit, size] = units.find(([, size]) => Math.abs(minutes) >= size) ?? ["second", 1]; /* «nu» */
  return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(Math.trunc(minutes / size), unit);
}

function line(name, moment, now, time = true) {
  const told = document.createElement("p"), words = document.querySelector(`template[data-line="${name}"]`);
  told.textContent = words.content.textContent.replace("%time", moment ? written(moment, time) : "").replace("%age", moment ? age(moment, now) : "");
  return told;
}

const WRONG = ["other", "broken", "foreign"]; /* said first: the register's word is about another paper than this one */

/* A glance at a green answer must not be taken for one about this paper. */
function quieten(wrong) {
  verdict?.classList.toggle("quiet", wrong);
  document.title = wrong ? `${place.querySelector("h2").textContent} – ${titled.split(" – ").at(-1)}` : titled;
}

function show(is, slots = {}, lines = []) {
  const shown = document.querySelector(`template[data-say="${is}"]`).content.cloneNode(true);
  for (const [name, value] of Object.entries(slots)) shown.querySelector(`[data-slot="${name}"]`)?.append(value);
  shown.querySelector('[data-slot="lines"]')?.append(...lines);
  if (WRONG.includes(is)) verdict?.before(place); else verdict?.after(place);
  place.replaceChildren(shown);
  quieten(WRONG.includes(is));
}

/* The time to judge by. The register's, when the device is hours wrong; the page was made a moment ago. */
function clock() {
  const here = Date.now(), there = Date.parse(place.dataset.now), wrong = !offline() && !archived() && Math.abs(here - there) > DAY / 2;
  return { now: wrong ? there : here, wrong: wrong && line("clock", here, here) };
}

const offline = () => "offline" in place.dataset;
const archived = () => "archived" in place.dataset; /* the page is a file, made when the register was closed */

/* What the list says: the outcome it leads to, and the line that tells it. */
async function listed(paper, now) {
  const address = place.dataset.lists + paper.list, heard = await ask(address), alone = offline() ? "doubtful" : undefined;
  try {
    const { told } = heard, from = Date.parse(told.validFrom), to = Date.parse(told.validUntil);
    if (await bit(told, address, paper.place)) return { is: "void", line: line("bit", from, now) };
    if (from <= now + SLACK && now <= to) return { line: line("listed", from, now) };
    return { is: alone, line: from <= now ? line("stale", from, now) : line("ahead", now, now) };
  } catch {
    return { is: alone, line: line("unlisted") };
  }
}

function differs(paper) {
  const { number, level, issued, until } = place.dataset;
  return paper.number !== number || paper.level !== level || paper.issued !== issued || paper.until !== until;
}

async function genuine(paper, heard) {
  const { now, wrong } = clock(), lines = wrong ? [wrong] : [], state = place.dataset.state ?? "valid";
  if (!offline() && differs(paper)) {
    show("other", { signed: paper.number, at: place.dataset.number || word("nothing") });
    return;
  }
  const list = await listed(paper, now), doubts = [];
  if (state !== "valid" && state !== "revoked") doubts.push(line("register"));
  if ((offline() || archived()) && paper.until && paper.until < today(now)) doubts.push(line("ended", Date.parse(paper.until), now, false));
  if (Date.parse(paper.issued) > now + DAY) doubts.push(line("ahead", now, now));
  const is = state === "revoked" ? "void" : list.is ?? (doubts.length ? "doubtful" : "genuine");
  lines.push(list.line, ...doubts);
  if (offline()) lines.push(line("alone"), ...(heard.kept ? [line("kept", heard.kept, now)] : []));
  show(is, {
    name: paper.name, level: word(paper.level), programme: paper.programme, number: paper.number,
    issued: written(Date.parse(paper.issued), false), until: paper.until ? written(Date.parse(paper.until), false) : word("no-end"),
  }, lines);
}

async function begin() {
  const digits = location.hash.slice(1), claims = /^[0-9]/.test(digits); /* #content is where «skip» leads */
  const heard = await ask(place.dataset.keys); /* without digits too: the next paper may come without network */
  if (!claims) {
    if (!digits) { place.replaceChildren(); quieten(false); }
    if (offline() && !place.hasChildNodes()) show("absent");
    return;
  }
  const found = heard ? await check(digits, heard.told) : { is: "keyless" };
  if (found.is === "genuine") await genuine(found.said, heard);
  else show(found.is, {}, found.is === "foreign" && heard.kept ? [line("kept", heard.kept, Date.now())] : []);
}

/* --- on a page -------------------------------------------------------------------------------------------------- */

if (place) {
  const next = () => begin().catch(() => { if (/^#[0-9]/.test(location.hash)) show("keyless"); });
  let said = next();
  addEventListener("hashchange", () => { said = said.then(next); });
  document.querySelector("[data-again]")?.addEventListener("click", (event) => { event.preventDefault(); location.reload(); });
  navigator.serviceWorker?.register(place.dataset.worker).then((kept) => kept.active?.postMessage("renew"), () => {});
}
