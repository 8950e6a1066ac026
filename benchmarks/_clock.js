// Says when a page has settled: its script has run, every chart is drawn, and the browser has painted.
(() => {
  const clock = (window.avceClock = { from: 0, ran: false, settledAt: null, wantsEvent: false });
  const state = () => document.querySelector('[data-testid="stApp"]')?.getAttribute("data-test-script-state");
  const isDrawn = () => {
    const charts = [...document.querySelectorAll('[data-testid="stPlotlyChart"]')];
    const ready = charts.every((chart) => chart.querySelector(".main-svg"));
    return ready && document.querySelector("h1") && !document.querySelector('[data-testid="stSkeleton"]');
  };
  const look = () => {
    if (clock.wantsEvent || clock.settledAt !== null) return;
    const now = state();
    if (now === "running") clock.ran = true;
    else if (now === "notRunning" && clock.ran && isDrawn())
      requestAnimationFrame(() => { if (clock.settledAt === null && state() === "notRunning") clock.settledAt = performance.now(); });
  };
  const begin = () => Object.assign(clock, { from: performance.now(), ran: false, settledAt: null, wantsEvent: false });
  for (const kind of ["click", "keydown"])
    document.addEventListener(kind, () => { if (clock.wantsEvent) begin(); }, true);
  clock.arm = () => { clock.wantsEvent = true; clock.settledAt = null; };
  const watch = () => {
    new MutationObserver(look).observe(document.documentElement, { attributes: true, childList: true, subtree: true });
    look();
  };
  if (document.documentElement) watch();
  else document.addEventListener("readystatechange", watch, { once: true });
})();
