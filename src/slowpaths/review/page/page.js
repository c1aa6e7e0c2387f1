// The page: counts, filters, order, pages of cards, keys.

const data = JSON.parse(document.getElementById("data").textContent);
const CARDS_A_PAGE = 40;
const at = (id) => document.getElementById(id);
const hasLabels = data.cards.some((card) => card.label), hasModel = data.cards.some((card) => card.model);
const best = (card) => card.label || card.model;
const found = (values) => [...new Set(values)].sort();
const hasNext = data.cards.some((card) => card.next !== null);
const isWrong = (card) => card.label && card.model && card.label.label !== card.model.label;

// Filters and orders: name, choices (value, text) and what each lets through or compares.
const FILTERS = {
  stroke: { all: [["", "all"], ...data.strokes.map((stroke) => [stroke.name, stroke.text])],
    keep: (card, value) => best(card)?.label === value },
  view: { all: [["", "all"], ...found(data.cards.map((card) => card.view)).map((view) => [view, words(view)])],
    keep: (card, value) => card.view === value },
  training: { all: [["", "all"], ["yes", "kept"], ["no", "not kept"]],
    keep: (card, value) => card.is_kept === (value === "yes") },
  votes: { all: [["", "all"], ["conflict", "in conflict"], ["agree", "no conflict"], ["none", "no vote"]],
    keep: (card, value) => ({ conflict: card.conflict > 0, agree: card.votes.length > 0 && card.conflict === 0,
      none: !card.votes.length })[value] },
  said: { all: [["", "all"], ["yes", "by you"], ["no", "not yet"]],
    keep: (card, value) => Boolean(corrections.current(card.delivery_id)) === (value === "yes") },
  model: { all: [["", "all"], ["differs", "differs"], ["agrees", "agrees"]],
    keep: (card, value) => Boolean(card.label && card.model) && isWrong(card) === (value === "differs") },
};
const sure = (card) => (best(card) ? best(card).confidence : -1);
const ORDERS = {
  time: ["video and time", () => 0],
  next: ["what to look at next", (a, b) => (a.next ?? Infinity) - (b.next ?? Infinity) || 0],
  least: ["least sure first", (a, b) => sure(a) - sure(b)],
  most: ["surest first", (a, b) => sure(b) - sure(a)],
  conflict: ["most conflict first", (a, b) => b.conflict - a.conflict],
  model: ["model differs most first", (a, b) => (b.disagreement ?? -1) - (a.disagreement ?? -1)],
};
const isLeftOut = (name) => (name === "model" && !(hasModel && hasLabels)) || (name === "next" && !hasNext);

const state = { stroke: "", view: "", training: "", votes: "", said: "", model: "", order: hasNext ? "next" : "time",
  speed: 1, page: 0 };
let shown = data.cards, views = [], current = -1;

// --- what a person says ----------------------------------------------------------------------------------------

const corrections = new Corrections(data, (id) => {
  const view = views.find((one) => one.card.delivery_id === id);
  if (view) view.showSaid(corrections.current(id), corrections.shift(id));
  showCount();
});

const act = {
  stroke: (id, label) => corrections.stroke(id, label),
  none: (id, kind) => corrections.none(id, kind),
  note: (id, note) => corrections.set(id, { note }),
  nudge: (id, frames) => {
    const view = views.find((one) => one.card.delivery_id === id);
    if (!view.card.has_clip || !data.clip) return;
    corrections.nudge(id, frames);
    view.player.show(view.player.impact);
  },
};

function undo() {
  const id = corrections.undo();
  if (id) open(id);
}

function showCount() {
  const count = corrections.said.size;
  at("download").textContent = `corrections.csv (${count})`;
  at("download").disabled = count === 0;
  at("undo").disabled = corrections.steps.length === 0;
  at("unkept").hidden = corrections.isKept;
}

// --- clips -----------------------------------------------------------------------------------------------------

const embedded = new Map();
for (const block of document.querySelectorAll("script[data-clip]")) embedded.set(block.dataset.clip, block);

function locate(id) {
  if (data.clips.mode === "linked") return `${data.clips.base}${encodeURIComponent(id)}.mp4`;
  const bytes = Uint8Array.from(atob(embedded.get(id).textContent), (letter) => letter.charCodeAt(0));
  return URL.createObjectURL(new Blob([bytes], { type: "video/mp4" }));
}

