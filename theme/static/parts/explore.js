// Makes each figure.explore interactive: reads the table that the figure carries and draws one row a language.
const COLUMNS = 4; // language, script, region, speakers; the others are vocabularies
const SORTS = {
  value: ["highest first", (a, b, i) => b.values[i] - a.values[i]],
  least: ["lowest first", (a, b, i) => a.values[i] - b.values[i]],
  speakers: ["speakers", (a, b) => b.speakers - a.speakers],
  name: ["name", (a, b) => a.name.localeCompare(b.name, "en")],
};
let figures = 0;

function element(kind, properties = {}, ...children) {
  const { dataset = {}, style = {}, attributes = {}, ...rest } = properties;
  const made = Object.assign(document.createElement(kind), rest);
  Object.assign(made.dataset, dataset);
  for (const [name, value] of Object.entries(style)) made.style.setProperty(name, value);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function readTable(table) {
  const vocabularies = [...table.tHead.rows[0].cells].slice(COLUMNS).map((cell) => cell.textContent);
  const rows = [...table.tBodies[0].rows].map(({ cells }) => ({
    name: cells[0].textContent,
    script: cells[1].textContent,
    region: cells[2].textContent,
    speakers: Number(cells[3].dataset.value),
    people: cells[3].textContent,
    values: [...cells].slice(COLUMNS).map((cell) => Number(cell.dataset.value)),
    shown: [...cells].slice(COLUMNS).map((cell) => cell.textContent),
  }));
  return { label: table.caption.textContent, vocabularies, rows };
}

// A logarithmic axis over all values, with ticks at 1, 2 and 5 times powers of ten.
function axisOf(rows) {
  const all = rows.flatMap((row) => row.values);
  const [low, high] = [Math.min(...all) / 1.08, Math.max(...all) * 1.08];
  const at = (value) => (100 * Math.log(value / low)) / Math.log(high / low);
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const step of [1, 2, 5]) {
      const tick = Number((step * 10 ** power).toPrecision(1));
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  }
  return { at, ticks };
}

class Explorer {
  constructor(figure) {
    this.figure = figure;
    this.id = `explore-${++figures}`;
    Object.assign(this, readTable(figure.querySelector("table.explore-data")));
    this.axis = axisOf(this.rows);
    this.unit = this.rows[0].shown[0].replace(/^[\d.,−]+/, "");
    this.chosen = this.vocabularies.length - 1;
    this.filters = { script: "", region: "" };
    this.sort = "value";
    this.words = "";
    this.build();
    this.update();
    figure.classList.add("live");
  }

  build() {
    this.count = element("span", { className: "explore-count", attributes: { role: "status" } });
    this.list = element("div", {
      className: "explore-list",
      attributes: { role: "listbox", "aria-label": `${this.label}, by language` },
      style: { "--lines": this.axis.ticks.map((tick) => `var(--line) ${this.axis.at(tick)}% 0 / 1px 100% no-repeat`).join(", ") },
    });
    this.detail = element("p", { className: "explore-detail" });
    for (const row of this.rows) row.box = this.rowBox(row);
    this.list.addEventListener("keydown", (event) => this.onKey(event));
    const fields = element("div", { className: "explore-fields" }, ...this.fields());
    const chart = [this.overview(), this.axisBox(), this.list];
    const live = element("div", { className: "explore-live" }, this.choices(), fields, this.count, ...chart, this.detail);
    this.figure.querySelector(".explore-static").before(live);
    this.detail.textContent = "Point at a language, or press Tab and the arrow keys, to see it under every vocabulary.";
  }

  choices() {
    const radios = this.vocabularies.map((name, i) => {
      const radio = element("input", { type: "radio", name: `${this.id}-vocabulary`, value: String(i), checked: i === this.chosen });
      radio.addEventListener("change", () => this.choose(i));
      return element("label", {}, radio, name);
    });
    return element("fieldset", { className: "explore-choices" }, element("legend", {}, "Vocabulary"), ...radios);
  }

  fields() {
    const search = element("input", { type: "search", autocomplete: "off" });
    search.addEventListener("input", () => this.set(() => (this.words = search.value)));
    const order = element("select", {}, ...Object.entries(SORTS).map(([key, [words]]) => new Option(words, key)));
    order.addEventListener("change", () => this.set(() => (this.sort = order.value)));
    const filters = Object.keys(this.filters).map((kind) => {
      const found = [...new Set(this.rows.map((row) => row[kind]))].sort((a, b) => a.localeCompare(b, "en"));
      const menu = element("select", {}, new Option("all", ""), ...found.map((name) => new Option(name, name)));
      menu.addEventListener("change", () => this.set(() => (this.filters[kind] = menu.value)));
      return element("label", {}, kind[0].toUpperCase() + kind.slice(1), menu);
    });
    return [element("label", {}, "Find a language", search), ...filters, element("label", {}, "Sort by", order)];
  }

  // All languages at once, on the axis of the list; for the pointer only, since the list says the same.
  overview() {
    for (const row of this.rows) {
      row.mark = element("b", { title: row.name });
      row.mark.addEventListener("pointerenter", () => this.tell(row));
      row.mark.addEventListener("click", () => this.visible.includes(row) && this.goTo(row));
    }
    this.crowd = element("span", { className: "track" }, ...this.rows.map((row) => row.mark));
    const label = element("span", { className: "explore-label" }, `${this.label} (log scale)`);
    return element("div", { className: "explore-row explore-all", attributes: { "aria-hidden": "true" } }, label, this.crowd, element("span"));
  }

