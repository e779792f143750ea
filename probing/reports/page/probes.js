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

views.probes = { show: probesView, links: () => [["probes", "#probes"]] };