const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const view = views.find((one) => one.root === entry.target);
    if (view) entry.isIntersecting ? view.player.enter() : view.player.leave();
  }
}, { rootMargin: "100px 0px" });

// --- what is shown ---------------------------------------------------------------------------------------------

function choose() {
  const active = Object.entries(FILTERS).filter(([name]) => state[name]);
  shown = data.cards.filter((card) => active.every(([name, filter]) => filter.keep(card, state[name])));
  if (state.order !== "time") shown.sort(ORDERS[state.order][1]); // stable: equal cards stay in order of time
  draw(0);
}

function draw(page, { select = -1 } = {}) {
  for (const view of views) { watcher.unobserve(view.root); view.player.leave(); }
  const pages = Math.max(1, Math.ceil(shown.length / CARDS_A_PAGE));
  state.page = Math.min(Math.max(page, 0), pages - 1);
  const first = state.page * CARDS_A_PAGE, some = shown.slice(first, first + CARDS_A_PAGE);
  views = some.map((card) => new CardView(card, data, new Player(card, data.clip, locate, state.speed, data.limbs), act));
  for (const view of views) {
    view.showSaid(corrections.current(view.card.delivery_id), corrections.shift(view.card.delivery_id));
  }
  at("cards").replaceChildren(...views.map((view) => view.root));
  if (!views.length) {
    at("cards").append(make("p", { class: "none" }, data.cards.length ? "No delivery passes these filters."
      : "No delivery was found in this footage."));
  }
  for (const view of views) watcher.observe(view.root);
  at("status").textContent = `${shown.length} of ${data.cards.length} deliveries`;
  at("where").textContent = `page ${state.page + 1} of ${pages}`;
  at("pages").hidden = pages === 1;
  at("before").disabled = state.page === 0;
  at("after").disabled = state.page === pages - 1;
  for (const button of at("strokes").children) {
    button.setAttribute("aria-pressed", String(button.dataset.stroke === state.stroke));
  }
  current = -1;
  if (select >= 0) mark(select);
}

function mark(index) {
  views[current]?.root.classList.remove("is-current");
  current = index;
  const { root } = views[index];
  root.classList.add("is-current");
  root.focus({ preventScroll: true });
  root.scrollIntoView({ block: "start" });
}

function move(step) {
  const next = current < 0 ? firstVisible(step) : current + step;
  if (next >= 0 && next < views.length) return mark(next);
  const page = state.page + step;
  if (page < 0 || page * CARDS_A_PAGE >= shown.length) return undefined;
  return draw(page, { select: step > 0 ? 0 : CARDS_A_PAGE - 1 });
}

function firstVisible() {
  const top = at("tools").getBoundingClientRect().bottom;
  return Math.max(0, views.findIndex((view) => view.root.getBoundingClientRect().bottom > top + 40));
}

function open(id) {
  if (!data.cards.some((card) => card.delivery_id === id)) return;
  if (!shown.some((card) => card.delivery_id === id)) {
    for (const name of Object.keys(FILTERS)) set(name, "");
    choose();
  }
  const index = shown.findIndex((card) => card.delivery_id === id);
  draw(Math.floor(index / CARDS_A_PAGE), { select: index % CARDS_A_PAGE });
}

function set(name, value) {
  state[name] = value;
  const select = at(`choose-${name}`);
  if (select) select.value = value;
}

// --- the head of the page --------------------------------------------------------------------------------------

