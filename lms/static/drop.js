/* A file can be dropped anywhere on the page or pasted; then the form is sent as if it had been chosen.
   Without this file the form is an ordinary one. */
(() => {
  "use strict";
  const form = document.querySelector("[data-drop]");
  const input = form?.querySelector("input[type=file]");
  if (!input || typeof DataTransfer === "undefined") return;
  const status = form.querySelector("[data-drop-status]");
  form.querySelector("[data-drop-hint]").textContent = form.dataset.drop;

  const send = (file) => {
    const box = new DataTransfer();
    box.items.add(file);
    input.files = box.files;
    form.requestSubmit();
  };
  form.addEventListener("submit", () => { if (input.files.length) status.textContent = form.dataset.checking; });
  addEventListener("pageshow", () => { status.textContent = ""; });

  let inside = 0;
  const holdsFile = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");
  const mark = (step) => { inside = Math.max(0, inside + step); form.classList.toggle("over", inside > 0); };
  addEventListener("dragenter", (event) => { if (holdsFile(event)) mark(1); });
  addEventListener("dragleave", (event) => { if (holdsFile(event)) mark(-1); });
  addEventListener("dragover", (event) => { if (holdsFile(event)) event.preventDefault(); });
  addEventListener("drop", (event) => {
    if (!holdsFile(event)) return;
    event.preventDefault();
    mark(-inside);
    const file = event.dataTransfer.files[0];
    if (file) send(file);
  });
  addEventListener("paste", (event) => {
    if (event.target.closest?.("input, textarea")) return;
    const text = event.clipboardData?.getData("text/plain").trim() ?? "";
    const file = event.clipboardData?.files[0] ?? (/^[{<]/.test(text) ? new File([text], "credential.json") : null);
    if (!file) return;
    event.preventDefault();
    send(file);
  });
})();
