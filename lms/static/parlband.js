/* Progressive enhancement only: every page works without this file. */
(() => {
  "use strict";

  /* Attendance sheet: minutes and totals follow the choices, and one letter chooses. Words come from the page's own
     language in data attributes, with %n, %h and %m for numbers. */
  const form = document.querySelector(".sheet-form");
  if (!form) return;
  const words = form.dataset;
  const minutes = (text) => {
    const parts = text.match(/\d+/g) ?? [];
    if (parts.length > 1) return Number(parts[0]) * 60 + Number(parts[1]);
    const digits = (parts[0] ?? "").padStart(4, "0");
    return Number(digits.slice(0, -2)) * 60 + Number(digits.slice(-2));
  };
  const start = minutes(words.sessionStart ?? ""), length = Number(words.sessionMinutes ?? minutes(words.sessionEnd ?? "") - start);
  const end = start + length;
  const near = (clock) => (clock < start - 360 ? clock + 1440 : clock); /* a session may go past midnight */
  const rows = [...form.querySelectorAll("tbody tr")].filter((row) => row.querySelector(".seg-in"));
  const show = (place, text) => { if (place) place.textContent = text; };
  const sumOf = (key) => document.querySelector(`[data-sum="${key}"]`);
  const explain = (came, left) => [
    came > start ? (words.late ?? "").replace("%n", came - start) : "",
    left < end ? (words.early ?? "").replace("%n", end - left) : "",
  ].filter(Boolean).join(", ");
  const minutesOf = (row, state) => {
    const [came, left] = [...row.querySelectorAll(".times-edit input")].map((field) => near(minutes(field.value)));
    if (state === "klar") return length;
    if (state !== "pagar") return 0;
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
  form.addEventListener("input", update);
  form.addEventListener("keydown", (event) => {
    if (!event.target.classList.contains("seg-in") || event.ctrlKey || event.metaKey || event.altKey) return;
    const choice = [...event.target.closest("fieldset").querySelectorAll("[data-key]")]
      .find((option) => option.dataset.key === event.key.toLowerCase());
    if (!choice) return;
    choice.checked = true;
    choice.focus();
    event.preventDefault();
    update();
  });
  form.querySelector("[data-all]")?.addEventListener("click", (event) => {
    event.preventDefault();
    rows.filter((row) => !row.querySelector(".seg-in:checked"))
      .forEach((row) => { row.querySelector('[data-state="klar"]').checked = true; });
    update();
  });
  update();
})();
