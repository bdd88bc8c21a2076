"use strict";
// The panel at the side: a topic, a document, what was found or picked, or the page itself.
T.details = (() => {
  const { data, points, el, glyph, percent, number, state } = T;
  const MOST = 40;

  function topicLink(id, note) {
    return el("button.link", { type: "button", onclick: () => T.open({ topic: id, doc: null }) },
      glyph(id), el("span", data.topics[id].name), note ? el("span.muted", note) : null);
  }

  function card(i, ...extra) {
    return el("li", el("button.card", { type: "button", onclick: () => T.open({ doc: i }) },
      el("span.said", { dir: "auto" }, T.marked(T.text(i), state.query)), ...extra));
  }

  const share = (i) => el("span.muted", percent(points.p[i] / 255));

  function bar(value, most, colour) {
    const inside = el(`span.fill.back${colour}`);
    inside.style.width = `${Math.max((100 * value) / most, 0.5)}%`;
    return el("span.track", inside);
  }

  function words(topic) {
    return el("ol.words", topic.words.map((word, i) =>
      el("li", { title: `probability ${topic.weights[i].toPrecision(2)}` }, el("span.word", { dir: "auto" }, T.marked(word, state.query)),
        bar(topic.strength[i], 1, topic.colour))));
  }

  function figures(topic) {
    const parts = [`topic ${topic.id}`, `${number(topic.size)} documents`, percent(topic.share)];
    if (topic.coherence !== null) parts.push(`NPMI ${topic.coherence.toFixed(2)}`);
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
      el("p", el("button.quiet", { type: "button", onclick: () => { T.open({ view: "map" }); T.map.zoomTo(id); } }, "Zoom to its documents")),
      el("h3", "Words that set it apart"), words(topic),
      el("h3", "Typical documents"), el("ul.cards", topic.examples.map((i) => card(i, share(i)))),
      topic.borderline.length ? [el("h3", "On the border"),
        el("ul.cards", topic.borderline.map((i) => card(i, el("span.muted", `${percent(points.p[i] / 255)}, or ${data.topics[points.second[i]].name} ${percent(points.q[i] / 255)}`))))] : null,
      topic.near.length ? [el("h3", "Nearest topics"), el("ul.plain", topic.near.map(([other, far]) => el("li", topicLink(other, ` distance ${far.toFixed(3)}`))))] : null,
      data.fields.map((field) => [el("h3", field.every ? `By ${field.every}` : `By ${field.name}`), T.views.chart(field, id)]),
    ];
  }

  function ofDocument(i) {
    const parts = [[points.first[i], points.p[i]], [points.second[i], points.q[i]]].filter(([, p], n) => !n || p);
    return [
      el("div.bar", el("h2", "Document"),
        el("button.quiet", { type: "button", "aria-label": "Close this document", onclick: () => T.open({ doc: null }) }, "×")),
      el("p.muted", { dir: "auto" }, data.ids[i]),
      data.texts ? el("p.text", { dir: "auto" }, T.marked(T.text(i), state.query)) : null,
      el("h3", "Topics"),
      el("ul.plain.shares", parts.map(([id, p]) => el("li", topicLink(id, ` ${percent(p / 255)}`), bar(p, 255, data.topics[id].colour)))),
    ];
  }

  /** Documents that a search or a box chose: how many of which topic, and the first of them. */
  function ofChoice(mask, heading, close) {
    const counts = new Map(), shown = [];
    let total = 0;
    for (let i = 0; i < points.n; i++) {
      if (!mask[i] || (state.topic !== null && points.first[i] !== state.topic)) continue;
      total++;
      counts.set(points.first[i], (counts.get(points.first[i]) || 0) + 1);
      if (shown.length < MOST) shown.push(i);
    }
    const most = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 6);
    return [
      el("div.bar", el("h2", `${number(total)} ${total === 1 ? "document" : "documents"}`), close),
      el("p.muted", heading),
      most.length ? [el("h3", "Topics"), el("ul.plain.shares", most.map(([id, count]) =>
        el("li", topicLink(id, ` ${number(count)}`), bar(count, most[0][1], data.topics[id].colour))))] : null,
      total ? el("h3", total > MOST ? `The first ${MOST}` : "Documents") : null,
      el("ul.cards", shown.map((i) => card(i, el("span.muted", data.topics[points.first[i]].name)))),
    ];
  }

  function ofPage() {
    const some = data.shown < data.documents ? ` The map shows ${number(data.shown)} of them, chosen at random; sizes and shares count all.` : "";
    const empty = data.empty ? ` ${number(data.empty)} without text are left out.` : "";
    return [
      el("div.bar", el("h2", "About this page")),
      el("p", `${number(data.documents)} documents in ${T.K} topics. Each document counts for the topic that has the largest part in it.${empty}${some}`),
      el("p", `On the map, documents that are alike lie near each other (${data.layout} of topic proportions and document vectors); directions mean nothing. Colour and shape say the topic.`),
      el("h3.for-keys", "Keys"),
      el("dl.keys.for-keys",
        el("dt", "/"), el("dd", "search"), el("dt", "↑ ↓"), el("dd", "move among the topics"),
        el("dt", "Enter"), el("dd", "open the topic"), el("dt", "Esc"), el("dd", "back to everything"),
        el("dt", "+ − 0"), el("dd", "zoom the map, arrows move it")),
      el("h3", "Largest topics"),
      el("ul.plain.shares", T.bySize.slice(0, 5).map((id) => el("li", topicLink(id, ` ${percent(data.topics[id].share)}`),
        bar(data.topics[id].share, data.topics[T.bySize[0]].share || 1, data.topics[id].colour)))),
      el("p.muted", [data.teacher && `Teacher ${data.teacher}`, data.backbone && `model ${data.backbone}`, "made by dsltm"].filter(Boolean).join(" · ")),
    ];
  }

  function content() {
    if (state.doc !== null) return ofDocument(state.doc);
    const unpick = el("button.quiet", { type: "button", "aria-label": "Let the picked documents go", onclick: () => T.open({ picked: null }) }, "×");
    if (state.picked) return ofChoice(state.picked, "inside the box", unpick);
    if (state.found && state.topic === null) return ofChoice(state.found, `that say “${state.query}”`, null);
    if (state.topic !== null) return ofTopic(state.topic);
    return ofPage();
  }

  const root = document.getElementById("details");

  function update() {
    root.replaceChildren(...content().flat(4).filter(Boolean));
    root.scrollTop = 0;
    root.toggleAttribute("data-open", state.doc !== null || state.topic !== null || !!state.picked || !!state.found);
  }

  /** Everything in words, for paper. */
  function print() {
    const field = (each, id) => [el("p.muted", each.every ? `By ${each.every}` : `By ${each.name}`), T.views.chart(each, id)];
    return [
      el("h2", "Topics"),
      ...T.bySize.map((id) => {
        const topic = data.topics[id];
        return el("article", el("h3", glyph(id), " ", topic.name), figures(topic), el("p", topic.words.join(", ")),
          el("ul", topic.examples.slice(0, 3).map((i) => el("li", { dir: "auto" }, T.text(i).slice(0, 240)))),
          data.fields.map((each) => field(each, id)).flat());
      }),
    ];
  }

  return { update, print, topicLink };
})();
