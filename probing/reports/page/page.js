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

function headsView(found, place) {
  const { layers, heads, rows, directions, table, windows } = found;
  const state = { row: 0, direction: 0, measure: "accuracy", head: null };
  const size = layers.length * heads;
  const nameOf = (head) => `${layers[Math.floor((head % size) / heads)]}-${(head % heads) + 1}`;
  const directionOf = (head) => directions[Math.floor(head / size)];
  const accuracy = (row, head) => 100 * row.correct[head] / row.total;

  // The list of rows

  const list = make("ul", { class: "rows", "aria-label": found.row });
  const search = make("input", { type: "search", placeholder: `search ${number(rows.length)}`,
    "aria-label": `search: ${found.row}`, oninput: showRows });

  function showRows() {
    const asked = search.value.trim().toLowerCase();
    const shown = rows.map((row, r) => [row, r]).filter(([row]) => row.name.toLowerCase().includes(asked));
    list.replaceChildren(...shown.map(([row, r]) => make("li", {}, make("button", {
      type: "button", "aria-current": String(r === state.row), onclick: () => select(r, row.best),
      title: row.best === null ? null : `${nameOf(row.best)} ${directionOf(row.best)}`,
    }, make("span", { text: row.name }), make("span", { text: number(row.total) }),
    make("span", { text: row.best === null ? "" : percent(accuracy(row, row.best)) })))));
    if (!shown.length) list.append(make("li", { class: "quiet", text: "none" }));
    rove(() => [...list.querySelectorAll("button")], 1);
  }

  // The map

  const map = make("table", { class: "map" });
  map.style.setProperty("--heads", String(heads));
  const status = make("output", { "aria-live": "polite" });
  const scale = make("p", { class: "quiet" });
  const measures = make("select", { "aria-label": "what is shown",
    onchange: () => { state.measure = measures.value; showMap(); } },
  ...["accuracy", ...Object.keys(rows[0]?.measured ?? {})].map((name) => make("option", { value: name, text: name })));
  const radios = make("fieldset", {}, make("legend", { text: "direction" }),
    ...directions.map((name, d) => make("label", {}, make("input", { type: "radio", name: "direction",
      value: String(d), onchange: () => { state.direction = d; showMap(); } }), ` ${name}`)));

  const valueOf = (row, head) => state.measure === "accuracy" ? accuracy(row, head) : row.measured[state.measure][head] === null ? null : 100 * row.measured[state.measure][head];

  function said(row, head) {
    const reachable = row.reachable[Math.floor(head / heads)];
    return [
      `${row.name}, ${nameOf(head)} ${directionOf(head)}: ${number(row.correct[head])} of ${number(row.total)} right, ${percent(accuracy(row, head))}%`,
      row.low ? `95% interval ${percent(100 * row.low[head])}–${percent(100 * row.high[head])}` : "",
      reachable < row.total ? `reachable ${number(reachable)}` : "",
      ...Object.entries(row.measured).map(([name, own]) => `${name} ${own[head] === null ? "unknown" : own[head].toFixed(3)}`),
      head === row.best ? `chosen on ${found.chosen_on}` : "",
    ].filter(Boolean).join("; ");
  }

  function showMap() {
    const row = rows[state.row];
    const every = row.correct.map((_, head) => valueOf(row, head) ?? 0);
    const top = Math.max(...every, 1e-9);  // in percent
    scale.textContent = `In percent; the strongest colour is ${percent(top)}, the highest of ${row.name} in any direction. Dashed: the head chosen on ${found.chosen_on}. Click a head for examples.`;
    const line = (layer) => [...Array(heads).keys()].map((h) => {
      const head = state.direction * size + layer * heads + h;
      const share = Math.max(0, every[head]) / top;
      const text = valueOf(row, head) === null ? "–" : String(Math.round(every[head]));
      const button = make("button", { type: "button", text, title: said(row, head), "data-head": String(head),
        "aria-label": said(row, head), "aria-pressed": String(head === state.head),
        class: `${share > 0.55 ? "high" : ""} ${head === row.best ? "best" : ""}`,
        onclick: () => select(state.row, head), onfocus: () => { status.textContent = said(row, head); },
        onmouseenter: () => { status.textContent = said(row, head); } });
      button.style.setProperty("--share", String(share));
      return make("td", {}, button);
    });
    map.replaceChildren(
      make("thead", {}, make("tr", {}, make("th", { scope: "col", text: "layer" }),
        ...[...Array(heads).keys()].map((h) => make("th", { scope: "col", text: String(h + 1) })))),
      make("tbody", {}, ...layers.map((layer, l) => make("tr", {}, make("th", { scope: "row", text: String(layer) }), ...line(l)))));
    rove(() => [...map.querySelectorAll("button")], heads);
    const pressed = map.querySelector("[aria-pressed=true]");
    if (pressed) {
      map.querySelector("button").tabIndex = -1;
      pressed.tabIndex = 0;
    }
    radios.querySelectorAll("input").forEach((input, d) => { input.checked = d === state.direction; });
  }

  // Examples

  const examples = make("section", { id: "examples", "aria-live": "polite", "aria-label": "examples" });

  function showExamples() {
    const row = rows[state.row], head = state.head;
    examples.replaceChildren();
    if (head === null) return;
    examples.append(make("h2", { text: `${nameOf(head)} ${directionOf(head)} on ${row.name}` }),
      make("p", { text: said(row, head) }));
    if (!row.anchors) {
      examples.append(make("p", { class: "quiet", text: "No examples were kept (--report.examples 0)." }));
      return;
    }
    const own = [];
    for (let k = 0; k < row.examples[head].length; k += 3) {
      const [slot, pick, mass] = row.examples[head].slice(k, k + 3);
      const [window, anchor, gold, line, id] = row.anchors[slot];
      own.push({ ...windows[window], anchor, gold, line, id, pick, mass, right: gold.includes(pick) });
    }
    for (const right of [true, false]) {
      const some = own.filter((each) => each.right === right);
      examples.append(make("h3", { text: right ? "Right" : "Wrong" }),
        ...some.map((each) => drawn(each, directionOf(head) === directions[0] ? "to"
          : directionOf(head) === directions[1] ? "from" : "to and from")));
      if (!some.length) {
        examples.append(make("p", { class: "quiet",
          text: `None among the ${number(row.sampled)} that were looked at, drawn by chance from ${number(row.total)}.` }));
      }
    }
    examples.querySelectorAll(".sentence").forEach(drawArcs);
  }

  function select(row, head) {
    const had = document.activeElement?.dataset?.head, isListed = list.contains(document.activeElement);
    state.row = row;
    state.head = head;
    status.textContent = "";
    if (head !== null) state.direction = Math.floor(head / size);
    showRows();
    showMap();
    showExamples();
    // What was pressed has been made anew.
    if (had !== undefined) map.querySelector(`[data-head="${had}"]`)?.focus();
    if (isListed) {
      const current = list.querySelector("[aria-current=true]");
      list.querySelectorAll("button").forEach((each) => { each.tabIndex = each === current ? 0 : -1; });
      current?.focus();
    }
  }

  place.append(make("ul", { class: "notes" }, ...found.notes.map((text) => make("li", { text }))));
  if (rows.length) {
    place.append(
      make("div", { class: "columns" },
        make("section", { "aria-label": "rows" }, make("h2", { text: `Every ${found.row}` }), search,
          make("p", { class: "quiet", text: "anchors, and the accuracy of the chosen head" }), list),
        make("section", { id: "map", "aria-label": "heads" }, make("h2", { text: "Layer by head" }), radios, measures,
          make("div", { class: "wide" }, map), scale, status)),
      examples);
    select(0, rows[0].best);
  }
  place.append(make("h2", { id: "best", text: "Best heads" }));
  if (table.absence) place.append(make("p", { text: table.absence }));
  else place.append(sortable(table.columns.map(([title]) => title), table.lines.map(({ cells }) => cells),
    table.columns.map(([, isWords]) => isWords), "best heads", (text, n) => make("button", { type: "button", text, onclick: () => {
      select(table.lines[n].row, table.lines[n].head);
      map.scrollIntoView({ block: "center" });
    } })));
}

