// What the model has written, as a list of tokens: shaded by doubt, and with what else could have come.
import { percent, visible } from "./bars.js";
import { number, tokenElement } from "./show.js";

// The list in `box`; a chosen token is told in `detail`, its alternatives are buttons in `others` that call `goOn(place, id)`.
export function writtenList({ box, detail, others }, goOn) {
  let tokens = [];
  let model;

  function clear() {
    tokens = [];
    box.hidden = true;
    for (const one of [box, detail, others]) one.replaceChildren();
  }

  function add(token, isChosen) {
    tokens.push(token);
    const made = tokenElement(token.id, model.bytes(token.id), tokens.length);
    made.classList.toggle("special", model.special.has(token.id));
    made.classList.toggle("chosen", isChosen);
    made.style.setProperty("--doubt", 1 - token.given);
    made.title = percent(token.given);
    made.setAttribute("aria-label", `${visible(model.nameOf(token.id))}, ${percent(token.given)}`);
    made.tabIndex = box.children.length ? -1 : 0;
    box.append(made);
    box.hidden = false;
  }

  // Takes away what stands from a place on.
  function cut(place) {
    tokens = tokens.slice(0, place);
    for (const one of [...box.children].slice(place)) one.remove();
    others.replaceChildren();
  }

  function choose(place) {
    for (const [i, one] of [...box.children].entries()) {
      one.setAttribute("aria-selected", String(i === place));
      one.tabIndex = i === place ? 0 : -1;
    }
    const { id, given, alternatives } = tokens[place];
    detail.textContent = `Token ${number(place + 1)}, “${visible(model.nameOf(id))}”: the model gave it ${percent(given)}. Go on from another choice:`;
    others.replaceChildren(...alternatives.filter((one) => one.id !== id).map((one) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = `${visible(model.nameOf(one.id))} ${percent(one.given)}${one.left ? "" : ", dropped"}`;
      button.addEventListener("click", () => goOn(place, one.id));
      return button;
    }));
  }

  box.addEventListener("click", ({ target }) => {
    const one = target.closest(".token");
    if (one) choose([...box.children].indexOf(one));
  });
  box.addEventListener("keydown", (event) => {
    const here = [...box.children].indexOf(document.activeElement);
    const to = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: tokens.length - 1, Enter: here, " ": here }[event.key];
    if (!box.children[to] || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    box.children[to].focus();
    choose(to);
  });
  return { clear, add, cut, use: (one) => (model = one), tokens: () => [...tokens] };
}
