// One file on its way to /api/uploads, in pieces: goes on from the byte that the server has, whatever happens on the way.
const BLOCK = 8 * 1024 * 1024; // as in workers/store/incoming.py: the checksum is that of the checksums of such blocks
const TRIES = 20;
const LONGEST_WAIT_MS = 30_000;
const STALL_MS = 45_000;
const SPEED_OVER_MS = 6_000;
const HEADERS = { "X-AVCE-Upload": "1" };

class UploadError extends Error {
  constructor(text, { status = 0, passes = false, body = {} } = {}) {
    super(text);
    Object.assign(this, { status, passes, body });
  }
}

// A request that tells how much of its body went out, and ends when nothing moves for long.
function ask(method, url, { body = null, headers = {}, onSent = () => {}, onOpen = () => {}, stallMs = STALL_MS } = {}) {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    let timer = 0;
    const alive = () => { clearTimeout(timer); if (stallMs) timer = setTimeout(() => request.abort(), stallMs); };
    const lost = () => fail(new UploadError("The connection is lost.", { passes: true }));
    request.open(method, url);
    for (const [name, value] of Object.entries({ ...HEADERS, ...headers })) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => { alive(); onSent(event.loaded); };
    request.onerror = request.onabort = lost;
    request.onloadend = () => clearTimeout(timer);
    request.onload = () => {
      const { status } = request;
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { /* a page of a proxy, or nothing */ }
      if (status >= 200 && status < 300) return done(answer);
      const passes = (status >= 500 && status !== 507) || status === 400 || status === 408 || status === 429;
      fail(new UploadError(answer.error ?? `The server answered ${status}.`, { status, passes, body: answer }));
    };
    alive();
    onOpen(request);
    request.send(body);
  });
}

class Upload {
  // state: waiting, sending, retrying, paused, checking, done, failed; onChange is told of each change of anything
  constructor(base, place, file, onChange, id = null) {
    Object.assign(this, { base, place, file, onChange, id, state: "waiting", offset: 0, went: 0, sent: 0, digests: [] });
    Object.assign(this, { name: file.name, size: file.size, message: "", stored: null, samples: [], resumedAt: 0 });
  }

  get url() { return `${this.base}/api/uploads/${this.id}`; }

  set(state, message = "") {
    if (state !== "sending") this.samples = [];
    Object.assign(this, { state, message });
    this.onChange(this);
  }

  async run() {
    this.isStopped = false;
    try {
      await this.steadily(() => this.announce());
      while (!this.stored) {
        while (this.offset < this.size) await this.steadily(() => this.sendPiece());
        await this.steadily(() => this.finish());
      }
      this.set("done");
    } catch (error) {
      if (this.isStopped) this.set("paused");
      else this.set(error.passes ? "paused" : "failed", error.message);
    }
  }

  // Try a step again while the network or the server is away, more and more rarely; asks first how far the server is.
  async steadily(step) {
    let tries = 0;
    for (;;) {
      try {
        if (tries && this.id) await this.refresh();
        return await step();
      } catch (error) {
        if (this.isStopped || !error.passes || tries >= TRIES) throw error;
        tries += 1;
        await this.wait(Math.min(LONGEST_WAIT_MS, 500 * 2 ** tries) * (0.8 + 0.4 * Math.random()), error.message);
      }
    }
  }

  wait(ms, message) {
    this.nextTryAt = Date.now() + ms;
    this.set("retrying", message);
    return new Promise((done) => {
      const end = () => { clearTimeout(timer); removeEventListener("online", end); this.wake = null; done(); };
      const timer = setTimeout(end, ms);
      addEventListener("online", end);
      this.wake = end;
    });
  }

  stop() { // what has arrived stays
    this.isStopped = true;
    this.request?.abort();
    this.wake?.();
    if (this.state === "waiting") this.set("paused");
  }

  async discard() {
    if (this.state === "sending" || this.state === "retrying") this.stop();
    if (this.id && !this.stored) await ask("DELETE", this.url).catch(() => null);
  }

  async announce() {
    const values = { name: this.file.name, size: this.size, modified: this.file.lastModified, place: this.place };
    const known = this.id ? await this.refresh() : await ask("POST", `${this.base}/api/uploads?${new URLSearchParams(values)}`);
    if (known) Object.assign(this, { id: known.id, offset: known.offset, resumedAt: known.offset });
    else await this.announce(); // what was there is gone
    this.went = this.offset;
    this.set("sending");
  }

  async refresh() {
    try {
      const known = await ask("GET", this.url);
      this.offset = this.went = known.offset;
      return known;
    } catch (error) {
      if (error.status !== 404) throw error;
      Object.assign(this, { id: null, offset: 0, went: 0 });
      return null;
    }
  }

  async bytes(start, stop) {
    try {
      return await this.file.slice(start, stop).arrayBuffer();
    } catch {
      throw new UploadError("The browser cannot read this file any more: it was changed or moved. Choose it again.");
    }
  }

  async sendPiece() {
    if (!this.id) return this.announce();
    if (this.isStopped) throw new UploadError("");
    const start = this.offset;
    const block = Math.floor(start / BLOCK);
    const piece = await this.bytes(start, Math.min((block + 1) * BLOCK, this.size));
    const digest = await sha256(piece);
    if (start === block * BLOCK) this.digests[block] = digest;
    this.set("sending");
    try {
      const options = { body: piece, headers: { "X-AVCE-SHA256": hex(digest) }, onSent: (sent) => this.moved(start + sent) };
      const answer = await ask("PUT", `${this.url}?offset=${start}`, { ...options, onOpen: (request) => { this.request = request; } });
      this.sent += answer.offset - start;
      this.offset = answer.offset;
      this.moved(this.offset);
    } catch (error) {
      if (error.status === 409) this.offset = error.body.offset;
      else if (error.status === 404) this.id = null;
      else throw error.status === 460 ? new UploadError(error.message, { passes: true }) : error;
    }
  }

  moved(offset) {
    const now = Date.now();
    this.went = Math.max(offset, 0);
    this.samples.push([now, this.went]);
    while (this.samples.length > 2 && now - this.samples[0][0] > SPEED_OVER_MS) this.samples.shift();
    this.onChange(this);
  }

  // Bytes per second of late; 0 until that is known.
  speed() {
    const [first, last] = [this.samples[0], this.samples.at(-1)];
    if (!first || last[0] - first[0] < 300) return 0;
    return Math.max(0, (last[1] - first[1]) / (last[0] - first[0])) * 1000;
  }

  async checksum() {
    const count = Math.ceil(this.size / BLOCK);
    const all = new Uint8Array(32 * count);
    for (let block = 0; block < count; block++) {
      if (this.isStopped) throw new UploadError("");
      this.digests[block] ??= await sha256(await this.bytes(block * BLOCK, (block + 1) * BLOCK));
      all.set(this.digests[block], 32 * block);
    }
    return hex(await sha256(all));
  }

  async finish() {
    if (!this.id) return this.announce();
    this.set("checking");
    const checksum = await this.checksum();
    try {
      this.stored = await ask("POST", `${this.url}/finish?checksum=${checksum}`, { stallMs: 0, onOpen: (request) => { this.request = request; } });
    } catch (error) {
      if (error.status === 409) this.offset = error.body.offset;
      else if (error.status === 404) Object.assign(this, { id: null, offset: 0 });
      else if (error.status === 460) { Object.assign(this, { id: null, offset: 0, went: 0, digests: [] }); throw error; }
      else throw error;
    }
  }
}
