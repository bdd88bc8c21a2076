"use strict";
// The views beside the map: which topics are alike, and topics over the fields of the corpus.
T.views = (() => {
  const { data, el, svg, glyph, percent, number, K } = T;
  const ROW = 20, TREE = 170;

  /** A share with its limits over time, or the commonest classes of one topic. */
  function chart(field, id) {
    return field.every ? line(field, id) : classes(field, id);
  }

  function line(field, id) {
    const W = 260, H = 64, colour = data.topics[id].colour, n = field.values.length;
    const shares = field.counts[id].map((count, i) => (field.totals[i] ? count / field.totals[i] : null));
    const most = Math.max(...shares.map((s) => s || 0)) * 1.25 || 1;
    const x = (i) => (n > 1 ? (i / (n - 1)) * (W - 4) + 2 : W / 2);
    const y = (value) => H - 2 - (Math.min(value, most) / most) * (H - 6);
    const runs = [[]];
    shares.forEach((s, i) => { if (s === null) runs.push([]); else runs[runs.length - 1].push(i); });
    const marks = [];
    for (const run of runs.filter((each) => each.length)) {
      const upper = run.map((i) => `${x(i)},${y(field.high[id][i])}`), lower = run.map((i) => `${x(i)},${y(field.low[id][i])}`).reverse();
      marks.push(svg("polygon", { points: [...upper, ...lower].join(" "), class: `band fill${colour}` }));
      marks.push(svg("polyline", { points: run.map((i) => `${x(i)},${y(shares[i])}`).join(" "), class: `line stroke${colour}` }));
      if (run.length === 1) marks.push(svg("circle", { cx: x(run[0]), cy: y(shares[run[0]]), r: 2.5, class: `fill${colour}` }));
    }
    const known = shares.filter((s) => s !== null), change = field.changing[id];
    const words = `${percent(known[0])} to ${percent(known[known.length - 1])}${change ? (change > 0 ? ", rising" : ", falling") : ""}`;
    const picture = svg("svg", { viewBox: `0 0 ${W} ${H}`, class: "line-chart", role: "img", "aria-label": `${field.values[0]} to ${field.values[n - 1]}: ${words}` },
      svg("line", { x1: 0, x2: W, y1: H - 2, y2: H - 2, class: "axis" }), ...marks);
    return el("figure", picture, el("figcaption.muted", el("span", field.values[0]), el("span", words), el("span", field.values[n - 1])));
  }

  function classes(field, id) {
    const counts = field.counts[id], total = data.topics[id].size || 1;
    const most = counts.map((count, i) => [i, count]).filter(([, count]) => count).sort((a, b) => b[1] - a[1]).slice(0, 4);
    if (!most.length) return el("p.muted", "no documents");
    return el("ul.plain.classes", most.map(([i, count]) => {
      const fill = el(`span.fill.back${data.topics[id].colour}`);
      fill.style.width = `${(100 * count) / total}%`;
      return el("li", el("span.what", { dir: "auto", title: field.values[i] }, field.values[i]), el("span.track", fill),
        el("span.muted", { title: `${number(count)} of ${number(total)}` }, percent(count / total)));
    }));
  }

  /** One small picture a topic, those that change most first. */
  function multiples(field) {
    const rank = (id) => (field.trend ? -field.trend[id] : -data.topics[id].size);
    const ids = [...T.bySize].sort((a, b) => rank(a) - rank(b));
    const note = field.every
      ? "Share of each period’s documents, with 95% limits; rising topics first, falling ones last."
      : `Which ${field.name} a topic’s documents have, the largest topics first.`;
    const left = field.left ? ` Not shown: ${number(field.left)} of the rarer values.` : "";
    return el("div.multiples", el("p.muted", note + left), el("ul.grid", ids.map((id) =>
      el("li", { "data-topic": id }, el("div.title", T.details.topicLink(id), field.changing[id] ? el("span.trend", field.changing[id] > 0 ? "▲ rising" : "▼ falling") : null), chart(field, id)))));
  }

  /** The tree of the topics, their names, and a matrix of how alike they are, row by row. */
  function likeness() {
    const canvas = el("canvas", { role: "img", "aria-label": "Distances between topics; the nearest ones of each are in its details" });
    const rows = el("ul.rows", data.order.map((id) => el("li", { "data-topic": id }, T.details.topicLink(id))));
    const said = el("p.muted.said", "Hellinger distance of the topics’ words: filled is near, empty is far.");
    const wrap = el("div.likeness", said, el("div.scroll", dendrogram(), rows, canvas));
    const all = data.order.flatMap((a) => data.order.filter((b) => b !== a).map((b) => far(a, b)));
    const low = Math.min(...all), high = Math.max(...all);
    let cell = ROW;

    function draw() {
      const ratio = window.devicePixelRatio || 1, pen = canvas.getContext("2d");
      cell = Math.max(7, Math.min(ROW, (wrap.clientWidth - TREE - 250) / K));
      canvas.width = K * cell * ratio;
      canvas.height = K * ROW * ratio;
      canvas.style.width = `${K * cell}px`;
      canvas.style.height = `${K * ROW}px`;
      pen.scale(ratio, ratio);
      pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--ink").trim();
      data.order.forEach((a, i) => data.order.forEach((b, j) => {
        const near = a === b ? 0 : (high - far(a, b)) / (high - low || 1);
        pen.globalAlpha = a === b ? 0 : 0.03 + 0.9 * near ** 2;
        pen.fillRect(j * cell + 0.5, i * ROW + 0.5, cell - 1, ROW - 1);
      }));
    }

    const pair = (event) => {
      const [x, y] = d3.pointer(event, canvas);
      return [data.order[Math.floor(y / ROW)], data.order[Math.floor(x / cell)]];
    };
    canvas.addEventListener("pointermove", (event) => {
      const [a, b] = pair(event);
      if (a === undefined || b === undefined) return;
      said.replaceChildren(glyph(a), ` ${data.topics[a].name} `, a === b ? "" : "and ", ...(a === b ? [] : [glyph(b), ` ${data.topics[b].name}: ${far(a, b).toFixed(3)}`]));
    });
    canvas.addEventListener("click", (event) => { const [a] = pair(event); if (a !== undefined) T.open({ topic: a, doc: null }); });
    return { root: wrap, draw };
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
    return svg("svg", { class: "tree", width: TREE, height, viewBox: `0 0 ${TREE} ${height}`, "aria-hidden": "true" }, ...lines);
  }

  return { chart, multiples, likeness };
})();
