// Enhancement only: every page is complete without this file.
"use strict";

const typing = (target) => target.closest("input, select, textarea, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/" && !typing(event.target)) {
    const field = document.querySelector("main input[name=q], input[name=q]");
    if (field) {
      event.preventDefault();
      field.focus();
      field.select();
    }
  }
  if (event.key === "Escape" && document.activeElement) {
    const open = document.activeElement.closest("details[open]");
    if (open) open.open = false;
    document.activeElement.blur();
  }
});

// The region under the pointer or the focus is named in one fixed place.
for (const chart of document.querySelectorAll("[data-named]")) {
  const place = document.getElementById(chart.dataset.named);
  const usual = place.textContent;
  const name = (event) => {
    const link = event.target.closest("a");
    place.textContent = link ? link.getAttribute("aria-label") : usual;
  };
  chart.addEventListener("pointerover", name);
  chart.addEventListener("focusin", name);
  chart.addEventListener("pointerleave", () => { place.textContent = usual; });
}

// Suggestions while typing: the browser's own list under the field.
const offers = document.createElement("datalist");
offers.id = "saran";
for (const field of document.querySelectorAll("input[data-saran]")) {
  let waiting = 0;
  let asked = "";
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const typed = field.value.trim();
      if (typed.length < 2 || typed === asked) return;
      asked = typed;
      const answer = await fetch("/saran?" + new URLSearchParams({ q: typed })).catch(() => null);
      if (!answer || !answer.ok) return;
      const [question, found] = await answer.json();
      if (question !== field.value.trim()) return;
      offers.replaceChildren(...found.map((text) => new Option("", text)));
      if (!offers.isConnected) document.body.append(offers);
      field.setAttribute("list", offers.id);
    }, 150);
  });
}

// What is happening now, asked for again while somebody looks. What was there stays until the new is.
const mark = (strip) => {
  const places = new Set([...strip.querySelectorAll("[data-tempat]")].map((row) => row.dataset.tempat));
  for (const link of document.querySelectorAll(".tiles a[data-tempat]")) {
    link.classList.toggle("fresh", places.has(link.dataset.tempat));
  }
};
for (const strip of document.querySelectorAll("[data-renew]")) {
  setInterval(async () => {
    if (document.hidden || strip.contains(document.activeElement)) return;
    strip.ariaBusy = "true";
    const answer = await fetch(strip.dataset.renew).catch(() => null);
    strip.ariaBusy = "false";
    strip.toggleAttribute("data-old", !answer || !answer.ok);
    if (!answer || !answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    strip.replaceChildren(...page.body.childNodes);
    mark(strip);
  }, strip.dataset.every * 1000);
}

// Copying and printing need a script, so their buttons appear only with one.
for (const button of document.querySelectorAll("[data-copy], [data-print]")) {
  if ("copy" in button.dataset && !navigator.clipboard) continue;
  button.hidden = false;
  if (button.parentElement.hidden) button.parentElement.hidden = false;
  button.addEventListener("click", async () => {
    if ("print" in button.dataset) return window.print();
    const what = button.dataset.copy;
    const text = what.startsWith("#") ? document.querySelector(what).textContent : what;
    await navigator.clipboard.writeText(text);
    button.dataset.done = "";
    setTimeout(() => delete button.dataset.done, 2000);
  });
}

// The directory narrows while its name is typed; the button still asks the server.
const narrowing = document.querySelector("input[data-narrow]");
if (narrowing) {
  const groups = [...document.querySelectorAll(narrowing.dataset.narrow)];
  const rows = groups.map((group) => [...group.querySelectorAll("li")]);
  const names = rows.map((list, at) => list.map(
    (row) => `${row.textContent} ${groups[at].querySelector("h2").textContent}`.toLowerCase()));
  narrowing.addEventListener("input", () => {
    const words = narrowing.value.toLowerCase().split(/\s+/).filter(Boolean);
    groups.forEach((group, at) => {
      let left = 0;
      rows[at].forEach((row, number) => {
        row.hidden = !words.every((word) => names[at][number].includes(word));
        left += row.hidden ? 0 : 1;
      });
      group.hidden = !left;
    });
  });
}
