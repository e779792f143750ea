const data = JSON.parse(document.getElementById("data").textContent);
const main = document.getElementById("page");
const shown = Object.entries(views).filter(([name]) => data[name]);
const parts = [
  ...shown.flatMap(([name, { links }]) => links(data[name])),
  ...(data.tables ?? []).map(({ title }, n) => [title, `#table-${n}`]),
  ...(data.links ?? []),
];
main.append(make("nav", {}, ...parts.map(([text, href]) => make("a", { text, href }))));
for (const [name, { show }] of shown) show(data[name], main);
(data.tables ?? []).forEach((each, n) => tableView(each, `table-${n}`, main));
let width = 0;
new ResizeObserver(() => {
  if (main.clientWidth === width) return;
  width = main.clientWidth;
  main.querySelectorAll(".sentence").forEach(drawArcs);
}).observe(main);
