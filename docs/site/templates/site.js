"use strict";
// Three comforts: a switch between light and dark, a search, and keys for what scrolls. The pages are whole without them.

(function theme() {
  const button = document.getElementById("theme");
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const say = () => { button.textContent = dark() ? "Light" : "Dark"; };
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch (error) { /* not remembered, then */ }
    say();
  });
  system.addEventListener("change", say);
  button.hidden = false;
  say();
})();

(function scrollers() {
  const mark = () => {
    for (const box of document.querySelectorAll("pre, .scroll, .formula")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    }
  };
  mark();
  document.addEventListener("toggle", mark, true); // a fold that opens shows new code
  if (window.matchMedia("(max-width: 63.9rem)").matches) {
    document.querySelector(".inside")?.removeAttribute("open");
  }
})();

(function search() {
  const MOST = 12;
  const field = document.getElementById("query");
  const box = document.getElementById("found");
  let asked = false;

  function load() { // the index is large, so it comes when somebody searches
    if (asked) return;
    asked = true;
    const script = document.createElement("script");
    script.src = "assets/index.js";
    script.onload = show;
    document.head.append(script);
  }

  function score(row, words) { // a word in a title counts more than one in a heading, that more than one in the text
    const places = [row[0], row[1], row[3]].map((text) => text.toLowerCase());
    let sum = 0;
    for (const word of words) {
      const best = [12, 6, 1].filter((weight, place) => places[place].includes(word));
      if (!best.length) return 0;
      sum += best[0];
    }
    return row[1] ? sum : sum + 1;
  }

  function around(text, word) { // the words about the first hit
    const at = Math.max(0, text.toLowerCase().indexOf(word));
    const from = Math.max(0, text.lastIndexOf(" ", Math.max(0, at - 50)) + 1);
    return [text.slice(from, at), text.slice(at, at + word.length), text.slice(at + word.length, at + 110)];
  }

  function line(row, words) {
    const link = document.createElement("a");
    link.href = row[2];
    link.append(row[1] ? `${row[0]}: ${row[1]}` : row[0]);
    const word = words.find((one) => row[3].toLowerCase().includes(one)) || "";
    const [before, hit, after] = around(row[3], word);
    const mark = document.createElement("mark");
    mark.textContent = hit;
    const small = document.createElement("small");
    small.append(before, mark, after);
    link.append(small);
    return link;
  }

  function show() {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    box.hidden = !words.length || !window.vsslIndex;
    if (box.hidden) return;
    const rows = window.vsslIndex
      .map((row, place) => [score(row, words), place, row])
      .filter((one) => one[0])
      .sort((a, b) => b[0] - a[0] || a[1] - b[1]);
    const text = document.createElement("p");
    text.textContent = rows.length > MOST ? `The first ${MOST} of ${rows.length} places` : `${rows.length} places`;
    box.replaceChildren(text, ...rows.slice(0, MOST).map((one) => line(one[2], words)));
  }

  field.addEventListener("focus", load);
  field.addEventListener("input", () => { load(); show(); });
  document.addEventListener("keydown", (event) => {
    const typing = /^(input|textarea|select)$/i.test(event.target.tagName);
    if (event.key === "/" && !typing) { event.preventDefault(); field.focus(); }
    if (event.key === "Escape" && !box.hidden) { box.hidden = true; field.focus(); }
    const links = [field, ...box.querySelectorAll("a")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && !box.hidden && links.includes(event.target)) {
      event.preventDefault();
      links[Math.min(links.length - 1, Math.max(0, links.indexOf(event.target) + step))].focus();
    }
  });
  document.addEventListener("click", (event) => { if (!event.target.closest(".search")) box.hidden = true; });
})();
