// The course's networks in a browser: what `generate` writes for a prompt and a seed, character for character. All is
// computed in float64, as Python does; the weights, and what the registry knows of each cell, come from
// `in_browser.py`. A position counts the characters of a text; logits, states and gates at a position are those after
// its character.

// --- random numbers, and the next character

// Return what torch.rand(n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) gives: MT19937
// (Matsumoto and Nishimura 1998), two of whose words make a number, of which 53 bits are kept.
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
  return Float64Array.from({ length: n }, () => {
    const high = word() & 0x1fffff;
    return (high * 2 ** 32 + word()) * 2 ** -53;
  });
}

// Return probabilities from logits as `next_distribution`: first the temperature, then top-k, then top-p; null is off.
export function distribution(logits, temperature = 1, topK = null, topP = null) {
  const highest = logits.reduce((a, b) => Math.max(a, b), -Infinity); // or NaN
  const p = logits.map((logit) => Math.exp((logit - highest) / temperature));
  if (topK !== null || topP !== null) {
    const order = [...p.keys()].sort((a, b) => p[b] - p[a] || a - b);
    if (topK !== null) for (const id of order.slice(topK)) p[id] = 0;
    if (topP !== null && topP < 1) {
      const kept = order.reduce((sum, id) => sum + p[id], 0);
      let before = 0; // the share of all that are more probable
      for (const id of order) {
        const share = p[id] / kept;
        if (before >= topP) p[id] = 0;
        before += share;
      }
    }
  }
  const total = p.reduce((a, b) => a + b, 0);
  return p.map((weight) => weight / total);
}

// Return the first character at which the running sum of the probabilities `p` passes `u`.
function draw(p, u) {
  const border = u * p.reduce((a, b) => a + b, 0);
  if (!(border >= 0)) {
    throw new Error("the network's scores are not numbers, perhaps because its learning rate was too high; train it again");
  }
  let id = 0;
  for (let sum = p[0]; sum <= border && id < p.length - 1; sum += p[id]) id++;
  return id;
}

// --- matrices and cells

// A matrix of float32 weights; the arithmetic is in float64. Four columns lie together, row by row, and are taken at a
// time, which saves half of the time of a product; columns of zeros make their number a multiple of four.
export class Matrix {
  // `values` lie row by row, as in PyTorch.
  constructor([rows, columns], values) {
    Object.assign(this, { rows, columns, weights: new Float32Array(rows * 4 * Math.ceil(columns / 4)) });
    for (let r = 0, from = 0; r < rows; r++) {
      for (let k = 0; k < columns; k++, from++) this.weights[(k - (k % 4)) * rows + 4 * r + (k % 4)] = values[from];
    }
  }

  // Return `bias` + W x.
  times(x, bias) {
    const { rows, columns, weights } = this;
    const sum = Float64Array.from(bias);
    for (let k = 0, at = 0; k < columns; k += 4) {
      const [a, b, c, d] = [x[k], x[k + 1] ?? 0, x[k + 2] ?? 0, x[k + 3] ?? 0];
      for (let r = 0; r < rows; r++, at += 4) {
        sum[r] += weights[at] * a + weights[at + 1] * b + weights[at + 2] * c + weights[at + 3] * d;
      }
    }
    return sum;
  }

  // Return the same for each of four vectors, in half of the time.
  timesFour([x, y, z, u], bias) {
    const { rows, columns, weights } = this;
    const [p, q, r, s] = [0, 1, 2, 3].map(() => Float64Array.from(bias));
    for (let k = 0, at = 0; k < columns; k += 4) {
      const [x0, x1, x2, x3] = [x[k], x[k + 1] ?? 0, x[k + 2] ?? 0, x[k + 3] ?? 0];
      const [y0, y1, y2, y3] = [y[k], y[k + 1] ?? 0, y[k + 2] ?? 0, y[k + 3] ?? 0];
      const [z0, z1, z2, z3] = [z[k], z[k + 1] ?? 0, z[k + 2] ?? 0, z[k + 3] ?? 0];
      const [u0, u1, u2, u3] = [u[k], u[k + 1] ?? 0, u[k + 2] ?? 0, u[k + 3] ?? 0];
      for (let row = 0; row < rows; row++, at += 4) {
        const [a, b, c, d] = [weights[at], weights[at + 1], weights[at + 2], weights[at + 3]];
        p[row] += a * x0 + b * x1 + c * x2 + d * x3;
        q[row] += a * y0 + b * y1 + c * y2 + d * y3;
        r[row] += a * z0 + b * z1 + c * z2 + d * z3;
        s[row] += a * u0 + b * u1 + c * u2 + d * u3;
      }
    }
    return [p, q, r, s];
  }

