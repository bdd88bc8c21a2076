"use strict";
// What happens when: the list of topics, search, tabs, keys, theme, and the address, which names the topic.
(() => {
  const { data, points, el, glyph, percent, number, state } = T;
  const $ = (id) => document.getElementById(id);
  const list = $("list"), query = $("query"), sort = $("sort"), match = $("match");

  $("title").textContent = data.title;
  $("about").textContent = `${number(data.documents)} ${T.documentsOf(data.documents)} · ${T.K} ${T.K === 1 ? "topic" : "topics"}`;

  // The list.
  const largest = Math.max(...data.topics.map((topic) => topic.share), 1e-9);
  const items = data.topics.map((topic) => {
    const fill = el("span.fill"), mark = el("span");
    fill.style.width = `${(100 * topic.share) / largest}%`;
    const name = el("span.name", { dir: "auto" }), words = el("span.few.muted", { dir: "auto" });
    const hits = el("span.hits.muted");
    const button = el("button.topic", { type: "button", onclick: () => T.open({ topic: state.topic === topic.id ? null : topic.id, doc: null }) },
      mark, name, el("span.share", percent(topic.share)), words, el("span.track", fill), hits);
    return { topic, button, mark, fill, name, words, hits, row: el("li", { "data-topic": topic.id }, button) };
  });
  const sorts = { size: (t) => -t.size, name: (t) => t.name.toLowerCase(), number: (t) => t.id };
  if (data.topics.some((topic) => topic.coherence !== null)) sorts.coherence = (t) => (t.coherence === null ? 9 : -t.coherence);
  if (data.levels.length) sorts.group = (t) => t.group.lead;
  sort.append(...Object.keys(sorts).map((key) => el("option", { value: key }, key)));
  sort.addEventListener("change", showList);

  /** Give the list the colours and shapes of topics, or of their groups. */
  function paint() {
    for (const { topic, mark, fill } of items) {
      mark.replaceChildren(glyph(topic.id));
      fill.className = `fill back${topic.colour}`;
    }
  }

  /** The topics that a search leaves, in their order. */
  function showList() {
    const key = sorts[sort.value];
    const [a, b] = [(x) => key(x.topic), (x) => x.topic.id];
    const hits = new Array(T.K).fill(0);
    if (state.found) for (let i = 0; i < points.n; i++) hits[points.first[i]] += state.found[i];
    const says = (topic) => state.terms.length > 0 && T.texts.saysAll([topic.name, ...topic.words].join(" "));
    const kept = items.filter(({ topic }) => !state.terms.length || says(topic) || hits[topic.id])
      .sort((p, q) => (state.terms.length ? says(q.topic) - says(p.topic) || hits[q.topic.id] - hits[p.topic.id] : 0) || (a(p) < a(q) ? -1 : a(p) > a(q) ? 1 : b(p) - b(q)));
    for (const item of kept) {
      item.name.replaceChildren(...T.texts.marked(item.topic.name));
      item.words.replaceChildren(...T.texts.marked(wordsOf(item.topic)));
      item.hits.textContent = state.found ? `${number(hits[item.topic.id])} found` : "";
      item.button.setAttribute("aria-current", String(state.topic === item.topic.id));
    }
    const rows = kept.map((item) => item.row), focused = document.activeElement;
    if (rows.length !== list.children.length || rows.some((row, i) => row !== list.children[i])) {
      list.replaceChildren(...rows);
      if (list.contains(focused)) focused.focus();
    }
    $("count").textContent = kept.length === T.K ? `${T.K} topics` : `${kept.length} of ${T.K} topics`;
  }

  /** A few words; with those that a search asks for in front. */
  function wordsOf(topic) {
    const words = topic.label ? topic.words : topic.words.slice(3);
    const wanted = state.terms.length ? topic.words.filter((word) => T.texts.says(word)) : [];
    return [...new Set([...wanted, ...words])].slice(0, 8).join(" ");
  }

  // Search. It waits for a pause in typing, and for the texts where they are not unpacked yet.
  query.placeholder = (T.texts.has ? "Search all texts" : "Search words and names") + (matchMedia("(hover: none)").matches ? "" : "  ( / )");
  match.append(...Object.entries(T.texts.ways).map(([value, name]) => el("option", { value }, name)));
  match.addEventListener("change", () => T.open({ match: match.value, doc: null }));
  let timer = 0;
  query.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => T.open({ query: query.value.trim(), doc: null }), 120); });

  function search() {
    state.terms = T.texts.terms(state.query);
    state.waiting = state.terms.length > 0 && !T.texts.ready;
    state.found = T.texts.find();
    if (query.value.trim() !== state.query) query.value = state.query;
  }

  // Views.
  const likeness = T.K > 1 ? T.views.likeness() : null;
  const views = [{ id: "map", name: "Map", root: T.map.root }];
  views.push({ id: "documents", name: "Documents", root: T.documents.root, shown: T.documents.shown });
  if (likeness) views.push({ id: "likeness", name: "Similarity", root: likeness.root, shown: likeness.draw });
  data.fields.forEach((field, i) => views.push({ id: `field${i}`, name: field.every ? `Over time` : `By ${field.name}`, make: () => T.views.multiples(field) }));
  for (const view of views) {
    view.tab = el("button", { type: "button", id: `tab-${view.id}`, onclick: () => T.open({ view: view.id }) }, view.name);
    view.tab.setAttribute("role", "tab");
    view.tab.setAttribute("aria-controls", `view-${view.id}`);
    view.pane = el("div.view", { id: `view-${view.id}` }, view.root || null);
    view.pane.setAttribute("role", "tabpanel");
    view.pane.setAttribute("aria-labelledby", `tab-${view.id}`);
    $("tabs").append(view.tab);
    $("views").append(view.pane);
  }
  $("tabs").addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const at = views.findIndex((view) => view.id === state.view), next = views[(at + by + views.length) % views.length];
    T.open({ view: next.id });
    next.tab.focus();
  });

  function showView() {
    for (const view of views) {
      const on = view.id === state.view;
      view.tab.setAttribute("aria-selected", String(on));
      view.tab.tabIndex = on ? 0 : -1;
      if (on && view.make) { view.pane.append(view.make()); view.make = null; }
      view.pane.hidden = !on;
      if (on && view.shown) view.shown();
    }
    for (const row of document.querySelectorAll("#views [data-topic]")) row.classList.toggle("on", Number(row.dataset.topic) === state.topic);
  }

  /** Change what is shown; the one way in for every click and key. */
  T.open = (change) => {
    const before = { ...state };
    Object.assign(state, change);
    if (state.query !== before.query || state.match !== before.match || state.waiting) search();
    if (state.level !== before.level) { T.regroup(state.level); T.names.forget(); paint(); }
    showList();
    T.documents.showBar();
    showView();
    T.map.redraw();
    T.details.update();
    if (state.topic !== before.topic) {
      const hash = state.topic === null ? "" : `#topic-${state.topic}`;
      if (location.hash !== hash) history.replaceState(null, "", hash || location.pathname + location.search);
      const item = items[state.topic];
      if (item) item.button.scrollIntoView({ block: "nearest" });
    }
    const narrow = matchMedia("(max-width: 899px)").matches;
    if (narrow && (state.topic !== before.topic || state.doc !== before.doc) && (state.topic !== null || state.doc !== null)) $("details").scrollIntoView({ block: "start" });
  };

  // Keys.
  list.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    const buttons = [...list.querySelectorAll("button")], at = buttons.indexOf(document.activeElement) + by;
    if (buttons[at]) buttons[at].focus();
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target === query || event.target.tagName === "SELECT";
    if (event.key === "/" && !typing) { query.focus(); event.preventDefault(); }
    else if (event.key === "Escape") { clearTimeout(timer); T.open({ query: "", topic: null, doc: null, picked: null }); }
    else if (event.key === "ArrowDown" && event.target === query) { const first = list.querySelector("button"); if (first) first.focus(); event.preventDefault(); }
  });

  // Light and dark.
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme || (dark.matches ? "dark" : "light")) === "dark";
  function showTheme() {
    $("theme").textContent = isDark() ? "Light" : "Dark";
    T.map.theme();
    if (likeness && state.view === "likeness") likeness.draw();
  }
  $("theme").addEventListener("click", () => { document.documentElement.dataset.theme = isDark() ? "light" : "dark"; showTheme(); });
  dark.addEventListener("change", showTheme);

  // Paper: all topics in words behind a picture of the map.
  addEventListener("beforeprint", () => {
    const picture = el("img", { src: T.map.picture(), alt: "" });
    $("print").replaceChildren(el("h1", data.title), el("p", $("about").textContent), picture, ...T.details.print());
  });
  addEventListener("afterprint", () => $("print").replaceChildren());

  function fromAddress() {
    const found = /^#topic-(\d+)$/.exec(location.hash);
    T.open({ topic: found && Number(found[1]) < T.K ? Number(found[1]) : null });
  }
  addEventListener("hashchange", fromAddress);
  paint();
  showTheme();
  fromAddress();
  document.documentElement.dataset.ready = "true";

  // The texts come last, after the map was drawn, and bring what shows them up to date.
  requestAnimationFrame(() => requestAnimationFrame(async () => {
    await T.texts.load();
    if (state.waiting) T.open({});
    else { showView(); T.details.update(); }
    document.documentElement.dataset.searchable = "true";
  }));
})();
