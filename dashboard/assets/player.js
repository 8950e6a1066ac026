// One clock for video, box, circumplex and curves: the index into `frames`, found from each frame's own time.
// While playing, the browser says which picture it shows (requestVideoFrameCallback); while paused, the exact
// decoded frame is fetched, so that the picture and the cursor are the same frame.
const instances = new WeakMap();
const TRAIL = 60;
const SEEN = ["detected", "tracked"];
const LEFT = 44;
const RIGHT = 10;
const TOP = 20;

const fmt = (value) => (value === null || value === undefined ? "–" : (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2));

// Last index whose time is not after `ms` (with half a millisecond of grace for rounding).
export function indexAt(times, ms) {
  let low = 0;
  let high = times.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (times[middle] <= ms + 0.5) low = middle; else high = middle - 1;
  }
  return low;
}

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

class Player {
  constructor(root) {
    this.root = root;
    const find = (name) => root.querySelector(name);
    Object.assign(this, {
      box: find(".player"), stage: find(".stage"), video: find("video"), still: find(".still"), over: find(".over"), rect: find(".box"), state: find(".state"),
      plane: find(".plane"), readout: find(".readout tbody"), scrub: find(".scrub"), clock: find(".clock"),
      playButton: find(".play"), ribbon: find(".ribbon"), legend: find(".legend"), curves: [...root.querySelectorAll(".curve")],
      index: 0, playing: false, canPlay: true,
    });
    find(".prev").onclick = () => this.step(-1);
    find(".next").onclick = () => this.step(1);
    this.playButton.onclick = () => this.toggle();
    this.scrub.oninput = () => { this.pause(); this.show(Number(this.scrub.value)); };
    for (const canvas of [...this.curves, this.ribbon]) this.seekable(canvas);
    this.box.onkeydown = (event) => this.key(event);
    this.video.onerror = () => { this.canPlay = false; this.pause(); };
    this.video.onended = () => { this.pause(); this.show(this.data.frames.length - 1); };
    new ResizeObserver(() => this.draw()).observe(this.box);
  }

  seekable(canvas) {
    const seek = (event) => {
      const area = canvas.getBoundingClientRect();
      const share = (event.clientX - area.left - LEFT) / (area.width - LEFT - RIGHT);
      const { times } = this.data;
      this.pause();
      this.show(this.closest(times[0] + share * (times[times.length - 1] - times[0])));
    };
    canvas.onpointerdown = (event) => { canvas.setPointerCapture(event.pointerId); seek(event); };
    canvas.onpointermove = (event) => { if (event.buttons) seek(event); };
  }

  closest(ms) {
    const { times } = this.data;
    const index = indexAt(times, ms);
    const next = Math.min(index + 1, times.length - 1);
    return times[next] - ms < ms - times[index] ? next : index;
  }

