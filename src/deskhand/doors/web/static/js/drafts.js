// Texts that are kept in the browser until they are sent: `data-draft` names the place.
import { each } from "./dom.js";

const KEPT = 30 * 24 * 3600 * 1000;
const place = (box) => `draft:${box.dataset.draft}`;

function keeps(box) {
  const kept = JSON.parse(localStorage.getItem(place(box)) ?? "null");
  if (kept && !box.value && Date.now() - kept.at < KEPT) box.value = kept.text;
  let waiting;
  box.addEventListener("input", () => {
    const flag = document.getElementById("writing"); // colleagues see who writes
    if (flag) flag.value = box.value.trim() ? "1" : "";
    clearTimeout(waiting);
    waiting = setTimeout(() => keep(box), 400);
  });
  box.form?.addEventListener("submit", () => {
    clearTimeout(waiting);
    // Gone once the next page shows that it has arrived; see below.
    sessionStorage.setItem("sent", place(box));
  });
}

function keep(box) {
  if (box.value.trim()) localStorage.setItem(place(box), JSON.stringify({ text: box.value, at: Date.now() }));
  else localStorage.removeItem(place(box));
}

/** A draft that was sent goes once a page comes up that does not give it back as refused. */
function forget(root) {
  const sent = sessionStorage.getItem("sent");
  if (!sent) return;
  sessionStorage.removeItem("sent");
  const box = [...root.querySelectorAll("[data-draft]")].find((it) => place(it) === sent);
  const signIn = location.pathname.startsWith("/login");
  if (!signIn && !box?.value && !document.querySelector("[role=alert], [aria-invalid=true]")) localStorage.removeItem(sent);
}

export function drafts(root) {
  if (root === document.body) forget(root);
  each(root, "[data-draft]", keeps);
}
