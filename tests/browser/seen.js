/* What a reader meets on a page: words too faint to read, controls and pictures without a name. Run in the browser. */
() => {
  const parse = (text) => {
    const found = /rgba?\(([^)]+)\)/.exec(text);
    if (!found) return null;
    const parts = found[1].split(/[\s,/]+/).filter(Boolean).map(Number);
    return [parts[0], parts[1], parts[2], parts[3] ?? 1];
  };
  const over = (top, below) => {
    const a = top[3];
    return [0, 1, 2].map((i) => top[i] * a + below[i] * (1 - a)).concat(1);
  };
  const luminance = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((v) => { const c = v / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const up = (element) => element.assignedSlot ?? element.parentElement ?? element.getRootNode().host ?? null;
  const chain = (element) => { const found = []; for (let at = element; at; at = up(at)) found.push(at); return found; };
  const ground = (element) => {
    const layers = [];
    for (const at of chain(element)) {
      const style = getComputedStyle(at);
      if (style.backgroundImage !== "none") return null; // a picture: no one colour to measure against
      const colour = parse(style.backgroundColor);
      if (colour && colour[3] > 0) layers.push(colour);
      if (colour && colour[3] === 1) break;
    }
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
  };
  const everything = (root) => [...root.querySelectorAll("*")].flatMap((e) => [e, ...(e.shadowRoot ? everything(e.shadowRoot) : [])]);
  const isSeen = (element) => {
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    return box.width > 1 && box.height > 1 && style.visibility !== "hidden" && !element.closest("[aria-hidden=true]");
  };
  const isOff = (element) => chain(element).some((at) => at.disabled || at.getAttribute?.("aria-disabled") === "true");
  const faint = [];
  const nameless = [];
  for (const element of everything(document)) {
    const isSvg = element.namespaceURI === "http://www.w3.org/2000/svg";
    const words = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.textContent.trim()).join(" ").trim();
    if (words && (!isSvg || ["text", "tspan"].includes(element.tagName)) && !["STYLE", "SCRIPT", "NOSCRIPT", "TITLE"].includes(element.tagName)
        && element.getAttribute("data-testid") !== "stIconMaterial" && isSeen(element) && !isOff(element)) {
      const style = getComputedStyle(element);
      const below = ground(element);
      const ink = parse(isSvg ? style.fill : style.color);
      if (below && ink) {
        const opacity = chain(element).reduce((product, at) => product * Number(getComputedStyle(at).opacity), isSvg ? Number(style.fillOpacity) : 1);
        const shown = over([ink[0], ink[1], ink[2], ink[3] * opacity], below);
        if (opacity > 0.05) {
          const ratio = contrast(shown, below);
          if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} ${JSON.stringify(words.slice(0, 50))} <${element.tagName.toLowerCase()} class="${String(element.getAttribute("class")).slice(0, 40)}">`);
        }
      }
    }
    const isControl = element.matches("input:not([type=hidden]), select, textarea, button, a[href], [role=button], [role=slider], [role=switch], [role=tab]");
    const isPicture = element.matches("img, canvas[role=img], svg[role=img]");
    if ((isControl || isPicture) && isSeen(element)) {
      const root = element.getRootNode();
      const named = (element.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => id && root.getElementById?.(id)?.textContent).join("");
      const name = element.getAttribute("aria-label") || named || element.labels?.[0]?.textContent || element.getAttribute("alt")
        || (element.matches("img[alt='']") && "for the eye alone") || element.getAttribute("title") || (element.matches("button, a, [role]") && element.textContent) || element.closest("label")?.textContent || "";
      if (!name.trim() && !element.querySelector("img[alt]:not([alt=''])")) nameless.push(element.outerHTML.slice(0, 160));
    }
  }
  const levels = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter(isSeen).map((h) => Number(h.tagName[1]));
  const skips = levels.filter((level, i) => i > 0 && level > levels[i - 1] + 1).map((level) => `h${level}`);
  return { faint, nameless, skips, lang: document.documentElement.lang, title: document.title };
}
