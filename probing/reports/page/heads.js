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
    const meaning = found.meanings[state.measure];
    scale.textContent = `${meaning ? `${state.measure}: ${meaning}. ` : ""}In percent; the strongest colour is ${percent(top)}, the highest of ${row.name} in any direction. Dashed: the head chosen on ${found.chosen_on}. Click a head for examples.`;
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
      make("p", { text: said(row, head) }),
      make("ul", { class: "notes" }, ...Object.keys(row.measured).filter((name) => found.meanings[name])
        .map((name) => make("li", { text: `${name}: ${found.meanings[name]}` }))));
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
        ...some.map((each) => drawn(each, found.special[Math.floor(head / size)])));
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
  else {
    const bestHeads = (isAll) => {
      const own = [...table.columns.keys()].filter((c) => isAll || table.columns[c][2]);
      return sortable(own.map((c) => table.columns[c][0]), table.lines.map(({ cells }) => own.map((c) => cells[c])),
        own.map((c) => table.columns[c][1]), "best heads", (text, n) => make("button", { type: "button", text, onclick: () => {
          select(table.lines[n].row, table.lines[n].head);
          map.scrollIntoView({ block: "center" });
        } }));
    };
    let best = bestHeads(false);
    const all = make("input", { type: "checkbox", onchange: () => best.replaceWith(best = bestHeads(all.checked)) });
    if (table.columns.some(([, , isBrief]) => !isBrief)) place.append(make("label", {}, all, " all columns"));
    place.append(best);
  }
}

// An example: the sentence, what is gold, what is picked

const NEAR = 25;  // of a long window the words this near to one that counts are shown

function drawn(own, special) {
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
    make("div", { class: "mass quiet" }, `${special}:`,
      make("meter", { min: "0", max: String(Math.max(100, own.mass)), value: String(own.mass) }), `${own.mass}%`),
    make("div", { class: "quiet", text: where }));
}

function drawArcs(sentence) {
  const anchor = sentence.querySelector(".anchor b");
  const box = sentence.getBoundingClientRect();
  const place = (word) => {
    const own = word.getBoundingClientRect();
    return [own.left + own.width / 2 - box.left, own.top - box.top, own.bottom - box.top];
  };
  const canvas = svg("svg", { "aria-hidden": "true" });
  const [x, y, under] = place(anchor);
  for (const role of ["gold", "pick"]) {
    for (const word of sentence.querySelectorAll(`.${role} b`)) {
      const [u, v, low] = place(word), apart = role === "gold" ? 3 : -3;
      const [a, b] = [x + apart, u + apart];
      // Over the words of one line, else between lines, so that none is struck through.
      const isBelow = v >= under, isAbove = low <= y;
      const [s, t] = isBelow ? [under + 2, v - 3] : isAbove ? [y - 2, low + 3] : [y - 2, v - 3];
      const height = Math.min(26, 10 + Math.abs(u - x) / 12) + apart, middle = (s + t) / 2 + apart;
      const [c, d] = isBelow || isAbove ? [middle, middle] : [y - height, t - height];
      const tip = isAbove ? t + 5 : t - 5;
      canvas.append(svg("path", { class: `of-${role}`, d: `M${a} ${s} C${a} ${c} ${b} ${d} ${b} ${t}` }),
        svg("path", { class: `of-${role}`, d: `M${b - 4} ${tip} L${b} ${t} L${b + 4} ${tip}` }));
    }
  }
  sentence.querySelector("svg")?.remove();
  sentence.append(canvas);
}

views.heads = { show: headsView, links: () => [["map", "#map"], ["examples", "#examples"], ["best heads", "#best"]] };
