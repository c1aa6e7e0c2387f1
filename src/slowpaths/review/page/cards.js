// How one delivery looks.

const colour = (group) => `var(--${group.replace(" ", "-")})`;

/** Two digits, without rounding a doubt away. */
function two(value) {
  if (value === null || value === undefined) return "?";
  return value < 1 && value >= 0.995 ? ">0.99" : value.toFixed(2);
}

const swatch = (group) => make("i", { class: "swatch", "aria-hidden": "true", style: { "--colour": colour(group) } });
const words = (name) => name.replaceAll("_", " ");

function clock(seconds) {
  const hundredths = Math.round(100 * seconds), whole = Math.floor(hundredths / 100), minutes = Math.floor(whole / 60);
  const pad = (number) => String(number).padStart(2, "0");
  const start = minutes >= 60 ? `${Math.floor(minutes / 60)}:${pad(minutes % 60)}` : String(minutes);
  return `${start}:${pad(whole % 60)}.${pad(hundredths % 100)}`;
}

// The facts beside the votes: what they are called and what they say.
const FACTS = [
  ["impact", (card) => `${clock(card.impact_s)} ± ${two(card.impact_uncertainty_s)} s`],
  ["view", (card) => words(card.view) + (card.view_probability === null ? "" : ` ${two(card.view_probability)}`)],
  ["P(right-hander)", (card) => two(card.handedness_p)],
  ["P(stroke)", (card) => two(card.event_p)],
  ["source", (card) => (card.label ? card.label.source : "no label")],
  ["training", (card) => (card.is_kept ? "kept" : "not kept")],
  ["model saw it as", (card) => (card.model && card.model.split !== "none" ? card.model.split : null)],
];

class CardView {
  /**
   * @param {object} card The delivery.
   * @param {object} data The page's data.
   * @param {Player} player Its clip.
   * @param {object} act What its buttons do: stroke(id, name), none(id, kind), nudge(id, frames), note(id, text).
   */
  constructor(card, data, player, act) {
    Object.assign(this, { card, data, player, act, rows: [], said: make("span", { class: "said" }) });
    const title = `title-${card.delivery_id}`;
    this.root = make("article", { class: "card", id: `delivery-${card.delivery_id}`, tabindex: "-1", "aria-labelledby": title },
      this.header(title),
      make("div", { class: "body" }, make("div", { class: "seen" }, player.root, this.posterior(), this.facts()),
        make("div", {}, this.edit(), this.votes())));
  }

  /** The buttons of what is no stroke, the impact and a note; strokes are named by their rows in the posterior. */
  edit() {
    const { card, act } = this, id = card.delivery_id;
    const button = (text, key, action) => make("button", { type: "button", on: { click: action } }, text,
      key ? make("kbd", {}, key) : null);
    this.nones = [["no_stroke", "no stroke", "n"], ["wrong_person", "wrong person", "x"]].map(([kind, text, key]) => {
      const one = button(text, key, () => act.none(id, kind));
      one.dataset.kind = kind;
      return one;
    });
    this.noteBox = make("input", { type: "text", maxlength: 200, placeholder: "note", "aria-label": "note",
      on: { change: () => act.note(id, this.noteBox.value) } });
    const best = card.label || card.model, canMove = card.has_clip && this.data.clip;
    return make("div", { class: "edit", role: "group", "aria-label": "What you say" },
      best ? button("label is right", "⏎", () => act.stroke(id, best.label)) : null, ...this.nones,
      canMove ? button("impact earlier", "←", () => act.nudge(id, -1)) : null,
      canMove ? button("later", "→", () => act.nudge(id, 1)) : null, this.noteBox);
  }

  /** Show what a person says of it, if anything. */
  showSaid(one, shift) {
    const label = one && one.kind === "stroke" ? one.label : "";
    const parts = one ? [label ? this.stroke(label).text : one.kind === "impact" ? "" : words(one.kind)] : [];
    if (shift) parts.push(`impact ${shift > 0 ? "+" : "−"}${Math.abs(shift)}`);
    const text = parts.filter(Boolean).join(", ");
    this.said.textContent = text ? `you say: ${text}` : "";
    this.root.classList.toggle("is-said", Boolean(text));
    for (const button of this.nones) button.setAttribute("aria-pressed", String(one?.kind === button.dataset.kind));
    for (const row of this.rows) {
      row.querySelector("button").setAttribute("aria-pressed", String(row.dataset.stroke === label));
    }
    if (document.activeElement !== this.noteBox) this.noteBox.value = one?.note || "";
    this.player.setShift(this.card.impact_shift + shift);
  }

  stroke(name) { return this.data.strokes.find((stroke) => stroke.name === name); }

