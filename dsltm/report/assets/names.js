"use strict";
// Where names of topics, or of groups of them, stand on the map: in the fullest part of each that is in view, so that
// a name lies on many of its documents, and stays in sight when the map is zoomed.
T.names = (() => {
  const { data, points } = T;
  const ACROSS = 8; // squares on each side of the whole map, twice as many at each level of zoom
  const LEAST = 0.15; // documents about a name, beside those about the view's first, once the map is zoomed
  const levels = new Map();

  /** For each topic that stands for its group the squares of the map at a level of zoom: {x, y, count, score}, the
   *  fullest first. */
  function squares(level) {
    if (levels.has(level)) return levels.get(level);
    const across = ACROSS * 2 ** level, places = data.topics.map(() => new Map());
    for (let i = 0; i < points.n; i++) {
      const own = places[data.topics[points.first[i]].group.lead], key = Math.floor(points.y[i] * across) * (across + 1) + Math.floor(points.x[i] * across);
      const square = own.get(key) || { x: 0, y: 0, count: 0, score: 0 };
      square.x += points.x[i];
      square.y += points.y[i];
      square.count++;
      own.set(key, square);
    }
    const around = [-across - 2, -across - 1, -across, -1, 1, across, across + 1, across + 2];
    const sorted = places.map((own) => {
      for (const [key, square] of own) {
        square.score = square.count;
        for (const step of around) square.score += (own.get(key + step)?.count || 0) / 2; // it is the middle of much
      }
      const found = [...own.values()].sort((a, b) => b.score - a.score);
      for (const square of found) { square.x /= square.count; square.y /= square.count; }
      return found;
    });
    levels.set(level, sorted);
    return sorted;
  }

  /** The place of a topic's name on the whole map, or null for a topic without documents. */
  const middle = (id) => squares(0)[data.topics[id].group.lead][0] || null;

  /** Draw the names where there is room, those with the most documents in view first.
   *  `place` turns a point of the map into one of the canvas, w by h; `k` is the zoom; `reserved` are boxes
   *  [left, top, right, bottom] that something else lies on. */
  function draw(pen, w, h, k, place, ink, paper, reserved = []) {
    const only = T.state.topic === null ? null : data.topics[T.state.topic].group.lead, level = Math.max(0, Math.min(5, Math.round(Math.log2(k))));
    const shown = [];
    data.topics.forEach((topic, id) => {
      for (const square of squares(level)[id]) {
        const [x, y] = place(square.x, square.y);
        if (x < 8 || y < 8 || x > w - 8 || y > h - 8) continue;
        if (square.score >= Math.min(3, topic.group.size)) shown.push({ id, x, y, score: square.score });
        break;
      }
    });
    shown.sort((a, b) => (b.id === only) - (a.id === only) || b.score - a.score || a.id - b.id);
    const taken = [...reserved], most = Math.max(...shown.map(({ score }) => score));
    Object.assign(pen, { textAlign: "center", textBaseline: "middle", lineJoin: "round", lineWidth: 4 });
    for (const { id, x, y, score } of shown) {
      if (level && score < most * LEAST && id !== only) continue; // a few stray documents at the edge of the view
      const name = data.topics[id].group.short, chosen = id === only;
      pen.font = `${chosen ? 700 : 600} ${chosen ? 14 : 12}px system-ui, sans-serif`;
      const label = name.length > 30 ? name.slice(0, 29) + "…" : name;
      const half = pen.measureText(label).width / 2 + 5, centre = Math.max(half, Math.min(w - half, x));
      const box = [0, -18, 18].map((by) => [centre - half, y + by - 10, centre + half, y + by + 10]).find((a) =>
        a[1] >= 0 && a[3] <= h && !taken.some((b) => a[0] < b[2] && a[2] > b[0] && a[1] < b[3] && a[3] > b[1]));
      if (!box) continue;
      taken.push(box);
      pen.globalAlpha = only !== null && !chosen ? 0.35 : 1;
      pen.strokeStyle = paper;
      pen.strokeText(label, centre, box[1] + 10);
      pen.fillStyle = ink;
      pen.fillText(label, centre, box[1] + 10);
    }
    pen.globalAlpha = 1;
  }

  return { draw, middle, forget: () => levels.clear() };
})();
