// Numbers about a text that a network has read: units that a span turns on, and units that stand out.

// Return the five units that are most clearly on through the span from `at` to `end`, and off around it, as much on
// either side; `chance` says how many of 100 random spans as long find a unit as good. Returns null if there is no such
// room.
export function unitsOfSpan(units, at, end) {
  const wide = end - at;
  const room = units[0].length - 3 * wide; // for the beginning of a random span
  if (at < wide || end + wide > units[0].length || room < 1) return null;
  const draw = seeded(at * 1000 + end);
  const random = Array.from({ length: 100 }, () => {
    const start = wide + Math.floor(draw() * (room + 1));
    return Math.max(...units.map((values) => contrast(values, start, start + wide).gap));
  });
  return units
    .map((values, unit) => ({ unit, ...contrast(values, at, end) }))
    .filter(({ gap }) => gap > 0)
    .sort((a, b) => b.gap - a.gap)
    .slice(0, 5)
    .map((row) => ({ ...row, chance: random.filter((gap) => gap >= row.gap).length }));
}

// Return how far a unit lies, through all of a span, above (sign 1) or below its values around.
function contrast(values, start, end) {
  const wide = end - start;
  const inside = values.slice(start, end);
  const around = [...values.slice(start - wide, start), ...values.slice(end, end + wide)];
  const above = Math.min(...inside) - Math.max(...around);
  const below = Math.min(...around) - Math.max(...inside);
  return above >= below ? { gap: above, sign: 1 } : { gap: below, sign: -1 };
}

// Return numbers from 0 to 1 that the seed alone decides.
function seeded(seed) {
  let state = seed >>> 0 || 1;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

// Return how many standard deviations each number of the memory at a position lies from its mean along the text.
export function unusual(reading, position) {
  const memories = reading.ids.map((_, other) => reading.memory(other));
  return reading.memory(position).map((value, unit) => {
    const values = memories.map((memory) => memory[unit]);
    const mean = average(values);
    const variance = average(values.map((other) => (other - mean) ** 2));
    return Math.abs(value - mean) / Math.sqrt(variance + 1e-6);
  });
}

export function average(values) {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
