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
