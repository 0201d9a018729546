// What is seen of a text that a network has read: bars, the word that wrote most, units that a span turns on.

import { make, percent, seen } from "./elements.js";

export const LOOKS = { LSTM: ["#0072b2", "solid"], GRU: ["#d55e00", "dashed"], oracle: ["#777777", "dotted"] };

// How far a unit lies, through all of a span, above (or below) its values within the span's length on either side.
export function contrast(values, start, end) {
  const inside = [Infinity, -Infinity];
  const around = [Infinity, -Infinity];
  const wide = end - start;
  for (let at = Math.max(0, start - wide); at < Math.min(values.length, end + wide); at++) {
    const [low, high] = at >= start && at < end ? inside : around;
    (at >= start && at < end ? inside : around).splice(0, 2, Math.min(low, values[at]), Math.max(high, values[at]));
  }
  const [above, below] = [inside[0] - around[1], around[0] - inside[1]];
  return above >= below ? { gap: above, sign: 1 } : { gap: below, sign: -1 };
}

// How many standard deviations a value lies from the mean of the unit's values.
export function unusual(values, value) {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
  return Math.abs(value - mean) / Math.sqrt(variance + 1e-6);
}

// The word that has written most, all its mentions together, as `measures.brightest_word`; null if none has.
export function brightest(chars, light) {
  const total = new Map();
  for (const { 0: word, index } of chars
    .slice(0, light.length)
    .join("")
    .matchAll(/\p{L}+/gu)) {
    const start = [...chars.join("").slice(0, index)].length;
    total.set(
      word,
      light.slice(start, start + [...word].length).reduce((a, b) => a + b, total.get(word) ?? 0),
    );
  }
  const [word, sum] = [...total].sort((a, b) => b[1] - a[1])[0] ?? [null, 0];
  return sum > 0 ? word : null;
}

export function barsOf(characters, rows, cell) {
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
        bar.style.borderBottom = `5px ${LOOKS[name][1]} ${LOOKS[name][0]}`;
        bar.style.width = `${Math.max(0, 100 * p[id])}%`;
        return make("td", {}, bar);
      }),
    ),
  );
  return make("table", { className: "charrnn-bars" }, head, ...lines);
}

export function seeded(seed) {
  let state = seed >>> 0 || 1;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}
