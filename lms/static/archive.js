/* In a bundle of static files nobody answers but files: what was typed or scanned leads to the page of its code. */
const CODE = /^[A-HJ-NP-Z2-9]{16}$/;

/** The address of the page of a code, typed alone or inside a scanned text; with the signed digits behind #, if any. */
export function pageOf(text, base) {
  const [, inside, digits] = /\/v\/([^/#?\s]+)\/?(?:#([0-9]*))?\s*$/.exec(text) ?? [];
  const code = (inside ?? text).replace(/[\s\-\u2010-\u2015\u2212]+/g, "").toUpperCase();
  return CODE.test(code) ? `${base}/v/${code}/${digits ? `#${digits}` : ""}` : null;
}

const form = globalThis.document?.querySelector("form[data-archive]");
if (form) {
  const { base } = form.dataset, field = form.elements.code, fault = form.querySelector("[data-fault]");
  const lead = (text) => {
    const page = pageOf(text, base);
    fault.replaceChildren();
    field.setAttribute("aria-invalid", String(!page));
    if (page) { location.assign(page); return; }
    fault.append(form.querySelector("template").content.cloneNode(true));
    field.focus();
  };
  form.addEventListener("submit", (event) => { event.preventDefault(); lead(field.value); });
  const asked = new URLSearchParams(location.search).get("code");
  if (asked) { field.value = asked; lead(asked); }
}

/* A code in other letters than ours, with dashes or spaces: the file has one name only. */
const lost = globalThis.document?.querySelector("[data-lost]");
if (lost) {
  const page = pageOf(decodeURI(location.pathname), lost.dataset.lost);
  if (page && page !== location.pathname) location.replace(page + location.hash);
}
