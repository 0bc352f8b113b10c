// The pages work without this. With it they follow what happens, and the timeline is reached by arrow keys.
"use strict";
const EVERY = 1500; // milliseconds
const live = document.getElementById("live");
const news = document.getElementById("news");
const pristine = new WeakMap(); // what each live part was like before this script touched it
let tag = "";

function handle(element) {
  // What finds the same element again in a newer version of the page.
  if (!element || !element.closest("[data-live]")) return null;
  if (element.id) return "#" + CSS.escape(element.id);
  if (element.dataset.key) return `[data-key="${CSS.escape(element.dataset.key)}"]`;
  const href = element.getAttribute("href");
  return href ? `a[href="${CSS.escape(href)}"]` : null;
}

function take(newer) {
  for (const old of document.querySelectorAll("[data-live]")) {
    const fresh = newer.getElementById(old.id);
    if (!fresh || fresh.outerHTML === pristine.get(old)) continue;
    const focused = old.contains(document.activeElement) ? handle(document.activeElement) : null;
    const scrolled = [...old.querySelectorAll(".wide, pre")].map((one) => [one.scrollLeft, one.scrollTop]);
    const next = document.importNode(fresh, true);
    pristine.set(next, fresh.outerHTML);
    old.replaceWith(next);
    next.querySelectorAll(".wide, pre").forEach((one, at) => {
      if (scrolled[at]) [one.scrollLeft, one.scrollTop] = scrolled[at];
    });
    if (focused) next.querySelector(focused)?.focus({ preventScroll: true });
    if (fresh.dataset.news) news.textContent = fresh.dataset.news;
  }
  if (document.querySelectorAll("[data-live]").length !== newer.querySelectorAll("[data-live]").length) location.reload();
  rove();
  whole();
}

async function look() {
  if (!document.hidden) {
    try {
      const headers = { Accept: "text/html", ...(tag && { "If-None-Match": tag }) };
      const answer = await fetch(location.href, { headers, cache: "no-store" });
      if (answer.ok) {
        tag = answer.headers.get("ETag") || "";
        take(new DOMParser().parseFromString(await answer.text(), "text/html"));
      }
      live.hidden = !(answer.ok || answer.status === 304);
      if (live.classList.contains("gone")) tell("Live", false);
    } catch {
      live.hidden = false;
      if (!live.classList.contains("gone")) tell("The sandbox does not answer", true);
    }
  }
  setTimeout(look, EVERY);
}

function tell(text, gone) {
  live.classList.toggle("gone", gone);
  live.lastChild.textContent = ` ${text}`;
  news.textContent = text;
}

// One stop of the Tab key for each lane, its newest mark; the arrow keys go along it.
function rove() {
  for (const lane of document.querySelectorAll(".timeline ol")) {
    const marks = [...lane.querySelectorAll(".m")];
    const current = marks.includes(document.activeElement) ? document.activeElement : marks[marks.length - 1];
    for (const mark of marks) mark.tabIndex = mark === current ? 0 : -1;
  }
}

// A mark, or the name of a day, that the column of names covers in part is shown when all of it can be.
const seen = new WeakSet();
function whole() {
  const timeline = document.querySelector(".timeline");
  if (!timeline || seen.has(timeline.firstElementChild)) return;
  seen.add(timeline.firstElementChild);
  const names = timeline.querySelector(".axis .name").offsetWidth;
  const options = { root: timeline, rootMargin: `0px 0px 0px -${names}px`, threshold: [0, 0.99, 1] };
  const watch = new IntersectionObserver((all) => {
    for (const one of all) one.target.classList.toggle("cut", one.intersectionRatio > 0 && one.intersectionRatio < 0.99);
  }, options);
  for (const one of timeline.querySelectorAll(".m, .axis span:not(.name)")) watch.observe(one);
}

function along(event) {
  const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
  const mark = event.target.closest(".m");
  if (event.key === "Escape") document.body.classList.add("quiet-tips");
  if (!mark || !(event.key in steps) || event.ctrlKey || event.metaKey || event.altKey) return;
  const marks = [...mark.closest("ol").querySelectorAll(".m")];
  const next = marks[Math.min(Math.max(marks.indexOf(mark) + steps[event.key], 0), marks.length - 1)];
  event.preventDefault();
  for (const one of marks) one.tabIndex = one === next ? 0 : -1;
  next.focus();
}

function beside(event) {
  const mark = event.target.closest?.(".m");
  if (!mark) return;
  document.body.classList.remove("quiet-tips");
  const at = mark.getBoundingClientRect();
  const tip = mark.lastElementChild;
  const left = Math.min(Math.max(at.left + at.width / 2 - tip.offsetWidth / 2, 8), innerWidth - tip.offsetWidth - 8);
  const above = at.top - tip.offsetHeight - 6;
  tip.style.left = `${left}px`;
  tip.style.bottom = "auto";
  tip.style.top = `${above > 8 ? above : at.bottom + 6}px`;
}

document.addEventListener("keydown", along);
document.addEventListener("mouseover", beside);
document.addEventListener("focusin", beside);
for (const one of document.querySelectorAll("[data-live]")) pristine.set(one, one.outerHTML);
rove();
whole();
if (document.querySelector("[data-live]")) setTimeout(look, EVERY);
