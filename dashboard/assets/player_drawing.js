// How the player draws: curves, ribbon, circumplex and numbers of the moment `this.index` of `this.data`.
const TRAIL = 60;
const SEEN = ["detected", "tracked"];
const LEFT = 44;
const RIGHT = 10;
const TOP = 20;

const fmt = (value) => (value === null || value === undefined ? "–" : (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2));

function size(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { pen, width, height };
}

class Drawing {
  // What the curves show, in milliseconds.
  span() {
    const { times } = this.data;
    return this.view ?? [times[0], Math.max(times[times.length - 1], times[0] + 1)];
  }

  ink(colour) {
    return colour || getComputedStyle(this.box).color;
  }

  draw() {
    if (!this.data) return;
    for (const canvas of this.curves) this.drawCurve(canvas);
    this.drawRibbon();
    this.drawPlane();
    this.writeReadout();
  }

  x(index, width) {
    const [from, to] = this.span();
    return LEFT + ((this.data.times[index] - from) / (to - from)) * (width - LEFT - RIGHT);
  }

  // First and last place in sight, and one more to each side.
  inSight() {
    const [from, to] = this.span();
    const { times } = this.data;
    return [Math.max(0, indexAt(times, from) - 1), Math.min(times.length - 1, indexAt(times, to) + 1)];
  }

  // What does not move with the cursor is drawn once and kept as a picture.
  layer(canvas, paint) {
    const { pen, width, height } = size(canvas);
    const ink = getComputedStyle(this.box).color;
    const key = `${this.version} ${this.span()} ${this.range} ${width}×${height} ${ink}`;
    let kept = this.layers.get(canvas);
    if (!kept || kept.key !== key) {
      const picture = kept?.picture ?? document.createElement("canvas");
      [picture.width, picture.height] = [canvas.width, canvas.height];
      const inner = picture.getContext("2d");
      const ratio = window.devicePixelRatio || 1;
      inner.setTransform(ratio, 0, 0, ratio, 0, 0);
      paint(inner, width, height, ink);
      kept = { key, picture };
      this.layers.set(canvas, kept);
    }
    if (kept.picture.width && kept.picture.height) pen.drawImage(kept.picture, 0, 0, width, height);
    return { pen, width, height };
  }

  drawCurve(canvas) {
    const axis = canvas.dataset.axis;
    const y = (value, height) => TOP + ((1 - value) / 2) * (height - TOP - 8);
    const { pen, width, height } = this.layer(canvas, (inner, across, high, ink) => {
      canvas.setAttribute("aria-label", `${axis} over time, −1 to 1; click to seek, drag to choose a range`);
      this.drawGrid(inner, axis, across, high, ink, (value) => y(value, high));
      inner.save();
      inner.beginPath();
      inner.rect(LEFT, 0, across - LEFT - RIGHT, high);
      inner.clip();
      this.drawRange(inner, across, high);
      const at = (value) => y(value, high);
      if (this.data.has_band) this.drawDisagreement(inner, axis, across, at);
      for (const run of [...this.data.runs].reverse()) this.drawRun(inner, run, axis, across, at);
      inner.restore();
    });
    for (const run of this.data.runs) {
      const now = run[axis][this.index];
      if (now === null) continue;
      pen.fillStyle = this.ink(run.colour);
      pen.beginPath();
      pen.arc(this.x(this.index, width), y(now, height), 3.5, 0, 7);
      pen.fill();
    }
    this.drawCursor(pen, width, height);
  }

  drawGrid(pen, axis, width, height, ink, y) {
    pen.font = "11px sans-serif";
    pen.fillStyle = ink;
    pen.strokeStyle = ink;
    pen.textAlign = "right";
    for (const level of [-1, -0.5, 0, 0.5, 1]) {
      pen.globalAlpha = level ? (Number.isInteger(level) ? 0.15 : 0.07) : 0.35;
      pen.beginPath();
      pen.moveTo(LEFT, y(level));
      pen.lineTo(width - RIGHT, y(level));
      pen.stroke();
      pen.globalAlpha = 0.75;
      if (Number.isInteger(level)) pen.fillText(level === -1 ? "−1" : String(level), LEFT - 8, y(level) + 4);
    }
    pen.globalAlpha = 0.9;
    pen.textAlign = "left";
    pen.fillText(axis, LEFT, 12);
    const [from, to] = this.span();
    pen.textAlign = "right";
    pen.globalAlpha = 0.75;
    if (this.view) pen.fillText(`${(from / 1000).toFixed(2)} to ${(to / 1000).toFixed(2)} s`, width - RIGHT, 12);
    pen.globalAlpha = 1;
  }

