// Files by choosing, dragging or pasting: each goes up at once, and its Markdown into the text.
import { each, say } from "./dom.js";

const MOST = 25 * 1024 * 1024;

function takes(zone) {
  const box = zone.querySelector("textarea");
  const input = zone.querySelector("input[type=file]");
  const list = zone.querySelector("[data-files-list]");
  const send = (chosen) => [...chosen].forEach((file) => upload(zone, box, list, file));
  input.addEventListener("change", () => {
    send(input.files);
    input.value = "";
  });
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    send(event.dataTransfer.files);
  });
  box.addEventListener("paste", (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    send(event.clipboardData.files);
  });
}

function upload(zone, box, list, file) {
  if (file.size > MOST) return say(zone.dataset.tooLarge);
  const row = list.appendChild(document.createElement("li"));
  const bar = document.createElement("progress");
  const remove = document.createElement("button");
  row.className = "row firm small";
  bar.max = file.size;
  bar.setAttribute("aria-label", file.name);
  remove.type = "button";
  remove.className = "btn plain slim";
  remove.textContent = zone.dataset.remove;
  const name = document.createElement("span");
  name.className = "clip grow";
  name.textContent = file.name;
  row.append(name, bar, remove);
  const request = new XMLHttpRequest();
  const body = new FormData();
  body.append("file", file);
  let link = "";
  request.upload.addEventListener("progress", (event) => (bar.value = event.loaded));
  request.addEventListener("load", () => {
    bar.remove();
    if (request.status !== 201) {
      row.remove();
      return say(detail(request) || zone.dataset.failed);
    }
    link = JSON.parse(request.responseText).markdown;
    const before = box.value.slice(0, box.selectionEnd);
    box.value = `${before}${before && !before.endsWith("\n") ? "\n" : ""}${link}\n${box.value.slice(box.selectionEnd)}`;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  });
  request.addEventListener("error", () => {
    row.remove();
    say(zone.dataset.failed);
  });
  remove.addEventListener("click", () => {
    request.abort();
    row.remove();
    if (link) box.value = box.value.replace(`${link}\n`, "").replace(link, "");
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.focus();
  });
  request.open("POST", zone.dataset.files);
  request.setRequestHeader("X-CSRF-Token", zone.dataset.csrf);
  request.send(body);
}

function detail(request) {
  try {
    return JSON.parse(request.responseText).detail;
  } catch {
    return "";
  }
}

export function files(root) {
  each(root, "[data-files]", takes);
}
