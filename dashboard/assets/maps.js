// The gallery of maps: faces below, colours above, one opacity for all; a click shows one large.
const instances = new WeakMap();

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null));
  return element;
};

// A face with its map; a map without a kept face is one picture.
function stack(cell) {
  const pictures = make("span", { className: "stack" });
  if (cell.face) pictures.append(make("img", { src: cell.face, alt: cell.colours ? "" : cell.alt, loading: "lazy" }));
  if (cell.colours) pictures.append(make("img", { src: cell.colours, alt: cell.alt, loading: "lazy", className: cell.face ? "over" : "" }));
  return pictures;
}

class Gallery {
  constructor(root) {
    const find = (name) => root.querySelector(name);
    Object.assign(this, {
      box: find(".maps"), opacity: find(".opacity"), percent: find(".percent"), scales: find(".scales"), sections: find(".sections"),
      large: find(".large"), title: find(".large h3"), body: find(".large .body"), cells: [], at: 0,
    });
    this.opacity.value = localStorage.getItem("avce.maps.opacity") ?? 50;
    this.opacity.oninput = () => this.fade();
    this.large.onkeydown = (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!by || event.target.type === "range") return;
      this.show((this.at + by + this.cells.length) % this.cells.length);
      event.preventDefault();
    };
    this.large.onclick = (event) => { if (event.target === this.large) this.large.close(); };
    this.fade();
  }

  fade() {
    this.box.style.setProperty("--opacity", this.opacity.value / 100);
    this.percent.textContent = `${this.opacity.value} %`;
    localStorage.setItem("avce.maps.opacity", this.opacity.value);
  }

  load(data) {
    const said = JSON.stringify(data);
    if (said === this.said) return;
    this.said = said;
    this.cells = [];
    this.scales.replaceChildren(...data.scales.map((scale) => this.scale(scale)));
    this.sections.replaceChildren(...data.sections.map((section) => this.section(section)));
  }

  scale({ title, low, high, stops }) {
    const strip = make("i", { role: "img", ariaLabel: `Colour scale: ${title}` });
    strip.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
    return make("span", { className: "scale" }, title, make("span", {}, low), strip, make("span", {}, high));
  }

  section({ title, help, columns, rows }) {
    const heads = make("tr", {}, make("th"), ...columns.map((name) => make("th", { scope: "col", textContent: name })));
    const lines = rows.map((row) => make("tr", {}, this.name(row), ...row.cells.map((cell) => make("td", {}, cell ? this.cell(cell) : null))));
    return make("section", {},
      make("h2", { textContent: title }), help ? make("p", { textContent: help }) : null,
      make("div", { className: "scroll" }, make("table", {}, make("thead", {}, heads), make("tbody", {}, ...lines))));
  }

  name({ name, colour, head }) {
    const dot = colour ? make("span", { className: "dot" }) : null;
    if (dot) dot.style.background = colour;
    return make("th", { scope: "row" }, make("b", {}, ...(dot ? [dot] : []), name), head);
  }

  cell(cell) {
    const place = this.cells.push(cell) - 1;
    const words = make("span", { className: "words" }, ...cell.scores.slice(0, 4).flatMap((score, index) => [
      ...(index ? [index === 2 ? make("br") : " · "] : []), make("span", { title: score.help, textContent: `${score.short} ${score.value}` })]));
    const button = make("button", { type: "button", className: "cell", title: "Show large" }, stack(cell), words);
    button.onclick = () => { this.show(place); this.large.showModal(); };
    return button;
  }

  show(place) {
    this.at = place;
    const cell = this.cells[place];
    this.title.textContent = cell.title;
    const facts = make("dl", {}, ...cell.scores.flatMap((score) => [
      make("dt", { textContent: score.name }), make("dd", { textContent: score.value }), make("dd", { className: "help", textContent: score.help })]));
    const fader = make("input", { type: "range", min: 0, max: 100, value: this.opacity.value, ariaLabel: "Opacity", className: "opacity" });
    fader.oninput = () => { this.opacity.value = fader.value; this.fade(); };
    this.body.replaceChildren(stack(cell), make("div", {}, cell.face && cell.colours ? make("p", {}, "Opacity ", fader) : null, facts));
  }
}

export default function (component) {
  const { parentElement, data } = component;
  let gallery = instances.get(parentElement);
  if (!gallery) {
    gallery = new Gallery(parentElement);
    instances.set(parentElement, gallery);
  }
  gallery.load(data);
}