  header(title) {
    const { card } = this;
    const best = card.label || card.model;
    const stroke = best ? this.stroke(best.label) : null;
    const heading = make("h2", { id: title },
      stroke ? swatch(stroke.group) : null,
      stroke ? stroke.text : "no label", make("span", { class: "sure" }, best ? ` ${two(best.confidence)}` : ""));
    const tags = [];
    if (card.label) tags.push([card.is_kept ? "kept" : "not kept", card.is_kept ? "good" : ""]);
    if (card.label && card.label.source === "gold") tags.push(["labelled by a person", "good"]);
    if (card.is_replay) tags.push(["replay", ""]);
    if (card.conflict > 0) tags.push([`${Math.round(100 * card.conflict)} % of vote pairs conflict`, "bad"]);
    if (card.label && card.model) {
      const same = card.label.label === card.model.label;
      tags.push([`model: ${this.stroke(card.model.label).text} ${two(card.model.confidence)}`, same ? "good" : "bad"]);
    }
    if (card.next !== null) tags.unshift([`next ${card.next}`, ""]);
    return make("header", {}, heading, this.said, ...tags.map(([text, kind]) => make("span", { class: `tag ${kind}` }, text)),
      make("span", { class: "where" }, `${card.video} `,
        make("a", { href: `#${encodeURIComponent(card.delivery_id)}`, title: card.delivery_id }, clock(card.impact_s))));
  }

  posterior() {
    const { card, data } = this;
    const opinions = [[card.label, ""], [card.model, "said"]].filter(([opinion]) => opinion);
    const silent = opinions.length === 0, both = opinions.length > 1;
    const first = silent ? { label: "" } : opinions[0][0];
    this.rows = data.strokes.map((stroke, index) => {
      const value = opinions.map(([opinion]) => two(opinion.probs[index])).join(" · ");
      return make("tr", { class: stroke.name === first.label ? "is-top" : "", "data-stroke": stroke.name },
        make("th", { scope: "row" }, make("kbd", {}, stroke.key), make("button", { type: "button",
          title: `say it is ${stroke.name}`, on: { click: () => this.act.stroke(card.delivery_id, stroke.name) } },
        stroke.text)),
        make("td", {}, make("div", { class: "scale", style: { "--colour": colour(stroke.group) } },
          ...opinions.map(([opinion, kind]) => make("i", { class: both ? kind : "",
            style: { width: `${100 * opinion.probs[index]}%` } })))),
        make("td", { class: "value" }, value));
    });
    const key = both
      ? [make("i", { class: "key" }), "label ", make("i", { class: "key said" }), "model"]
      : [silent ? "no posterior: there is no label" : `posterior of the ${card.label ? "label " : ""}model`];
    return make("table", { class: both ? "bars has-model" : "bars" }, make("caption", {}, ...key),
      make("tbody", {}, ...this.rows),
      make("tfoot", { "aria-hidden": "true" }, make("tr", {}, make("td"), make("td", {},
        make("div", { class: "axis" }, make("span", {}, "0"), make("span", {}, "0.5"), make("span", {}, "1"))),
      make("td"))));
  }

  facts() {
    const known = FACTS.map(([name, read]) => [name, read(this.card)]).filter(([, value]) => value !== null);
    return make("dl", { class: "facts" },
      ...known.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
  }

  votes() {
    const { card, data } = this;
    if (!card.votes.length) return make("p", { class: "silent" }, "Every rule abstained.");
    const label = card.label ? data.strokes.findIndex((stroke) => stroke.name === card.label.label) : -1;
    const rows = card.votes.map(([code, symbol, evidence]) => {
      const rule = data.rules[code] || { family: "", votes: {} };
      const set = rule.votes[symbol] || [];
      const fits = set.includes(label);
      return make("tr", { on: { mouseenter: () => this.light(set), mouseleave: () => this.light([]) } },
        make("td", { class: fits ? "fits" : "fits is-not", title: fits ? "holds the label" : "excludes the label",
          "aria-label": label < 0 ? null : fits ? "holds the label" : "excludes the label" },
        label < 0 ? "" : fits ? "✓" : "✗"),
        make("td", {}, this.code(code, rule.family)),
        make("td", {}, this.strip(set), make("b", {}, words(symbol)), `: ${this.names(set)}`,
          make("span", { class: "evidence" }, evidence)));
    });
    return make("table", { class: "votes" },
      make("caption", {}, `${card.votes.length} ${card.votes.length === 1 ? "vote" : "votes"}: `
        + "family and rule, what it says, the strokes that means, evidence"),
      make("tbody", {}, ...rows));
  }

  /** A rule's code begins with its family, in bold; where it does not, the family stands before it. */
  code(code, family) {
    const [first, ...rest] = code.split(".");
    if (first === family) return make("code", {}, make("b", {}, first), `.${rest.join(".")}`);
    return make("code", {}, make("b", {}, family || "not declared"), ` ${code}`);
  }

  strip(set) {
    return make("span", { class: "strip", "aria-hidden": "true" }, ...this.data.strokes.map((stroke, index) =>
      make("i", { class: set.includes(index) ? "on" : "", style: { "--colour": colour(stroke.group) } })));
  }

  /** Say a set of strokes in the fewest words. */
  names(set) {
    if (!set.length) return "not declared";
    const { strokes } = this.data;
    const others = strokes.map((_, index) => index).filter((index) => !set.includes(index));
    const say = (list) => list.map((index) => strokes[index].text).join(", ");
    return others.length < set.length ? `all but ${say(others)}` : say(set);
  }

  light(set) { this.rows.forEach((row, index) => row.classList.toggle("is-lit", set.includes(index))); }
}