  drawRange(pen, width, height) {
    if (!this.range) return;
    const [from, to] = this.range.map((frame) => this.x(this.placeOf(frame), width));
    pen.fillStyle = this.accent();
    pen.globalAlpha = 0.16;
    pen.fillRect(from, TOP - 4, Math.max(1.5, to - from), height - TOP);
    pen.globalAlpha = 1;
  }

  accent() {
    return getComputedStyle(this.box).getPropertyValue("--st-primary-color").trim() || "#3B7DC4";
  }

  // Between the lowest and the highest of the models, where two or more have a value.
  drawDisagreement(pen, axis, width, y) {
    const models = this.data.runs.filter((run) => run.kind === "model").map((run) => run[axis]);
    if (models.length < 2) return;
    const at = (index) => models.map((values) => values[index]).filter((value) => value !== null);
    this.fillBand(pen, (index) => { const values = at(index); return values.length > 1 ? [Math.min(...values), Math.max(...values)] : null; },
      width, y, getComputedStyle(this.box).color, 0.1);
  }

  fillBand(pen, limits, width, y, colour, alpha) {
    const [first, last] = this.inSight();
    pen.fillStyle = colour;
    pen.globalAlpha = alpha;
    let part = [];
    const close = () => {
      if (part.length > 1) {
        pen.beginPath();
        for (const [x, , high] of part) pen.lineTo(x, y(high));
        for (const [x, low] of part.reverse()) pen.lineTo(x, y(low));
        pen.fill();
      }
      part = [];
    };
    for (let index = first; index <= last; index += 1) {
      const found = limits(index);
      if (found) part.push([this.x(index, width), ...found]);
      else if (this.isGap(index)) close();
    }
    close();
    pen.globalAlpha = 1;
  }

  // Without a value because there is no face; else it was skipped on purpose.
  isGap(index) {
    return !SEEN.includes(this.data.names[this.data.state[index]]);
  }

  drawRun(pen, run, axis, width, y) {
    const values = run[axis];
    const colour = this.ink(run.colour);
    const isAlone = this.data.runs.filter((other) => other.kind === "model").length === 1;
    if (isAlone && run[`${axis}_low`]) { // with several models, their disagreement is shaded
      this.fillBand(pen, (index) => (run[`${axis}_low`][index] === null ? null : [run[`${axis}_low`][index], run[`${axis}_high`][index]]),
        width, y, colour, 0.13);
    }
    pen.strokeStyle = colour;
    pen.lineWidth = run.kind === "label" ? 3 : 1.6;
    pen.lineJoin = "round";
    pen.beginPath();
    let isOpen = false; // a gap stays a gap
    const { track } = this.data;
    const [first, last] = this.inSight();
    for (let index = first; index <= last; index += 1) {
      const value = values[index];
      if (run.kind === "model" && index && track[index] !== track[index - 1]) isOpen = false; // another face
      if (value === null) {
        if (run.kind === "label" || this.isGap(index)) isOpen = false;
        continue;
      }
      const x = this.x(index, width);
      if (isOpen) pen.lineTo(x, y(value)); else pen.moveTo(x, y(value));
      isOpen = true;
    }
    pen.stroke();
    pen.lineWidth = 1;
  }

  drawCursor(pen, width, height) {
    pen.globalAlpha = 0.7;
    pen.strokeStyle = getComputedStyle(this.box).color;
    pen.beginPath();
    pen.moveTo(this.x(this.index, width), 0);
    pen.lineTo(this.x(this.index, width), height);
    pen.stroke();
    pen.globalAlpha = 1;
  }

