// Small changes to the document: only what differs is touched, so that readers keep their place.

const SVG = "http://www.w3.org/2000/svg";
const known = new WeakMap();

export function byId(id) {
  return document.getElementById(id);
}

export function element(tag, className = "", content = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (content) made.textContent = content;
  return made;
}

export function svg(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setClass(node, className) {
  if (node.className !== className) node.className = className;
}

// One child for each item, made once for its key and filled each time; in the order of the items.
export function children(parent, items, key, make, fill) {
  const before = known.get(parent) ?? new Map();
  const now = new Map();
  items.forEach((item, place) => {
    const name = key(item, place);
    const child = before.get(name) ?? make(item);
    now.set(name, child);
    fill(child, item);
    if (parent.children[place] !== child) parent.insertBefore(child, parent.children[place] ?? null);
  });
  for (const [name, child] of before) if (!now.has(name)) child.remove();
  known.set(parent, now);
}

// Rows of a table: each cell is text or [text, class, text below it]. The first names its row.
export function tableRows(body, items, key, cells) {
  const heads = [...body.closest("table").tHead.rows[0].cells].map((cell) => cell.textContent);
  children(body, items, key, (item) => newRow(cells(item), heads), (row, item) => {
    cells(item).forEach((cell, place) => fillCell(row.children[place], cell));
  });
}

// The roles are said for narrow screens, where style makes blocks of rows.
export function newRow(cells, heads = []) {
  const row = element("tr");
  row.role = "row";
  cells.forEach((cell, place) => {
    const made = element(place ? "td" : "th");
    made.role = place ? "cell" : "rowheader";
    if (!place) made.scope = "row";
    if (place) made.dataset.label = heads[place] ?? "";
    made.append(element("span"), element("span", "sub"));
    fillCell(made, cell);
    row.append(made);
  });
  return row;
}

function fillCell(node, cell) {
  const [text, className = "", below = ""] = Array.isArray(cell) ? cell : [cell];
  setText(node.children[0], text);
  setText(node.children[1], below);
  node.children[1].hidden = !below;
  setClass(node, className);
}

// A button of a cell, made when it is first of use: { text, label, act }, or null to hide it.
export function cellButton(cell, name, wanted) {
  let button = cell.querySelector(`button[data-name="${name}"]`);
  if (!button && wanted) {
    button = element("button", "small");
    button.type = "button";
    button.dataset.name = name;
    cell.append(button);
  }
  if (!button) return;
  button.hidden = !wanted;
  if (!wanted) return;
  setText(button, wanted.text);
  button.setAttribute("aria-label", wanted.label);
  button.onclick = wanted.act;
}

// Terms with their values: [term, text, text below it]; those without a text are left out.
export function terms(list, entries) {
  const shown = entries.filter((entry) => entry[1] !== null && entry[1] !== "");
  children(list, shown, (entry) => entry[0], newTerm, (group, [, text, more = ""]) => {
    setText(group.children[1], text);
    setText(group.children[2], more);
    group.children[2].hidden = !more;
  });
}

function newTerm([term]) {
  const group = element("div");
  group.append(element("dt", "", term), element("dd"), element("dd", "more muted"));
  return group;
}
