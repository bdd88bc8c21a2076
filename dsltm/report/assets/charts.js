"use strict";
// Charts of one topic over a field: its share in each period, or its commonest classes.
T.charts = (() => {
  const { data, el, svg, percent, number } = T;
  const W = 280, H = 92, LEFT = 36, TOP = 6, BOTTOM = 4;

  const chart = (field, id) => (field.every ? line(field, id) : classes(field, id));

  /** The least of 1, 2, 2.5 and 5 times a power of ten that a share does not exceed. */
  function ceiling(share) {
    const power = 10 ** Math.floor(Math.log10(share || 0.01));
    return Math.min([1, 2, 2.5, 5, 10].map((times) => times * power).find((value) => value >= share - 1e-12), 1);
  }

  const short = (share) => `${Number((share * 100).toPrecision(3))}%`;

  /** Which periods have documents enough for a share; where none has, all that have any. */
  function enough(field) {
    const large = field.totals.map((total) => total >= field.few);
    return large.some(Boolean) ? large : field.totals.map((total) => total > 0);
  }

  function line(field, id) {
    const colour = data.topics[id].colour, n = field.values.length, good = enough(field);
    const shares = field.counts[id].map((count, i) => (good[i] ? count / field.totals[i] : null));
    const most = ceiling(Math.max(...shares.map((share) => share || 0)) * 1.1);
    const step = (W - LEFT) / n;
    const x = (i) => LEFT + (i + 0.5) * step;
    const y = (value) => TOP + (1 - Math.min(value, most) / most) * (H - TOP - BOTTOM);
    const marks = [most, most / 2, 0].flatMap((value) => [
      svg("line", { x1: LEFT, x2: W, y1: y(value), y2: y(value), class: "axis" }),
      svg("text", { x: LEFT - 5, y: y(value), class: "tick" }, value || value === 0 ? short(value) : "")]);
    good.forEach((large, i) => {
      if (!large) marks.push(svg("rect", { x: LEFT + i * step, y: TOP, width: step, height: H - TOP - BOTTOM, class: "few" }));
    });
    const runs = [[]];
    shares.forEach((share, i) => { if (share === null) runs.push([]); else runs[runs.length - 1].push(i); });
    for (const run of runs.filter((each) => each.length)) {
      const upper = run.map((i) => `${x(i)},${y(field.high[id][i])}`), lower = run.map((i) => `${x(i)},${y(field.low[id][i])}`).reverse();
      marks.push(svg("polygon", { points: [...upper, ...lower].join(" "), class: `band fill${colour}` }));
      marks.push(svg("polyline", { points: run.map((i) => `${x(i)},${y(shares[i])}`).join(" "), class: `line stroke${colour}` }));
      if (run.length === 1) marks.push(svg("circle", { cx: x(run[0]), cy: y(shares[run[0]]), r: 2.5, class: `fill${colour}` }));
    }
    const { since, until, bursts } = field.events[id], at = (i) => LEFT + i * step;
    for (const [from, to] of bursts) marks.push(svg("rect", { x: at(from), y: TOP, width: at(to + 1) - at(from), height: H - TOP - BOTTOM, class: `burst fill${colour}` }));
    const known = shares.filter((share) => share !== null), change = field.changing[id];
    const happened = [since !== null && `since ${field.values[since]}`, until !== null && `until ${field.values[until]}`,
      ...bursts.map(([from, to]) => `burst ${field.values[from]}${to > from ? ` to ${field.values[to]}` : ""}`)].filter(Boolean);
    const words = known.length
      ? `${percent(known[0])} to ${percent(known[known.length - 1])}${change ? (change > 0 ? ", rising" : ", falling") : ""}${happened.map((each) => `, ${each}`).join("")}` : "no documents";
    const dot = svg("circle", { r: 3, class: `fill${colour}`, visibility: "hidden" });
    const picture = svg("svg", { viewBox: `0 0 ${W} ${H}`, class: "line-chart", role: "img", "aria-label": `${field.values[0]} to ${field.values[n - 1]}: ${words}` }, ...marks, dot);
    const middle = el("span", words);
    picture.addEventListener("pointermove", (event) => {
      const i = Math.max(0, Math.min(n - 1, Math.floor((d3.pointer(event, picture)[0] - LEFT) / step)));
      const of = `${number(field.counts[id][i])} of ${number(field.totals[i])}`;
      const words = field.words && field.words[id][i] ? ` ${field.words[id][i]}` : "";
      middle.textContent = `${field.values[i]}: ${shares[i] === null ? of : `${percent(shares[i])} (${of})`}${words}`;
      dot.setAttribute("visibility", shares[i] === null ? "hidden" : "visible");
      if (shares[i] !== null) { dot.setAttribute("cx", x(i)); dot.setAttribute("cy", y(shares[i])); }
    });
    picture.addEventListener("pointerleave", () => { middle.textContent = words; dot.setAttribute("visibility", "hidden"); });
    return el("figure", picture, el("figcaption.muted", el("span", field.values[0]), middle, el("span", field.values[n - 1])));
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

  /** What the charts of a field show, in a sentence. */
  function legend(field) {
    if (!field.every) return `Which ${field.name} a topic’s documents have.`;
    const few = field.totals.filter((total) => total < field.few).length;
    const grey = few && few < field.totals.length ? ` Grey: periods of fewer than ${field.few} documents.`
      : few ? ` Every period has fewer than ${field.few} documents; read the limits, not the line.` : "";
    return `Share of each ${field.every}’s documents, with 95% limits.${grey}`;
  }

  return { chart, legend };
})();
