// What is seen of a text that a network has read: bars, the word that wrote most, units that a span turns on.

import { make, percent, seen } from "./elements.js";

// The five units that are most clearly on through the span from `at` to `end`, and off around it, as much on either
// side; and of 100 random spans as long, how many find a unit as good. null if there is no such room.
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
    .map((one) => ({ ...one, chance: random.filter((gap) => gap >= one.gap).length }));
}

// How far a unit lies, through all of a span, above (sign 1) or below its values around.
function contrast(values, start, end) {
  const wide = end - start;
  let [low, high, under, over] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let at = start - wide; at < end + wide; at++) {
    const value = values[at];
    if (at >= start && at < end) {
      if (value < low) low = value;
      if (value > high) high = value;
    } else {
      if (value < under) under = value;
      if (value > over) over = value;
    }
  }
  return low - over >= under - high ? { gap: low - over, sign: 1 } : { gap: under - high, sign: -1 };
}

// The word that has written most, as `measures.brightest_word`, and its share of all that speaks for the character.
export function brightest(chars, light) {
  let best = null;
  for (let start = 0; start < light.length; start++) {
    let [end, sum] = [start, 0];
    while (end < light.length && /\p{L}/u.test(chars[end])) sum += light[end++];
    if (sum > (best?.sum ?? 0)) best = { sum, text: chars.slice(start, end).join("") };
    start = end;
  }
  const all = light.reduce((whole, value) => whole + Math.max(0, value), 0);
  return best && { text: best.text, share: best.sum / all };
}

export function barsOf(characters, looks, rows, cell) {
  const likely = [...rows[cell].keys()]
    .sort((a, b) => score(b) - score(a))
    .slice(0, 8)
    .filter((id) => score(id) > 0.0005);
  function score(id) {
    return Math.max(...Object.values(rows).map((p) => p[id]));
  }
  const head = make(
    "tr",
    {},
    make("th", { scope: "col" }, "next"),
    ...Object.keys(rows).map((name) => make("th", { scope: "col" }, name)),
  );
  const lines = likely.map((id) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, seen(characters[id])),
      ...Object.entries(rows).map(([name, p]) => {
        const bar = make("div", {}, percent(p[id]));
        bar.style.borderBottom = `5px ${looks[name]}`;
        bar.style.width = `${Math.max(0, 100 * p[id])}%`;
        return make("td", {}, bar);
      }),
    ),
  );
  return make("table", { className: "charrnn-bars" }, head, ...lines);
}

function seeded(seed) {
  let state = seed >>> 0 || 1;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}
