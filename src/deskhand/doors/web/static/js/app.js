// Every page's script. What it adds works on what is there, now and after htmx has put something new.
import { each } from "./dom.js";
import { drafts } from "./drafts.js";
import { files } from "./files.js";
import { keys } from "./keys.js";
import { seeks } from "./seek.js";

function fades(toast) {
  if (!toast.querySelector("a, button")) setTimeout(() => toast.remove(), 6000);
}

function copies(code) {
  const box = document.createElement("div");
  const button = document.createElement("button");
  box.className = "codebox";
  button.className = "btn slim copy";
  button.type = "button";
  button.textContent = document.body.dataset.copy;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(code.innerText);
    button.textContent = "✓";
    setTimeout(() => (button.textContent = document.body.dataset.copy), 1500);
  });
  if (code.scrollWidth > code.clientWidth) code.tabIndex = 0; // what scrolls must do so by keyboard, too
  code.replaceWith(box);
  box.append(code, button);
  if (code.scrollWidth > code.clientWidth) code.tabIndex = 0; // so that keys can scroll it
}

function copiesValue(button) {
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent.trim());
    button.textContent = button.dataset.done;
  });
}

/** A form that is on its way is not sent again; coming back to the page makes it new. */
function onceOnly(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, 4000);
  });
  addEventListener("pageshow", () => delete form.dataset.sent);
}

/** What a person picks counts at once: selects and switches that need no button where there is a script. */
function sendsItself(control) {
  control.addEventListener("change", () => control.form.requestSubmit());
}

/** Menus close by Escape and once something in them was chosen; whoever works by keyboard goes on from there. */
function closes(menu) {
  const close = () => {
    menu.open = false;
    menu.querySelector("summary").focus();
  };
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    close();
    event.stopPropagation();
  });
  menu.addEventListener("click", (event) => {
    // Afterwards: htmx forgets a button that loses the focus before its form is sent.
    if (event.target.closest("[data-closes]")) setTimeout(close);
  });
}

function opensDialog(button) {
  button.addEventListener("click", () => document.getElementById(button.dataset.opens).showModal());
}

function enliven(root) {
  each(root, "[data-fades]", fades);
  each(root, ".prose pre", copies);
  each(root, "[data-copies]", copiesValue);
  each(root, "form[method=post]:not([hx-post])", onceOnly);
  each(root, "[data-sends]", sendsItself);
  each(root, "details.menu", closes);
  each(root, "[data-opens]", opensDialog);
  drafts(root);
  files(root);
  seeks(root);
}

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.includes(`deskhand_zone=${zone}`)) {
  document.cookie = `deskhand_zone=${zone};path=/;max-age=31536000;samesite=lax`;
}
enliven(document.body);
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form) event.target.form.requestSubmit();
});
keys();
document.body.addEventListener("htmx:load", (event) => enliven(event.detail.elt));
document.body.addEventListener("htmx:sendError", () => {
  const offline = document.getElementById("offline");
  if (offline) document.getElementById("messages").replaceChildren(offline.content.cloneNode(true));
});
// Whatever is fetched again by the clock waits while nobody looks: elements ask for "tick" as their trigger.
setInterval(() => document.visibilityState === "visible" && htmx.trigger(document.body, "tick"), 5000);
