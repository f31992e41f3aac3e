// Enhancement only: staff pages work without this file.
"use strict";

// A destructive button asks with its consequence in words.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-ask]");
  if (button && !window.confirm(button.dataset.ask)) event.preventDefault();
});

// One box above a table ticks all below it.
for (const all of document.querySelectorAll("input[data-all]")) {
  all.addEventListener("change", () => {
    for (const box of document.querySelectorAll(`input[name="${all.dataset.all}"]`)) box.checked = all.checked;
  });
}

// What becomes of a fetch that was asked for.
for (const place of document.querySelectorAll("[data-live]")) {
  let left = 60;
  const ask = async () => {
    const answer = await fetch(place.dataset.live).catch(() => null);
    const found = answer && answer.ok ? await answer.json() : { done: false };
    if (found.done) place.textContent = found.words;
    else if (--left > 0) setTimeout(ask, 1000);
    else place.textContent = place.dataset.slow;
  };
  setTimeout(ask, 500);
}
