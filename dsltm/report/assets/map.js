"use strict";
// The map: documents as marks on a canvas, names of topics over them, hover, zoom, and a box to pick with.
T.map = (() => {
  const { data, points, el } = T;
  const canvas = el("canvas", { tabIndex: 0, id: "map" });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label",
    `Map of ${T.number(points.n)} documents by topic. Arrows move, plus and minus zoom, 0 shows all; the list of topics says the same in words.`);
  const tip = document.getElementById("tip");
  const box = el("div.box", { hidden: true });
  const hint = el("p.hint.muted", "Scroll to zoom, drag to move, Shift and drag to pick documents");
  const picking = el("button.quiet", { type: "button", title: "Pick documents with a box", "aria-pressed": "false" }, "Pick");
  const level = !data.levels.length ? null : el("select", { id: "level", "aria-label": "Topics, or groups of them", onchange: () => T.open({ level: level.value === "" ? null : Number(level.value) }) },
    el("option", { value: "" }, `${T.K} topics`), data.levels.map((each, i) => el("option", { value: i }, `${each.groups.length} groups`)).reverse());
  const tools = el("div.tools", level, picking,
    el("button.quiet", { type: "button", "aria-label": "Zoom in", onclick: () => zoomBy(1.6) }, "+"),
    el("button.quiet", { type: "button", "aria-label": "Zoom out", onclick: () => zoomBy(1 / 1.6) }, "−"),
    el("button.quiet", { type: "button", "aria-label": "Show the whole map", onclick: () => goTo(d3.zoomIdentity) }, "All"));
  const root = el("div.map", canvas, box, tools, hint);
  const context = canvas.getContext("2d", { willReadFrequently: true }); // its pixels are set one by one
  const order = []; // documents topic by topic, so that each topic is drawn as a whole
  {
    const own = data.topics.map(() => []);
    points.first.forEach((topic, i) => own[topic].push(i));
    for (const documents of own) for (const i of documents) order.push(i);
  }
  let tree = null; // of the documents' places; made when the pointer first asks for one
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let width = 0, height = 0, side = 1, ratio = 1, transform = d3.zoomIdentity, hover = -1, waiting = false;
  let colours = [], ink = "", paper = "", grey = "";

  const zoom = d3.zoom().scaleExtent([0.8, 60])
    .filter((event) => (!event.ctrlKey || event.type === "wheel") && !event.button && !(event.type !== "wheel" && boxing(event)))
    .on("zoom", (event) => { transform = event.transform; hideTip(); redraw(); });
  d3.select(canvas).call(zoom).on("dblclick.zoom", null);

  const boxing = (event) => event.shiftKey || picking.getAttribute("aria-pressed") === "true";
  const left = (i) => transform.applyX((width - side) / 2 + points.x[i] * side);
  const top = (i) => transform.applyY((height - side) / 2 + points.y[i] * side);
  const radius = () => Math.min(Math.max(170 / Math.sqrt(points.n), 1.7), 5) * Math.min(Math.max(side / 700, 0.65), 1.3) * Math.min(Math.sqrt(transform.k), 3);

  function theme() {
    const style = getComputedStyle(document.documentElement);
    colours = Array.from({ length: T.COLOURS }, (_, i) => style.getPropertyValue(`--c${i}`).trim());
    [ink, paper, grey] = ["--ink", "--surface", "--ghost"].map((name) => style.getPropertyValue(name).trim());
    redraw();
  }

  function resize() {
    const at = root.getBoundingClientRect();
    if (!at.width) return;
    [width, height, ratio] = [at.width, at.height, window.devicePixelRatio || 1];
    T.marks.forget();
    side = Math.min(width, height) * 0.96;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    zoom.translateExtent([[-width * 0.5, -height * 0.5], [width * 1.5, height * 1.5]]);
    redraw();
  }

  function redraw() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; draw(context, width, height, ratio); });
  }

  function draw(pen, w, h, scale) {
    if (!w) return;
    const stands = T.chosen(), size = Math.round(radius() * 4) / 4;
    T.marks.begin(canvas.width, canvas.height, paper);
    const shapes = data.topics.map((topic) => T.marks.mask(topic.shape, size * scale));
    const own = data.topics.map((topic) => T.marks.rgb(colours[topic.colour])), dim = T.marks.rgb(grey);
    if (stands) {
      const dot = T.marks.mask(0, size * 0.8 * scale);
      each(w, h, (i, x, y) => { if (!stands(i)) T.marks.stamp(dot, dim, 1, x * scale, y * scale); });
    }
    each(w, h, (i, x, y) => {
      const topic = points.first[i];
      if (!stands || stands(i)) T.marks.stamp(shapes[topic], own[topic], stands ? 0.95 : 0.8, x * scale, y * scale);
    });
    T.marks.end(pen);
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.globalAlpha = 1;
    for (const i of [hover, T.state.doc]) if (i !== null && i >= 0) ring(pen, i, size);
    const place = (x, y) => [transform.applyX((width - side) / 2 + x * side), transform.applyY((height - side) / 2 + y * side)];
    const reserved = [tools, hint].map((part) => [part.offsetLeft, part.offsetTop, part.offsetLeft + part.offsetWidth, part.offsetTop + part.offsetHeight]);
    T.names.draw(pen, w, h, transform.k, place, ink, paper, reserved);
  }

  /** The documents in view, topic by topic, with their places on the canvas. */
  function each(w, h, what) {
    for (const i of order) {
      const x = left(i), y = top(i);
      if (x >= -9 && y >= -9 && x <= w + 9 && y <= h + 9) what(i, x, y);
    }
  }

  function ring(pen, i, size) {
    pen.beginPath();
    pen.arc(left(i), top(i), size + 4, 0, 2 * Math.PI);
    pen.strokeStyle = ink;
    pen.lineWidth = 2;
    pen.stroke();
  }

  function at(event) {
    const [x, y] = d3.pointer(event, canvas);
    const scale = side * transform.k, reach = radius() + 7;
    const px = (transform.invertX(x) - (width - side) / 2) / side, py = (transform.invertY(y) - (height - side) / 2) / side;
    tree ??= d3.quadtree(order, (i) => points.x[i], (i) => points.y[i]);
    const found = tree.find(px, py, reach / scale), stands = T.chosen();
    return found === undefined || (stands && !stands(found)) ? -1 : found;
  }

  function hideTip() {
    tip.hidden = true;
    if (hover >= 0) { hover = -1; redraw(); }
  }

  function showTip(i, x, y) {
    const topic = data.topics[points.first[i]];
    tip.replaceChildren(
      el("p.who", T.glyph(topic.id), " ", topic.name, el("span.muted", ` ${T.percent(points.p[i] / 255)}`)),
      topic.group.name ? el("p.muted", `in ${topic.group.name}`) : null,
      el("p", { dir: "auto" }, T.texts.excerpt(i, 240)),
      T.texts.has ? el("p.muted", { dir: "auto" }, data.ids[i].slice(0, 80)) : null);
    tip.hidden = false;
    const own = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - own.width - 8))}px`;
    tip.style.top = `${y + own.height + 24 > innerHeight ? Math.max(4, y - own.height - 12) : y + 14}px`;
  }

  canvas.addEventListener("pointermove", (event) => {
    if (event.buttons) return;
    const i = at(event);
    canvas.style.cursor = i >= 0 ? "pointer" : boxing(event) ? "crosshair" : "grab";
    if (i !== hover) { hover = i; redraw(); }
    if (i < 0) tip.hidden = true; else showTip(i, event.clientX, event.clientY);
  });
  canvas.addEventListener("pointerleave", hideTip);
  canvas.addEventListener("click", (event) => {
    if (event.shiftKey || boxed) { boxed = false; return; }
    const i = at(event);
    if (i >= 0) T.open({ doc: i }); else T.open({ topic: null, doc: null, picked: null });
  });

  let start = null, boxed = false;
  canvas.addEventListener("pointerdown", (event) => {
    boxed = false;
    if (event.button || !boxing(event)) return;
    start = d3.pointer(event, canvas);
    canvas.setPointerCapture(event.pointerId);
    hideTip();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!start) return;
    const [x, y] = d3.pointer(event, canvas);
    box.hidden = false;
    Object.assign(box.style, { left: `${Math.min(x, start[0])}px`, top: `${Math.min(y, start[1])}px`,
      width: `${Math.abs(x - start[0])}px`, height: `${Math.abs(y - start[1])}px` });
  });
  canvas.addEventListener("pointerup", (event) => {
    if (!start) return;
    const [x, y] = d3.pointer(event, canvas), [x0, y0] = start;
    start = null;
    box.hidden = true;
    if (Math.hypot(x - x0, y - y0) < 6) return;
    boxed = true;
    const picked = new Uint8Array(points.n);
    for (let i = 0; i < points.n; i++) {
      const px = left(i), py = top(i);
      if (px >= Math.min(x, x0) && px <= Math.max(x, x0) && py >= Math.min(y, y0) && py <= Math.max(y, y0)) picked[i] = 1;
    }
    picking.setAttribute("aria-pressed", "false");
    T.open({ picked, doc: null });
  });
  canvas.addEventListener("pointercancel", () => { start = null; box.hidden = true; });
  picking.addEventListener("click", () => {
    picking.setAttribute("aria-pressed", String(picking.getAttribute("aria-pressed") !== "true"));
  });

  function goTo(where) {
    const target = d3.select(canvas);
    if (still.matches) target.call(zoom.transform, where);
    else target.transition().duration(350).call(zoom.transform, where);
  }

  function zoomBy(factor) {
    const target = d3.select(canvas);
    (still.matches ? target : target.transition().duration(200)).call(zoom.scaleBy, factor);
  }

  /** Fill the view with a topic's documents. */
  function zoomTo(topic) {
    let [x0, y0, x1, y1] = [1, 1, 0, 0];
    const xs = [], ys = [];
    for (let i = 0; i < points.n; i++) if (points.first[i] === topic) { xs.push(points.x[i]); ys.push(points.y[i]); }
    if (!xs.length) return;
    const cut = (values, share) => values[Math.floor(share * (values.length - 1))];
    xs.sort((a, b) => a - b);
    ys.sort((a, b) => a - b);
    [x0, x1, y0, y1] = [cut(xs, 0.05), cut(xs, 0.95), cut(ys, 0.05), cut(ys, 0.95)];
    const k = Math.min(12, 0.7 / Math.max(x1 - x0, y1 - y0, 0.02));
    const cx = (width - side) / 2 + ((x0 + x1) / 2) * side, cy = (height - side) / 2 + ((y0 + y1) / 2) * side;
    goTo(d3.zoomIdentity.translate(width / 2, height / 2).scale(k).translate(-cx, -cy));
  }

  canvas.addEventListener("keydown", (event) => {
    const target = d3.select(canvas), step = 60 / transform.k;
    const moves = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    if (moves[event.key]) target.call(zoom.translateBy, ...moves[event.key]);
    else if (event.key === "+" || event.key === "=") zoomBy(1.6);
    else if (event.key === "-") zoomBy(1 / 1.6);
    else if (event.key === "0") goTo(d3.zoomIdentity);
    else return;
    event.preventDefault();
  });

  new ResizeObserver(resize).observe(root);
  return { root, redraw, theme, zoomTo, draw: () => draw(context, width, height, ratio), picture: () => canvas.toDataURL("image/png") };
})();
