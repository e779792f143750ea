// What heads do on plain text: figures whose points are heads, and sentences with the attention of the chosen one.

// As matplotlib calls them, about the origin.
const SHAPES = {
  o: "M-3 0a3 3 0 1 0 6 0a3 3 0 1 0 -6 0", ".": "M-2.2 0a2.2 2.2 0 1 0 4.4 0a2.2 2.2 0 1 0 -4.4 0",
  s: "M-2.8-2.8h5.6v5.6h-5.6z", D: "M0-3.8L3.8 0L0 3.8L-3.8 0z",
  P: "M-1.3-3.8h2.6v2.5h2.5v2.6h-2.5v2.5h-2.6v-2.5h-2.5v-2.6h2.5z",
  ">": "M-2.8-3.4L3.6 0L-2.8 3.4z", "<": "M2.8-3.4L-3.6 0L2.8 3.4z", "^": "M-3.4 2.8L0-3.6L3.4 2.8z", v: "M-3.4-2.8L0 3.6L3.4-2.8z",
  x: "M-2.8-2.8L2.8 2.8M-2.8 2.8L2.8-2.8",
};
const inkOf = (colour) => colour === "#000000" ? "currentColor" : colour;

function marker({ colour, marker: shape }, x, y, settings = {}) {
  const ink = inkOf(colour);
  return svg("path", { d: SHAPES[shape] ?? SHAPES.o, transform: `translate(${x} ${y})`, class: "mark", fill: shape === "x" ? "none" : ink,
    stroke: ink, ...settings });
}

function labelled(canvas, value, x, y, settings = {}) {
  const found = svg("text", { x, y, ...settings });
  found.textContent = value;
  canvas.append(found);
  return found;
}

function legendOf(entries) {
  return make("ul", { class: "legend" }, ...entries.map(([name, ...nodes]) => {
    const sample = svg("svg", { viewBox: "-20 -5 40 10", "aria-hidden": "true" });
    sample.append(...nodes);
    return make("li", {}, sample, ` ${name}`);
  }));
}

// Round numbers from `low` to `high`, about `count` of them.
function ticksOf(low, high, count) {
  const rough = (high - low) / count || 1, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((each) => each * power >= rough) * power;
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k += 1) found.push(k * step);
  return [found, Math.max(0, -Math.floor(Math.log10(step) + 1e-9))];
}

// A drawing that is made anew when its place gets another width.
function fitted(draw, label) {
  const place = make("div", { class: "drawing", role: "group", "aria-label": label });
  let had = 0;
  new ResizeObserver(() => {
    const now = Math.round(place.clientWidth);
    if (now && now !== had) place.replaceChildren(...draw(had = now));
  }).observe(place);
  place.addEventListener("again", () => place.replaceChildren(...draw(had)));
  return place;
}

