/* A download of many files says how far it has come. Without this file the link is a link. */
(() => {
  "use strict";

  const link = document.querySelector("a[data-follow]");
  const box = document.querySelector(".fetching");
  if (!link || !box) return;
  const plain = link.href;
  const bar = box.querySelector("progress");
  const words = box.querySelector(".fetched-words");
  const end = document.querySelector(".fetched-end");
  const told = (text, state) => text.replace("%n", state.made).replace("%m", state.total);
  let timer = 0;

  const show = (state) => {
    if (!state.total) return false;
    bar.max = state.total;
    bar.value = state.made;
    words.textContent = told(box.dataset.made, state);
    if (!state.failed && state.made < state.total) return false;
    end.textContent = told(state.failed ? box.dataset.failed : box.dataset.done, state);
    box.hidden = !state.failed;
    return true;
  };
  const ask = async (token, left) => {
    let done = false;
    try {
      const answer = await fetch(link.dataset.follow + token, { headers: { Accept: "application/json" } });
      done = answer.ok ? show(await answer.json()) : answer.status < 500;
    } catch { /* without network the next question finds out */ }
    if (!done && left > 0) timer = setTimeout(ask, 500, token, left - 1);
  };
  link.addEventListener("click", () => {
    const token = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    link.href = `${plain}?follow=${token}`;
    clearTimeout(timer);
    end.textContent = "";
    bar.value = 0;
    words.textContent = "";
    box.hidden = false;
    timer = setTimeout(ask, 250, token, 2400);
  });
})();
