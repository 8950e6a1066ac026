// One clock for video, box, circumplex and curves: the index into `frames`, found from each frame's own time.
// While playing, each picture is taken from the film together with its own time stamp (VideoFrame) and painted in
// the same step as the cursor; on a busy machine what a film element shows runs ahead of what it says. While paused,
// the exact decoded frame is fetched, and until it has come the old picture is veiled. So no picture stands beside a
// cursor that is more than one frame away.
//
// Of a long video the page sends an overview that keeps every peak. The stretch around the reader is fetched in full
// and joined in, so that every frame can be stepped to and what is zoomed into is what was measured.
//
// The script is player_points.js, player_drawing.js and this, one after the other.
const instances = new WeakMap();
const AROUND = 1000; // frames fetched to each side of the reader
const MARGIN = 200; // and again when the reader comes this close to the end of them
const NARROWEST_MS = 400;
const CLICK_PX = 4;
const WIDEST_PX = 960;

class Player extends Drawing {
  constructor(root) {
    super();
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