// An example: the sentence, what is gold, what is picked

const NEAR = 25;  // of a long window the words this near to one that counts are shown

function drawn(own, way) {
  const keys = [own.anchor, own.pick, ...own.gold].filter((word) => word >= 0);
  const isNear = (word) => own.words.length <= 4 * NEAR || keys.some((key) => Math.abs(key - word) <= NEAR);
  const sentence = make("p", { class: "sentence" });
  let gap = 0;
  own.words.forEach((form, word) => {
    if (!isNear(word)) { gap += 1; return; }
    if (gap) sentence.append(make("span", { class: "quiet", text: `… ${gap} words …` }), " ");
    gap = 0;
    const roles = [[word === own.anchor, "anchor"], [own.gold.includes(word), "gold"], [word === own.pick, "pick"]]
      .filter(([is]) => is).map(([, role]) => role);
    sentence.append(make("span", { class: roles.join(" ") || null }, make("b", { text: form }),
      ...(roles.length ? [make("small", { text: roles.join(" = ") })] : [])), " ");
  });
  if (gap) sentence.append(make("span", { class: "quiet", text: `… ${gap} words …` }));
  const form = (word) => `“${own.words[word]}”`;
  const golden = own.gold.map(form).join(", ");
  const picked = own.pick < 0 ? "picks nothing" : `picks ${form(own.pick)}`;
  const where = [own.file, own.document, `line ${own.line}, word ${own.id}`].filter(Boolean).join(" · ");
  return make("figure", { class: `example ${own.right ? "right" : "wrong"}` },
    make("figcaption", { text: `${own.right ? "✓" : "✗"} ${form(own.anchor)} ${picked}${own.right ? "" : `; gold is ${golden}`}` }),
    sentence,
    make("div", { class: "mass quiet" }, `attention ${way} special tokens`,
      make("meter", { min: "0", max: String(Math.max(100, own.mass)), value: String(own.mass) }), `${own.mass}%`),
    make("div", { class: "quiet", text: where }));
}

