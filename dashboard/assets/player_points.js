// Frames and their columns: finding a time in them, and joining a stretch in full into an overview.
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
