// Small helps that a page can do without: the ledger's filter, names for the theme's buttons, boxes a keyboard can scroll.
"use strict";

function filterLedger() {
  const table = document.getElementById("ledger");
  const box = document.querySelector(".ledger-filter");
  if (!table || !box) return;
  const input = box.querySelector("input");
  const shown = box.querySelector(".ledger-shown");
  const rows = [...table.querySelectorAll("tbody tr[id]")];
  const words = (text) => text.toLowerCase().normalize("NFC");
  const show = () => {
    const wanted = words(input.value).split(/\s+/).filter(Boolean);
    for (const row of rows) row.hidden = !wanted.every((word) => words(row.textContent).includes(word));
    for (const part of table.tBodies) part.hidden = [...part.rows].slice(1).every((row) => row.hidden);
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
  for (const arrow of document.querySelectorAll("nav summary")) arrow.ariaLabel = "Show or hide the pages below";
}

function nameLogo() {
  const box = document.querySelector(".bd-sidebar-primary .navbar-brand")?.parentElement;
  box?.setAttribute("role", "navigation");
  box?.setAttribute("aria-label", "Home");
}

// What scrolls can be reached by the Tab key. Whether it does changes with the window and with what is in it, which an
// observer is told. Before a box is laid out nobody knows, so it can be reached; of one that then has the size that was
// guessed the observer is told nothing: `layOutWhole` looks at all.
const SCROLLERS = ".table-scroll, .mermaid, div.cell_output pre, div.highlight pre, mjx-container[display=true]";

function lookAtScroller(box) {
  if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
  else box.removeAttribute("tabindex");
}

function focusScrollers() {
  const sizes = new ResizeObserver((changed) => changed.forEach(({ target }) => lookAtScroller(target.closest(SCROLLERS))));
  for (const box of document.querySelectorAll(SCROLLERS)) {
    box.tabIndex = 0;
    sizes.observe(box);
    if (box.firstElementChild) sizes.observe(box.firstElementChild);
  }
}

// Far parts of a page wait until they come near the window. Who walks with the Tab key, jumps to a part, or prints, needs all
// of them at once: until they are laid out, their heights are guesses.
function layOutWhole() {
  if (document.documentElement.classList.contains("whole")) return;
  document.documentElement.classList.add("whole");
  document.querySelectorAll(SCROLLERS).forEach(lookAtScroller);
}

function layOutWhenNeeded() {
  addEventListener("keydown", ({ key }) => key === "Tab" && layOutWhole(), true);
  addEventListener("click", ({ target }) => target.closest?.("a[href*='#']") && layOutWhole(), true);
  addEventListener("beforeprint", layOutWhole);
}

// The theme opens its menus on narrow windows as dialogs, and forgets what opened them.
function returnFocus() {
  for (const side of ["primary", "secondary"]) {
    const button = document.querySelector(`.${side}-toggle`);
    document.getElementById(`pst-${side}-sidebar-modal`)?.addEventListener("close", () => button?.focus());
  }
}

function openTarget() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let box = target && target.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
  if (target && target.closest("details")) target.scrollIntoView();
}

function jump() {
  layOutWhole();
  openTarget();
  document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
}

// Paper is white: what is read in dark is printed in light.
function printLight() {
  const { dataset } = document.documentElement;
  let read;
  const begin = () => {
    read ??= dataset.theme;
    dataset.theme = "light";
  };
  const end = () => {
    if (read) dataset.theme = read;
    read = undefined;
  };
  addEventListener("beforeprint", begin);
  addEventListener("afterprint", end);
  const paper = matchMedia("print");
  paper.addEventListener("change", () => (paper.matches ? begin() : end()));
  if (paper.matches) begin();
}

function start() {
  filterLedger();
  nameButtons();
  nameLogo();
  focusScrollers();
  layOutWhenNeeded();
  returnFocus();
  if (location.hash) jump();
  printLight();
  addEventListener("hashchange", jump);
}

if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
else start();
