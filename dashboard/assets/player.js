// One clock for video, box, circumplex and curves: the index into `frames`, found from each frame's own time.
// While playing, each picture is taken from the film together with its own time stamp (VideoFrame) and painted in
// the same step as the cursor; on a busy machine what a film element shows runs ahead of what it says. While paused,
// the exact decoded frame is fetched, and until it has come the old picture is veiled. So no picture stands beside a
// cursor that is more than one frame away.
//
// Of a long video the page sends an overview that keeps every peak. The stretch around the reader is fetched in full
// and joined in, so that every frame can be stepped to and what is zoomed into is what was measured.
const instances = new WeakMap();
const TRAIL = 60;
const AROUND = 1000; // frames fetched to each side of the reader
const MARGIN = 200; // and again when the reader comes this close to the end of them
const NARROWEST_MS = 400;
const CLICK_PX = 4;
const WIDEST_PX = 960;
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

// The overview with a stretch in full in the place of what it has of those frames.
export function joined(overview, stretch) {
  const before = overview.frames.filter((frame) => frame < stretch.frames[0]).length;
  const after = overview.frames.length - overview.frames.filter((frame) => frame > stretch.frames[stretch.frames.length - 1]).length;
  const join = (old, fresh) => [...old.slice(0, before), ...fresh, ...old.slice(after)];
  const out = { runs: overview.runs.map((columns, place) => Object.fromEntries(
    Object.keys(columns).map((name) => [name, join(columns[name], stretch.runs[place][name] ?? stretch.frames.map(() => null))]))) };
  for (const name of ["frames", "times", "boxes", "track", "state"]) out[name] = join(overview[name], stretch[name]);
  return out;
}

class Player {
  constructor(root) {
    this.root = root;
    const find = (name) => root.querySelector(name);
    Object.assign(this, {
      box: find(".player"), stage: find(".stage"), video: find("video"), film: find(".film"), still: find(".still"), over: find(".over"), rect: find(".box"), state: find(".state"),
      plane: find(".plane"), readout: find(".readout tbody"), scrub: find(".scrub"), clock: find(".clock"),
      playButton: find(".play"), ribbon: find(".ribbon"), legend: find(".legend"), curves: [...root.querySelectorAll(".curve")],
      zoomOut: find(".whole"), rangeText: find(".range"), clearRange: find(".clear"),
      index: 0, shown: null, playing: false, canPlay: true, view: null, range: null, full: null, layers: new Map(), version: 0,
    });
    find(".prev").onclick = () => this.step(-1);
    find(".next").onclick = () => this.step(1);
    this.playButton.onclick = () => this.toggle();
    this.scrub.oninput = () => { this.pause(); this.show(Number(this.scrub.value)); };
    find(".closer").onclick = () => this.zoom(0.5);
    find(".wider").onclick = () => this.zoom(2);
    this.zoomOut.onclick = () => this.setView(null);
    this.clearRange.onclick = () => this.setRange(null);
    for (const canvas of this.curves) this.selectable(canvas);
    this.scrubbable(this.ribbon);
    this.box.onkeydown = (event) => this.key(event);
    this.video.onerror = () => { this.canPlay = false; this.pause(); };
    this.video.onended = () => { this.pause(); this.show(this.data.frames.length - 1); };
    new ResizeObserver(() => this.draw()).observe(this.box);
  }

  // Time below the pointer.
  msAt(canvas, event) {
    const area = canvas.getBoundingClientRect();
    const [from, to] = this.span();
    return from + ((event.clientX - area.left - LEFT) / (area.width - LEFT - RIGHT)) * (to - from);
  }

  scrubbable(canvas) {
    const seek = (event) => { this.pause(); this.show(this.closest(this.msAt(canvas, event))); };
    canvas.onpointerdown = (event) => { canvas.setPointerCapture(event.pointerId); seek(event); };
    canvas.onpointermove = (event) => { if (event.buttons) seek(event); };
  }

