"use strict";
// The selection - the documents of a topic, of a search, of a box on the map, or of all these together - as a
// line above the views, as a list, and as a CSV file.
T.documents = (() => {
  const { data, points, el, glyph, number, percent, state } = T;
  const PAGE = 100; // documents added to the list at a time
  const sorts = {
    typical: { name: "most typical first", by: (i) => -points.p[i] },
    border: { name: "least certain first", by: (i) => points.p[i] - points.q[i] },
    file: { name: "as in the file", by: (i) => i },
  };
  let sort = "typical", drawn = 0, last = null;

  /** The selected documents in the order of the list. */
  function selected() {
    const key = [state.topic, state.found, state.picked, sort];
    if (last && key.every((part, n) => part === last.key[n])) return last.rows;
    const within = T.chosen(), rows = [];
    for (let i = 0; i < points.n; i++) if (!within || within(i)) rows.push(i);
    if (sort !== "file") rows.sort((a, b) => sorts[sort].by(a) - sorts[sort].by(b) || a - b);
    last = { key, rows };
    return rows;
  }

  // The line above the views.
  const bar = document.getElementById("selection");

  function chip(text, away, change, ...front) {
    return el("button.chip", { type: "button", "aria-label": `${away}: ${text}`, title: away, onclick: () => T.open(change) },
      ...front, el("span", { dir: "auto" }, text), el("span", { "aria-hidden": "true" }, "×"));
  }

  function showBar() {
    const within = T.chosen();
    let count = within ? 0 : points.n;
    if (within) for (let i = 0; i < points.n; i++) count += within(i) ? 1 : 0;
    const chips = [];
    if (state.topic !== null) chips.push(chip(data.topics[state.topic].name, "Show all topics", { topic: null, doc: null }, glyph(state.topic)));
    if (state.query) chips.push(chip(`“${state.query}”`, "End the search", { query: "", doc: null }));
    if (state.picked) chips.push(chip("in the box", "Let the box go", { picked: null, doc: null }));
    const what = !within ? `${number(count)} ${T.documentsOf(count)}` : `${number(count)} of ${number(points.n)} documents`;
    bar.replaceChildren(
      el("span.what", { role: "status" }, state.waiting ? "Reading the texts …" : what), ...chips,
      el("button.quiet", { type: "button", disabled: !count, title: "Save these documents as a table", onclick: save }, "Export CSV"));
  }

  // The list.
  const order = el("select", { id: "order", onchange: () => { sort = order.value; fill(); } },
    Object.entries(sorts).map(([value, each]) => el("option", { value }, each.name)));
  const rows = el("ol.documents"), more = el("button.quiet", { type: "button", onclick: add });
  const note = el("p.muted.empty");
  const root = el("div.list-view", el("div.bar", el("label.muted", { htmlFor: "order" }, "Order"), order), rows, note, more);

  function item(i) {
    const id = points.first[i];
    return el("li", el("button.card.row", { type: "button", "data-document": i, onclick: () => T.open({ doc: i }) },
      el("span.of", glyph(id), el("span", data.topics[id].name), el("span.muted", percent(points.p[i] / 255))),
      el("span.said", { dir: "auto" }, T.texts.marked(T.texts.excerpt(i, 360))),
      T.texts.has ? el("span.muted.id", { dir: "auto" }, data.ids[i]) : null));
  }

  function fill() {
    drawn = 0;
    rows.replaceChildren();
    root.scrollTop = 0;
    add();
    mark();
  }

  function add() {
    const all = selected(), focused = document.activeElement === more;
    const next = all.slice(drawn, drawn + PAGE).map(item);
    rows.append(...next);
    drawn += next.length;
    more.hidden = drawn === all.length;
    more.textContent = `Show ${number(Math.min(PAGE, all.length - drawn))} more of ${number(all.length - drawn)}`;
    note.hidden = all.length > 0;
    note.textContent = state.query ? "No document holds all of these words. Try fewer of them, or “word parts”." : "No documents.";
    if (focused && next.length) next[0].firstChild.focus();
  }

  function mark() {
    for (const button of rows.querySelectorAll("[data-document]")) {
      button.setAttribute("aria-current", String(Number(button.dataset.document) === state.doc));
    }
  }

  rows.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key], at = document.activeElement.closest("li");
    if (!by || !at) return;
    const to = by > 0 ? at.nextElementSibling : at.previousElementSibling;
    if (to) to.firstChild.focus();
    event.preventDefault();
  });

  let listed = null;
  /** Bring the list up to date; it is built only when it is looked at. */
  function shown() {
    const now = selected(), words = state.terms.map(({ text }) => text).join("\n") + state.match + T.texts.ready;
    if (!listed || listed.now !== now || listed.words !== words) fill();
    else mark();
    listed = { now, words };
  }

  /** The document before (-1) or after (1) another in the selection, or null at its end. */
  function beside(i, by) {
    const at = selected().indexOf(i);
    return at < 0 ? null : selected()[at + by] ?? null;
  }

  // The file.
  /** A cell of a CSV file (RFC 4180). Text from a corpus that a spreadsheet would take for a formula gets an
   *  apostrophe in front. */
  function cell(value) {
    let text = String(value);
    if (typeof value === "string" && /^[=+\-@\t\r]/.test(text) && !/^[+-]?[\d.]+$/.test(text)) text = "'" + text;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }

  function csv() {
    const heading = ["id", "topic", "topic_name", "share", "second_topic", "second_share", ...(T.texts.has ? ["text"] : [])];
    const lines = selected().map((i) => [
      data.ids[i], data.topics[points.first[i]].number, data.topics[points.first[i]].name, (points.p[i] / 255).toFixed(3),
      data.topics[points.second[i]].number, (points.q[i] / 255).toFixed(3), ...(T.texts.has ? [T.texts.whole(i)] : []),
    ]);
    return [heading, ...lines].map((line) => line.map(cell).join(",") + "\r\n");
  }

  function save() {
    // The mark at the beginning tells spreadsheets that the file is UTF-8.
    const url = URL.createObjectURL(new Blob(["\ufeff", ...csv()], { type: "text/csv" }));
    const name = data.title.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 60) || "documents";
    el("a", { href: url, download: `${name}${state.topic === null ? "" : `-topic-${state.topic}`}.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
  }

  return { root, shown, showBar, selected, beside, cell };
})();
