// Small helpers.

/** Call `act` for every match within `root`, itself included, once in its life. */
export function each(root, selector, act) {
  const found = [...root.querySelectorAll(selector)];
  if (root.matches?.(selector)) found.unshift(root);
  for (const it of found) {
    const done = (it.added ??= new Set());
    if (done.has(act)) continue;
    done.add(act);
    act(it);
  }
}

/** Say something above the page; screen readers hear it too. */
export function say(text) {
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.dataset.fades = "";
  toast.textContent = text;
  document.getElementById("messages").append(toast);
  setTimeout(() => toast.remove(), 6000);
}
