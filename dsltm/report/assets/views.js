"use strict";
// The views beside the map: which topics are alike, and topics over the fields of the corpus.
T.views = (() => {
  const { data, el, svg, glyph, number, K } = T;
  const ROW = 20, TREE = 170, LEAST = 2.2; // pixels: a row, the tree's width, the thinnest cell

  /** One small picture a topic, those that change most first. */
  function multiples(field) {
    const rank = (id) => (field.trend ? -field.trend[id] : -data.topics[id].size);
    const ids = [...T.bySize].sort((a, b) => rank(a) - rank(b));
    const note = T.charts.legend(field) + (field.every ? " Rising topics first, falling ones last." : " The largest topics first.");
    const left = field.left ? ` Not shown: ${number(field.left)} of the rarer values.` : "";
    return el("div.multiples", el("p.muted", note + left), el("ul.grid", ids.map((id) =>
      el("li", { "data-topic": id }, el("div.title", T.details.topicLink(id), field.changing[id] ? el("span.trend", field.changing[id] > 0 ? "▲ rising" : "▼ falling") : null), T.charts.chart(field, id)))));
  }

  /** The tree of the topics, their names, and a matrix of how alike they are, row by row, as wide as there is
   *  room; where a cell would be thinner than the eye can follow it scrolls, and the names stay. */
  function likeness() {
    const canvas = el("canvas", { role: "img", "aria-label": "Distances between topics; the nearest ones of each are in its details" });
    const rows = el("ul.rows", data.order.map((id) => el("li", { "data-topic": id }, T.details.topicLink(id))));
    const legend = "Hellinger distance of the topics’ words: the more a field stands out, the nearer they are.";
    const note = el("p.muted.note", legend);
    const branches = dendrogram();
    const root = el("div.likeness", note, el("div.scroll", branches, rows, canvas));
    let low = Infinity, high = 0, cell = ROW;
    for (const a of data.order) for (const b of data.order) if (a !== b) { low = Math.min(low, far(a, b)); high = Math.max(high, far(a, b)); }

    function draw() {
      const room = root.clientWidth - 28;
      if (room <= 0) return;
      const tree = room > 560 ? Math.min(TREE, room * 0.2) : 0, names = Math.max(96, Math.min(208, room * 0.3));
      cell = Math.max(LEAST, Math.min(ROW, (room - tree - names - 12) / K));
      branches.toggleAttribute("hidden", !tree);
      branches.setAttribute("width", tree);
      rows.style.width = `${names}px`;
      const w = K * cell, h = K * ROW;
      // Browsers draw nothing on canvases of more pixels than this (WebKit has the lowest limits).
      const ratio = Math.min(window.devicePixelRatio || 1, 16000 / h, Math.sqrt(16e6 / (w * h)));
      const pen = canvas.getContext("2d");
      canvas.width = Math.round(w * ratio);
      canvas.height = Math.round(h * ratio);
      canvas.style.width = `${w}px`;
      canvas.style.height = `${h}px`;
      pen.scale(canvas.width / w, canvas.height / h);
      pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--ink").trim();
      const gap = cell > 6 ? 1 : 0;
      data.order.forEach((a, i) => data.order.forEach((b, j) => {
        const near = a === b ? 0 : (high - far(a, b)) / (high - low || 1);
        pen.globalAlpha = a === b ? 0 : 0.03 + 0.9 * near ** 2;
        pen.fillRect(j * cell, i * ROW, cell - gap, ROW - 1);
      }));
    }

    const pair = (event) => {
      const [x, y] = d3.pointer(event, canvas);
      return [data.order[Math.floor(y / ROW)], data.order[Math.floor(x / cell)]];
    };
    canvas.addEventListener("pointermove", (event) => {
      const [a, b] = pair(event);
      if (a === undefined || b === undefined) return;
      note.replaceChildren(glyph(a), ` ${data.topics[a].name} `, a === b ? "" : "and ", ...(a === b ? [] : [glyph(b), ` ${data.topics[b].name}: ${far(a, b).toFixed(3)}`]));
    });
    canvas.addEventListener("pointerleave", () => note.replaceChildren(legend));
    canvas.addEventListener("click", (event) => { const [a] = pair(event); if (a !== undefined) T.open({ topic: a, doc: null }); });
    new ResizeObserver(draw).observe(root);
    return { root, draw };
  }

  const far = (a, b) => (T.distance[a * K + b] / 255) * data.furthest;

  function dendrogram() {
    const ends = new Map(data.order.map((id, row) => [id, [row * ROW + ROW / 2, TREE - 2]]));
    const distances = data.joins.map((join) => join[2]);
    const low = Math.min(...distances) * 0.9, high = Math.max(...distances) || 1;
    const lines = data.joins.map(([a, b, distance], n) => {
      const x = 4 + (TREE - 8) * (1 - (distance - low) / (high - low || 1));
      const [ya, xa] = ends.get(a), [yb, xb] = ends.get(b);
      ends.set(K + n, [(ya + yb) / 2, x]);
      return svg("path", { d: `M${xa},${ya}H${x}V${yb}H${xb}`, class: "branch" });
    });
    const height = K * ROW;
    return svg("svg", { class: "tree", width: TREE, height, viewBox: `0 0 ${TREE} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" }, ...lines);
  }

  return { multiples, likeness };
})();
