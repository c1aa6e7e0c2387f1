// What a person says of deliveries: kept in this browser under the mined set, undone step by step, downloaded as CSV.

const COLUMNS = ["delivery_id", "label", "kind", "impact_s", "note"];

/** A cell of a CSV; what a spreadsheet would run as a formula is made text (slowpaths takes the mark off again). */
function cell(value) {
  const text = value === null || value === undefined ? "" : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

class Corrections {
  /**
   * @param {object} data The page's data.
   * @param {(id: string | null) => void} changed Called with the delivery of which something else is said now.
   */
  constructor(data, changed) {
    Object.assign(this, { changed, place: `slowpaths.corrections.${data.key}`, steps: [], isKept: true });
    this.cards = new Map(data.cards.map((card) => [card.delivery_id, card]));
    this.fps = data.clip ? data.clip.fps : 0;
    this.said = new Map();
    try {
      const kept = JSON.parse(localStorage.getItem(this.place) || "[]");
      for (const [id, one] of kept) if (!this.isApplied(id, one)) this.said.set(id, one);
    } catch { this.isKept = false; }
  }

  /** Whether the mined folder knows it already. */
  isApplied(id, one) {
    const card = this.cards.get(id), known = card && card.correction;
    return Boolean(known) && known.kind === one.kind && known.label === one.label && known.note === one.note
      && (one.impact_s === null || Math.abs(one.impact_s - card.impact_s) < 0.001);
  }

  get(id) { return this.said.get(id); }

  /** What is said of a delivery, here or before. */
  current(id) { return this.said.get(id) || this.cards.get(id)?.correction || null; }

  set(id, change) {
    const before = this.said.get(id);
    const known = this.current(id) || { kind: "impact", label: "", note: "", impact_s: null };
    this.steps.push([id, before]);
    this.put(id, { ...known, ...change });
  }

  stroke(id, label) { this.set(id, { kind: "stroke", label }); }

  none(id, kind) { this.set(id, { kind, label: "", impact_s: null }); }

  /** Move the impact by frames of the clip; returns the frames it lies from where the page was told. */
  nudge(id, frames) {
    const shift = this.shift(id) + frames, card = this.cards.get(id);
    this.set(id, { impact_s: Math.round(1000 * (card.impact_s + shift / this.fps)) / 1000 });
    return shift;
  }

  shift(id) {
    const one = this.said.get(id);
    return one && one.impact_s !== null ? Math.round((one.impact_s - this.cards.get(id).impact_s) * this.fps) : 0;
  }

  undo() {
    const step = this.steps.pop();
    if (!step) return null;
    this.put(...step);
    return step[0];
  }

  put(id, one) {
    const saysNothing = !one || (one.kind === "impact" && one.impact_s === null && !one.note);
    if (saysNothing) this.said.delete(id);
    else this.said.set(id, one);
    try { localStorage.setItem(this.place, JSON.stringify([...this.said])); } catch { this.isKept = false; }
    this.changed(id);
  }

  csv() {
    const rows = [...this.said].filter(([, one]) => one.kind !== "impact" || one.impact_s !== null);
    return [COLUMNS, ...rows.map(([id, one]) => [id, one.label, one.kind, one.impact_s, one.note])]
      .map((row) => `${row.map(cell).join(",")}\n`).join("");
  }

  download() {
    const address = URL.createObjectURL(new Blob([this.csv()], { type: "text/csv" }));
    make("a", { href: address, download: "corrections.csv" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }
}