  // A click goes there; a drag chooses a range; ctrl and wheel zoom, shift and wheel pan.
  selectable(canvas) {
    let start = null;
    canvas.onpointerdown = (event) => { canvas.setPointerCapture(event.pointerId); start = { x: event.clientX, ms: this.msAt(canvas, event) }; };
    canvas.onpointermove = (event) => {
      if (!start || !event.buttons || Math.abs(event.clientX - start.x) < CLICK_PX) return;
      const ends = [start.ms, this.msAt(canvas, event)].sort((a, b) => a - b).map((ms) => this.data.frames[this.closest(ms)]);
      this.setRange(ends, { tell: false });
    };
    canvas.onpointerup = (event) => {
      const isClick = start && Math.abs(event.clientX - start.x) < CLICK_PX;
      if (isClick) { this.pause(); this.show(this.closest(this.msAt(canvas, event))); } else this.tellRange();
      start = null;
    };
    canvas.addEventListener("wheel", (event) => {
      if (event.ctrlKey || event.metaKey) this.zoom(Math.exp(event.deltaY / 300), this.msAt(canvas, event));
      else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.pan(event.deltaX || event.deltaY);
      else return;
      event.preventDefault();
    }, { passive: false });
  }

  // What the curves show, in milliseconds.
  span() {
    const { times } = this.data;
    return this.view ?? [times[0], Math.max(times[times.length - 1], times[0] + 1)];
  }

  zoom(factor, around = this.data.times[this.index]) {
    const [from, to] = this.span();
    const middle = Math.min(Math.max(around, from), to);
    this.setView([middle - (middle - from) * factor, middle + (to - middle) * factor]);
  }

  pan(pixels) {
    if (!this.view) return;
    const [from, to] = this.view;
    const by = (pixels / (this.curves[0].clientWidth || 1)) * (to - from);
    this.setView([from + by, to + by]);
  }

  setView(view) {
    const { times } = this.data;
    const [first, last] = [times[0], times[times.length - 1]];
    this.view = null;
    if (view) {
      const width = Math.max(view[1] - view[0], NARROWEST_MS);
      const from = Math.min(Math.max(view[0], first), last - width);
      if (width < last - first) this.view = [from, from + width];
    }
    this.zoomOut.disabled = !this.view;
    this.wantFull();
    this.draw();
  }

  setRange(range, { tell = true } = {}) {
    this.range = range;
    this.clearRange.hidden = !range;
    this.rangeText.textContent = range ? `frames ${range[0]} to ${range[1]}` : "";
    this.draw();
    if (tell) this.tellRange();
  }

  tellRange() {
    const said = JSON.stringify(this.range);
    if (said === this.saidRange) return;
    this.saidRange = said;
    this.component.setStateValue("range", this.range);
  }

  // One end of the range at the reader's frame, by keyboard.
  endRange(end) {
    const frame = this.data.frames[this.index];
    const range = this.range ? [...this.range] : [frame, frame];
    range[end] = frame;
    this.setRange(range.sort((a, b) => a - b));
  }

  closest(ms) {
    const { times } = this.data;
    const index = indexAt(times, ms);
    const next = Math.min(index + 1, times.length - 1);
    return times[next] - ms < ms - times[index] ? next : index;
  }