  key(event) {
    if (event.target === this.scrub && event.key !== " ") return;
    const moves = { ArrowLeft: -1, ArrowRight: 1, PageUp: -25, PageDown: 25, Home: -Infinity, End: Infinity };
    if (event.key === " ") { if (event.target.tagName === "BUTTON") return; this.toggle(); }
    else if (event.key in moves) this.step(moves[event.key]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  load(data) {
    const isOther = !this.data || this.data.id !== data.id;
    this.data = data;
    if (isOther) {
      this.canPlay = true;
      this.stage.style.aspectRatio = `${data.width} / ${data.height}`;
      this.over.setAttribute("viewBox", `0 0 ${data.width} ${data.height}`);
      this.video.src = data.video_url;
      this.box.setAttribute("aria-label", `Player of ${data.name}: space plays, arrow keys step by frame`);
      this.index = 0;
      this.seekToken = null;
    }
    this.scrub.max = data.frames.length - 1;
    this.index = Math.min(this.index, data.frames.length - 1);
    this.writeLegend();
    if (data.seek && data.seek.token !== this.seekToken) {
      this.seekToken = data.seek.token;
      const index = data.frames.indexOf(data.seek.frame);
      if (index >= 0) this.index = index;
      this.show(this.index, { tell: false });
    } else if (isOther) this.show(this.index, { tell: false });
    else this.draw();
  }

  writeLegend() {
    const { runs, states } = this.data;
    const entry = (colour, text, title) => {
      const span = document.createElement("span");
      span.title = title ?? "";
      const dot = document.createElement("i");
      dot.style.background = colour;
      span.append(dot, text);
      return span;
    };
    this.legend.replaceChildren(
      ...runs.map((run) => entry(this.ink(run.colour), run.name)),
      ...Object.entries(states).map(([name, [colour, meaning]]) => entry(colour, name.replace("_", " "), meaning)),
    );
  }

  ink(colour) {
    return colour || getComputedStyle(this.box).color;
  }

  toggle() {
    if (this.playing) { this.pause(); this.show(this.index); } else this.play();
  }

  play() {
    const { times, frames } = this.data;
    if (this.index >= frames.length - 1) this.index = 0;
    this.playing = true;
    this.playButton.textContent = "❚❚";
    this.playButton.setAttribute("aria-label", "Pause");
    if (!this.canPlay) return this.playStills();
    this.video.currentTime = times[this.index] / 1000;
    this.still.hidden = true;
    const onPicture = (_, picture) => {
      if (!this.playing) return;
      this.mark(indexAt(times, picture.mediaTime * 1000));
      if (picture.mediaTime * 1000 > times[times.length - 1] + 1000) { this.pause(); return; }
      this.video.requestVideoFrameCallback(onPicture);
    };
    this.video.requestVideoFrameCallback(onPicture);
    this.video.play().catch(() => { this.canPlay = false; if (this.playing) this.playStills(); });
  }

  // A file that the browser cannot play is shown frame by frame, as fast as frames arrive, at most in real time.
  async playStills() {
    const { times, frames } = this.data;
    const began = performance.now() - times[this.index];
    while (this.playing && this.index < frames.length - 1) {
      const index = Math.max(this.index + 1, indexAt(times, performance.now() - began));
      await this.fetchStill(index).catch(() => {});
      if (!this.playing) return;
      this.mark(index);
      await new Promise((done) => setTimeout(done, Math.max(0, times[index] - (performance.now() - began))));
    }
    if (this.playing) { this.pause(); this.show(this.index); }
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    this.video.pause();
    this.playButton.textContent = "▶";
    this.playButton.setAttribute("aria-label", "Play");
  }

  step(by) {
    this.pause();
    this.show(Math.min(Math.max(this.index + by, 0), this.data.frames.length - 1));
  }

  // Jump to a frame and stay there.
  show(index, { tell = true } = {}) {
    this.mark(index);
    this.fetchStill(index).catch(() => {});
    if (!tell) return;
    clearTimeout(this.teller);
    this.teller = setTimeout(() => this.component.setStateValue("frame", this.data.frames[this.index]), 350);
  }

  async fetchStill(index) {
    const picture = new Image();
    picture.src = `${this.data.frame_url}/${this.data.frames[index]}?width=${Math.min(960, Math.max(16, this.data.width))}`;
    this.wanted = index;
    await picture.decode();
    if (this.wanted !== index) return;
    this.still.src = picture.src;
    this.still.alt = `Frame ${this.data.frames[index]} of ${this.data.name}`;
    this.still.hidden = false;
  }

  // Put every part on one frame.
  mark(index) {
    this.index = index;
    this.scrub.value = index;
    const { frames, times, boxes, state, names } = this.data;
    this.box.dataset.frame = frames[index];
    this.scrub.setAttribute("aria-valuetext", `frame ${frames[index]}`);
    this.clock.textContent = `frame ${frames[index]} · ${(times[index] / 1000).toFixed(2)} s of ${(times[times.length - 1] / 1000).toFixed(2)} s`;
    const name = names[state[index]] ?? "";
    this.state.textContent = name.replace("_", " ");
    const box = boxes[index];
    this.rect.style.display = box ? "" : "none";
    if (box) {
      this.rect.setAttribute("x", box[0]);
      this.rect.setAttribute("y", box[1]);
      this.rect.setAttribute("width", Math.max(0, box[2] - box[0]));
      this.rect.setAttribute("height", Math.max(0, box[3] - box[1]));
      this.rect.classList.toggle("faint", name !== "detected");
    }
    this.draw();
  }

  draw() {
    if (!this.data) return;
    for (const canvas of this.curves) this.drawCurve(canvas);
    this.drawRibbon();
    this.drawPlane();
    this.writeReadout();
  }

  x(index, width) {
    const { times } = this.data;
    const span = times[times.length - 1] - times[0] || 1;
    return LEFT + ((times[index] - times[0]) / span) * (width - LEFT - RIGHT);
  }

  drawCurve(canvas) {
    const { pen, width, height } = size(canvas);
    const axis = canvas.dataset.axis;
    const ink = getComputedStyle(this.box).color;
    const y = (value) => TOP + ((1 - value) / 2) * (height - TOP - 8);
    canvas.setAttribute("aria-label", `${axis} over time, −1 to 1; click to seek`);
    pen.font = "11px sans-serif";
    pen.fillStyle = ink;
    pen.strokeStyle = ink;
    pen.textAlign = "right";
    for (const level of [-1, 0, 1]) {
      pen.globalAlpha = level ? 0.15 : 0.35;
      pen.beginPath();
      pen.moveTo(LEFT, y(level));
      pen.lineTo(width - RIGHT, y(level));
      pen.stroke();
      pen.globalAlpha = 0.75;
      pen.fillText(level === -1 ? "−1" : String(level), LEFT - 8, y(level) + 4);
    }
    pen.globalAlpha = 0.9;
    pen.textAlign = "left";
    pen.fillText(axis, LEFT, 12);
    for (const run of this.data.runs) this.drawRun(pen, run, axis, width, y);
    this.drawCursor(pen, width, height);
  }

  drawRun(pen, run, axis, width, y) {
    const values = run[axis];
    pen.globalAlpha = 1;
    pen.strokeStyle = this.ink(run.colour);
    pen.fillStyle = pen.strokeStyle;
    pen.lineWidth = 1.6;
    pen.lineJoin = "round";
    pen.beginPath();
    let isOpen = false; // a gap stays a gap
    const { track } = this.data;
    values.forEach((value, index) => {
      if (index && track[index] !== track[index - 1]) isOpen = false; // another face
      if (value === null) {
        if (!SEEN.includes(this.data.names[this.data.state[index]])) isOpen = false; // else skipped on purpose
        return;
      }
      const x = this.x(index, width);
      if (isOpen) pen.lineTo(x, y(value)); else pen.moveTo(x, y(value));
      isOpen = true;
    });
    pen.stroke();
    pen.lineWidth = 1;
    const now = values[this.index];
    if (now === null) return;
    pen.beginPath();
    pen.arc(this.x(this.index, width), y(now), 3.5, 0, 7);
    pen.fill();
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
    const { pen, width, height } = size(this.ribbon);
    const { state, names, states } = this.data;
    let start = 0;
    for (let index = 1; index <= state.length; index += 1) {
      if (index < state.length && state[index] === state[start]) continue;
      const from = this.x(start, width);
      const to = index < state.length ? this.x(index, width) : width - RIGHT;
      pen.fillStyle = (states[names[state[start]]] ?? ["#999"])[0];
      pen.fillRect(from, 2, Math.max(1, to - from), height - 4);
      start = index;
    }
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

export default function (component) {
  const { parentElement, data } = component;
  let player = instances.get(parentElement);
  if (!player) {
    player = new Player(parentElement);
    instances.set(parentElement, player);
  }
  player.component = component;
  player.load(data);
  return () => { player.pause(); clearTimeout(player.teller); };
}
