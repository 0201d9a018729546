// The playground: an LSTM and a GRU continue one prompt side by side, in JupyterLab and in a page without a kernel.
//
// Everything is computed here, from the networks' weights (network.js). `ask(what, request)`, where a kernel answers,
// adds what only the course's Python knows: the oracle of the grammar, its verdict, and copies of the training text.

import { average } from "./analyses.js";
import { writtenBy } from "./authorship.js";
import { COLOURINGS } from "./colourings.js";
import { button, make, number, shade } from "./elements.js";
import { Inspector } from "./inspector.js";
import { loadNetworks } from "./network.js";
import { colourList, drawSliders, promptBox, settingsFor, trainingSlider } from "./settings.js";
import { TextColumn } from "./text_column.js";

const [LIT, MARKED] = ["0, 158, 115", "204, 121, 167"]; // of Okabe and Ito
const PATIENCE = 4000; // ms that the kernel may take before a reader is told

const narrow = () => window.matchMedia("(max-width: 600px)").matches; // one text stands below the other

export class Playground {
  readings = {}; // by cell: what was written, and all that the network computed meanwhile
  chosen = null; // {cell, head, tail, at, end, light}: a character, or a span
  operations = {}; // by cell: a hand on the state, {at, words, was, original}
  judged = {}; // by cell: what the kernel says of the text

  constructor(root, { spec, data, ask = null, settings = {}, keep = () => {} }) {
    Object.assign(this, { spec, ask, keep, networks: loadNetworks(spec, data), characters: [...spec.characters] });
    this.cells = [...new Set(this.networks.map(({ cell }) => cell))];
    this.updates = [...new Set(this.networks.map(({ updates }) => updates))].sort((a, b) => a - b);
    this.borders = Object.fromEntries(this.cells.map((cell) => [cell, spec.cells[cell].border]));
    this.settings = settingsFor(spec, this.cells, this.updates, settings);
    this.columns = Object.fromEntries(this.cells.map((cell) => [cell, this.#column(cell)]));
    this.pickers = Object.fromEntries(this.cells.map((cell) => [cell, this.unitSlider(cell, `unit of the ${cell}`)]));
    this.inspector = new Inspector(this);
    this.alert = make("p", { role: "alert", className: "charrnn-alert" });
    this.told = make("p", { role: "status" });
    this.legend = make("p", { className: "charrnn-legend" });
    this.texts = make(
      "div",
      { className: "charrnn-columns" },
      ...Object.values(this.columns).map((one) => one.element),
    );
    root.classList.add("charrnn-play");
    root.replaceChildren(...this.#controls(), this.alert, this.told, this.legend, this.texts, this.inspector.element);
    this.write();
  }

  #controls() {
    const write = () => this.write();
    const given = [this.ask && "kernel", this.spec.tales && "tales"];
    this.colour = colourList(this.settings, given, () => this.#recolour());
    const folded = make(
      "details",
      { open: !narrow() }, // on a phone the texts come first
      make("summary", {}, "Random seed, length, temperature, top-k, top-p"),
      ...drawSliders(this.settings, this.characters.length, write),
    );
    const training = this.updates.length > 1 ? [trainingSlider(this.settings, this.updates, write)] : [];
    return [promptBox(this.settings, write), folded, ...training, this.colour];
  }

  #column(cell) {
    return new TextColumn(cell, this.borders[cell], {
      chosen: () => (this.chosen?.cell === cell ? this.chosen : null),
      start: () => this.readings[cell].start,
      choose: (head, tail) => this.choose(head === null ? null : cell, head, tail),
    });
  }

  // Return the network of a cell at the updates that are set, or the last before.
  network(cell) {
    const own = this.networks.filter((network) => network.cell === cell).sort((a, b) => a.updates - b.updates);
    return own.findLast(({ updates }) => updates <= this.updates[this.settings.step]) ?? own[0];
  }

  // Return {name, unit} of the units whose meaning is known, which are those of the last networks.
  knownUnits(cell) {
    const last = this.settings.step === this.updates.length - 1;
    return last ? (this.spec.named?.[cell] ?? []) : [];
  }

  // -------------------------------------------------------------------------------------------------- the two texts

  // Return how the settings ask to draw.
  drawing() {
    const { prompt, seed, length, temperature, topK, topP } = this.settings;
    const off = { topK: topK < this.characters.length ? topK : null, topP: topP < 1 ? topP : null };
    return { prompt, seed, length, temperature, ...off };
  }

  write() {
    const { chosen } = this;
    this.alert.textContent = "";
    try {
      this.readings = Object.fromEntries(this.cells.map((cell) => [cell, this.network(cell).write(this.drawing())]));
    } catch (problem) {
      this.alert.textContent = problem.message;
      return; // the last text stays
    }
    Object.assign(this, { operations: {}, judged: {}, chosen: null });
    this.#keep();
    this.cells.forEach((cell) => this.#show(cell));
    this.#explain();
    if (chosen) this.choose(chosen.cell, chosen.head, chosen.tail);
    else this.#inspect();
    this.#judge();
  }

  #keep() {
    this.keep({ ...this.settings });
  }

  #show(cell) {
    const column = this.columns[cell];
    column.show(this.readings[cell], this.settings.seed);
    const known = this.knownUnits(cell).map(({ unit, name }) =>
      button(`${name} (${unit})`, () => this.pick(cell, unit)),
    );
    this.pickers[cell].show(this.settings.unit[cell]);
    column.unit.replaceChildren(this.pickers[cell], ...known);
    this.#paint(cell);
  }

  // Paint the ground of each character, by the colouring that is chosen. Before a chosen character it is green instead,
  // for who wrote the memory that speaks for it, unless one looks at a unit.
  #paint(cell) {
    const { colour, unit } = this.settings;
    const marks = COLOURINGS[colour].marks(this.readings[cell], unit[cell], this.judged[cell]);
    const chosen = this.chosen?.cell === cell ? this.chosen : null;
    if (chosen?.light && colour !== "unit") {
      const most = Math.max(...chosen.light, 1e-9);
      chosen.light.forEach((value, at) => (marks[at] = { background: shade(LIT, value / most) }));
    }
    const span = chosen && chosen.end > chosen.at + 1;
    for (let at = chosen?.at; at < chosen?.end; at++) {
      if (span) marks[at].background = shade(MARKED, 0.7);
      else marks[at].framed = true;
    }
    if (cell in this.operations) marks[this.operations[cell].at].cut = true;
    this.columns[cell].paint(marks);
    this.columns[cell].unit.hidden = colour !== "unit";
    this.columns[cell].sources.hidden = colour !== "copies";
  }

  #recolour() {
    this.#keep();
    this.cells.forEach((cell) => this.#paint(cell));
    this.#explain();
  }

  unitSlider(cell, description) {
    const range = { min: 0, max: this.network(cell).units - 1, step: 1 };
    return number({ description, ...range, value: this.settings.unit[cell] }, (value) => this.pick(cell, value));
  }

  // Colour by a unit of a cell.
  pick(cell, unit) {
    this.settings.unit = { ...this.settings.unit, [cell]: unit };
    this.settings.colour = "unit";
    this.pickers[cell].show(unit);
    this.colour.choose("unit");
    this.#recolour();
    if (this.chosen?.cell === cell) this.#inspect();
  }

  // Say what the grounds mean, and what is known of both texts.
  #explain() {
    const { legend, swatches } = COLOURINGS[this.settings.colour];
    const shown = swatches.flatMap(([style, words]) => [" ", make("span", { style }, words)]);
    this.legend.replaceChildren(legend, ...shown);
    const words = this.cells.map((cell) => {
      const bits = this.readings[cell].surprise().slice(Math.max(1, this.readings[cell].start));
      if (!bits.length) return `${cell}: nothing written.`;
      const mean = `${cell}: own surprise ${average(bits).toFixed(2)} bits per character`;
      return `${[mean, this.judged[cell]?.words].filter(Boolean).join("; ")}.`;
    });
    this.told.textContent = [...words, this.judged.words].filter(Boolean).join(" ");
  }