function surfaceView(found, place) {
  const { layers, heads, columns, behaviours, panels, plane, sentences } = found;
  const count = layers.length * heads;
  const nameOf = (head) => `${layers[Math.floor(head / heads)]}-${(head % heads) + 1}`;
  const column = Object.fromEntries(columns.map((each) => [each.name, each]));
  const inUnit = (value, unit) => unit === "nats" ? `${value.toFixed(3)} nats` : `${percent(100 * value)}%`;
  const doing = (head) => behaviours[head] ? plane?.marks[behaviours[head]].label ?? behaviours[head] : "";
  const state = { head: Math.max(0, found.best_at.findIndex(Boolean)), measure: columns[0]?.name };
  const watchers = [];  // each is told which head is chosen
  const watch = (told) => { watchers.push(told); told(state.head); };

  function select(head) {
    state.head = head;
    for (const told of watchers) told(head);
  }

  // A figure: a group of marks for each head, all of which stand for it.

  function scatter({ status, width, height, draw, groups, saidOf }) {
    const canvas = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: "scatter" });
    draw(canvas);
    const made = groups.map((marks, head) => {
      const own = svg("g", { class: "point", role: "button", "aria-label": saidOf(head), "data-head": head, tabindex: -1 });
      const title = svg("title", {});
      title.textContent = saidOf(head);
      own.append(title, ...marks.map(({ mark, x, y, fill }) => marker(mark, x, y, fill ? { fill, stroke: "currentColor" } : {})));
      own.addEventListener("focus", () => { status.textContent = saidOf(head); });
      own.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        select(head);
      });
      return own;
    });
    canvas.append(...made);
    rove(() => made, heads);
    const nearest = (event) => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(canvas.getScreenCTM().inverse());
      let best = [24, null];
      groups.forEach((marks, head) => marks.forEach(({ x, y }) => {
        const apart = Math.hypot(at.x - x, at.y - y);
        if (apart < best[0]) best = [apart, head];
      }));
      return best[1];
    };
    canvas.addEventListener("click", (event) => {
      const head = nearest(event);
      if (head !== null) select(head);
    });
    canvas.addEventListener("mousemove", (event) => {
      const head = nearest(event);
      if (head !== null) status.textContent = saidOf(head);
    });
    const ring = svg("g", { class: "ring", "aria-hidden": "true" });
    canvas.append(ring);
    const mark = (head) => {
      made.forEach((own, k) => {
        own.setAttribute("aria-pressed", String(k === head));
        own.tabIndex = k === head ? 0 : -1;
      });
      const top = [...groups[head]].sort((a, b) => a.y - b.y)[0];
      ring.replaceChildren(...groups[head].map(({ x, y }) => svg("circle", { cx: x, cy: y, r: 7 })));
      if (top) labelled(ring, nameOf(head), top.x, top.y > 24 ? top.y - 11 : top.y + 20, { "text-anchor": top.x > width - 30 ? "end" : top.x < 60 ? "start" : "middle" });
    };
    mark(state.head);
    return [canvas, mark];
  }

  function figure(title, above, plan) {
    const status = make("output", { "aria-live": "polite" });
    let mark = () => {};
    const drawing = fitted((width) => {
      const [canvas, own] = scatter({ ...plan(width), status });
      mark = own;
      return [canvas];
    }, title);
    watchers.push((head) => mark(head));
    return make("section", { class: "figure", "aria-label": title }, make("h3", { text: title }), ...above, drawing, status);
  }

  const [LEFT, RIGHT, ABOVE, BELOW] = [46, 10, 14, 40];

  function axes(canvas, width, height, xTicks, yTicks, xTitle, yTitle) {
    for (const [value, text] of yTicks) {
      canvas.append(svg("line", { x1: LEFT, x2: width - RIGHT, y1: value, y2: value, class: "grid" }));
      labelled(canvas, text, LEFT - 6, value + 4, { "text-anchor": "end" });
    }
    for (const [value, text] of xTicks) labelled(canvas, text, value, height - BELOW + 18, { "text-anchor": "middle" });
    labelled(canvas, xTitle, (LEFT + width - RIGHT) / 2, height - 4, { "text-anchor": "middle" });
    labelled(canvas, yTitle, 12, (height - BELOW) / 2, { "text-anchor": "middle", transform: `rotate(-90 12 ${(height - BELOW) / 2})` });
  }

  // Figures 2 and 4

  const tops = {};  // panels of one unit have one axis, to compare by
  for (const { title, scale, bound, series } of panels) {
    const highest = Math.max(bound ?? 0, ...series.flatMap((own) => [...column[own.column].values, ...(own.twin ?? [])]));
    tops[title] = Math.max(tops[title] ?? 0, highest * scale);
  }

  function byLayer({ title, scale, bound, series }) {
    const unit = column[series[0].column].unit;
    const saidOf = (head) => `${nameOf(head)}: ${series.map((own) => `${own.name} ${inUnit(column[own.column].values[head], unit)}`).join(", ")}`;
    const legend = legendOf([
      ...series.map((own) => [own.name, svg("line", { x1: -18, x2: 18, y1: 0, y2: 0, stroke: inkOf(own.colour), "stroke-width": 2 }), marker(own, 0, 0)]),
      ...(series.some((own) => own.twin) ? [["twin, mean", svg("line", { x1: -18, x2: 18, y1: 0, y2: 0, stroke: "currentColor", "stroke-dasharray": "5 3" })]] : []),
      ...(bound === null ? [] : [["uniform", svg("line", { x1: -18, x2: 18, y1: 0, y2: 0, stroke: "currentColor", "stroke-dasharray": "1 4", "stroke-width": 2 })]]),
    ]);
    return figure(`${title}: ${series.map((own) => own.name).join(", ")}`, [legend], (width) => {
      const height = 260, top = 1.05 * tops[title] || 1;
      const room = (width - LEFT - RIGHT) / layers.length;
      const x = (layer, k) => LEFT + room * (layer + 0.5 + 0.7 * ((k + 0.5) / series.length - 0.5));
      const y = (value) => ABOVE + (height - ABOVE - BELOW) * (1 - value * scale / top);
      const [ticks, decimals] = ticksOf(0, top, 6);
      const every = Math.ceil(layers.length / Math.max(1, Math.floor((width - LEFT) / 26)));
      return {
        width, height, saidOf,
        draw: (canvas) => {
          axes(canvas, width, height, layers.map((layer, l) => [LEFT + room * (l + 0.5), String(layer)]).filter((_, l) => l % every === 0),
            ticks.map((tick) => [y(tick / scale), tick.toFixed(decimals)]), "layer", title);
          if (bound !== null) canvas.append(svg("line", { x1: LEFT, x2: width - RIGHT, y1: y(bound), y2: y(bound), stroke: "currentColor", "stroke-dasharray": "1 4", "stroke-width": 2 }));
          series.forEach((own, k) => {
            const line = (means) => means.map((mean, l) => `${x(l, k)},${y(mean)}`).join(" ");
            canvas.append(svg("polyline", { points: line(own.means), fill: "none", stroke: inkOf(own.colour), "stroke-width": 1.5 }));
            if (own.twin) canvas.append(svg("polyline", { points: line(own.twin), fill: "none", stroke: inkOf(own.colour), "stroke-dasharray": "5 3" }));
          });
        },
        groups: [...Array(count).keys()].map((head) => series.map((own, k) => ({
          mark: own, x: x(Math.floor(head / heads), k), y: y(column[own.column].values[head]) }))),
      };
    });
  }

  // Figure 6

  // Texts beside heads that are best at something, where they cover least of each other and of those heads.
  function nameHeads(canvas, width, height, placeOf) {
    const LETTER = 6.8, RING = 7, LINE = 15;
    const named = [...found.best_at.keys()].filter((head) => found.best_at[head]);
    const taken = named.map(placeOf).map(([u, v]) => [u - RING, v - RING, u + RING, v + RING]);
    named.forEach((head, n) => {
      const [u, v] = placeOf(head), text = `${nameOf(head)} ${found.best_at[head].split(" ").join(", ")}`, wide = LETTER * text.length;
      const tries = [0, -1, 1, -2, 2, -3, 3].flatMap((up) => [1, -1].map((side) => {
        const from = u + 11 * side, middle = v + LINE * up, to = from + side * wide;
        const box = [Math.min(from, to), middle - LINE / 2, Math.max(from, to), middle + LINE / 2];
        const over = taken.filter(([a, b, c, d], k) => k !== n && a < box[2] && c > box[0] && b < box[3] && d > box[1]).length;
        const isOutside = box[0] < LEFT || box[2] > width || box[1] < 0 || box[3] > height;
        return { from, middle, side, box, cost: over + 2 * isOutside };
      }));
      const { from, middle, side, box } = tries.reduce((best, each) => each.cost < best.cost ? each : best);
      taken.push(box);
      canvas.append(svg("circle", { cx: u, cy: v, r: 6, class: "named" }),
        svg("line", { x1: u + 5 * side, y1: v + 3 * Math.sign(middle - v), x2: from, y2: middle, class: "named" }));
      labelled(canvas, text, from + 2 * side, middle + 4, { class: "best", "text-anchor": side > 0 ? "start" : "end" });
    });
  }

  function inPlane() {
    const { x: across, y: along, marks, shades, stress } = plane;
    const [lowX, highX, lowY, highY] = [Math.min(...across), Math.max(...across), Math.min(...along), Math.max(...along)];
    const ways = ["what heads do", "layer"];
    let isByLayer = false;
    const saidOf = (head) => `${nameOf(head)}${doing(head) ? `, mostly ${doing(head)}` : ""}${
      found.best_at[head] ? `; best at ${found.best_at[head]}` : ""}; at ${across[head].toFixed(3)}, ${along[head].toFixed(3)}`;
    const dot = (fill) => marker({ colour: "#000000", marker: "o" }, 0, 0, { fill });
    const legends = [legendOf(Object.entries(marks).filter(([name]) => behaviours.includes(name)).map(([, mark]) => [mark.label, marker(mark, 0, 0)])),
      legendOf(layers.map((layer, l) => [String(layer), dot(shades[l])]))];
    legends[1].hidden = true;
    const made = figure("Heads in the plane", [
      make("p", { class: "quiet", text: `Distances stand for divergences, in nats; stress ${stress.toFixed(2)} (0 is perfect, 0.2 poor). Directions mean nothing.` }),
      make("fieldset", {}, make("legend", { text: "colour" }), ...ways.map((way, n) => make("label", {}, make("input", { type: "radio", name: "colour",
        checked: n === 0, onchange: () => {
          isByLayer = n === 1;
          legends.forEach((legend, k) => { legend.hidden = k !== n; });
          made.querySelector(".drawing").dispatchEvent(new Event("again"));
        } }), ` ${way}`))), ...legends], (width) => {
      const height = Math.round(Math.min(width, 400));
      const [w, h] = [width - LEFT - RIGHT, height - ABOVE - BELOW];
      const scale = 0.9 * Math.min(w / (highX - lowX || 1), h / (highY - lowY || 1));
      const [midX, midY] = [(lowX + highX) / 2, (lowY + highY) / 2];
      const x = (value) => LEFT + w / 2 + scale * (value - midX), y = (value) => ABOVE + h / 2 - scale * (value - midY);
      const [xs, dx] = ticksOf(midX - w / 2 / scale, midX + w / 2 / scale, 6), [ys, dy] = ticksOf(midY - h / 2 / scale, midY + h / 2 / scale, 6);
      return {
        width, height, saidOf,
        draw: (canvas) => {
          axes(canvas, width, height, xs.map((tick) => [x(tick), tick.toFixed(dx)]), ys.map((tick) => [y(tick), tick.toFixed(dy)]), "dimension 1 (nats)", "dimension 2 (nats)");
          nameHeads(canvas, width, height - BELOW, (head) => [x(across[head]), y(along[head])]);
        },
        groups: across.map((value, head) => [{ x: x(value), y: y(along[head]), mark: isByLayer ? { colour: "#000000", marker: "o" } : marks[behaviours[head]],
          fill: isByLayer ? shades[Math.floor(head / heads)] : null }]),
      };
    });
    made.id = "plane";
    return made;
  }

  // The map of all heads

  function mapOfHeads() {
    const map = make("table", { class: "map" }), status = make("output", { "aria-live": "polite" }), scale = make("p", { class: "quiet" });
    map.style.setProperty("--heads", String(heads));
    const measures = make("select", { "aria-label": "what is shown", onchange: () => { state.measure = measures.value; show(); } },
      ...columns.map(({ name }) => make("option", { value: name, text: name })));
    const said = (head) => `${nameOf(head)}: ${state.measure} ${inUnit(column[state.measure].values[head], column[state.measure].unit)}`;
    const mark = (head) => map.querySelectorAll("button").forEach((button, k) => {
      button.setAttribute("aria-pressed", String(k === head));
      button.tabIndex = k === head ? 0 : -1;
    });
    function show() {
      const { values, unit, definition } = column[state.measure], top = Math.max(...values, 1e-9);
      scale.textContent = `${definition}, ${unit === "nats" ? "in nats" : "in percent"}; the strongest colour is ${inUnit(top, unit)}.`;
      map.replaceChildren(
        make("thead", {}, make("tr", {}, make("th", { scope: "col", text: "layer" }), ...[...Array(heads).keys()].map((h) => make("th", { scope: "col", text: String(h + 1) })))),
        make("tbody", {}, ...layers.map((layer, l) => make("tr", {}, make("th", { scope: "row", text: String(layer) }),
          ...[...Array(heads).keys()].map((h) => {
            const head = l * heads + h, share = values[head] / top;
            const button = make("button", { type: "button", text: unit === "nats" ? values[head].toFixed(1) : String(Math.round(100 * values[head])),
              title: said(head), "aria-label": said(head), "data-head": String(head), class: share > 0.55 ? "high" : null, onclick: () => select(head),
              onfocus: () => { status.textContent = said(head); }, onmouseenter: () => { status.textContent = said(head); } });
            button.style.setProperty("--share", String(share));
            return make("td", {}, button);
          })))));
      rove(() => [...map.querySelectorAll("button")], heads);
      mark(state.head);
    }
    if (columns.length) show();
    watch(mark);
    return make("section", { id: "map", "aria-label": "layer by head" }, make("h2", { text: "Layer by head" }), measures, make("div", { class: "wide" }, map), scale, status);
  }

  // The numbers of the chosen head

  function numbers() {
    const own = make("section", { id: "head", "aria-live": "polite", "aria-label": "the chosen head" });
    const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
    watch((head) => {
      const layer = Math.floor(head / heads) * heads;
      const texts = columns.map(({ name, unit, values }) => [`${name}${unit === "nats" ? " (nats)" : " (%)"}`,
        ...[values[head], mean(values.slice(layer, layer + heads)), mean(values)].map((value) => unit === "nats" ? value.toFixed(3) : percent(100 * value))]);
      own.replaceChildren(make("h2", { text: `Head ${nameOf(head)}` }), make("p", { text: [doing(head) ? `mostly: ${doing(head)}` : "nothing in particular", found.best_at[head] && `best at ${found.best_at[head]}`].filter(Boolean).join("; ") }),
        sortable(["", `head ${nameOf(head)}`, "mean of its layer", "mean of all"], texts, [true], `head ${nameOf(head)}`));
      if (plane?.nearest[head].length) {
        own.append(make("p", { class: "near" }, "Most like it (mean divergence in nats): ", ...plane.nearest[head].flatMap(([other, apart], k) => [
          k ? ", " : "", make("button", { type: "button", text: nameOf(other), onclick: () => select(other) }), ` ${apart.toFixed(3)}`])));
      }
    });
    return own;
  }

  // All heads as a table

  function allHeads() {
    const more = plane ? [["x", plane.x], ["y", plane.y]] : [];
    const hasBest = found.best_at.some(Boolean);
    const titles = ["head", "does", ...(hasBest ? ["best at"] : []), ...columns.map(({ name }) => name), ...more.map(([name]) => name)];
    const lines = [...Array(count).keys()].map((head) => [nameOf(head), doing(head), ...(hasBest ? [found.best_at[head]] : []),
      ...columns.map(({ values }) => values[head].toFixed(4)), ...more.map(([, values]) => values[head].toFixed(4))]);
    const table = sortable(titles, lines, [true, true, ...(hasBest ? [true] : [])], "all heads",
      (text, head) => make("button", { type: "button", text, onclick: () => select(head) }));
    table.classList.add("tall");
    const rows = [...table.querySelectorAll("tbody tr")];
    const none = make("p", { class: "quiet", text: "none", hidden: true });
    const search = make("input", { type: "search", placeholder: "search: 3-, next, broad …", "aria-label": "search: heads", oninput: () => {
      const asked = search.value.trim().toLowerCase();
      rows.forEach((row, head) => { row.hidden = !lines[head].slice(0, hasBest ? 3 : 2).some((text) => text.toLowerCase().includes(asked)); });
      none.hidden = rows.some((row) => !row.hidden);
    } });
    watch((head) => rows.forEach((row, k) => row.setAttribute("aria-current", String(k === head))));
    return [make("h2", { id: "heads", text: "All heads" }), make("p", { class: "quiet", text: "As in surface.csv, with four decimals." }), search, table, none];
  }

  // Sentences

  function sentenceViews() {
    const own = make("section", { id: "sentences", "aria-label": "sentences" });
    if (!sentences.length) {
      own.append(make("h2", { text: "Sentences" }), make("p", { class: "quiet", text: "No sentences were kept: --surface.examples 0, or the text has no short ones." }));
      return own;
    }
    const bytes = sentences.map(({ weights }) => Uint8Array.from(atob(weights), (each) => each.charCodeAt(0)));
    watch((head) => own.replaceChildren(
      make("h2", { text: `Head ${nameOf(head)} on sentences` }),
      make("p", { class: "quiet", text: "Attention from each token on the left to each on the right; a line is as opaque as its weight, in steps of half a percent. Special tokens are in italics. Point at a token, or go to it with Tab and the arrow keys, to see its weights alone, in percent. Each sentence stands by itself here, not in a segment as in the averages." }),
      make("div", { class: "sentences" }, ...sentences.map(({ origin, tokens, special }, n) => {
        const size = tokens.length ** 2;
        return attention({ title: origin, tokens, special, weights: bytes[n].subarray(head * size, (head + 1) * size), edges: [] });
      }))));
    return own;
  }

  function relationViews() {
    const meanings = { right: "picked, right", wrong: "picked, wrong", missed: "gold, not picked" };
    return [make("h2", { id: "relations", text: "Heads where their relation occurs" }),
      legendOf(Object.entries(meanings).map(([name, text]) => [text, svg("line", { x1: -18, x2: 18, y1: 0, y2: 0, class: name })])),
      make("div", { class: "sentences" }, ...found.relations.map(({ title, head, tokens, weights, edges }) => attention({
        title, tokens, special: tokens.map(() => 0), weights: Uint8Array.from(atob(weights), (each) => each.charCodeAt(0)), edges,
        onTitle: () => select(head) })))];
  }

  // The bar that says which head is chosen

  const chooser = make("select", { "aria-label": "head", onchange: () => select(Number(chooser.value)) },
    ...[...Array(count).keys()].map((head) => make("option", { value: String(head), text: nameOf(head) })));
  const brief = make("span");
  watch((head) => {
    chooser.value = String(head);
    brief.textContent = [doing(head), found.best_at[head]].filter(Boolean).join("; ");
  });

  place.append(make("ul", { class: "notes" }, ...found.notes.map((text) => make("li", { text }))),
    make("div", { class: "chosen" }, make("label", {}, "head ", chooser), brief),
    make("div", { class: "pair" }, make("div", {}, mapOfHeads(), ...(plane ? [inPlane()] : [])), numbers()), sentenceViews());
  if (panels.length) place.append(make("h2", { id: "layers", text: "By layer" }),
    make("p", { class: "quiet", text: "A mark is a head, and a line joins the means over the heads of each layer. Click a mark, or go to it with Tab and the arrow keys, to choose its head." }),
    make("div", { class: "figures" }, ...panels.map(byLayer)));
  for (const slope of found.slopes) chart(slope, place);
  if (found.relations.length) place.append(...relationViews());
  place.append(...allHeads());
}