  key(event) {
    if (event.target === this.scrub && event.key !== " ") return;
    const others = { "[": () => this.endRange(0), "]": () => this.endRange(1), Escape: () => this.setRange(null),
      "+": () => this.zoom(0.5), "-": () => this.zoom(2), 0: () => this.setView(null) };
    const moves = { ArrowLeft: -1, ArrowRight: 1, PageUp: -25, PageDown: 25, Home: -Infinity, End: Infinity };
    if (event.key === " ") { if (event.target.tagName === "BUTTON") return; this.toggle(); }
    else if (event.key in moves) this.step(moves[event.key]);
    else if (event.key in others && !event.ctrlKey && !event.metaKey) others[event.key]();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  load(data) {
    const isOther = !this.data || this.data.id !== data.id;
    const here = this.data?.frames[this.index] ?? 0;
    const isSame = !isOther && data.stretch_url && data.stretch_url === this.sent.stretch_url && this.stretch;
    this.sent = data;
    if (!isSame) [this.full, this.stretch, this.asked] = [null, null, null];
    this.take(isSame ? joined(data.points, this.stretch) : data.points);
    if (isOther) {
      this.canPlay = true;
      this.stage.style.aspectRatio = `${data.width} / ${data.height}`;
      this.over.setAttribute("viewBox", `0 0 ${data.width} ${data.height}`);
      this.video.src = data.video_url;
      this.box.setAttribute("aria-label", `Player of ${data.name}: space plays, arrow keys step by frame`);
      this.index = 0;
      this.shown = null;
      this.seekToken = null;
      this.saidRange = JSON.stringify(data.range ?? null);
      this.view = null;
      this.zoomOut.disabled = true;
      this.setRange(data.range ?? null, { tell: false });
    } else this.index = this.placeOf(here);
    this.writeLegend();
    if (data.seek && data.seek.token !== this.seekToken) {
      this.seekToken = data.seek.token;
      if (data.seek.frame !== null && data.seek.frame !== undefined) this.goTo(data.seek.frame);
      else this.show(this.index, { tell: false });
    } else if (isOther) this.show(this.index, { tell: false });
    else { this.draw(); this.wantFull(); }
  }

  // Columns that everything reads: the overview, or it with a stretch in full.
  take(points) {
    const { looks } = this.sent;
    this.data = { ...this.sent, ...points, runs: points.runs.map((columns, place) => ({ ...looks[place], ...columns })) };
    this.scrub.max = this.data.frames.length - 1;
    this.version += 1;
  }

  // Place of a frame, or of the nearest before it.
  placeOf(frame) {
    return indexAt(this.data.frames, frame);
  }

  // Go to a frame by its number, which the overview may not have.
  async goTo(frame) {
    if (this.data.frames[this.placeOf(frame)] !== frame) await this.fetchFull(frame - AROUND, frame + AROUND);
    this.show(this.placeOf(frame), { tell: false });
  }

  // Fetch the stretch around the reader, or all that is zoomed into, unless it is here.
  wantFull() {
    if (!this.data.stretch_url) return;
    const { frames } = this.data;
    const here = frames[this.index];
    let [first, last] = [here - AROUND, here + AROUND];
    if (this.view) {
      const ends = this.view.map((ms) => frames[indexAt(this.data.times, ms)]);
      if (ends[1] - ends[0] < this.data.most / 2) {
        const room = Math.round((ends[1] - ends[0]) / 2) + MARGIN;
        [first, last] = [ends[0] - room, ends[1] + room];
      }
    }
    const needed = this.view ? [first + MARGIN, last - MARGIN] : [here - MARGIN, here + MARGIN];
    const end = frames[frames.length - 1];
    const isHere = this.full && this.full[0] <= Math.max(needed[0], 0) && this.full[1] >= Math.min(needed[1], end);
    if (!isHere) this.fetchFull(first, last).catch(() => { this.asked = null; }); // asked for again at the next move
  }

  async fetchFull(from, to) {
    const first = Math.max(0, from);
    const last = Math.max(first, Math.min(to, this.sent.points.frames[this.sent.points.frames.length - 1]));
    const asked = `${this.data.stretch_url}&first=${first}&last=${last}`;
    if (this.asked === asked) return;
    this.asked = asked;
    const answer = await fetch(asked);
    if (!answer.ok || this.asked !== asked) return;
    const stretch = await answer.json();
    if (this.asked !== asked || !stretch.frames.length) return;
    const here = this.data.frames[this.index];
    this.full = [first, last];
    this.stretch = stretch;
    this.take(joined(this.sent.points, stretch));
    this.mark(this.placeOf(here));
  }

  writeLegend() {
    const { runs, states, has_band: hasBand } = this.data;
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
      ...(hasBand && runs.filter((run) => run.kind === "model").length > 1
        ? [entry("color-mix(in srgb, currentColor 22%, transparent)", "disagreement", "From the lowest to the highest of the models.")] : []),
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
    const onPicture = (_, picture) => {
      if (!this.playing) return;
      const ms = this.paint(picture.mediaTime * 1000);
      this.mark(indexAt(this.data.times, ms));
      this.shown = this.data.frames[this.index];
      this.follow();
      this.wantFull();
      if (ms > this.data.times[this.data.times.length - 1] + 1000) { this.pause(); return; }
      this.video.requestVideoFrameCallback(onPicture);
    };
    this.video.requestVideoFrameCallback(onPicture);
    this.video.play().catch(() => { this.canPlay = false; if (this.playing) this.playStills(); });
  }

  // Show the film's picture of this moment; returns its time in milliseconds.
  paint(ms) {
    let at = ms;
    const hasFrames = typeof VideoFrame === "function";
    if (hasFrames) {
      const frame = new VideoFrame(this.video);
      const { film } = this;
      const scale = Math.min(1, WIDEST_PX / frame.displayWidth);
      const [width, height] = [Math.round(frame.displayWidth * scale), Math.round(frame.displayHeight * scale)];
      if (film.width !== width || film.height !== height) [film.width, film.height] = [width, height];
      film.getContext("2d").drawImage(frame, 0, 0, width, height);
      at = frame.timestamp / 1000;
      frame.close();
    }
    this.film.hidden = !hasFrames;
    this.still.hidden = true; // not before the film has its own picture of this moment
    this.stage.classList.remove("waiting");
    return at;
  }

  // A file that the browser cannot play is shown frame by frame, as fast as frames arrive, at most in real time.
  async playStills() {
    const began = performance.now() - this.data.times[this.index];
    while (this.playing && this.index < this.data.frames.length - 1) {
      const index = Math.max(this.index + 1, indexAt(this.data.times, performance.now() - began));
      const frame = this.data.frames[index];
      await this.fetchStill(index).catch(() => {});
      if (!this.playing) return;
      this.mark(this.placeOf(frame));
      this.follow();
      this.wantFull();
      await new Promise((done) => setTimeout(done, Math.max(0, this.data.times[this.index] - (performance.now() - began))));
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
    const isNear = this.shown !== null && Math.abs(this.placeOf(this.shown) - index) <= 1;
    this.stage.classList.toggle("waiting", !isNear);
    this.fetchStill(index).catch(() => {});
    this.follow();
    this.wantFull();
    if (!tell) return;
    clearTimeout(this.teller);
    this.teller = setTimeout(() => this.component.setStateValue("frame", this.data.frames[this.index]), 350);
  }

  // Keep the reader's frame in sight of a zoomed curve.
  follow() {
    if (!this.view) return;
    const [from, to] = this.view;
    const at = this.data.times[this.index];
    if (at < from || at > to) this.setView([at - (to - from) / 2, at + (to - from) / 2]);
  }

  // One picture at a time; while it comes, only the last wish is remembered.
  async fetchStill(index) {
    this.wanted = this.data.frames[index];
    if (this.fetching) return this.fetching;
    this.fetching = this.fetchWanted().finally(() => { this.fetching = null; });
    return this.fetching;
  }

  async fetchWanted() {
    for (let frame = null; frame !== this.wanted;) {
      frame = this.wanted;
      const picture = new Image();
      picture.src = `${this.data.frame_url}/${frame}?width=${Math.min(WIDEST_PX, Math.max(16, this.data.width))}`;
      await picture.decode();
      if (frame !== this.wanted || this.isFilmRunning()) continue;
      this.still.src = picture.src;
      this.still.alt = `Frame ${frame} of ${this.data.name}`;
      this.still.hidden = false;
      this.film.hidden = true;
      this.shown = frame;
      this.stage.classList.remove("waiting");
    }
  }

  isFilmRunning() {
    return this.playing && this.canPlay;
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
