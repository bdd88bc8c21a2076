"use strict";
// The panel at the side: a topic, a document, what a search found or a box picked, or the page itself.
T.details = (() => {
  const { data, points, el, glyph, percent, number, documentsOf, state } = T;
  const MOST = 40, FEW = 8; // documents shown of a selection; the list has all of them

  function topicLink(id, note) {
    return el("button.link", { type: "button", onclick: () => T.open({ topic: id, doc: null }) },
      glyph(id), el("span", data.topics[id].name), note ? el("span.muted", note) : null);
  }

  function card(i, ...extra) {
    return el("li", el("button.card", { type: "button", onclick: () => T.open({ doc: i }) },
      el("span.said", { dir: "auto" }, T.texts.marked(T.texts.excerpt(i))), ...extra));
  }

  const share = (i) => el("span.muted", percent(points.p[i] / 255));

  function bar(value, most, colour) {
    const inside = el(`span.fill.back${colour}`);
    inside.style.width = `${Math.max((100 * value) / most, 0.5)}%`;
    return el("span.track", inside);
  }

  /** The words by their weight, which is what the bars show. */
  function words(topic) {
    const order = topic.words.map((_, i) => i).sort((a, b) => topic.weights[b] - topic.weights[a] || a - b);
    const most = topic.weights[order[0]] || 1;
    return [
      el("ol.words", order.map((i) => el("li", { title: `probability ${topic.weights[i].toPrecision(2)}` },
        el("span.word", { dir: "auto" }, T.texts.marked(topic.words[i])), bar(topic.weights[i], most, topic.colour)))),
      el("p.muted", `Bars: how probable a word is in the topic; the longest is ${percent(most)}.`),
    ];
  }

  function figures(topic) {
    const parts = [`topic ${topic.number}`, `${number(topic.size)} ${documentsOf(topic.size)}`, percent(topic.share)];
    if (topic.coherence !== null) parts.push(`NPMI ${topic.coherence.toFixed(2)}`);
    if (topic.group.name) parts.push(`in ${topic.group.name}`);
    return el("p.muted", parts.join(" · "));
  }

  function ofTopic(id) {
    const topic = data.topics[id];
    const at = T.bySize.indexOf(id);
    const step = (by) => T.open({ topic: T.bySize[(at + by + T.K) % T.K], doc: null });
    return [
      el("div.bar",
        el("h2", glyph(id), " ", topic.name),
        el("button.quiet", { type: "button", "aria-label": "Previous topic", onclick: () => step(-1) }, "‹"),
        el("button.quiet", { type: "button", "aria-label": "Next topic", onclick: () => step(1) }, "›"),
        el("button.quiet", { type: "button", "aria-label": "Close this topic", onclick: () => T.open({ topic: null, doc: null }) }, "×")),
      figures(topic),
      el("p.buttons", listButton("List its documents"),
        el("button.quiet", { type: "button", onclick: () => { T.open({ view: "map" }); T.map.zoomTo(id); } }, "Zoom to them")),
      state.found || state.picked ? ofSelection(FEW) : null,
      el("h3", "Words that set it apart"), words(topic),
      topic.examples.length ? [el("h3", "Typical documents"), el("ul.cards", topic.examples.map((i) => card(i, share(i))))] : null,
      topic.borderline.length ? [el("h3", "On the border"),
        el("ul.cards", topic.borderline.map((i) => card(i, el("span.muted", `${percent(points.p[i] / 255)}, or ${data.topics[points.second[i]].name} ${percent(points.q[i] / 255)}`))))] : null,
      topic.near.length ? [el("h3", "Nearest topics"), el("ul.plain", topic.near.map(([other, far]) => el("li", topicLink(other, ` distance ${far.toFixed(3)}`))))] : null,
      data.fields.map((field) => [el("h3", field.every ? `By ${field.every}` : `By ${field.name}`), T.charts.chart(field, id)]),
    ];
  }

  const listButton = (text) => el("button.quiet", { type: "button", onclick: () => T.open({ view: "documents", doc: null }) }, text);

  function ofDocument(i) {
    const parts = [[points.first[i], points.p[i]], [points.second[i], points.q[i]]].filter(([, p], n) => !n || p);
    const step = (by, sign, name) => {
      const other = T.documents.beside(i, by);
      return el("button.quiet", { type: "button", "aria-label": name, disabled: other === null, onclick: () => T.open({ doc: other }) }, sign);
    };
    return [
      el("div.bar", el("h2", "Document"), step(-1, "‹", "Previous document of the list"), step(1, "›", "Next document of the list"),
        el("button.quiet", { type: "button", "aria-label": "Close this document", onclick: () => T.open({ doc: null }) }, "×")),
      el("p.muted", { dir: "auto" }, data.ids[i]),
      el("h3", "Topics"),
      el("ul.plain.shares", parts.map(([id, p]) => el("li", topicLink(id, ` ${percent(p / 255)}`), bar(p, 255, data.topics[id].colour)))),
      T.texts.has ? [el("h3", "Text"), el("p.text", { dir: "auto" }, T.texts.marked(T.texts.of(i)))] : null,
    ];
  }

  /** What the selection is, in words. */
  function selection() {
    const parts = [state.found && `with ${state.terms.map(({ text }) => `“${text}”`).join(" and ")}`, state.picked && "inside the box"];
    return parts.filter(Boolean).join(", ");
  }

  /** The selected documents within a topic, and how many there are in all topics. */
  function ofSelection(most) {
    const rows = T.documents.selected(), all = rows.length;
    let everywhere = 0;
    for (let i = 0; i < points.n; i++) everywhere += (!state.found || state.found[i]) && (!state.picked || state.picked[i]) ? 1 : 0;
    return [
      el("h3", `${number(all)} of its documents ${selection()}`),
      el("ul.cards", rows.slice(0, most).map((i) => card(i, share(i)))),
      el("p.buttons", all > most ? listButton(`All ${number(all)}`) : null,
        everywhere > all ? el("button.quiet", { type: "button", onclick: () => T.open({ topic: null, doc: null }) }, `${number(everywhere)} in all topics`) : null),
    ];
  }

  /** Documents that a search or a box chose: how many of which topic, and the first of them. */
  function ofChoice(close) {
    const rows = T.documents.selected(), total = rows.length, counts = new Map();
    for (const i of rows) counts.set(points.first[i], (counts.get(points.first[i]) || 0) + 1);
    const most = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 6);
    return [
      el("div.bar", el("h2", `${number(total)} ${documentsOf(total)}`), close),
      el("p.muted", selection()),
      !total && state.query ? el("p", "Try fewer words, or choose “word parts” beside the search.") : null,
      most.length ? [el("h3", "Topics"), el("ul.plain.shares", most.map(([id, count]) =>
        el("li", topicLink(id, ` ${number(count)}`), bar(count, most[0][1], data.topics[id].colour))))] : null,
      total ? el("h3", total > MOST ? `The first ${MOST}` : "Documents") : null,
      el("ul.cards", rows.slice(0, MOST).map((i) => card(i, el("span.muted", data.topics[points.first[i]].name)))),
      total > MOST ? el("p.buttons", listButton(`All ${number(total)}`)) : null,
    ];
  }

  function ofPage() {
    const some = data.shown < data.documents ? ` The page holds ${number(data.shown)} of them, chosen at random; sizes and shares count all.` : "";
    const empty = data.empty ? ` ${number(data.empty)} without text are left out.` : "";
    const search = T.texts.failure() || (!T.texts.has ? "It was made without the corpus: search sees the topics’ words and the documents’ names."
      : data.limit ? `Search sees the first ${number(data.limit)} characters of each text; longer ones are cut there.` : "Search sees the whole of every text.");
    const map = data.layout === "PCA" ? " This is a quick map: groups that a slower one (--layout tsne) would part may lie on each other." : "";
    return [
      el("div.bar", el("h2", "About this page")),
      el("p", `${number(data.documents)} ${documentsOf(data.documents)} in ${T.K} topics. Each document counts for the topic that has the largest part in it.${empty}${some}`),
      el("p", `On the map, documents that are alike lie near each other (${data.layout} of topic proportions and document vectors); directions mean nothing. Colour and shape say the topic.${map}`),
      el("p", `${search} Words may stand apart; “quotation marks” keep them together.`),
      el("h3.for-keys", "Keys"),
      el("dl.keys.for-keys",
        el("dt", "/"), el("dd", "search"), el("dt", "↑ ↓"), el("dd", "move among topics or documents"),
        el("dt", "Enter"), el("dd", "open one"), el("dt", "Esc"), el("dd", "back to everything"),
        el("dt", "+ − 0"), el("dd", "zoom the map, arrows move it")),
      el("h3", "Largest topics"),
      el("ul.plain.shares", T.bySize.slice(0, 5).map((id) => el("li", topicLink(id, ` ${percent(data.topics[id].share)}`),
        bar(data.topics[id].share, data.topics[T.bySize[0]].share || 1, data.topics[id].colour)))),
      el("p.muted", [data.teacher && `Teacher ${data.teacher}`, data.backbone && `model ${data.backbone}`, "made by dsltm"].filter(Boolean).join(" · ")),
    ];
  }

  function content() {
    if (state.doc !== null) return ofDocument(state.doc);
    if (state.topic !== null) return ofTopic(state.topic);
    if (state.picked) return ofChoice(el("button.quiet", { type: "button", "aria-label": "Let the picked documents go", onclick: () => T.open({ picked: null }) }, "×"));
    if (state.waiting) return [el("div.bar", el("h2", "Reading the texts …"))];
    if (state.found) return ofChoice(null);
    return ofPage();
  }

  const root = document.getElementById("details");

  function update() {
    root.replaceChildren(...content().flat(4).filter(Boolean));
    root.scrollTop = 0;
    root.toggleAttribute("data-open", state.doc !== null || state.topic !== null || !!state.picked || !!state.query);
  }

  /** Everything in words, for paper. */
  function print() {
    const field = (each, id) => [el("p.muted", each.every ? `By ${each.every}` : `By ${each.name}`), T.charts.chart(each, id)];
    return [
      el("h2", "Topics"),
      ...T.bySize.map((id) => {
        const topic = data.topics[id];
        return el("article", el("h3", glyph(id), " ", topic.name), figures(topic), el("p", topic.words.join(", ")),
          el("ul", topic.examples.slice(0, 3).map((i) => el("li", { dir: "auto" }, T.texts.excerpt(i, 240)))),
          data.fields.map((each) => field(each, id)).flat());
      }),
    ];
  }

  return { update, print, topicLink };
})();