  // Ask the kernel for copies and for the grammar's verdict.
  async #judge() {
    if (!this.ask) return;
    const { readings } = this;
    const texts = this.cells.map((cell) => [cell, { text: readings[cell].text, start: readings[cell].start }]);
    const late = setTimeout(() => {
      if (readings !== this.readings) return;
      this.judged = { words: "The kernel is busy or gone: nothing is known yet of copies and grammar." };
      this.#explain();
    }, PATIENCE);
    const judged = await this.ask("judge", Object.fromEntries(texts));
    clearTimeout(late);
    if (readings !== this.readings || !judged) return; // another text stands there by now
    this.judged = judged;
    for (const cell of this.cells) this.columns[cell].showSources(judged[cell]?.sources ?? []);
    this.cells.forEach((cell) => this.#paint(cell));
    this.#explain();
    if (this.chosen) this.#inspect();
  }

  // ------------------------------------------------------------------------------ a character, or a span, is chosen

  // Choose what lies from `head` to `tail` in the text of a cell; without a cell, nothing.
  choose(cell, head, tail = null) {
    const before = this.chosen?.cell;
    const last = cell ? this.readings[cell].ids.length - 1 : 0;
    this.chosen = null;
    if (last >= 1) {
      [head, tail] = [head, tail ?? head].map((at) => Math.min(Math.max(at, 1), last)); // nothing foretells the first
      const [at, end] = [Math.min(head, tail), Math.max(head, tail) + 1];
      this.chosen = { cell, head, tail, at, end, light: end === at + 1 ? this.#light(cell, at) : null };
    }
    this.#inspect();
    for (const painted of new Set([before, cell])) if (painted) this.#paint(painted);
  }

  // Return who wrote the memory that speaks for a character; the way back ends at a hand on the state.
  #light(cell, at) {
    const hand = this.operations[cell];
    return hand && at > hand.at ? null : writtenBy(hand?.original ?? this.readings[cell], at);
  }

  #inspect() {
    const { chosen, inspector } = this;
    const hadFocus = inspector.shown.contains(document.activeElement); // on a button that is made anew
    inspector.show(chosen);
    const above = chosen && narrow() ? this.columns[chosen.cell].element : this.texts;
    if (inspector.element.previousSibling !== above) above.after(inspector.element);
    if (hadFocus && chosen) this.columns[chosen.cell].text.focus({ preventScroll: true });
  }

  // --------------------------------------------------------------------------------------------- hands on the state

  // Write the text of a cell again with a change of its state, which `surgery()` returns, before the character `at`.
  operate(cell, at, words, surgery) {
    const original = this.operations[cell]?.original ?? this.readings[cell];
    const start = Math.max(at, original.start); // what was given stays
    const was = `${[...original.text].slice(start, start + 80).join("")}…`;
    try {
      const reading = this.network(cell).write({ ...this.drawing(), change: surgery() });
      this.operations[cell] = { at, words, was, original };
      this.#replace(cell, reading, at);
    } catch (problem) {
      this.alert.textContent = problem.message;
    }
  }

  undo(cell, at) {
    const { original } = this.operations[cell];
    delete this.operations[cell];
    this.#replace(cell, original, at);
  }

  #replace(cell, reading, at) {
    this.alert.textContent = "";
    this.readings = { ...this.readings, [cell]: reading };
    this.judged = {};
    this.#show(cell);
    this.choose(cell, at);
    this.#explain();
    this.#judge();
  }
}
