"use strict";
// What all parts of the page share: the data, unpacked, and small helpers. Text from the corpus only ever
// becomes text nodes.
const T = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const SHAPES = 6, COLOURS = 8;
  const SVG = "http://www.w3.org/2000/svg";

  /** Bytes that are written in base64. */
  function bytes(text) {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
    const characters = atob(text), out = new Uint8Array(characters.length);
    for (let i = 0; i < out.length; i++) out[i] = characters.charCodeAt(i);
    return out;
  }

  const unpack = (text, Type) => new Type(bytes(text).buffer);

  const packed = data.points;
  const points = {
    n: data.shown,
    x: Float32Array.from(unpack(packed.x, Uint16Array), (v) => v / 65535),
    y: Float32Array.from(unpack(packed.y, Uint16Array), (v) => 1 - v / 65535),
    first: unpack(packed.first, Uint16Array),
    second: unpack(packed.second, Uint16Array),
    p: unpack(packed.p, Uint8Array),
    q: unpack(packed.q, Uint8Array),
  };
  const K = data.topics.length;
  const distance = unpack(data.distance, Uint8Array);
  for (const topic of data.topics) {
    topic.name = topic.label || topic.words.slice(0, 3).join(" ");
    topic.short = topic.label || topic.words.slice(0, 2).join(" ");
    // A topic keeps its colour and shape as long as it keeps its number. Eight colours stay apart without colour
    // vision; topics of the same colour differ in shape while there are shapes.
    topic.colour = topic.number % COLOURS;
    topic.shape = (topic.colour + Math.floor(topic.number / COLOURS)) % SHAPES;
    topic.own = { lead: topic.id, colour: topic.colour, shape: topic.shape, short: topic.short, size: topic.size, name: null };
    topic.group = topic.own;
  }

  /** Show the groups of a level in the place of topics, or null for topics: a group's topics have the colour and
   *  the shape of its first one, which stands for it. */
  function regroup(level) {
    for (const topic of data.topics) topic.group = topic.own;
    if (level !== null) for (const { topics, name, size } of data.levels[level].groups) {
      const { lead, colour, shape } = data.topics[topics[0]].own;
      for (const id of topics) data.topics[id].group = { lead, colour, shape, short: name, size, name };
    }
    for (const topic of data.topics) ({ colour: topic.colour, shape: topic.shape } = topic.group);
  }
  const bySize = data.topics.map((t) => t.id).sort((a, b) => data.topics[b].size - data.topics[a].size || a - b);

  /** An element: `el("p.muted", "text", child)`, `el("button", {type: "button", onclick}, ...)`. */
  function el(what, ...parts) {
    const [tag, ...classes] = what.split(".");
    const node = document.createElement(tag);
    if (classes.length) node.className = classes.join(" ");
    for (const part of parts.flat()) {
      if (part === null || part === undefined || part === false) continue;
      if (part instanceof Node) node.append(part);
      else if (typeof part === "object") for (const [key, value] of Object.entries(part)) set(node, key, value);
      else node.append(String(part));
    }
    return node;
  }

  function set(node, key, value) {
    if (key in node && !key.includes("-")) node[key] = value;
    else node.setAttribute(key, value);
  }

  function svg(tag, attributes, ...children) {
    const node = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
    node.append(...children.filter((child) => child !== null));
    return node;
  }

  // Six shapes of like weight in a square of side 2 about the origin; the last has a hole.
  const PATHS = [
    "M1,0A1,1,0,1,1,-1,0A1,1,0,1,1,1,0Z",
    "M-.88,-.88H.88V.88H-.88Z",
    "M0,-1.15L1.1,.8H-1.1Z",
    "M0,-1.25L1.1,0L0,1.25L-1.1,0Z",
    "M-.38,-1.1H.38V-.38H1.1V.38H.38V1.1H-.38V.38H-1.1V-.38H-.38Z",
    "M1.1,0A1.1,1.1,0,1,1,-1.1,0A1.1,1.1,0,1,1,1.1,0ZM.5,0A.5,.5,0,1,0,-.5,0A.5,.5,0,1,0,.5,0Z",
  ];

  /** The mark of a topic as a small picture. */
  function glyph(id) {
    const topic = data.topics[id];
    const path = svg("path", { d: PATHS[topic.shape], class: `fill${topic.colour}`, "fill-rule": "evenodd" });
    return svg("svg", { class: "glyph", viewBox: "-1.4 -1.4 2.8 2.8", "aria-hidden": "true" }, path);
  }

  function percent(share) {
    return (share * 100).toFixed(share < 0.0995 ? 1 : 0) + "%";
  }

  const number = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, ","); // Intl takes 0.1 s to begin
  const documentsOf = (count) => (count === 1 ? "document" : "documents");
  // What is shown: one topic or all, one document or none, the level whose groups stand for topics (or null), what
  // is searched for and how, the documents that a search found and that a box picked (masks, or null), and the
  // open view.
  const state = { topic: null, doc: null, level: null, query: "", terms: [], match: "beginning", found: null, picked: null, view: "map" };

  /** Whether a document is in the selection; null where all are. */
  function chosen() {
    const { topic, found, picked } = state;
    if (topic === null && !found && !picked) return null;
    return (i) => (topic === null || points.first[i] === topic) && (!found || found[i]) && (!picked || picked[i]);
  }

  return { data, points, K, distance, bySize, el, svg, glyph, percent, number, documentsOf, bytes, chosen, regroup, state, PATHS, SHAPES, COLOURS };
})();
