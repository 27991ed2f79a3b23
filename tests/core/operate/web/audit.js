// Returns what a person with another sight or another way to steer would stumble over.
(() => {
  const wrong = [];
  const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
  const shown = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true });

  function luminance([red, green, blue]) {
    const [r, g, b] = [red, green, blue].map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; // WCAG 2.2, relative luminance
  }

  function contrast(one, other) {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  }

  function ground(node) {
    for (let each = node; each; each = each.parentElement) {
      const colour = numbers(getComputedStyle(each).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  }

  function checkContrast(node, colour) {
    const ratio = contrast(numbers(colour), ground(node));
    if (ratio < 4.5) wrong.push(`contrast ${ratio.toFixed(2)}: ${node.tagName} "${node.textContent.trim()}"`);
  }

  let checked = 0;
  for (const node of document.body.querySelectorAll("*")) {
    const ownText = [...node.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim());
    if (!shown(node) || !(ownText || node.matches("input, select, .curves line"))) continue;
    const style = getComputedStyle(node);
    checkContrast(node, node.matches("line") ? style.stroke : style.color);
    checked += 1;
  }
  if (checked < 40) wrong.push(`only ${checked} texts were looked at`);

  for (const table of document.querySelectorAll("table")) {
    const heads = [...table.tHead.rows[0].cells];
    if (!heads.every((cell) => cell.scope === "col" && cell.textContent)) wrong.push("a column without head");
    for (const row of table.tBodies[0].rows) {
      if (row.cells.length !== heads.length) wrong.push(`a row of ${row.cells.length} in ${heads.length} columns`);
      if (row.cells[0].scope !== "row") wrong.push("a row without head");
    }
  }
  const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
  if (new Set(ids).size !== ids.length) wrong.push("an id twice");
  for (const node of document.querySelectorAll("[aria-labelledby]")) {
    if (!document.getElementById(node.getAttribute("aria-labelledby"))) wrong.push("a label that is nowhere");
  }
  if (!document.documentElement.lang) wrong.push("no language");
  const text = document.body.innerText;
  for (const word of ["NaN", "Infinity", "undefined", "null", "[object"]) {
    if (text.includes(word)) wrong.push(`"${word}" in the text`);
  }
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide > 0) wrong.push(`${wide} px too wide`);
  return wrong;
})();
