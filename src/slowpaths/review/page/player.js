"use strict";
// One clip: loads when it comes into view, loops, and counts frames from the impact.

/** Make an element. Text only ever enters the page as text nodes. */
function make(tag, settings = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(settings)) {
    if (name === "class") element.className = value;
    else if (name === "on") for (const [event, action] of Object.entries(value)) element.addEventListener(event, action);
    else if (name === "style") for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    else if (value !== null && value !== undefined) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const SPEEDS = [[0.25, "¼×"], [0.5, "½×"], [1, "1×"]];
const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

class Player {
  /**
   * @param {object} card The delivery.
   * @param {object} look What a clip looks like: fps, num_frames, impact_frame; null where unknown.
   * @param {(id: string) => string} locate Returns the address of a clip; an object URL is released after use.
   * @param {number} speed Playback rate.
   * @param {number[][]} limbs Pairs of joints that the skeleton joins.
   */
  constructor(card, look, locate, speed, limbs) {
    Object.assign(this, { card, look, locate, speed, limbs, wantsPlay: !calm, address: "", shift: card.impact_shift });
    this.root = card.has_clip ? this.build() : make("figure", { class: "clip" }, make("div", { class: "blank" }, "no clip"));
  }

  build() {
    const name = `${this.card.video}, ${this.card.impact_s} s`;
    this.video = make("video", { loop: true, playsinline: true, preload: "auto", tabindex: "-1",
      "aria-label": `Clip of ${name}` });
    this.video.muted = true;
    this.button = make("button", { type: "button", on: { click: () => this.toggle() } });
    this.speeds = SPEEDS.map(([value, text]) => make("button", { type: "button", "data-speed": value,
      "aria-label": `speed ${value}`, on: { click: () => this.setSpeed(value) } }, text));
    this.frameText = make("span", { class: "frame" });
    this.pen = this.card.skeleton ? make("canvas", { width: 448, height: 448, "aria-hidden": "true" }) : null;
    this.root = make("figure", { class: "clip" }, make("div", { class: "stage" }, this.video, this.pen), this.buildBar(),
      make("div", { class: "controls", role: "group", "aria-label": "Playback" }, this.button, ...this.speeds,
        this.frameText));
    this.video.addEventListener("play", () => this.showState());
    this.video.addEventListener("pause", () => this.showState());
    this.video.addEventListener("error", () => { if (this.address) this.frameText.textContent = "cannot be played"; });
    this.follow();
    this.showState();
    return this.root;
  }

  buildBar() {
    this.played = make("i", { class: "played" });
    if (!this.look) return make("div", { class: "bar", "aria-hidden": "true" }, this.played);
    const total = this.look.num_frames;
    this.unsure = make("i", { class: "unsure" });
    this.mark = make("i", { class: "impact" });
    this.bar = make("div", { class: "bar" }, this.played, this.unsure, this.mark);
    this.markImpact();
    this.slider = make("input", { type: "range", min: 0, max: total - 1, step: 1, value: 0,
      "aria-label": "frame of the clip", on: { input: () => this.show(Number(this.slider.value)) } });
    this.bar.append(this.slider);
    return this.bar;
  }

  /** Frame of the impact. */
  get impact() { return this.look.impact_frame + this.shift; }

  markImpact() {
    const { fps, num_frames: total } = this.look, impact = this.impact;
    const share = (frames) => `${100 * Math.min(1, Math.max(0, frames / total))}%`;
    const spread = (this.card.impact_uncertainty_s || 0) * fps;
    const first = Math.max(0, impact + 0.5 - spread), last = Math.min(total, impact + 0.5 + spread);
    this.bar.title = `impact at frame ${impact} of ${total}; the band is its uncertainty`;
    for (const [part, from, width] of [[this.unsure, first, last - first], [this.mark, impact, 1]]) {
      part.style.left = share(from);
      part.style.width = share(width);
    }
  }

  /** Say by how many frames the impact lies from that of the clip. */
  setShift(shift) {
    if (!this.video || !this.look || shift === this.shift) return;
    this.shift = shift;
    this.markImpact();
    if (this.frame !== undefined) this.showFrame(this.frame);
  }

  /** Follow the frame that is on the screen, not the clock. */
  follow() {
    const draw = (time) => {
      const fps = this.look ? this.look.fps : 25;
      const total = this.look ? this.look.num_frames : Math.max(1, Math.round(this.video.duration * fps) || 1);
      const frame = Math.min(total - 1, Math.max(0, Math.round(time * fps)));
      this.frame = frame;
      this.played.style.width = `${(100 * (frame + 1)) / total}%`;
      if (this.look) this.showFrame(frame);
    };
    if (this.video.requestVideoFrameCallback) {
      const next = (_now, seen) => { draw(seen.mediaTime); this.video.requestVideoFrameCallback(next); };
      this.video.requestVideoFrameCallback(next);
    } else {
      this.video.addEventListener("timeupdate", () => draw(this.video.currentTime - 0.5 / (this.look?.fps || 25)));
    }
  }

  showFrame(frame) {
    const offset = frame - this.impact;
    this.slider.value = frame;
    this.slider.setAttribute("aria-valuetext", offset ? `${offset} frames from impact` : "impact");
    this.frameText.textContent = offset ? `impact ${offset > 0 ? "+" : "−"}${Math.abs(offset)}` : "impact";
    this.root.classList.toggle("at-impact", offset === 0);
    if (this.pen && document.body.classList.contains("has-skeleton")) this.drawSkeleton(frame);
  }

  redraw() { if (this.pen && this.frame !== undefined) this.showFrame(this.frame); }

  /** Draw the joints of a frame: two bytes a joint, 0 unseen, 1 to 255 across the clip. */
  drawSkeleton(frame) {
    this.joints ||= Uint8Array.from(atob(this.card.skeleton), (letter) => letter.charCodeAt(0));
    const { width } = this.pen, ink = this.pen.getContext("2d"), start = 34 * frame;
    const place = (joint) => [0, 1].map((axis) => this.joints[start + 2 * joint + axis]);
    const across = (byte) => ((byte - 1) / 254) * width;
    ink.clearRect(0, 0, width, width);
    ink.lineWidth = 4;
    for (const [one, other] of this.limbs) {
      const [[x, y], [toX, toY]] = [place(one), place(other)];
      if (!x || !toX) continue;
      ink.strokeStyle = other % 2 ? "#56b4e9" : "#e69f00"; // left and right as COCO orders them
      ink.beginPath();
      ink.moveTo(across(x), across(y));
      ink.lineTo(across(toX), across(toY));
      ink.stroke();
    }
  }

  showState() {
    const plays = !this.video.paused;
    this.button.textContent = plays ? "❚❚" : "▶";
    this.button.setAttribute("aria-label", plays ? "pause" : "play");
    for (const button of this.speeds) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.speed) === this.speed));
    }
  }

  enter() {
    if (!this.video) return;
    if (!this.address) {
      this.address = this.locate(this.card.delivery_id);
      this.video.src = this.address;
    }
    this.video.playbackRate = this.video.defaultPlaybackRate = this.speed;
    if (this.wantsPlay) this.video.play().catch(() => this.showState());
  }

  leave() {
    if (!this.video || !this.address) return;
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
    if (this.address.startsWith("blob:")) URL.revokeObjectURL(this.address);
    this.address = "";
  }

  toggle() {
    if (!this.video) return;
    this.wantsPlay = this.video.paused;
    if (this.wantsPlay) this.enter();
    else this.video.pause();
  }

  setSpeed(speed) {
    this.speed = speed;
    if (!this.video) return;
    this.video.playbackRate = this.video.defaultPlaybackRate = speed;
    this.showState();
  }

  nextSpeed() {
    const at = SPEEDS.findIndex(([value]) => value === this.speed);
    this.setSpeed(SPEEDS[(at + 1) % SPEEDS.length][0]);
  }

  /** Stop at a frame; half a frame in, so that rounding never shows its neighbour. */
  show(frame) {
    if (!this.video || !this.look) return;
    this.wantsPlay = false;
    this.video.pause();
    const inside = Math.min(this.look.num_frames - 1, Math.max(0, frame));
    this.video.currentTime = (inside + 0.5) / this.look.fps;
  }

  step(frames) { this.show((this.frame || 0) + frames); }
}
