// Small helps that a page can do without: the ledger's filter, names for the theme's buttons, boxes a keyboard can scroll.
"use strict";

function filterLedger() {
  const table = document.getElementById("ledger");
  const box = document.querySelector(".ledger-filter");
  if (!table || !box) return;
  const input = box.querySelector("input");
  const shown = box.querySelector(".ledger-shown");
  const rows = [...table.tBodies[0].rows];
  const words = (text) => text.toLowerCase().normalize("NFC");
  const show = () => {
    const wanted = words(input.value).split(/\s+/).filter(Boolean);
    for (const row of rows) row.hidden = !wanted.every((word) => words(row.textContent).includes(word));
    const count = rows.filter((row) => !row.hidden).length;
    shown.textContent = wanted.length ? `${count} of ${rows.length} shown` : "";
  };
  box.hidden = false;
  input.addEventListener("input", show);
  show();
}

function nameButtons() {
  for (const button of document.querySelectorAll("button, a.btn")) {
    const { bsTitle, bsOriginalTitle, tooltip } = button.dataset;
    const name = button.getAttribute("aria-label") || button.title || bsTitle || bsOriginalTitle || tooltip;
    if (button.textContent.trim()) button.removeAttribute("aria-label");
    else if (name) button.setAttribute("aria-label", name);
    for (const icon of button.querySelectorAll("i")) icon.setAttribute("aria-hidden", "true");
  }
}

function nameLogo() {
  const box = document.querySelector(".bd-sidebar-primary .navbar-brand")?.parentElement;
  box?.setAttribute("role", "navigation");
  box?.setAttribute("aria-label", "Home");
}

function focusScrollers() {
  const boxes = ".table-scroll, div.cell_output pre, div.highlight pre, mjx-container[display=true]";
  for (const box of document.querySelectorAll(boxes)) {
    if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

function openTarget() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let box = target && target.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
  if (target && target.closest("details")) target.scrollIntoView();
}

function start() {
  filterLedger();
  nameButtons();
  nameLogo();
  focusScrollers();
  openTarget();
  window.MathJax?.startup?.promise.then(focusScrollers);
  addEventListener("resize", focusScrollers);
  addEventListener("hashchange", openTarget);
}

if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
else start();
