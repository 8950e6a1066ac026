// Sends files in pieces to /api/uploads and reports what the store answers: [{sha256, size, name}].
const PIECE = 8 * 1024 * 1024;
const TRIES = 6;
const HEADERS = { "X-AVCE-Upload": "1" };
const instances = new WeakMap();

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function ask(url, options) {
  const answer = await fetch(url, options);
  const body = await answer.json().catch(() => ({}));
  return { ok: answer.ok, status: answer.status, body };
}

// One file: open, append piece after piece, finish. After a failure the server is asked how far it is.
async function send(base, file, onProgress) {
  const opened = await ask(`${base}/api/uploads`, { method: "POST", headers: HEADERS });
  if (!opened.ok) throw new Error(opened.body.error ?? `The server answered ${opened.status}.`);
  const url = `${base}/api/uploads/${opened.body.id}`;
  let offset = 0;
  let failures = 0;
  while (offset < file.size) {
    try {
      const piece = file.slice(offset, offset + PIECE);
      const answer = await ask(`${url}?offset=${offset}`, { method: "PUT", headers: HEADERS, body: piece });
      if (answer.status === 409) { offset = answer.body.offset; continue; }
      if (!answer.ok) throw Object.assign(new Error(answer.body.error ?? `The server answered ${answer.status}.`), { final: answer.status < 500 && answer.status !== 400 });
      offset = answer.body.offset;
      failures = 0;
    } catch (error) {
      if (error.final || ++failures >= TRIES) throw error;
      await pause(400 * 2 ** failures);
      const state = await ask(url, {}).catch(() => null);
      if (state?.ok) offset = state.body.offset;
    }
    onProgress(offset / file.size);
  }
  const name = encodeURIComponent(file.webkitRelativePath || file.name);
  const finished = await ask(`${url}/finish?size=${file.size}&name=${name}`, { method: "POST", headers: HEADERS });
  if (!finished.ok) throw new Error(finished.body.error ?? `The server answered ${finished.status}.`);
  return finished.body;
}

function size(bytes) {
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

// A row of the list; beyond a handful of files one row stands for all of them.
function row(list, name, bytes) {
  const item = document.createElement("li");
  const label = Object.assign(document.createElement("span"), { className: "name", textContent: name });
  const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0 });
  bar.setAttribute("aria-label", `Upload of ${name}`);
  item.append(label, bar, Object.assign(document.createElement("span"), { textContent: size(bytes) }));
  list.append(item);
  return {
    progress: (share) => { bar.value = share; },
    fail: (text) => item.append(Object.assign(document.createElement("span"), { className: "bad", textContent: text })),
  };
}

async function sendAll(state, chosen) {
  const files = [...chosen];
  if (!files.length || state.busy) return;
  state.busy = true;
  state.list.replaceChildren();
  state.component.setStateValue("files", []);
  const many = files.length > 6;
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const shared = many ? row(state.list, `${files.length} files`, total) : null;
  const stored = [];
  let failed = 0;
  let done = 0;
  for (const file of files) {
    const shown = shared ?? row(state.list, file.name, file.size);
    try {
      stored.push(await send(state.base, file, (share) => shown.progress(shared ? (done + share * file.size) / total : share)));
    } catch (error) {
      failed += 1;
      shown.fail(`${file.name}: ${error.message}`);
    }
    done += file.size;
    shown.progress(shared ? done / total : 1);
  }
  state.busy = false;
  if (!failed) state.component.setStateValue("files", stored);
}

export default function (component) {
  const { parentElement, data } = component;
  let state = instances.get(parentElement);
  if (!state) {
    const input = parentElement.querySelector("#files");
    const drop = parentElement.querySelector(".drop");
    state = { input, drop, list: parentElement.querySelector(".list"), busy: false, epoch: data.epoch };
    instances.set(parentElement, state);
    parentElement.querySelector(".pick").onclick = () => input.click();
    input.onchange = () => { const files = [...input.files]; input.value = ""; sendAll(state, files); };
    drop.ondragover = (event) => { event.preventDefault(); drop.classList.add("over"); };
    drop.ondragleave = () => drop.classList.remove("over");
    drop.ondrop = (event) => { event.preventDefault(); drop.classList.remove("over"); sendAll(state, event.dataTransfer.files); };
  }
  state.component = component;
  state.base = data.base;
  state.input.multiple = data.multiple;
  state.input.accept = data.accept;
  state.input.setAttribute("aria-label", data.label);
  parentElement.querySelector(".pick").textContent = data.label;
}