  // Return the same for each of any number of vectors.
  timesAll(vectors, bias) {
    return vectors.length === 4 ? this.timesFour(vectors, bias) : vectors.map((x) => this.times(x, bias));
  }
}

const sigmoid = (a) => 1 / (1 + Math.exp(-a));
const tanh = (a) => 2 / (1 + Math.exp(-2 * a)) - 1; // faster than Math.tanh, and as exact as what it is added to

// One step of unit `k` of each cell: `x` is W_i x + b_i and `y` is W_h h + b_h, both by gate, and `last` is the state
// before it. Gates and states are written into `now`.
const EQUATIONS = {
  LSTM(x, y, last, now, k) {
    const i = (now.i[k] = sigmoid(x.i[k] + y.i[k]));
    const f = (now.f[k] = sigmoid(x.f[k] + y.f[k]));
    const g = (now.g[k] = tanh(x.g[k] + y.g[k]));
    const o = (now.o[k] = sigmoid(x.o[k] + y.o[k]));
    const c = (now.c[k] = f * last.c[k] + i * g);
    now.h[k] = o * tanh(c);
  },
  GRU(x, y, last, now, k) {
    const r = (now.r[k] = sigmoid(x.r[k] + y.r[k]));
    const z = (now.z[k] = sigmoid(x.z[k] + y.z[k]));
    const n = (now.n[k] = tanh(x.n[k] + r * y.n[k]));
    now.h[k] = (1 - z) * n + z * last.h[k];
  },
};

// Return the gates and states of a layer after a step, each an array of its units, by its letter; and `y`.
function step({ cell, row, units }, x, y, last) {
  const now = Object.fromEntries([...row.gates].map((letter) => [letter, new Float64Array(units)]));
  const [xs, ys] = [x, y].map((products) => byGate(row.blocks, units, products));
  for (let k = 0; k < units; k++) EQUATIONS[cell](xs, ys, last, now, k);
  return { ...now, y: ys };
}

// Return the blocks of a vector by gate, in the order in which the weights hold them.
export function byGate(blocks, units, vector) {
  return Object.fromEntries([...blocks].map((gate, n) => [gate, vector.subarray(n * units, (n + 1) * units)]));
}

// --- networks

// Return the networks of `portable`, from its dictionary and its bytes (an ArrayBuffer, or a view of one).
export function loadNetworks({ networks, cells, characters }, data) {
  const bytes = new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength).slice().buffer; // aligned
  return networks.map((network) => new Network(network, cells[network.cell], [...characters], bytes));
}

// Return a tensor's numbers, row by row. A matrix of int8 has a float32 scale for each row.
function numbers({ shape, at, type, scales }, bytes) {
  const size = shape.reduce((a, b) => a * b, 1);
  if (type === "float32") return new Float32Array(bytes, at, size);
  const scale = new Float32Array(bytes, scales, shape[0]);
  return Float32Array.from(new Int8Array(bytes, at, size), (q, k) => q * scale[Math.floor(k / shape[1])]);
}

export class Network {
  #tensors;
  #bytes;
  #weights;

