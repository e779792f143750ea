"use strict";

// Texts come from corpora: they become nodes by textContent alone, never markup.
function make(tag, settings = {}, ...children) {
  const found = document.createElement(tag);
  for (const [name, value] of Object.entries(settings)) {
    if (name === "text") found.textContent = value;
    else if (name.startsWith("on")) found.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) found.setAttribute(name, value === true ? "" : value);
  }
  found.append(...children);
  return found;
}

const svg = (tag, settings) => {
  const found = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(settings)) found.setAttribute(name, value);
  return found;
};
// With one decimal, ties to even, as all other files of the report have it.
function percent(value) {
  const isTie = (4 * value) % 1 === 0 && Math.abs((10 * value) % 1) === 0.5;
  return (isTie ? 2 * Math.round(5 * value) / 10 : value).toFixed(1);
}
const number = (count) => count.toLocaleString("en");

// One of several buttons is reached by Tab, the others by arrows; `across` is how many stand in a line.
function rove(buttons, across) {
  const own = buttons();
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across };
  own.forEach((button, place) => {
    button.tabIndex = place ? -1 : 0;
    button.addEventListener("keydown", (event) => {
      const step = event.key === "Home" ? -place : event.key === "End" ? own.length - 1 - place : steps[event.key];
      const next = own[place + step];
      if (step === undefined || !next) return;
      event.preventDefault();
      own.forEach((each) => { each.tabIndex = -1; });
      next.tabIndex = 0;
      next.focus();
    });
  });
}

const STROKES = ["", "7 4", "2 4", "10 3 2 3", "12 6", "1 6", "6 2 2 2 2 2"];

// Lines over `values`; of shares in percent, or of anything from zero to `top`.
function chart({ title, values, totals, lines, top = 1 }, place) {
  const [w, h, left, bottom] = [720, 300, 44, 34];
  const x = (n) => left + (values.length > 1 ? n * (w - left - 16) / (values.length - 1) : 0);
  const y = (share) => (h - bottom) * (1 - share / top) + 8;
  const inWords = (share) => top === 1 ? percent(100 * share) : share.toPrecision(3);
  const canvas = svg("svg", { viewBox: `0 0 ${w} ${h + 12}`, class: "chart", role: "img", "aria-label": title });
  const text = (value, px, py, anchor) => {
    const found = svg("text", { x: px, y: py, "text-anchor": anchor });
    found.textContent = value;
    canvas.append(found);
  };
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const at = y(share * top);
    canvas.append(svg("line", { x1: left, x2: w - 16, y1: at, y2: at, class: "grid" }));
    text(top === 1 ? String(100 * share) : share ? (share * top).toPrecision(2) : "0", left - 6, at + 4, "end");
  }
  const step = Math.ceil(values.length / 9);
  values.forEach((value, n) => {
    if (n % step === 0) text(value, x(n), h - 4, n ? n + step < values.length ? "middle" : "end" : "start");
  });
  const legend = make("ul", { class: "legend" });
  lines.forEach(({ name, shares }, k) => {
    const style = { class: `line line-${k % 7}`, "stroke-dasharray": STROKES[(k + Math.floor(k / 7)) % 7] };
    const points = shares.map((share, n) => [share, n]).filter(([share]) => share !== null);
    canvas.append(svg("polyline", { ...style, points: points.map(([share, n]) => `${x(n)},${y(share)}`).join(" ") }));
    for (const [share, n] of points) {
      const dot = svg("circle", { class: `line-${k % 7}`, cx: x(n), cy: y(share), r: 3.5 });
      const said = svg("title", {});
      said.textContent = `${name}, ${values[n]}: ${inWords(share)}${totals ? ` of ${number(totals[n])}` : ""}`;
      dot.append(said);
      canvas.append(dot);
    }
    const sample = svg("svg", { viewBox: "0 0 40 10", "aria-hidden": "true" });
    sample.append(svg("line", { ...style, x1: 0, x2: 40, y1: 5, y2: 5 }));
    legend.append(make("li", {}, sample, ` ${name}`));
  });
  const names = ["", ...lines.map(({ name }) => name), ...(totals ? ["words"] : [])];
  const cells = values.map((value, n) => [value, ...lines.map(({ shares }) => shares[n] === null ? "" : inWords(shares[n])),
    ...(totals ? [number(totals[n])] : [])]);
  place.append(make("h3", { text: title }), legend, make("div", { class: "wide" }, canvas),
    make("details", {}, make("summary", { text: "the same as a table" }), sortable(names, cells, [true], title)));
}

// A table that a click on a title sorts; `isWords` says which columns are of words. What is no number stays last.
function sortable(titles, lines, isWords, label, cellOf) {
  const LONG = 16;  // letters; a shorter text stays on one line
  const head = make("tr"), body = make("tbody");
  let order = { column: null, down: false };
  const kind = (text, c) => [isWords[c] ? "words" : "", isWords[c] && text.length > LONG ? "long" : ""].join(" ").trim() || null;
  const made = lines.map((line, n) => make("tr", { "data-line": String(n) }, ...line.map((text, c) => c
    ? make("td", { text, class: kind(text, c) })
    : make("th", { scope: "row", class: kind(text, c) }, ...(cellOf ? [cellOf(text, n)] : broken(text))))));
  const valueOf = (n, c) => parseFloat(lines[n][c].replaceAll(",", ""));
  const inWords = (c) => (a, b) => lines[a][c].localeCompare(lines[b][c], "en", { numeric: true });
  const compare = (c) => isWords[c] ? inWords(c) : (a, b) => valueOf(a, c) - valueOf(b, c) || inWords(c)(a, b);
  const isEmpty = (c) => (n) => isWords[c] ? lines[n][c] === "" : Number.isNaN(valueOf(n, c));
  function show() {
    const c = order.column, arranged = [...made.keys()];
    if (c !== null) {
      const isLast = isEmpty(c);
      arranged.sort((a, b) => isLast(a) - isLast(b) || (order.down ? -1 : 1) * compare(c)(a, b));
    }
    head.replaceChildren(...titles.map((title, c) => make("th", {
      scope: "col", class: isWords[c] ? "words" : null,
      "aria-sort": order.column !== c ? "none" : order.down ? "descending" : "ascending",
    }, make("button", { type: "button", onclick: () => {
      order = { column: c, down: order.column === c ? !order.down : !isWords[c] };
      show();
      head.children[c].firstChild.focus();
    } }, ...broken(title), order.column !== c ? "" : order.down ? "\u00a0↓" : "\u00a0↑"))));
    body.replaceChildren(...arranged.map((n) => made[n]));
  }
  show();
  return make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": label },
    make("table", { class: "table" }, make("thead", {}, head), body));
}

// A name that may be cut behind each of its underscores.
const broken = (name) => name.split(/(?<=_)/).flatMap((part, n) => n ? [make("wbr"), part] : [part]);

function tableView({ title, notes, columns, words, lines }, id, place) {
  place.append(make("h2", { id, text: title }), make("ul", { class: "notes" }, ...notes.map((text) => make("li", { text }))),
    sortable(columns, lines, columns.map((_, c) => words.includes(c)), title));
}

// What a page can show, by the name of its data: `show(found, place)`, and `links` to its parts.
const views = {};
