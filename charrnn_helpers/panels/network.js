// The course's networks in a browser: what `generate` writes for a prompt and a seed, character for character, and who
// wrote the memory behind each prediction. All is computed in float64, as in `numpy_network.py`; weights come from `in_browser.py`.
// A "place" is that of a character in the text; the logits, the state and the gates at a place are those after it.

// --- random numbers, and the next character

// torch.rand(n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64): MT19937 (Matsumoto and Nishimura
// 1998), two of its words for each number, of which 53 bits are kept.
export function uniforms(seed, n) {
  const state = new Uint32Array(624);
  state[0] = seed;
  for (let k = 1; k < 624; k++) state[k] = Math.imul(1812433253, state[k - 1] ^ (state[k - 1] >>> 30)) + k;
  let next = 624;
  function word() {
    if (next === 624) {
      for (let k = 0; k < 624; k++) {
        const y = (state[k] & 0x80000000) | (state[(k + 1) % 624] & 0x7fffffff);
        state[k] = state[(k + 397) % 624] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      next = 0;
    }
    let y = state[next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }
  const numbers = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    const high = word() & 0x1fffff;
    numbers[k] = (high * 2 ** 32 + word()) * 2 ** -53;
  }
  return numbers;
}

// Probabilities from logits: first the temperature, then top-k, then top-p, as `sampling.next_distribution`. null: off.
export function distribution(logits, temperature = 1, topK = null, topP = null) {
  const p = weigh(logits, temperature, topK, topP, new Float64Array(logits.length));
  const whole = sum(p);
  return p.map((weight) => weight / whole);
}

// The same but for a factor, into p.
function weigh(logits, temperature, topK, topP, p) {
  let highest = -Infinity;
  for (let k = 0; k < p.length; k++) highest = Math.max(highest, logits[k]); // or NaN
  for (let k = 0; k < p.length; k++) p[k] = Math.exp((logits[k] - highest) / temperature);
  if (topK === null && topP === null) return p;
  const order = Uint32Array.from(p.keys()).sort((a, b) => p[b] - p[a] || a - b);
  if (topK !== null) for (const k of order.subarray(topK)) p[k] = 0;
  if (topP !== null) {
    let whole = 0, reached = 0;
    for (const k of order) whole += p[k];
    for (const k of order) {
      const share = p[k] / whole;
      reached += share;
      if (reached - share >= topP) p[k] = 0; // what is more probable holds enough
    }
  }
  return p;
}

// The first character at which the running sum passes the share u of the whole.
function draw(p, u) {
  const border = u * sum(p);
  if (!(border >= 0)) {
    throw new Error("the network's scores are not numbers: was it trained at too high a rate? Train it again");
  }
  let id = 0;
  for (let reached = p[0]; reached <= border && id < p.length - 1; reached += p[id]) id++;
  return id;
}

function sum(numbers) {
  let whole = 0;
  for (let k = 0; k < numbers.length; k++) whole += numbers[k];
  return whole;
}

// --- matrices and cells

// A matrix for products with a vector: four rows are computed together, and lie together. entry(row, column) gives it.
// Weights are float32, and take least time to read as such; the arithmetic is in float64.
class Matrix {
  constructor(rows, columns, entry) {
    Object.assign(this, { rows, columns, stride: 4 * Math.ceil(rows / 4) });
    this.packed = new Float32Array(this.stride * columns);
    let p = 0;
    for (let r = 0; r < rows; r += 4) {
      for (let k = 0; k < columns; k++, p += 4) {
        for (let j = 0; j < 4 && r + j < rows; j++) this.packed[p + j] = entry(r + j, k);
      }
    }
  }

  // out[to + row] = add[first + row] + the product of the row with x[from], x[from + 1], ...
  times(x, from, out, to, add, first) {
    const { rows, columns, packed } = this;
    const even = from + columns - (columns % 2);
    let p = 0;
    for (let r = 0; r < rows; r += 4) {
      let a = 0, b = 0, c = 0, d = 0, k = from;
      for (; k < even; k += 2, p += 8) {
        const u = x[k], v = x[k + 1];
        a += packed[p] * u + packed[p + 4] * v;
        b += packed[p + 1] * u + packed[p + 5] * v;
        c += packed[p + 2] * u + packed[p + 6] * v;
        d += packed[p + 3] * u + packed[p + 7] * v;
      }
      if (k < from + columns) {
        const u = x[k];
        a += packed[p] * u;
        b += packed[p + 1] * u;
        c += packed[p + 2] * u;
        d += packed[p + 3] * u;
        p += 4;
      }
      out[to + r] = add[first + r] + a;
      if (r + 1 < rows) out[to + r + 1] = add[first + r + 1] + b;
      if (r + 2 < rows) out[to + r + 2] = add[first + r + 2] + c;
      if (r + 3 < rows) out[to + r + 3] = add[first + r + 3] + d;
    }
  }

  // The same for several vectors, an even number of them, two at a time: to fetch a weight is half of the work.
  timesEach(xs, from, outs, to, adds, first) {
    const { rows, columns, packed } = this;
    for (let n = 0; n < xs.length; n += 2) {
      const x = xs[n], y = xs[n + 1];
      for (let r = 0, p = 0; r < rows; r += 4) {
        let a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0;
        for (let k = from; k < from + columns; k++, p += 4) {
          const u = x[k], v = y[k], s = packed[p], t = packed[p + 1], w = packed[p + 2], z = packed[p + 3];
          a += s * u;
          b += t * u;
          c += w * u;
          d += z * u;
          e += s * v;
          f += t * v;
          g += w * v;
          h += z * v;
        }
        const sums = [a, b, c, d, e, f, g, h], here = Math.min(4, rows - r);
        for (let j = 0; j < here; j++) {
          outs[n][to + r + j] = adds[n][first + r + j] + sums[j];
          outs[n + 1][to + r + j] = adds[n + 1][first + r + j] + sums[4 + j];
        }
      }
    }
  }
}

// Where and with what weight Gauss and Legendre ask for a function, to integrate it from 0 to 1 by four of its values.
const RULE = [
  [0.06943184420297371, 0.17392742256872692],
  [0.33000947820757187, 0.32607257743127307],
  [0.6699905217924281, 0.32607257743127307],
  [0.9305681557970262, 0.17392742256872692],
];

const sigmoid = (a) => 1 / (1 + Math.exp(-a));

// A layer's track over a text keeps what the way back needs: `h` and `c`, row 0 where the text begins and row t + 1
// after place t; four numbers `gates` a unit and place, i, f, g, o or r, z, n and W_hn h + b_hn; `tanh` of c.
// `step` finds W_h h + b_h in the gates, and W_i x + b_i in x. `back` turns dh and dc, gradients with respect to the
// state after place t, into those inside the gates as h reaches them (`da`), and begins those before it: the product of
// W_h with `da` is still to be added to dh. `faded` is a state with a share of the memory after place t, and `slope` the
// gradient with respect to that memory. `wrote` is what place t has written, each unit of it at its worth, and leaves in
// `worth` what the units before it are worth: what place t let through.
const CELLS = {
  LSTM: {
    blocks: 4,
    parts: ["h", "c"],
    step({ H, h, c, gates, tanh }, t, x, from) {
      for (let k = 0, at = 4 * H * t, now = H * (t + 1); k < H; k++, at++, now++, from++) {
        const i = sigmoid(gates[at] + x[from]);
        const f = sigmoid(gates[at + H] + x[from + H]);
        const g = Math.tanh(gates[at + 2 * H] + x[from + 2 * H]);
        const o = sigmoid(gates[at + 3 * H] + x[from + 3 * H]);
        c[now] = f * c[now - H] + i * g;
        tanh[now] = Math.tanh(c[now]);
        h[now] = o * tanh[now];
        gates[at] = i;
        gates[at + H] = f;
        gates[at + 2 * H] = g;
        gates[at + 3 * H] = o;
      }
    },
    back({ H, c, gates, tanh }, t, dh, dc, da) {
      for (let k = 0, at = 4 * H * t, now = H * (t + 1); k < H; k++, at++, now++) {
        const i = gates[at], f = gates[at + H], g = gates[at + 2 * H], o = gates[at + 3 * H];
        const d = dc[k] + dh[k] * o * (1 - tanh[now] * tanh[now]);
        da[k] = d * g * i * (1 - i);
        da[k + H] = d * c[now - H] * f * (1 - f);
        da[k + 2 * H] = d * i * (1 - g * g);
        da[k + 3 * H] = dh[k] * tanh[now] * o * (1 - o);
        dc[k] = d * f;
        dh[k] = 0;
      }
    },
    faded({ H, c, gates }, t, share) {
      const memory = c.slice(H * (t + 1), H * (t + 2)).map((value) => share * value);
      return { h: [memory.map((value, k) => gates[4 * H * t + 3 * H + k] * Math.tanh(value))], c: [memory] };
    },
    slope({ H, gates }, t, memory, dh, dc, k) {
      return dc[k] + dh[k] * gates[4 * H * t + 3 * H + k] * (1 - Math.tanh(memory[k]) ** 2);
    },
    wrote({ H, gates }, t, worth) {
      let light = 0;
      for (let k = 0, at = 4 * H * t; k < H; k++, at++) {
        light += worth[k] * gates[at] * gates[at + 2 * H];
        worth[k] *= gates[at + H];
      }
      return light;
    },
  },
  GRU: {
    blocks: 3,
    parts: ["h"],
    step({ H, h, gates }, t, x, from) {
      for (let k = 0, at = 4 * H * t, now = H * (t + 1); k < H; k++, at++, now++, from++) {
        const r = sigmoid(gates[at] + x[from]);
        const z = sigmoid(gates[at + H] + x[from + H]);
        const inner = gates[at + 2 * H];
        const n = Math.tanh(x[from + 2 * H] + r * inner);
        h[now] = n + z * (h[now - H] - n);
        gates[at] = r;
        gates[at + H] = z;
        gates[at + 2 * H] = n;
        gates[at + 3 * H] = inner;
      }
    },
    back({ H, h, gates }, t, dh, dc, da) {
      for (let k = 0, at = 4 * H * t, before = H * t; k < H; k++, at++, before++) {
        const r = gates[at], z = gates[at + H], n = gates[at + 2 * H];
        const dn = dh[k] * (1 - z) * (1 - n * n);
        da[k] = dn * gates[at + 3 * H] * r * (1 - r);
        da[k + H] = dh[k] * (h[before] - n) * z * (1 - z);
        da[k + 2 * H] = dn * r;
        dh[k] *= z;
      }
    },
    faded: ({ H, h }, t, share) => ({ h: [h.slice(H * (t + 1), H * (t + 2)).map((value) => share * value)] }),
    slope: (track, t, memory, dh, dc, k) => dh[k],
    wrote({ H, gates }, t, worth) {
      let light = 0;
      for (let k = 0, at = 4 * H * t; k < H; k++, at++) {
        light += worth[k] * (1 - gates[at + H]) * gates[at + 2 * H];
        worth[k] *= gates[at + H];
      }
      return light;
    },
  },
};

// --- networks

// The networks of `portable`: its dictionary, and its bytes as an ArrayBuffer or a view of one.
export function loadNetworks(spec, buffer) {
  const view = ArrayBuffer.isView(buffer) ? buffer : new DataView(buffer), at = view.byteOffset;
  const odd = at % 4 !== 0; // no number of four bytes can be read there
  const [bytes, start] = odd ? [view.buffer.slice(at, at + view.byteLength), 0] : [view.buffer, at];
  return spec.networks.map((one) => new Network(one, spec.characters, bytes, start));
}

// A tensor as numbers in a row, and its shape. An int8 matrix has a float32 scale for each row.
function tensor({ shape, at, type, scales }, bytes, start) {
  const size = shape.reduce((a, b) => a * b, 1);
  if (type === "float32") return { shape, values: new Float32Array(bytes, start + at, size) };
  const q = new Int8Array(bytes, start + at, size), scale = new Float32Array(bytes, start + scales, shape[0]);
  return { shape, values: Float32Array.from(q, (value, k) => value * scale[Math.floor(k / shape[1])]) };
}

export class Network {
  #find;
  #prepared;

  constructor({ cell, updates, units, layers, tensors }, characters, bytes, start) {
    Object.assign(this, { cell, updates, units, layers, characters: [...characters] });
    this.index = new Map(this.characters.map((char, id) => [char, id]));
    this.#find = (name) => tensor(tensors[name], bytes, start);
    this.embedded = "embedding.weight" in tensors;
  }

  // What a step needs, made when it is first asked for: `table` holds W_i x + b_i for each character.
  get prepared() {
    return (this.#prepared ??= this.#prepare());
  }

  #prepare() {
    const G = CELLS[this.cell].blocks * this.units, V = this.characters.length;
    const matrix = ({ shape: [rows, columns], values }) => new Matrix(rows, columns, (r, k) => values[r * columns + k]);
    const turned = ({ shape: [rows, columns], values }) => new Matrix(columns, rows, (r, k) => values[k * columns + r]);
    const both = (name) => {
      let back;
      const found = this.#find(name);
      return { ...found, ahead: matrix(found), back: () => (back ??= turned(found)) };
    };
    const numbers = (name) => Float64Array.from(this.#find(name).values);
    const layers = Array.from({ length: this.layers }, (_, l) => ({
      input: both(`rnn.weight_ih_l${l}`),
      inputBias: numbers(`rnn.bias_ih_l${l}`),
      hidden: both(`rnn.weight_hh_l${l}`),
      hiddenBias: numbers(`rnn.bias_hh_l${l}`),
    }));
    const { input, inputBias } = layers[0], E = input.shape[1], table = new Float64Array(V * G);
    const embedding = this.embedded ? numbers("embedding.weight") : null;
    for (let id = 0; id < V; id++) {
      if (embedding) input.ahead.times(embedding, id * E, table, id * G, inputBias, 0);
      else for (let r = 0; r < G; r++) table[id * G + r] = input.values[r * E + id] + inputBias[r]; // a one-hot row
    }
    return { G, V, table, layers, head: both("head.weight"), headBias: numbers("head.bias") };
  }

  // Read a text from a zero state. `hold` and `exchange` as in `Reading`.
  read(text, { hold = null, exchange = null } = {}) {
    const ids = this.encode(text), reading = new Reading(this, ids.length, ids.length, hold, exchange);
    for (const id of ids) reading.add(id);
    return reading;
  }

  // The prompt and `length` characters after it, as `generate` writes them.
  write({ prompt, seed, length, temperature = 1, topK = null, topP = null, hold = null, exchange = null }) {
    const ids = this.encode(prompt), u = uniforms(seed, length);
    const reading = new Reading(this, ids.length, ids.length + length, hold, exchange);
    const p = new Float64Array(this.characters.length);
    for (const id of ids) reading.add(id);
    for (let n = 0; n < length; n++) {
      const logits = reading.logits(ids.length + n - 1);
      reading.add(draw(weigh(logits, temperature, topK, topP, p), u[n]));
    }
    return reading;
  }

  // Numbers of the characters. Throws an Error for an empty text, and for a character that the vocabulary lacks.
  encode(text) {
    const characters = [...text];
    if (!characters.length) {
      throw new Error("the prompt is empty; give at least one character for the network to start from");
    }
    return characters.map((char, place) => {
      if (this.index.has(char)) return this.index.get(char);
      const around = characters.slice(Math.max(0, place - 8), place + 9).join("");
      const like = new Set([[...char.normalize("NFKD")][0], char.toLowerCase(), char.toUpperCase()]);
      const near = [...like].filter((one) => this.index.has(one)).map(quoted);
      const all = quoted(this.characters.join(""));
      const advice = near.length ? `near it there is ${near.join(" and ")}` : `it holds ${all}`;
      const where = `at position ${place} in ${quoted(around)}`;
      throw new Error(`the vocabulary does not hold ${quoted(char)}, ${where}; ${advice}`);
    });
  }
}

// A text in quotation marks, as Python's repr writes it.
function quoted(text) {
  const inside = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
  return inside.includes("'") && !inside.includes('"') ? `"${inside}"` : `'${inside.replaceAll("'", "\\'")}'`;
}

// --- a text that was read

// All that a network computed along a text, and what its predictions depend on. The first `start` characters were
// given. `hold` {part, layer, unit, value, from}: after each character from place `from` on that number of the state is
// set to `value`. `exchange` {state, at}: before the character at place `at` the state is replaced, by one that
// `state(place)` gave. Logits are those of the state as it then is.
export class Reading {
  constructor(network, start, places, hold, exchange) {
    const { units: H, layers, cell } = network, { G, V } = network.prepared;
    const { parts } = CELLS[cell], fits = (values) => values?.length === layers && values[0].length === H;
    if (hold && !parts.includes(hold.part)) throw new Error(`the state of a ${cell} has no ${hold.part}`);
    const same = (state) => String(Object.keys(state)) === String(parts) && parts.every((part) => fits(state[part]));
    if (exchange && !same(exchange.state)) {
      throw new Error("this state is of another kind of network: exchange it for one of the same cell and size");
    }
    Object.assign(this, { network, start, hold, exchange, ids: [] });
    this.scores = new Float64Array(places * V);
    this.x = new Float64Array(G);
    this.tracks = Array.from({ length: layers }, () => {
      const track = { H, gates: new Float64Array(places * 4 * H), tanh: new Float64Array((places + 1) * H) };
      for (const part of parts) track[part] = new Float64Array((places + 1) * H);
      return track;
    });
    this.#change(-1);
  }

  get text() {
    return this.ids.map((id) => this.network.characters[id]).join("");
  }

  add(id) {
    const { G, V, table, layers, head, headBias } = this.network.prepared;
    const { step } = CELLS[this.network.cell], H = this.network.units, t = this.ids.length;
    let x = table, from = id * G;
    this.tracks.forEach((track, l) => {
      const { input, inputBias, hidden, hiddenBias } = layers[l];
      if (l) {
        input.ahead.times(this.tracks[l - 1].h, (t + 1) * H, this.x, 0, inputBias, 0);
        [x, from] = [this.x, 0];
      }
      hidden.ahead.times(track.h, t * H, track.gates, 4 * H * t, hiddenBias, 0);
      step(track, t, x, from);
    });
    this.ids.push(id);
    this.#change(t);
    head.ahead.times(this.tracks.at(-1).h, (t + 1) * H, this.scores, t * V, headBias, 0);
  }

  // Exchange the state after place t, or hold a number of it.
  #change(t) {
    const { hold, exchange, tracks } = this, row = (t + 1) * this.network.units;
    if (exchange?.at === t + 1) {
      const { parts } = CELLS[this.network.cell];
      tracks.forEach((track, l) => parts.forEach((part) => track[part].set(exchange.state[part][l], row)));
    }
    if (hold && t >= Math.max(hold.from, 0)) tracks[hold.layer][hold.part][row + hold.unit] = hold.value;
  }

  logits(at) {
    const V = this.network.characters.length;
    return this.scores.subarray(at * V, (at + 1) * V);
  }

  // The state after place `at`: {h, c} of the layers' numbers, to be exchanged.
  state(at) {
    const { parts } = CELLS[this.network.cell], layers = [...this.tracks.keys()];
    return Object.fromEntries(parts.map((part) => [part, layers.map((l) => this.values(at, part, l))]));
  }

  values(at, part, layer) {
    const H = this.network.units;
    return this.tracks[layer][part].slice((at + 1) * H, (at + 2) * H);
  }

  // One number of the state, along the text.
  value(part, layer, unit) {
    const H = this.network.units, values = this.tracks[layer][part];
    return Float64Array.from(this.ids, (_, t) => values[(t + 1) * H + unit]);
  }

  // How many standard deviations each number of the state after place `at` lies from its own mean along the text.
  unusual(at, part, layer) {
    const H = this.network.units, n = this.ids.length, values = this.tracks[layer][part];
    const mean = new Float64Array(H), variance = new Float64Array(H);
    for (let row = H; row <= n * H; row += H) for (let k = 0; k < H; k++) mean[k] += values[row + k] / n;
    for (let row = H; row <= n * H; row += H) {
      for (let k = 0; k < H; k++) variance[k] += (values[row + k] - mean[k]) ** 2 / n;
    }
    return this.values(at, part, layer).map((value, k) => Math.abs(value - mean[k]) / Math.sqrt(variance[k] + 1e-6));
  }

  // Bits by which each character surprised the network; nothing told the first.
  surprise() {
    return (this.bits ??= this.#surprise());
  }

  #surprise() {
    return Float64Array.from(this.ids, (id, t) => (t ? -Math.log2(distribution(this.logits(t - 1))[id]) : NaN));
  }

  // What each character has written into the memory that now speaks for the one at place `at`, and against its strongest
  // rival: nats, (at,), as `measures.written_by` says. null for a network of several layers.
  written(at, back = 24) {
    const { network, ids, tracks } = this, { units: H, layers } = network;
    const { faded, slope, wrote } = CELLS[network.cell], light = new Float64Array(at), then = at - back;
    if (layers > 1) return null;
    if (then < 1) return light;
    const worth = new Float64Array(H);
    const states = RULE.map(([share]) => faded(tracks[0], then - 1, share));
    const again = states.map((state) => new Reading(network, back, back, null, { state, at: 0 }));
    for (const id of ids.slice(then, at)) addToEach(again, id);
    gradients(again, ids[at], rival(this.logits(at - 1), ids[at])).forEach(([dh, dc], step) => {
      const memory = states[step].c?.[0] ?? states[step].h[0];
      for (let k = 0; k < H; k++) worth[k] += RULE[step][1] * slope(tracks[0], then - 1, memory, dh, dc, k);
    });
    const first = this.exchange && this.exchange.at <= then ? this.exchange.at : 0; // nobody before wrote what came in
    for (let t = then - 1; t >= first; t--) light[t] = wrote(tracks[0], t, worth);
    return light;
  }
}

// A character after each of some readings of one layer. Their state is all that is asked for: nothing is scored.
function addToEach(readings, id) {
  const { network, ids } = readings[0], { G, table, layers } = network.prepared, [{ hidden, hiddenBias }] = layers;
  const t = ids.length, tracks = readings.map((one) => one.tracks[0]), H = network.units;
  const [h, gates] = ["h", "gates"].map((name) => tracks.map((track) => track[name]));
  hidden.ahead.timesEach(h, t * H, gates, 4 * H * t, tracks.map(() => hiddenBias), 0);
  for (const track of tracks) CELLS[network.cell].step(track, t, table, id * G);
  for (const one of readings) one.ids.push(id);
}

// Gradients of a difference of last logits with respect to the state before the first character: [dh, dc] for each.
function gradients(readings, chosen, other) {
  const { network, ids } = readings[0], { G, layers, head } = network.prepared, { back } = CELLS[network.cell];
  const H = network.units, hidden = layers[0].hidden.back(), empty = (size) => readings.map(() => new Float64Array(size));
  const [dh, dc, da] = [empty(H), empty(H), empty(G)];
  for (const one of dh) for (let k = 0; k < H; k++) one[k] = head.values[chosen * H + k] - head.values[other * H + k];
  for (let t = ids.length - 1; t >= 0; t--) {
    readings.forEach((one, n) => back(one.tracks[0], t, dh[n], dc[n], da[n]));
    hidden.timesEach(da, 0, dh, 0, dh, 0);
  }
  return readings.map((_, n) => [dh[n], dc[n]]);
}

// The likeliest character but one.
function rival(logits, chosen) {
  let best = chosen ? 0 : 1;
  for (let id = 0; id < logits.length; id++) if (id !== chosen && logits[id] > logits[best]) best = id;
  return best;
}
