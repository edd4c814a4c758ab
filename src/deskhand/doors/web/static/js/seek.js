// A field with a list under it: arrow keys choose, Enter goes there, Escape puts the list away (in a dialog: the dialog).
// What the server marks as chosen already is what Enter means without a choice.
import { each } from "./dom.js";

function chooses(input) {
  const list = input.form.querySelector(".found");
  const options = () => [...list.querySelectorAll("[role=option]")];
  const choose = (chosen) => {
    for (const it of options()) it.setAttribute("aria-selected", it === chosen);
    input.setAttribute("aria-activedescendant", chosen?.id ?? "");
    chosen?.scrollIntoView({ block: "nearest" });
  };
  const changed = () => {
    input.setAttribute("aria-expanded", options().length > 0);
    choose(options().find((it) => it.getAttribute("aria-selected") === "true"));
  };
  input.addEventListener("keydown", (event) => {
    const all = options();
    const at = all.findIndex((it) => it.getAttribute("aria-selected") === "true");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && all.length) choose(all[(at + step + (at < 0 && step < 0) + all.length) % all.length]);
    else if (event.key === "Enter" && at >= 0) all[at].click();
    else if (event.key === "Escape" && list.hasChildNodes() && !input.closest("dialog")) list.replaceChildren(), changed();
    else return;
    event.preventDefault();
  });
  list.addEventListener("htmx:afterSwap", changed);
}

export function seeks(root) {
  each(root, "[role=combobox]", chooses);
}