function drawArcs(sentence) {
  const anchor = sentence.querySelector(".anchor b");
  const box = sentence.getBoundingClientRect();
  const top = (word) => {
    const own = word.getBoundingClientRect();
    return [own.left + own.width / 2 - box.left, own.top - box.top];
  };
  const canvas = svg("svg", { "aria-hidden": "true" });
  const [x, y] = top(anchor);
  for (const role of ["gold", "pick"]) {
    for (const word of sentence.querySelectorAll(`.${role} b`)) {
      const [u, v] = top(word), apart = role === "gold" ? 3 : -3;
      const height = y === v ? Math.min(26, 10 + Math.abs(u - x) / 12) + apart : 18 + apart;
      const [a, b, t] = [x + apart, u + apart, v - 3];
      canvas.append(svg("path", { class: `of-${role}`, d: `M${a} ${y - 2} C${a} ${y - height} ${b} ${t - height} ${b} ${t}` }),
        svg("path", { class: `of-${role}`, d: `M${b - 4} ${t - 5} L${b} ${t} L${b + 4} ${t - 5}` }));
    }
  }
  sentence.querySelector("svg")?.remove();
  sentence.append(canvas);
}

// Probes

const STROKES = ["", "7 4", "2 4", "10 3 2 3", "12 6", "1 6", "6 2 2 2 2 2"];

function chart({ title, values, totals, lines }, place) {
  const [w, h, left, bottom] = [720, 300, 44, 34];
  const x = (n) => left + (values.length > 1 ? n * (w - left - 16) / (values.length - 1) : 0);
  const y = (share) => (h - bottom) * (1 - share) + 8;
  const canvas = svg("svg", { viewBox: `0 0 ${w} ${h + 12}`, class: "chart", role: "img", "aria-label": title });
  const text = (value, px, py, anchor) => {
    const found = svg("text", { x: px, y: py, "text-anchor": anchor });
    found.textContent = value;
    canvas.append(found);
  };
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    canvas.append(svg("line", { x1: left, x2: w - 16, y1: y(share), y2: y(share), class: "grid" }));
    text(String(100 * share), left - 6, y(share) + 4, "end");
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
      said.textContent = `${name}, ${values[n]}: ${percent(100 * share)}${totals ? ` of ${number(totals[n])}` : ""}`;
      dot.append(said);
      canvas.append(dot);
    }
    const sample = svg("svg", { viewBox: "0 0 40 10", "aria-hidden": "true" });
    sample.append(svg("line", { ...style, x1: 0, x2: 40, y1: 5, y2: 5 }));
    legend.append(make("li", {}, sample, ` ${name}`));
  });
  const names = ["", ...lines.map(({ name }) => name), ...(totals ? ["words"] : [])];
  const cells = values.map((value, n) => [value, ...lines.map(({ shares }) => shares[n] === null ? "" : percent(100 * shares[n])),
    ...(totals ? [number(totals[n])] : [])]);
  place.append(make("h3", { text: title }), legend, make("div", { class: "wide" }, canvas),
    make("details", {}, make("summary", { text: "the same as a table" }), sortable(names, cells, [true], title)));
}

