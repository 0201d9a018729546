// Who wrote what a network remembers, as `measures/authorship.py` says it.

import { byGate, Reading } from "./network.js";

// Where and with what weight Gauss and Legendre ask for a function, to integrate it from 0 to 1 by four of its values.
const RULE = [
  [0.06943184420297371, 0.17392742256872692],
  [0.33000947820757187, 0.32607257743127307],
  [0.6699905217924281, 0.32607257743127307],
  [0.9305681557970262, 0.17392742256872692],
];

// Return a value of unit `k` as h shows it, o tanh(c) or the memory itself, and how fast this grows with the value.
function readOut({ output_gate: gate }, states, k, value) {
  if (gate === null) return { h: value, slope: 1 };
  return { h: states[gate][k] * Math.tanh(value), slope: states[gate][k] * (1 - Math.tanh(value) ** 2) };
}

// The way back through one step of unit `k`: of the gradients `dh` and `dc` with respect to the state after it are made
// those with respect to W_h h + b_h, by gate, and to the state before it, apart from what goes through W_h.
const BACK = {
  LSTM({ i, f, g, o, c }, last, k, dh, dc) {
    const squashed = Math.tanh(c[k]);
    const d = dc + dh * o[k] * (1 - squashed ** 2);
    const gates = {
      i: d * g[k] * i[k] * (1 - i[k]),
      f: d * last.c[k] * f[k] * (1 - f[k]),
      g: d * i[k] * (1 - g[k] ** 2),
      o: dh * squashed * o[k] * (1 - o[k]),
    };
    return { gates, dh: 0, dc: d * f[k] };
  },
  GRU({ r, z, n, y }, last, k, dh) {
    const dn = dh * (1 - z[k]) * (1 - n[k] ** 2);
    const gates = {
      r: dn * y.n[k] * r[k] * (1 - r[k]),
      z: dh * (last.h[k] - n[k]) * z[k] * (1 - z[k]),
      n: dn * r[k],
    };
    return { gates, dh: dh * z[k], dc: 0 };
  },
};

// Return what each character has written into the memory that now speaks for the one at `position`, and against its
// strongest rival: nats, (position,), as `measures.written_by`. Returns null for a network of several layers.
export function writtenBy(reading, position, back = 24) {
  const { network } = reading;
  const { memory, keep_gate: keep } = network.row;
  const light = new Float64Array(position);
  const then = position - back;
  if (network.layers > 1) return null;
  if (then < 1) return light;
  const worth = worthOfMemory(reading, then - 1, position);
  for (let at = then - 1; at >= 0; at--) {
    const [now] = reading.states[at];
    const [last] = reading.before(at);
    for (let k = 0; k < network.units; k++) {
      light[at] += worth[k] * (now[memory][k] - now[keep][k] * last[memory][k]); // what it wrote
      worth[k] *= now[keep][k]; // what it let through of all before
    }
  }
  return light;
}

// Return what each number of the memory after the character at `from` is worth to the one at `position`: the integrated
// gradient from an empty memory to this one.
function worthOfMemory({ network, ids, states, scores }, from, position) {
  const { row } = network;
  const [then] = states[from];
  const worth = new Float64Array(network.units);
  const chosen = ids[position];
  const rival = likeliestBut(chosen, scores[position - 1]);
  for (const [share, weight] of RULE) {
    const memory = then[row.memory].map((value) => share * value);
    const shown = Array.from(memory, (value, k) => readOut(row, then, k, value));
    const start = { [row.memory]: memory, h: Float64Array.from(shown, ({ h }) => h) };
    const again = new Reading(network, 0, null, [start]);
    for (const id of ids.slice(from + 1, position)) again.add(id);
    const { dh, dc } = gradients(again, chosen, rival);
    for (let k = 0; k < worth.length; k++) worth[k] += weight * (dc[k] + dh[k] * shown[k].slope);
  }
  return worth;
}

// Return the gradients, with respect to the state before the first character, of a difference of the last logits.
function gradients(reading, chosen, rival) {
  const { cell, row, units, weights } = reading.network;
  const { hidden } = weights.layers[0];
  const dh = new Float64Array(units);
  const dc = new Float64Array(units);
  const difference = Float64Array.from(weights.headBias, (_, id) => (id === chosen) - (id === rival));
  weights.head.addTransposed(difference, dh);
  for (let at = reading.ids.length - 1; at >= 0; at--) {
    const [now] = reading.states[at];
    const [last] = reading.before(at);
    const products = new Float64Array(hidden.rows);
    const gates = byGate(row.blocks, units, products);
    for (let k = 0; k < units; k++) {
      const before = BACK[cell](now, last, k, dh[k], dc[k]);
      for (const gate in before.gates) gates[gate][k] = before.gates[gate];
      [dh[k], dc[k]] = [before.dh, before.dc];
    }
    hidden.addTransposed(products, dh);
  }
  return { dh, dc };
}

// Return the likeliest character but one.
function likeliestBut(chosen, logits) {
  const others = [...logits.keys()].filter((id) => id !== chosen);
  return others.reduce((best, id) => (logits[id] > logits[best] ? id : best), others[0]);
}
