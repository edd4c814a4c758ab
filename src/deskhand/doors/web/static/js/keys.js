// Keys of the desk. None counts while one types, nor together with Ctrl, Alt or Meta but for Ctrl-K.

const PLACES = { q: "/desk", k: "/desk/kb", r: "/desk/reports", s: "/desk/settings" };
const find = (selector) => document.querySelector(selector);
const writes = (at) => at.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
let going = 0;
let last = null;

/** The row that one is on, or was before one went into a menu. */
function current() {
  last = document.activeElement?.closest("#rows > li") ?? (last && document.getElementById(last.id));
  return last;
}

/** On a list to the next or previous row; on a ticket to the next or previous one, where the page names it. */
function move(step) {
  const all = [...document.querySelectorAll("#rows .subject")];
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

function pickNone() {
  find("#bulk")?.reset();
  current()?.querySelector(".subject").focus();
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
  find(`#composer [data-mode=${mode}]`)?.click();
  [...document.querySelectorAll("#composer textarea")].find((it) => it.offsetParent)?.focus();
}

function palette(event) {
  event?.preventDefault();
  if (find("#rail").matches(":popover-open")) find("#rail").hidePopover();
  if (!find("#palette").open) find("#palette").showModal();
  find("#palette-q").select();
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
  "/": () => (find("#q") ? find("#q").select() : palette()),
  "?": () => find("#keys").showModal(),
};

function pressed(event) {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") return palette(event);
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || writes(event.target)) return;
  const shown = find("details.menu[open]");
  if (shown && event.key.startsWith("Arrow")) walk(shown, event);
  if (shown || find("dialog[open]")) return;
  if (event.key === "Escape") return pickNone();
  const place = Date.now() - going < 1500 && PLACES[event.key];
  going = event.key === "g" ? Date.now() : 0;
  if (place) return location.assign(place);
  if (!ACTS[event.key]) return;
  event.preventDefault();
  ACTS[event.key]();
}

export function keys() {
  if (!find("#palette")) return;
  document.addEventListener("keydown", pressed);
  document.body.addEventListener("picked", pickNone);
  for (const way of document.querySelectorAll("[data-palette]")) way.addEventListener("click", palette);
  for (const it of document.querySelectorAll("dialog")) it.addEventListener("click", (event) => event.target === it && it.close());
}