// Tokens in two columns, and lines from the left one to the right one.
function attention({ title, tokens, special, weights, edges, onTitle }) {
  const count = tokens.length, UP = 21, LETTERS = 13, WIDE = 330, COLUMN = 96, START = 200;
  const height = UP * count + 30, y = (n) => 24 + UP * (n + 0.5);
  const canvas = svg("svg", { viewBox: `0 0 ${WIDE} ${height}`, class: "attention" });
  labelled(canvas, "from", COLUMN - 4, 14, { "text-anchor": "end", class: "quiet" });
  labelled(canvas, "to", START + 4, 14, { class: "quiet" });
  const marked = new Map(edges.map(([source, target, outcome]) => [source * count + target, outcome]));
  const lines = svg("g", {});
  const of = [...tokens.keys()].map(() => []);
  weights.forEach((value, k) => {
    const [i, j] = [Math.floor(k / count), k % count], outcome = marked.get(k);
    if (!value && !outcome) return;
    const line = svg("line", { x1: COLUMN, x2: START, y1: y(i), y2: y(j), class: outcome ?? (edges.length ? "other" : "all"),
      opacity: outcome === "missed" ? 1 : outcome ? Math.max(0.5, value / 200) : value / 200 });
    of[i].push(line);
    lines.append(line);
  });
  canvas.append(lines);
  const short = (token) => token.length > LETTERS ? `${token.slice(0, LETTERS - 1)}…` : token;
  const shares = tokens.map((_, j) => labelled(canvas, "", WIDE, y(j) + 4, { "text-anchor": "end", class: "share" }));
  const rights = tokens.map((token, j) => labelled(canvas, short(token), START + 4, y(j) + 4, { class: special[j] ? "special" : "token" }));
  const said = (i) => `“${tokens[i]}” attends to ${[...weights.slice(i * count, (i + 1) * count)].map((value, j) => [value, j]).filter(([value]) => value)
    .sort(([a, j], [b, k]) => b - a || j - k).slice(0, 5).map(([value, j]) => `“${tokens[j]}” ${value / 2}%`).join(", ")}`;
  const isolate = (i) => {
    canvas.classList.toggle("alone", i !== null);
    of.forEach((own, k) => own.forEach((line) => line.classList.toggle("shown", k === i)));
    shares.forEach((text, j) => { text.textContent = i === null || !weights[i * count + j] ? "" : (weights[i * count + j] / 2).toFixed(1); });
    rights.forEach((text, j) => text.classList.toggle("faint", i !== null && weights[i * count + j] < 10));
  };
  const lefts = tokens.map((token, i) => {
    const own = svg("g", { tabindex: i ? -1 : 0, role: "img", "aria-label": said(i), class: special[i] ? "from special" : "from token" });
    const full = svg("title", {});
    full.textContent = said(i);
    own.append(full, svg("rect", { x: 0, y: y(i) - UP / 2, width: COLUMN - 1, height: UP, rx: 3 }));
    labelled(own, short(token), COLUMN - 4, y(i) + 4, { "text-anchor": "end" });
    own.addEventListener("focus", () => isolate(i));
    own.addEventListener("blur", () => isolate(null));
    own.addEventListener("mouseenter", () => isolate(i));
    own.addEventListener("mouseleave", () => isolate(null));
    return own;
  });
  canvas.append(...lefts);
  rove(() => lefts, 1);
  const table = make("details", {}, make("summary", { text: "as a table" }));
  table.addEventListener("toggle", () => {
    if (!table.open || table.children.length > 1) return;
    table.append(sortable(["from \\ to", ...tokens], tokens.map((token, i) => [token, ...tokens.map((_, j) => (weights[i * count + j] / 2).toFixed(1))]), [true], title));
  });
  return make("figure", { class: "seen" }, make("figcaption", {}, onTitle ? make("button", { type: "button", text: title, onclick: onTitle }) : title), canvas, table);
}

views.surface = { show: surfaceView, links: (found) => [["map", "#map"], ...(found.plane ? [["in the plane", "#plane"]] : []), ["the chosen head", "#head"],
  ["sentences", "#sentences"], ...(found.panels.length ? [["by layer", "#layers"]] : []),
  ...(found.relations.length ? [["relations", "#relations"]] : []), ["all heads", "#heads"]] };
