// The field: rows of what goes up and of what was cut off, and what the store answered: [{sha256, size, name}].
// What goes up belongs to the window, not to the part on the page, so it goes on while the reader looks at another page.
const fields = (window.avceUploads ??= new Map());
const SINGLE_ROWS = 6;
const LOOK_AGAIN_MS = 10_000;
const SAID = {
  waiting: "waiting", sending: "going up", retrying: "cut off and tried again", paused: "paused", checking: "being checked",
  done: "uploaded", failed: "refused", unfinished: "there in part",
};
const BUSY = ["waiting", "sending", "retrying", "checking"];

function size(bytes) {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

function span(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

const percent = (part, whole) => `${Math.floor((100 * part) / Math.max(whole, 1))} %`;

// One line of the list. It is drawn anew only where something changed, so that a button keeps its focus.
class Row {
  constructor(list, name) {
    const make = (tag, className) => Object.assign(document.createElement(tag), { className });
    this.item = document.createElement("li");
    this.name = Object.assign(make("span", "name"), { textContent: name, title: name });
    this.buttons = make("span", "buttons");
    this.state = make("span", "state");
    this.bar = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
    this.bar.setAttribute("aria-label", `Upload of ${name}`);
    this.item.append(this.name, this.buttons, this.state, this.bar);
    list.append(this.item);
  }

  draw({ state, share, text, actions }) {
    this.item.className = `is-${state}`;
    this.bar.value = share;
    if (this.state.textContent !== text) this.state.textContent = text;
    const wanted = Object.keys(actions).join();
    if (this.shown !== wanted) {
      this.shown = wanted;
      this.buttons.replaceChildren(...Object.keys(actions).map((label) => {
        const button = Object.assign(document.createElement("button"), { type: "button", textContent: label });
        button.setAttribute("aria-label", `${label}: ${this.name.textContent}`);
        button.onclick = () => this.actions[label]();
        return button;
      }));
    }
    this.actions = actions;
  }
}

class Field {
  constructor(key) {
    Object.assign(this, { key, uploads: [], unfinished: [], rows: new Map(), isBusy: false, view: null, component: null });
  }

  // Take over a part of the page: the first one, or another after the reader was elsewhere.
  mount(component) {
    const { parentElement, data } = component;
    Object.assign(this, { component, data });
    if (this.view?.parent !== parentElement) this.bind(parentElement);
    this.view.input.multiple = data.multiple;
    this.view.input.accept = data.accept;
    this.view.input.setAttribute("aria-label", data.label);
    this.view.pick.textContent = data.label;
    this.draw();
  }

  bind(parent) {
    const find = (selector) => parent.querySelector(selector);
    const [input, drop, list, pick, said] = ["#files", ".drop", ".list", ".pick", ".said"].map(find);
    this.view = { parent, input, drop, list, pick, said };
    list.replaceChildren();
    this.rows.clear();
    pick.onclick = () => this.choose(null);
    input.onchange = () => { const files = [...input.files]; input.value = ""; this.take(files); };
    drop.ondragover = (event) => { event.preventDefault(); drop.classList.add("over"); };
    drop.ondragleave = () => drop.classList.remove("over");
    drop.ondrop = (event) => { event.preventDefault(); drop.classList.remove("over"); this.wanted = null; this.take([...event.dataTransfer.files]); };
    this.deliver();
    this.look();
    // Files may have been chosen before this script was there to hear of it.
    if (input.files.length) input.onchange();
  }

  unmount(component) {
    if (this.component === component) this.component = null;
  }

  choose(wanted) {
    this.wanted = wanted;
    this.view.input.click();
  }

  // Files were chosen; those that came in part before go on.
  take(files) {
    const wanted = this.wanted;
    this.wanted = null;
    if (!files.length || this.isBusy) return;
    const same = wanted && files.find((file) => file.size === wanted.size);
    if (wanted && !same) {
      const other = files[0];
      return this.complain(wanted, `${other.name} (${other.size.toLocaleString()} bytes) is another file; choose ${wanted.name} (${wanted.size.toLocaleString()} bytes), or discard it.`);
    }
    const chosen = wanted ? [same] : this.data.multiple ? files : files.slice(0, 1);
    const done = wanted ? this.uploads.filter((upload) => upload.state === "done") : [];
    this.uploads = [...done, ...chosen.map((file) => new Upload(this.data.base, this.data.place, file, () => this.draw(), wanted?.id))];
    this.component?.setStateValue("files", []);
    this.rows.forEach((row) => row.item.remove());
    this.rows.clear();
    this.pump();
  }

  complain(wanted, text) {
    wanted.complaint = text;
    this.draw();
  }

  // One after the other; ends with telling the page, once all are there.
  async pump() {
    if (this.isBusy) return;
    this.isBusy = true;
    for (let next; (next = this.uploads.find((upload) => upload.state === "waiting")); ) await next.run();
    this.isBusy = false;
    this.deliver();
    await this.look();
  }

  deliver() {
    const isWhole = this.uploads.length && this.uploads.every((upload) => upload.state === "done");
    if (isWhole) this.component?.setStateValue("files", this.uploads.map((upload) => upload.stored));
  }

  // What the server has of earlier uploads for this field.
  async look() {
    clearTimeout(this.again);
    const found = await ask("GET", `${this.data.base}/api/uploads?place=${encodeURIComponent(this.data.place)}`).catch(() => []);
    const complaints = new Map(this.unfinished.map((one) => [one.id, one.complaint]));
    this.unfinished = found.map((one) => ({ ...one, complaint: complaints.get(one.id) }));
    this.draw();
    if (this.component && this.unfinished.length) this.again = setTimeout(() => this.look(), LOOK_AGAIN_MS);
  }

  goOn(uploads) {
    uploads.forEach((upload) => { upload.state = "waiting"; });
    this.draw();
    this.pump();
  }

  async drop(uploads) {
    this.uploads = this.uploads.filter((upload) => !uploads.includes(upload));
    this.draw();
    await Promise.all(uploads.map((upload) => upload.discard()));
    if (!this.isBusy) this.deliver();
    await this.look();
  }

  async forget(known) {
    this.unfinished = this.unfinished.filter((one) => one !== known);
    this.draw();
    await ask("DELETE", `${this.data.base}/api/uploads/${known.id}`).catch(() => null);
    await this.look();
  }

  // Everything that is to be seen: rows by key, in order, each with what `Row.draw` needs.
  lines() {
    const lines = [];
    const shown = this.uploads.length > SINGLE_ROWS ? this.uploads.filter((upload) => upload.state === "failed").slice(0, SINGLE_ROWS) : this.uploads;
    if (this.uploads.length > SINGLE_ROWS) lines.push(["all", `${this.uploads.length} files`, this.group()]);
    for (const upload of shown) lines.push([upload, upload.name, this.single(upload)]);
    const here = new Set(this.uploads.map((upload) => upload.id));
    for (const known of this.unfinished.filter((one) => !here.has(one.id)).slice(0, SINGLE_ROWS)) lines.push([known.id, known.name, this.known(known)]);
    return lines;
  }

  single(upload) {
    const share = upload.went / upload.size;
    const stop = { Pause: () => upload.stop(), Discard: () => this.drop([upload]) };
    const again = (label) => ({ [label]: () => this.goOn([upload]), Discard: () => this.drop([upload]) });
    const part = percent(upload.went, upload.size);
    const texts = {
      waiting: [`${size(upload.size)}, waits for its turn.`, { Discard: stop.Discard }],
      sending: [this.pace([upload]), stop],
      retrying: [`${upload.message} ${part} are there; next try in ${span((upload.nextTryAt - Date.now()) / 1000)}.`, { "Try now": () => upload.wake?.(), ...stop }],
      paused: [`${upload.message || "Paused."} ${part} of ${size(upload.size)} are there.`, again("Go on")],
      checking: ["All there; it is being checked …", {}],
      done: [`✓ ${size(upload.size)}, arrived as it was sent${upload.resumedAt ? ` (went on from ${percent(upload.resumedAt, upload.size)})` : ""}.`, {}],
      failed: [upload.message, again("Try again")],
    };
    const [text, actions] = texts[upload.state];
    return { state: upload.state, share, text, actions };
  }

  group() {
    const of = (...states) => this.uploads.filter((upload) => states.includes(upload.state));
    const [busy, paused, failed] = [of(...BUSY), of("paused"), of("failed")];
    const total = this.uploads.reduce((sum, upload) => sum + upload.size, 0);
    const went = this.uploads.reduce((sum, upload) => sum + (upload.state === "done" ? upload.size : upload.went), 0);
    const count = `${of("done").length} of ${this.uploads.length} files`;
    const state = busy.length ? (of("retrying").length ? "retrying" : "sending") : paused.length ? "paused" : failed.length ? "failed" : "done";
    const actions = {
      sending: { Pause: () => [...busy].reverse().forEach((upload) => upload.stop()) },
      paused: { "Go on": () => this.goOn([...paused, ...failed]) },
      failed: { "Try again": () => this.goOn(failed), "Leave out": () => this.drop(failed) },
      done: {},
    };
    const text = state === "done" ? `✓ ${size(total)}, arrived as they were sent.` : `${count} · ${this.pace(this.uploads, went, total)}`;
    return { state, share: went / total, text, actions: actions[state] ?? actions.sending };
  }

  pace(uploads, went = uploads[0].went, total = uploads[0].size) {
    const speed = uploads.reduce((sum, upload) => sum + (upload.state === "sending" ? upload.speed() : 0), 0);
    const parts = [percent(went, total), `${size(went)} of ${size(total)}`];
    if (speed > 0) parts.push(`${size(speed)}/s`, `${span((total - went) / speed)} left`);
    return parts.join(" · ");
  }

  known(one) {
    const start = `${percent(one.received, one.size)} of ${size(one.size)} are there`;
    if (one.is_arriving) return { state: "sending", share: one.received / one.size, text: `${start}; it is coming in through another window.`, actions: {} };
    const text = one.complaint ?? `${start}; the last byte came ${span(one.age_s)} ago. Choose the same file again to go on (kept for ${span(one.left_s)} more).`;
    const actions = { "Choose it again": () => this.choose(one), Discard: () => this.forget(one) };
    return { state: "unfinished", share: one.received / one.size, text, actions };
  }

  draw() {
    if (!this.view) return;
    const lines = this.lines();
    const keys = new Set(lines.map(([key]) => key));
    for (const [key, row] of this.rows) if (!keys.has(key)) { row.item.remove(); this.rows.delete(key); }
    for (const [key, name, look] of lines) {
      if (!this.rows.has(key)) this.rows.set(key, new Row(this.view.list, name));
      this.rows.get(key).draw(look);
    }
    this.view.pick.disabled = this.isBusy;
    this.say(lines);
    clearTimeout(this.tick);
    if (this.uploads.some((upload) => upload.state === "retrying")) this.tick = setTimeout(() => this.draw(), 500);
  }

  // Changes of state for those who do not see the rows; not every per cent.
  say(lines) {
    const states = lines.map(([, name, look]) => `${name} is ${SAID[look.state]}`).join(", ");
    if (this.view.said.textContent !== states) this.view.said.textContent = states;
  }
}

export default function (component) {
  const { key } = component.data;
  if (!fields.has(key)) fields.set(key, new Field(key));
  fields.get(key).mount(component);
  return () => fields.get(key)?.unmount(component);
}
