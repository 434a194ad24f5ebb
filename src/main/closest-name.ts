/** The name that was probably meant: at most two letters (or a third of them) away, case aside; else undefined. */
export function closestName(given: string, names: readonly string[]): string | undefined {
  const wanted = simplify(given);
  const ranked = names
    .map((name) => ({ name, distance: editDistance(wanted, simplify(name)) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(2, wanted.length / 3) ? best.name : undefined;
}

/** `build_slots`, `build-slots` and `BuildSlots` are all `buildSlots` to a person. */
function simplify(name: string): string {
  return name.slice(0, 60).toLowerCase().replace(/[_-]/g, '');
}

/** Levenshtein's distance: insertions, deletions and replacements, one row at a time. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [row, letter] of [...a].entries()) {
    const current = [row + 1];
    for (let column = 0; column < b.length; column += 1) {
      const replaced = (previous[column] ?? 0) + (b[column] === letter ? 0 : 1);
      current.push(Math.min(replaced, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
