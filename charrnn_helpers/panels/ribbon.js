// The ribbon: whom a network has in mind after each character. A copy of the network reads a cue, the beginning of a
// sentence that only one of six words can continue, and the ribbon shows which of them it expects. This is what
// `measures.in_mind` does in Python. A cue takes many steps, so a ribbon is computed piece by piece, as it is asked for.

// Return the band of a reading for `mind`, {kind, cue, words}: {word, sure} for each character, or null where it has not
// been computed yet.
export function bandOf(reading, { kind }) {
  const band = (reading.bands[kind] ??= []);
  while (band.length < reading.ids.length) band.push(foretold(reading, kind, band.length));
  return band;
}

// Return the piece after a character that is known beforehand, because the same network has read the same text, or null.
function foretold({ network, ids, change }, kind, at) {
  const { text, words, sure } = network.foretold ?? {};
  if (change || network.kind !== kind || !text?.startsWith(ids.slice(0, at + 1).map((id) => network.characters[id]).join(""))) return null;
  return { word: words[at], sure: sure[at] };
}

// Return {word, sure} after a character: the likeliest word, and its probability.
export function pieceAt(reading, mind, at) {
  return (bandOf(reading, mind)[at] ??= expected(reading.network, mind, [reading.states[at]])[0]);
}

// Compute a band for at most so many milliseconds; returns whether it is complete.
export function fillBand(reading, mind, milliseconds) {
  const band = bandOf(reading, mind);
  const end = performance.now() + milliseconds;
  const missing = [...band.keys()].filter((at) => !band[at]);
  while (missing.length) {
    if (performance.now() > end) return false;
    const some = missing.splice(0, 4);
    const pieces = expected(reading.network, mind, some.map((at) => reading.states[at]));
    some.forEach((at, n) => (band[at] = pieces[n]));
  }
  return true;
}

// Return which word a network expects once it has read the cue, {word, sure}, from each of several states.
function expected(network, { cue, words }, states) {
  const initials = words.map((word) => network.index.get(word[0]));
  return network.readOn(states, network.encode(cue)).map((state) => {
    const scores = network.scores(state, initials);
    const highest = Math.max(...scores);
    const sum = scores.reduce((total, score) => total + Math.exp(score - highest), 0);
    return { word: scores.indexOf(highest), sure: 1 / sum };
  });
}

// Return the stretches of a band in which the word stays the same, as far as it is computed: {word, start, end, sure},
// with the mean of `sure`.
export function runs(band) {
  const found = [];
  band.forEach((piece, at) => {
    if (!piece) return;
    const { word, sure } = piece;
    const last = found.at(-1);
    if (last?.word === word && last.end === at) {
      last.sum += sure;
      last.end = at + 1;
    } else found.push({ word, start: at, end: at + 1, sum: sure });
  });
  return found.map(({ sum, ...run }) => ({ ...run, sure: sum / (run.end - run.start) }));
}

// Return a change that moves the state before a position from the word that is in mind there to another: it adds the
// difference of their mean states.
export function bringToMind(network, mind, goal, before) {
  return (layers, position) => {
    if (position !== before - 1) return;
    const [{ word }] = expected(network, mind, [layers]);
    const means = network.means[mind.kind];
    const { units, row } = network;
    const size = row.carries.length * layers.length * units;
    row.carries.forEach((part, p) =>
      layers.forEach((layer, l) => {
        const at = (p * layers.length + l) * units;
        layer[part] = layer[part].map((value, k) => value + means[goal * size + at + k] - means[word * size + at + k]);
      }),
    );
  };
}

// --- colours and patterns

// Return style sheets' values for a word's look, {colour, hatch} as in the figures: its pattern as an image for the
// ground of one character, and the colour of letters upon it.
export function lookOf({ colour, hatch }) {
  const [w, h] = [10, 14];
  const lines = {
    "/": `M-1 ${h + 1}L${w + 1} -1`,
    "\\": `M-1 -1L${w + 1} ${h + 1}`,
    "|": `M${w / 2} 0V${h}`,
    "-": `M0 ${h / 2}H${w}`,
    "+": `M0 ${h / 2}H${w}M${w / 2} 0V${h}`,
    x: `M-1 -1L${w + 1} ${h + 1}M-1 ${h + 1}L${w + 1} -1`,
  };
  const dots = { ".": 1.6, o: 2.6, O: 3.6 };
  const ink = lettersOn(colour);
  const marks = [...new Set(hatch ?? "")].map((mark) =>
    mark in lines
      ? `<path d="${lines[mark]}" stroke="${ink}" stroke-opacity=".6" stroke-width="1.6" fill="none"/>`
      : `<circle cx="5" cy="7" r="${dots[mark] ?? 2}" fill="${ink}" fill-opacity=".6"/>`,
  );
  const box = `viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" preserveAspectRatio="none"`;
  const ground = `<rect width="${w}" height="${h}" fill="${colour}"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" ${box}>${ground}${marks.join("")}</svg>`;
  return { hue: colour, ink, tile: `url("data:image/svg+xml,${encodeURIComponent(svg)}")` };
}

// Return black or white, whichever is read more easily upon a colour "#rrggbb".
function lettersOn(colour) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const share = parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000000" : "#ffffff";
}