  // Languages of nearly one value stand above each other.
  crowdRows() {
    const heights = new Map();
    for (const row of this.rows) {
      const left = this.axis.at(row.values[this.chosen]);
      const column = Math.round(left / 2);
      const n = heights.get(column) ?? 0;
      heights.set(column, n + 1);
      row.mark.style.left = `${2 * column}%`;
      row.mark.dataset.n = n;
    }
    const most = Math.max(...heights.values());
    for (const { mark } of this.rows) mark.style.bottom = `${(100 * mark.dataset.n) / most}%`;
  }

  axisBox() {
    const ticks = this.axis.ticks.map((tick) =>
      element("span", { className: "tick", style: { left: `${this.axis.at(tick)}%` } }, `${tick}${this.unit}`),
    );
    const scale = element("span", { className: "track" }, ...ticks);
    return element("div", { className: "explore-row explore-axis", attributes: { "aria-hidden": "true" } }, element("span"), scale, element("span"));
  }

  rowBox(row) {
    row.dots = row.values.map((value) => element("b", { style: { left: `${this.axis.at(value)}%` } }));
    row.lead = element("b", { className: "lead" });
    const unspoken = { "aria-hidden": "true" };
    row.value = element("span", { className: "value", attributes: unspoken });
    const track = element("span", { className: "track", attributes: unspoken }, ...row.dots, row.lead);
    const every = this.vocabularies.map((name, i) => `${name} ${row.shown[i]}`).join(", ");
    const about = element("span", { className: "spoken" }, `: ${every}. Script ${row.script}, ${row.region}, speakers: ${row.people}`);
    const name = element("span", { className: "name" }, row.name);
    const attributes = { role: "option", "aria-selected": "false" };
    const box = element("div", { className: "explore-row", tabIndex: -1, attributes }, name, track, row.value, about);
    box.addEventListener("pointerenter", () => this.tell(row));
    box.addEventListener("click", () => this.goTo(row));
    box.addEventListener("focus", () => this.tell(row));
    return box;
  }

  choose(i) {
    this.set(() => (this.chosen = i));
  }

  set(change) {
    change();
    this.update();
  }

  // Filters, sorts and moves the rows; what stays in sight glides to its new place unless the reader asked for stillness.
  update() {
    const words = this.words.toLowerCase().normalize("NFC").trim();
    const fits = (row) =>
      Object.entries(this.filters).every(([kind, wanted]) => !wanted || row[kind] === wanted) &&
      row.name.toLowerCase().normalize("NFC").includes(words);
    const [, compare] = SORTS[this.sort];
    const sorted = this.rows.filter(fits).sort((a, b) => compare(a, b, this.chosen) || a.name.localeCompare(b.name, "en"));
    const tops = new Map((this.visible ?? []).map((row) => [row, row.box.offsetTop]));
    this.visible = sorted;
    this.list.replaceChildren(...sorted.map((row) => row.box));
    this.list.hidden = !sorted.length;
    for (const row of this.rows) this.draw(row);
    this.crowdRows();
    this.setActive(sorted.includes(this.active) ? this.active : sorted[0]);
    this.glide(tops);
    this.count.textContent = `${sorted.length} of ${this.rows.length} languages`;
  }

  draw(row) {
    row.lead.style.left = `${this.axis.at(row.values[this.chosen])}%`;
    row.dots.forEach((dot, i) => (dot.hidden = i === this.chosen));
    row.value.textContent = row.shown[this.chosen];
    row.mark.classList.toggle("out", !this.visible.includes(row));
  }

  glide(tops) {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const sight = this.list.clientHeight;
    for (const [row, top] of tops) {
      const by = row.box.isConnected ? top - row.box.offsetTop : 0;
      if (by && row.box.offsetTop < sight + this.list.scrollTop) {
        row.box.animate([{ transform: `translateY(${Math.max(-sight, Math.min(sight, by))}px)` }, { transform: "none" }], { duration: 350, easing: "ease-out" });
      }
    }
  }

  setActive(row) {
    if (this.active) {
      this.active.box.tabIndex = -1;
      this.active.box.setAttribute("aria-selected", "false");
      this.active.mark.classList.remove("active");
    }
    this.active = row;
    if (row) row.box.tabIndex = 0;
  }

  goTo(row) {
    this.setActive(row);
    row.box.setAttribute("aria-selected", "true");
    row.mark.classList.add("active");
    row.box.focus();
  }

  onKey(event) {
    const here = this.visible.indexOf(this.active);
    const last = this.visible.length - 1;
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: last, PageDown: Math.min(here + 10, last), PageUp: Math.max(here - 10, 0) }[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (this.visible[to]) this.goTo(this.visible[to]);
  }

  tell(row) {
    const values = this.vocabularies.map((name, i) => element("span", { className: "pair" }, `${name} `, element("strong", {}, row.shown[i])));
    const about = `${row.script} script, ${row.region}, ${row.people === "unknown" ? "speakers unknown" : `${row.people} speakers`}`;
    this.detail.replaceChildren(element("strong", {}, row.name), ` (${about}) `, ...values.flatMap((pair) => [pair, " "]));
  }
}

// Hundreds of rows take a slow machine a second: they are made when the figure comes near the window, or for the Tab key.
const near = new IntersectionObserver(
  (seen) => seen.filter(({ isIntersecting }) => isIntersecting).forEach(({ target }) => explore(target)),
  { rootMargin: "800px" },
);

function explore(figure) {
  near.unobserve(figure);
  if (!figure.classList.contains("live")) new Explorer(figure);
}

const all = [...document.querySelectorAll("figure.explore")];
for (const figure of all) near.observe(figure);
addEventListener("keydown", ({ key }) => key === "Tab" && all.forEach(explore), true);