  // `row` is the registry's row of its cell: `blocks`, `gates`, `carries`, `memory` and so on. `means` are mean states
  // by kind of word, as `ribbon.js` uses them; `kind` is the kind for which the network is asked.
  // `foretold` is what is known beforehand of a ribbon: {text, words, sure}.
  constructor({ cell, updates, units, layers, tensors, means = {}, kind = "name", foretold = null }, row, characters, bytes) {
    Object.assign(this, { cell, row, updates, units, layers, characters, kind, means: {}, foretold });
    for (const [kind, tensor] of Object.entries(means)) this.means[kind] = numbers(tensor, bytes);
    this.index = new Map(characters.map((char, id) => [char, id]));
    [this.#tensors, this.#bytes] = [tensors, bytes];
  }

  // The weights, made when they are first asked for; `table` holds W_i x + b_i of the first layer for each character.
  get weights() {
    return (this.#weights ??= this.#load());
  }

  #load() {
    const values = (name) => numbers(this.#tensors[name], this.#bytes);
    const matrix = (name) => new Matrix(this.#tensors[name].shape, values(name));
    const layers = Array.from({ length: this.layers }, (_, l) => ({
      input: matrix(`rnn.weight_ih_l${l}`),
      inputBias: values(`rnn.bias_ih_l${l}`),
      hidden: matrix(`rnn.weight_hh_l${l}`),
      hiddenBias: values(`rnn.bias_hh_l${l}`),
    }));
    const { input, inputBias } = layers[0];
    const embedding = "embedding.weight" in this.#tensors ? values("embedding.weight") : null;
    const oneHot = (id) => Float64Array.from(this.characters, (_, k) => Number(k === id));
    const vector = (id) => embedding?.subarray(id * input.columns, (id + 1) * input.columns) ?? oneHot(id);
    const table = this.characters.map((_, id) => input.times(vector(id), inputBias));
    return { layers, table, head: matrix("head.weight"), headBias: values("head.bias") };
  }

  // Read a text from a zero state. `change` as in `Reading`.
  read(text, change = null) {
    const ids = this.encode(text);
    const reading = new Reading(this, ids.length, change);
    for (const id of ids) reading.add(id);
    return reading;
  }

  // Read the characters with these ids from each of several states, which stay as they are. Returns the new states. Four
  // together take the least time.
  readOn(states, ids) {
    const { layers, table } = this.weights;
    for (const id of ids) {
      const after = states.map(() => []);
      layers.forEach(({ input, inputBias, hidden, hiddenBias }, l) => {
        const below = l === 0 ? null : after.map((one) => one[l - 1].h);
        const xs = below ? input.timesAll(below, inputBias) : states.map(() => table[id]);
        const ys = hidden.timesAll(states.map((one) => one[l].h), hiddenBias);
        states.forEach((one, n) => after[n].push(step(this, xs[n], ys[n], one[l])));
      });
      states = after;
    }
    return states;
  }

  // Return the logits of a state, of all characters or of those with these ids.
  scores(state, ids = null) {
    const { head, headBias } = this.weights;
    const scores = head.times(state.at(-1).h, headBias);
    return ids ? ids.map((id) => scores[id]) : scores;
  }

  // Read the prompt and write `length` characters after it, as `generate` does.
  write(how) {
    const reading = this.begin(how);
    reading.goOn();
    return reading;
  }

  // Read the prompt, and return a reading that writes with `goOn`. If `last` was begun in the same way, up to a change
  // of the state before `at`, what stands before `at` is taken from it.
  begin({ prompt, seed, length, temperature = 1, topK = null, topP = null, change = null }, last = null, at = 0) {
    const given = this.encode(prompt);
    const reading = new Reading(this, given.length, change);
    if (last) reading.repeat(last, at - 1);
    const known = last ? last.ids.slice(0, Math.max(at, given.length)) : given;
    for (const id of known.slice(reading.ids.length)) reading.add(id);
    const all = uniforms(seed, length);
    reading.end += length;
    reading.next = (u) => draw(distribution(reading.scores.at(-1), temperature, topK, topP), all[u]);
    return reading;
  }

  // Return the numbers of the characters. Throws an Error for an empty text, and for a character that is not known.
  encode(text) {
    const characters = [...text];
    if (!characters.length) {
      throw new Error("the prompt is empty; give at least one character for the network to start from");
    }
    return characters.map((char, position) => {
      if (this.index.has(char)) return this.index.get(char);
      const around = characters.slice(Math.max(0, position - 8), position + 9).join("");
      const like = new Set([[...char.normalize("NFKD")][0], char.toLowerCase(), char.toUpperCase()]);
      const near = [...like].filter((other) => this.index.has(other)).map(quoted);
      const all = quoted(this.characters.join(""));
      const advice = near.length ? `near it there is ${near.join(" and ")}` : `it holds ${all}`;
      const where = `at position ${position} in ${quoted(around)}`;
      throw new Error(`the vocabulary does not hold ${quoted(char)}, ${where}; ${advice}`);
    });
  }
}

// Return a text in quotation marks, as Python's repr writes it.
function quoted(text) {
  const inside = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
  return inside.includes("'") && !inside.includes('"') ? `"${inside}"` : `'${inside.replaceAll("'", "\\'")}'`;
}

// --- a text that was read

// All that a network computed along a text, of which the first `start` characters were given: `ids`, and for each
// character the logits after it, `scores`, and for each layer the gates and states after it, `states`. `change(layers,
// position)` may write into the states of a position before its logits are computed and the next character is read.
export class Reading {
  constructor(network, start, change = null, initial = null) {
    const zero = () => Object.fromEntries(network.row.carries.map((part) => [part, new Float64Array(network.units)]));
    Object.assign(this, { network, start, change, end: start, bands: {}, ids: [], states: [], scores: [] });
    this.initial = initial ?? Array.from({ length: network.layers }, zero);
  }

  get text() {
    return this.ids.map((id) => this.network.characters[id]).join("");
  }

  // Return the states before a position, for each layer.
  before(position) {
    return position > 0 ? this.states[position - 1] : this.initial;
  }

  add(id) {
    const [after] = this.network.readOn([this.before(this.ids.length)], [id]);
    this.change?.(after, this.ids.length);
    this.ids.push(id);
    this.states.push(after);
    this.scores.push(this.network.scores(after));
  }

  // Take the first characters of another reading, with all that was computed along them.
  repeat(other, count) {
    for (const part of ["ids", "states", "scores"]) this[part] = other[part].slice(0, count);
    for (const [kind, band] of Object.entries(other.bands)) this.bands[kind] = band.slice(0, count);
  }

  // Write for at most so many milliseconds, one character at least; returns whether the text is complete.
  goOn(milliseconds = Infinity) {
    const stop = performance.now() + milliseconds;
    while (!this.complete) {
      this.add(this.next(this.ids.length - this.start));
      if (performance.now() > stop) break;
    }
    return this.complete;
  }

  get complete() {
    return this.ids.length >= this.end;
  }

  // Return what the last layer remembers after the character at a position: c of an LSTM, h of a GRU.
  memory(position) {
    return this.states[position].at(-1)[this.network.row.memory];
  }

  // Return one number of that memory, along the text.
  unit(unit) {
    return Float64Array.from(this.ids, (_, position) => this.memory(position)[unit]);
  }

  // Return the bits by which each character surprised the network; nothing foretold the first.
  surprise() {
    const bits = (id, position) => (position ? -Math.log2(distribution(this.scores[position - 1])[id]) : NaN);
    if (this.bits?.length !== this.ids.length) this.bits = Float64Array.from(this.ids, bits);
    return this.bits;
  }

  // Return a copy of the state after a position, for each layer the parts that go on to the next character.
  state(position) {
    const { carries } = this.network.row;
    return this.states[position].map((layer) => Object.fromEntries(carries.map((part) => [part, layer[part].slice()])));
  }
}

// Return a change that keeps a unit of the last layer's memory at `value`, from a position on.
export function hold({ row }, unit, value, from) {
  return (layers, position) => {
    if (position >= from) layers.at(-1)[row.memory][unit] = value;
  };
}

// Return a change that makes all `changes`, each from its own position on.
export function together(changes) {
  return (layers, position) => changes.forEach((change) => change(layers, position));
}

// Return a change that puts `state`, which a `state(position)` gave, before the character at a position.
export function exchange(state, before) {
  return (layers, position) => {
    if (position === before - 1) layers.forEach((layer, l) => Object.assign(layer, state[l]));
  };
}