function head() {
  const { totals, lineage } = data;
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  const quarantined = totals.quarantined ? ` (${totals.quarantined} quarantined)` : "";
  at("totals").append(
    `${totals.deliveries} deliveries in ${totals.videos} videos${quarantined}, `
    + (hasLabels ? `${sum(totals.kept)} kept for training. ` : "no labels. "),
    ...Object.entries(lineage).flatMap(([name, value]) => [`${name[0].toUpperCase()}${name.slice(1)} `,
      make("code", {}, value), ". "]));
  const most = Math.max(1, ...totals.labels);
  data.strokes.forEach((stroke, index) => {
    const labels = totals.labels[index], kept = totals.kept[index];
    const bar = (count, kind) => make("i", { class: kind, style: { width: `${(100 * count) / most}%` } });
    at("strokes").append(make("button", { class: "count", type: "button", "data-stroke": stroke.name,
      "aria-label": `${stroke.text}: ${labels} labels, ${kept} kept`,
      on: { click: () => { set("stroke", state.stroke === stroke.name ? "" : stroke.name); choose(); } } },
    make("span", {}, swatch(stroke.group), stroke.text), make("span", { class: "stack", style: { "--colour": colour(stroke.group) } }, bar(labels, "all"),
      bar(kept, "kept")), make("span", { class: "number" }, make("b", {}, String(labels)), labels ? `, ${kept} kept` : "")));
  });
  at("strokes").hidden = !hasLabels;
  at("legend").append(...data.groups.map((group) => make("span", {}, swatch(group), group)));
  const some = data.cards.length < totals.deliveries
    ? `Shown are ${data.cards.length} deliveries, spread evenly over all ${totals.deliveries}. ` : "";
  const trust = hasLabels ? " Confidence is what the label model claims; correlated rules make it too sure." : "";
  at("notes").textContent = some + data.clips.reason + trust;
}

function tools() {
  const pick = (name, text, all, action) => make("label", {}, text, make("select", { id: `choose-${name}`,
    on: { change: (event) => { state[name] = event.target.value; action(event.target.value); } } },
  ...all.map(([value, label]) => make("option", { value }, label))));
  for (const [name, filter] of Object.entries(FILTERS)) {
    if (!isLeftOut(name)) at("choices").append(pick(name, name, filter.all, choose));
  }
  const orders = Object.entries(ORDERS).filter(([name]) => !isLeftOut(name)).map(([name, [text]]) => [name, text]);
  at("choices").append(pick("order", "sort", orders, choose));
  at("choose-order").value = state.order;
  const speeds = [...SPEEDS].reverse();
  at("choices").append(pick("speed", "speed", speeds, (value) => {
    state.speed = Number(value);
    for (const view of views) view.player.setSpeed(state.speed);
  }));
  at("tools").hidden = false;
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  " ": (player) => player?.toggle(),
  s: (player) => player?.nextSpeed(),
  i: (player) => player?.look && player.show(player.impact),
  ",": (player) => player?.step(-1),
  ".": (player) => player?.step(1),
  v: () => { document.body.classList.toggle("has-skeleton"); views[current]?.player.redraw(); },
  z: undo,
  n: (_player, id) => act.none(id, "no_stroke"),
  x: (_player, id) => act.none(id, "wrong_person"),
  ArrowLeft: (_player, id) => act.nudge(id, -1),
  ArrowRight: (_player, id) => act.nudge(id, 1),
  Enter: (_player, id) => {
    const card = views[current].card, label = best(card)?.label;
    if (!label) return;
    act.stroke(id, label);
    move(1);
  },
  ...Object.fromEntries(data.strokes.map((stroke) => [stroke.key, (_player, id) => act.stroke(id, stroke.name)])),
};
const OF_NO_CARD = "jkvz";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in KEYS)) return;
  if (event.target.closest("select, input[type=text]")) return;
  if ([" ", "Enter"].includes(event.key) && event.target.closest("button, a, input")) return;
  if (event.key.startsWith("Arrow") && event.target.closest("input")) return;
  event.preventDefault();
  const needsCard = !OF_NO_CARD.includes(event.key);
  if (current < 0 && needsCard && views.length) mark(firstVisible());
  if (needsCard && current < 0) return;
  KEYS[event.key](views[current]?.player, views[current]?.card.delivery_id);
});
at("cards").addEventListener("focusin", (event) => {
  const index = views.findIndex((view) => view.root.contains(event.target));
  if (index < 0 || index === current) return;
  views[current]?.root.classList.remove("is-current");
  current = index;
  views[index].root.classList.add("is-current");
});
at("download").addEventListener("click", () => corrections.download());
at("undo").addEventListener("click", undo);
at("before").addEventListener("click", () => { draw(state.page - 1, { select: 0 }); });
at("after").addEventListener("click", () => { draw(state.page + 1, { select: 0 }); });
const named = () => open(decodeURIComponent(location.hash.slice(1)));
window.addEventListener("hashchange", named);

head();
tools();
showCount();
choose();
if (location.hash) named();
