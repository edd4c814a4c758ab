// Keys of the desk, and its palette. No key counts while one types, nor together with Ctrl, Alt or Meta but for Ctrl-K.

const PLACES = { q: "/desk", k: "/desk/kb", r: "/desk/reports", s: "/desk/settings" };
const find = (selector) => document.querySelector(selector);
const writes = (at) => at.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
let going = 0;
let last = null;

function rows() {
  return [...document.querySelectorAll("#rows .subject")];
}

/** The row that one is on, or was before one went into a menu. */
function current() {
  last = document.activeElement?.closest("#rows > li") ?? (last && document.getElementById(last.id));
  return last;
}

function back() {
  find("#bulk")?.reset();
  current()?.querySelector(".subject").focus();
}

/** On a list to the next or previous row; on a ticket to the next or previous one, where the page names it. */
function move(step) {
  const all = rows();
  if (!all.length) return find(step > 0 ? "a[rel=next]" : "a[rel=prev]")?.click();
  const at = all.findIndex((it) => it.closest("li") === current());
  const next = all[at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1)];
  next.focus({ preventScroll: true });
  next.closest("li").scrollIntoView({ block: "nearest" });
}

function pick(always) {
  const box = current()?.querySelector(".pick input");
  if (box) box.checked = always || !box.checked;
}

/** Open the ticket's menu, or the one for what is picked: the row one is on counts as picked. */
function menu(name) {
  if (find("#bulk") && !find("#bulk .pick :checked")) pick(true);
  const it = find(`#${name}`) ?? find(`#bulk:has(.pick :checked) #bulk-${name}`);
  if (!it) return;
  it.open = true;
  it.querySelector(".panel :is(button, a, input, select):not([type=hidden])")?.focus();
}

function walk(menu, event) {
  const all = [...menu.querySelectorAll(".item:is(a, button)")];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? 0;
  all[(all.indexOf(document.activeElement) + step + all.length) % all.length]?.focus();
  event.preventDefault();
}

function compose(mode) {
  const way = find(`#composer [data-mode=${mode}]`);
  way?.click();
  const box = [...document.querySelectorAll("#composer textarea")].find((it) => it.offsetParent);
  box?.focus();
}

function search() {
  const box = find("#q");
  if (box) box.select();
  else open();
}

const ACTS = {
  j: () => move(1),
  k: () => move(-1),
  o: () => current()?.querySelector(".subject").click(),
  x: () => pick(false),
  a: () => menu("assign"),
  s: () => menu("status"),
  r: () => compose("reply"),
  n: () => compose("note"),
  "/": search,
  "?": () => find("#keys").showModal(),
};

function pressed(event) {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    return open();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || writes(event.target)) return;
  const shown = find("details.menu[open]");
  if (shown && event.key.startsWith("Arrow")) walk(shown, event);
  if (shown || find("dialog[open]")) return;
  if (event.key === "Escape") return back();
  const place = Date.now() - going < 1500 && PLACES[event.key];
  going = event.key === "g" ? Date.now() : 0;
  if (place) location.assign(place);
  else if (ACTS[event.key]) {
    event.preventDefault();
    ACTS[event.key]();
  }
}

function open() {
  const palette = find("#palette");
  if (!palette.open) palette.showModal();
  palette.querySelector("input").select();
}

/** The list stays below the field, in which the focus stays: arrows choose, Enter follows. */
function choose(palette, step) {
  const all = [...palette.querySelectorAll("[role=option]")];
  const at = all.findIndex((it) => it.getAttribute("aria-selected") === "true");
  all.forEach((it) => it.setAttribute("aria-selected", "false"));
  const next = all[(at + step + all.length) % all.length];
  next?.setAttribute("aria-selected", "true");
  next?.scrollIntoView({ block: "nearest" });
  palette.querySelector("input").setAttribute("aria-activedescendant", next?.id ?? "");
}

function palette(it) {
  it.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") choose(it, event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "Enter") it.querySelector("[role=option][aria-selected=true]")?.click();
    else return;
    event.preventDefault();
  });
  it.addEventListener("click", (event) => event.target === it && it.close());
  it.addEventListener("htmx:afterSettle", () => choose(it, 0));
  for (const way of document.querySelectorAll("[data-palette]")) {
    way.addEventListener("click", (event) => {
      event.preventDefault();
      find("#rail").matches(":popover-open") && find("#rail").hidePopover();
      open();
    });
  }
}

export function keys() {
  if (!find("#palette")) return;
  document.addEventListener("keydown", pressed);
  palette(find("#palette"));
  document.body.addEventListener("picked", back);
}