// A table that a click on a title sorts; `isWords` says which columns are of words.
function sortable(titles, lines, isWords, label, cellOf) {
  const head = make("tr"), body = make("tbody");
  let order = { column: null, down: false };
  const valueOf = (line, c) => parseFloat(line[c].replaceAll(",", ""));
  const compare = (c) => isWords[c] ? (a, b) => a[c].localeCompare(b[c])
    : (a, b) => Number.isNaN(valueOf(a, c)) - Number.isNaN(valueOf(b, c)) || valueOf(a, c) - valueOf(b, c);
  function show() {
    const arranged = [...lines];
    if (order.column !== null) arranged.sort((a, b) => (order.down ? -1 : 1) * compare(order.column)(a, b));
    head.replaceChildren(...titles.map((title, c) => make("th", {
      scope: "col", class: isWords[c] ? "words" : null,
      "aria-sort": order.column !== c ? "none" : order.down ? "descending" : "ascending",
    }, make("button", { type: "button", text: title + (order.column !== c ? "" : order.down ? " ↓" : " ↑"),
      onclick: () => {
        order = { column: c, down: order.column === c ? !order.down : !isWords[c] };
        show();
        head.children[c].firstChild.focus();
      } }))));
    body.replaceChildren(...arranged.map((line) => make("tr", {}, ...line.map((text, c) => c
      ? make("td", { text, class: isWords[c] ? "words" : null })
      : make("th", { scope: "row", class: "words" }, cellOf ? cellOf(text, lines.indexOf(line)) : text)))));
  }
  show();
  return make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": label },
    make("table", { class: "table" }, make("thead", {}, head), body));
}

function probesView(found, place) {
  place.append(make("h2", { id: "probes", text: found.title }), make("p", { class: "quiet", text: found.note }),
    sortable([found.row, "anchors", ...found.names],
      found.rows.map((row) => [row.name, number(row.total), ...row.correct.map((correct) => percent(100 * correct / row.total))]),
      [true], found.title));
  for (const each of found.charts) chart(each, place);
  if (!found.weights.length) return;
  const state = { probe: 0, direction: 0 };
  const map = make("table", { class: "map" });
  const names = make("select", { "aria-label": "probe", onchange: () => { state.probe = Number(names.value); show(); } },
    ...found.weights.map(({ name }, n) => make("option", { value: String(n), text: name })));
  const radios = make("fieldset", {}, make("legend", { text: "direction" }), ...found.directions.map((name, d) =>
    make("label", {}, make("input", { type: "radio", name: "weights", value: String(d), checked: d === 0,
      onchange: () => { state.direction = d; show(); } }), ` ${name}`)));
  const scale = make("p", { class: "quiet" });
  function show() {
    const { layers, heads, values } = found.weights[state.probe];
    const top = Math.max(...values.map(Math.abs), 1e-9), size = layers.length * heads;
    map.style.setProperty("--heads", String(heads));
    scale.textContent = `Weight times the spread of the attention, in percent of the largest, ${top.toPrecision(3)}; those below zero are hatched.`;
    map.replaceChildren(make("tbody", {}, make("tr", {}, make("th", { text: "layer" }),
      ...[...Array(heads).keys()].map((h) => make("th", { scope: "col", text: String(h + 1) }))),
    ...layers.map((layer, l) => make("tr", {}, make("th", { scope: "row", text: String(layer) }),
      ...[...Array(heads).keys()].map((h) => {
        const value = values[state.direction * size + l * heads + h], share = Math.abs(value) / top;
        const cell = make("td", { class: `weight ${share > 0.55 ? "high" : ""} ${value < 0 ? "below" : ""}`,
          text: String(Math.round(100 * value / top)), title: `${layer}-${h + 1}: ${value}` });
        cell.style.setProperty("--share", String(share));
        return cell;
      })))));
  }
  place.append(make("h3", { text: "weights of heads after the last epoch" }), names, radios, make("div", { class: "wide" }, map), scale);
  show();
}

function tableView({ title, notes, columns, lines }, id, place) {
  place.append(make("h2", { id, text: title }), make("ul", { class: "notes" }, ...notes.map((text) => make("li", { text }))),
    sortable(columns, lines, [true], title));
}

const data = JSON.parse(document.getElementById("data").textContent);
const main = document.getElementById("page");
const parts = [
  ...(data.heads ? [["map", "#map"], ["examples", "#examples"], ["best heads", "#best"]] : []),
  ...(data.probes ? [["probes", "#probes"]] : []),
  ...(data.tables ?? []).map(({ title }, n) => [title, `#table-${n}`]),
  ...(data.links ?? []),
];
main.append(make("nav", {}, ...parts.map(([text, href]) => make("a", { text, href }))));
if (data.heads) headsView(data.heads, main);
if (data.probes) probesView(data.probes, main);
(data.tables ?? []).forEach((each, n) => tableView(each, `table-${n}`, main));
let width = 0;
new ResizeObserver(() => {
  if (main.clientWidth === width) return;
  width = main.clientWidth;
  main.querySelectorAll(".sentence").forEach(drawArcs);
}).observe(main);
