"use strict";
// The documents' texts and the search in them. The texts stand at the end of the page, so that the map is drawn
// before they are read, and are one long string; a page without texts is searched by the documents' names.
T.texts = (() => {
  const { data, points, el, state } = T;
  const SEPARATOR = "\x1e";
  const ways = { beginning: "word starts", whole: "whole words", anywhere: "word parts" };
  const WORD = /[\p{L}\p{N}\p{M}_]/u;
  // Scripts without spaces between words: a word may begin and end at any of their characters.
  const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
  const kinds = new Map();
  const ends = new Float64Array(points.n); // where each document's text ends in the string
  let all = null, failure = null;

  /** Read and unpack the texts; a promise of when they can be searched. */
  async function load() {
    const parsed = () => document.readyState !== "loading";
    if (!parsed()) await new Promise((done) => document.addEventListener("DOMContentLoaded", done));
    let texts = null;
    if (data.texts) {
      try {
        const element = document.getElementById("texts");
        texts = await inflate(T.bytes(element.textContent));
        element.remove();
      } catch {
        failure = "This browser cannot unpack the texts of this page; a newer one can.";
      }
    }
    all = texts ?? data.ids.join(SEPARATOR);
    for (let i = 0, from = 0; i < points.n; i++) {
      const end = all.indexOf(SEPARATOR, from);
      ends[i] = end < 0 ? all.length : end;
      from = ends[i] + 1;
    }
    T.texts.ready = true;
  }

  function inflate(bytes) {
    const stream = new ReadableStream({ start(to) { to.enqueue(bytes); to.close(); } });
    return new Response(stream.pipeThrough(new DecompressionStream("deflate"))).text();
  }

  const start = (i) => (i ? ends[i - 1] + 1 : 0);
  const whole = (i) => all.slice(start(i), ends[i]);
  const of = (i) => (!data.texts ? data.ids[i] : all === null ? "…" : whole(i) || "(no text)");

  /** "word" for a character that words are made of, "free" for one of a script without spaces, else "gap". */
  function kind(text, at) {
    const code = text.charCodeAt(at);
    if (Number.isNaN(code)) return "gap";
    if (!kinds.has(code)) {
      const character = String.fromCharCode(code);
      kinds.set(code, UNSPACED.test(character) ? "free" : WORD.test(character) ? "word" : "gap");
    }
    return kinds.get(code);
  }

  const edge = (text, at) => kind(text, at - 1) !== "word" || kind(text, at) !== "word";

  /** The words of a query as {text, pattern}; what stands between quotation marks is one of them. */
  function terms(query) {
    const parts = query.toLowerCase().match(/["“„][^"”“]+["”“]?|[^\s"“”„]+/g) || [];
    const texts = parts.map((part) => part.replace(/["“”„]/g, "").trim().replace(/\s+/g, " ")).filter(Boolean);
    return [...new Set(texts)].map((text) => ({
      text, pattern: new RegExp(text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&").replace(/ /g, "\\s+"), "gi") }));
  }

  /** Where a term next stands in a text: [from, to], or null. */
  function next({ pattern }, text, from = 0) {
    pattern.lastIndex = from;
    for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
      const at = match.index, to = at + match[0].length;
      if (state.match === "anywhere" || (edge(text, at) && (state.match === "beginning" || edge(text, to)))) return [at, to];
      pattern.lastIndex = at + 1;
    }
    return null;
  }

  const says = (text) => state.terms.some((term) => next(term, text));
  const saysAll = (text) => state.terms.every((term) => next(term, text));

  /** A mask of the documents that hold all terms; null without terms. */
  function find() {
    if (!state.terms.length || all === null) return null;
    const mask = new Uint8Array(points.n).fill(1);
    for (const term of state.terms) {
      for (let i = 0; i < points.n;) {
        const place = next(term, all, start(i));
        while (i < points.n && (!place || ends[i] < place[1])) mask[i++] = 0; // the string has no such term before
        i++;
      }
    }
    return mask;
  }

  /** The text with what was searched for marked. */
  function marked(text) {
    const places = [];
    for (const term of state.terms) {
      for (let place = next(term, text); place; place = next(term, text, place[1])) places.push(place);
    }
    const parts = [];
    let end = 0;
    for (const [from, to] of places.sort((a, b) => a[0] - b[0])) {
      if (from < end) continue;
      parts.push(text.slice(end, from), el("mark", text.slice(from, to)));
      end = to;
    }
    return [...parts, text.slice(end)];
  }

  /** Some characters of a document, around what was searched for where that is further on. */
  function excerpt(i, characters = 300) {
    const text = of(i), places = state.terms.map((term) => next(term, text)).filter(Boolean);
    const at = places.length ? Math.min(...places.map((place) => place[0])) : 0;
    const from = at > 120 ? Math.min(text.indexOf(" ", at - 60) + 1, at) : 0;
    const cut = text.slice(from, from + characters);
    return (from ? "… " : "") + cut + (from + characters < text.length ? " …" : "");
  }

  return { load, of, whole, terms, says, saysAll, find, marked, excerpt, ways, has: data.texts, ready: false, failure: () => failure };
})();