  drawRibbon() {
    const { pen, width, height } = this.layer(this.ribbon, (inner, across, high) => {
      const { state, names, states } = this.data;
      const [first, last] = this.inSight();
      const edge = (x) => Math.min(Math.max(x, LEFT), across - RIGHT);
      for (let start = first, index = first + 1; index <= last + 1; index += 1) {
        if (index <= last && state[index] === state[start]) continue;
        const from = edge(this.x(start, across));
        const to = index <= last ? edge(this.x(index, across)) : across - RIGHT;
        inner.fillStyle = (states[names[state[start]]] ?? ["#999"])[0];
        inner.fillRect(from, 2, Math.max(1, to - from), high - 4);
        start = index;
      }
    });
    this.drawCursor(pen, width, height);
  }

  drawPlane() {
    const { pen, width, height } = size(this.plane);
    if (Math.min(width, height) < 80) return; // hidden, or not laid out yet
    const middle = Math.min(width, height) / 2;
    const radius = middle - 22;
    const ink = getComputedStyle(this.box).color;
    const at = (valence, arousal) => [middle + valence * radius, middle - arousal * radius];
    pen.strokeStyle = ink;
    pen.fillStyle = ink;
    pen.globalAlpha = 0.3;
    pen.beginPath();
    pen.arc(middle, middle, radius, 0, 7);
    pen.moveTo(middle - radius, middle);
    pen.lineTo(middle + radius, middle);
    pen.moveTo(middle, middle - radius);
    pen.lineTo(middle, middle + radius);
    pen.stroke();
    pen.globalAlpha = 0.75;
    pen.font = "11px sans-serif";
    pen.textAlign = "center";
    pen.fillText("arousal +1", middle, 13);
    pen.fillText("−1", middle, 2 * middle - 8);
    const words = [["fear", -0.5, 0.6], ["happy", 0.5, 0.6], ["sad", -0.5, -0.66], ["pleasant", 0.5, -0.66]];
    for (const [word, valence, arousal] of words) pen.fillText(word, ...at(valence, arousal));
    pen.save();
    pen.translate(2 * middle - 8, middle);
    pen.rotate(Math.PI / 2);
    pen.fillText("valence +1", 0, 4);
    pen.restore();
    for (const run of this.data.runs) this.drawTrail(pen, run, at);
    const run = this.data.runs[0];
    this.plane.setAttribute("aria-label", run ? `Circumplex: ${run.name} at valence ${fmt(run.valence[this.index])}, arousal ${fmt(run.arousal[this.index])}` : "Circumplex");
  }

  drawTrail(pen, run, at) {
    const colour = this.ink(run.colour);
    pen.strokeStyle = colour;
    pen.fillStyle = colour;
    pen.lineWidth = 1.8;
    let before = null;
    for (let index = Math.max(0, this.index - TRAIL); index <= this.index; index += 1) {
      const here = run.valence[index] === null ? null : at(run.valence[index], run.arousal[index]);
      if (here && before && this.data.track[index] === this.data.track[index - 1]) {
        pen.globalAlpha = 0.08 + 0.8 * (1 - (this.index - index) / TRAIL);
        pen.beginPath();
        pen.moveTo(...before);
        pen.lineTo(...here);
        pen.stroke();
      }
      before = here;
    }
    pen.globalAlpha = 1;
    pen.lineWidth = 1;
    if (!before) return;
    pen.beginPath();
    pen.arc(before[0], before[1], 5, 0, 7);
    pen.fill();
  }

  writeReadout() {
    this.readout.replaceChildren(...this.data.runs.map((run) => {
      const line = document.createElement("tr");
      const name = document.createElement("th");
      const dot = Object.assign(document.createElement("span"), { className: "dot" });
      dot.style.background = this.ink(run.colour);
      name.append(dot, run.name);
      const value = document.createElement("td");
      value.textContent = `V ${fmt(run.valence[this.index])}  A ${fmt(run.arousal[this.index])}`;
      line.append(name, value);
      return line;
    }));
  }
}
