// The playground: an LSTM and a GRU continue one prompt side by side, in JupyterLab and in a page without a kernel.
//
// Everything is computed here, from the networks' weights (network.js). `ask(what, request)`, where a kernel answers, adds
// what only the course's Python knows: the oracle of the grammar, its verdict, and copies of the training text.

import { button, choice, choosable, fresh, make, number, percent, quiet, seen, shade } from "./elements.js";
import { barsOf, brightest, unitsOfSpan } from "./looks.js";
import { distribution, loadNetworks } from "./network.js";

const SURPRISES = ["", "#ffefc0", "#ffd166", "#f0a500"]; // below 1 bit, 1 to 2, 2 to 4, above 4 (bold)
const [LIT, MARKED, MORE, LESS] = ["0, 158, 115", "204, 121, 167", "0, 114, 178", "213, 94, 0"]; // of Okabe and Ito
const COLOURS = {
  surprise: "its own surprise",
  unit: "one unit",
  copies: "what is in the training text",
  grammar: "the grammar's verdict",
};
const PATIENCE = 4000; // ms that the kernel may take before a reader is told
const ANOTHER = "Once a small child called Zoe lived by the mill. ";

const narrow = () => window.matchMedia("(max-width: 600px)").matches; // one text stands below the other

export function playground(root, { spec, data, ask = null, settings = {}, keep = () => {} }) {
  const networks = loadNetworks(spec, data);
  const characters = [...spec.characters];
  const cells = [...new Set(networks.map((one) => one.cell))];
  const steps = [...new Set(networks.map((one) => one.updates))].sort((a, b) => a - b);
  const set = {
    prompt: spec.prompt,
    seed: 1,
    length: 300,
    temperature: 0.8,
    topK: characters.length,
    topP: 1,
    step: steps.length - 1,
    colour: "surprise",
    unit: Object.fromEntries(cells.map((cell) => [cell, 0])),
    ...(settings.number === spec.number ? settings : {}), // those of another pair do not count
    number: spec.number,
  };
  let readings = {}; // by cell: what was written, and all that the network computed meanwhile
  let chosen = null; // {cell, at, end}: a character, or a span
  let operations = {}; // by cell: a hand on the state, {at, words, was, original}
  let handsOpen = false;
  let judged = {}; // by cell: what the kernel says of the text

  const network = (cell) => {
    const its = networks.filter((one) => one.cell === cell).sort((a, b) => a.updates - b.updates);
    return its.findLast((one) => one.updates <= steps[set.step]) ?? its[0];
  };
  const holds = (cell) => spec.cells[cell].holds; // the part of the state that remembers
  const looks = { oracle: "dotted #777777", ...Object.fromEntries(cells.map((cell) => [cell, spec.cells[cell].look])) };
  const known = (cell) => (spec.named?.[cell] ?? []).filter(() => set.step === steps.length - 1);

  // ------------------------------------------------------------------------------------------------------- the controls

  const alert = make("p", { role: "alert", className: "charrnn-alert" });
  const told = make("p", { role: "status" });
  const legend = make("p", { className: "charrnn-legend" });
  const prompt = make("textarea", { rows: 2, id: fresh(), value: set.prompt, spellcheck: false });
  quiet(prompt);
  prompt.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    prompt.dispatchEvent(new Event("change"));
  });
  prompt.addEventListener("change", () => ((set.prompt = prompt.value), write()));
  const numbers = [
    ["random seed", "seed", 0, 999, 1],
    ["length", "length", 0, 1000, 10],
    ["temperature", "temperature", 0.1, 2, 0.1],
    ["top-k", "topK", 1, characters.length, 1],
    ["top-p", "topP", 0.05, 1, 0.05],
  ].map(([name, key, min, max, step]) =>
    number({ description: name, min, max, step, value: set[key] }, (value) => ((set[key] = value), write())),
  );
  const training = make("input", {
    type: "range",
    min: 0,
    max: steps.length - 1,
    step: 1,
    id: fresh(),
    value: set.step,
  });
  quiet(training);
  const reached = make("output", {});
  function toStep() {
    set.step = Number(training.value);
    const words = steps[set.step] === 1 ? "1 update" : `${steps[set.step].toLocaleString("en")} updates`;
    training.setAttribute("aria-valuetext", words);
    reached.textContent = words;
  }
  training.addEventListener("input", () => (toStep(), write()));
  toStep();
  const colours = Object.keys(COLOURS)
    .filter((name) => ask || !["copies", "grammar"].includes(name))
    .filter((name) => spec.tales || name !== "grammar");
  const colour = choice("colour by", Object.fromEntries(colours.map((name) => [name, COLOURS[name]])), (value) => {
    set.colour = value;
    keep({ ...set });
    cells.forEach(paint);
    explain();
  });

  const columns = Object.fromEntries(cells.map((cell) => [cell, column(cell)]));
  const spoken = make("p", { role: "status" }); // it stays, so that a screen reader hears it change
  const shown = make("div", {});
  const inspected = make("div", { className: "charrnn-inspect" }, spoken, shown);
  root.classList.add("charrnn-play");
  root.replaceChildren(
    make("div", { className: "charrnn-row" }, make("label", { htmlFor: prompt.id }, "prompt"), prompt),
    make(
      "details",
      { open: !narrow() }, // on a phone the texts come first
      make("summary", {}, "Random seed, length, temperature, top-k, top-p"),
      ...numbers,
    ),
    ...(steps.length > 1
      ? [make("div", { className: "charrnn-row" }, make("label", { htmlFor: training.id }, "after"), training, reached)]
      : []),
    colour,
    alert,
    told,
    legend,
    make("div", { className: "charrnn-columns" }, ...cells.map((cell) => columns[cell].place)),
    inspected,
  );
  write();

  // -------------------------------------------------------------------------------------------------------- the two texts

  function column(cell) {
    const text = make("div", { className: "charrnn-text", tabIndex: 0, dir: "auto" });
    text.setAttribute("role", "group");
    text.setAttribute("aria-label", `text of the ${cell}: arrow keys choose a character, with Shift a span`);
    quiet(text);
    const save = make("a", {});
    const unit = make("div", {});
    const sources = make("div", {});
    const place = make("div", {}, make("b", {}, cell), text, save, unit, sources);
    place.style.borderLeft = `4px ${looks[cell]}`;
    choosable(text, {
      chosen: () => (chosen?.cell === cell ? chosen : null),
      start: () => readings[cell].start,
      choose: (head, tail) => choose(head === null ? null : cell, head, tail),
    });
    return { place, text, save, unit, sources, spans: [] };
  }

  function write() {
    const kept = chosen;
    alert.textContent = "";
    try {
      readings = Object.fromEntries(cells.map((cell) => [cell, network(cell).write(asked())]));
    } catch (problem) {
      alert.textContent = problem.message;
      return; // the last text stays
    }
    [operations, judged, chosen] = [{}, {}, null];
    keep({ ...set });
    cells.forEach(show);
    explain();
    if (kept) choose(kept.cell, kept.head, kept.tail);
    else inspect();
    judge();
  }

  function asked() {
    const { prompt, seed, length, temperature, topK, topP } = set;
    return {
      prompt,
      seed,
      length,
      temperature,
      topK: topK < characters.length ? topK : null,
      topP: topP < 1 ? topP : null,
    };
  }

  function show(cell) {
    const { text, save, unit } = columns[cell];
    const { text: whole, start } = readings[cell];
    const all = [...whole];
    const spans = all.map((char, at) => {
      const one = document.createElement("span");
      one.textContent = char;
      one.dataset.at = at;
      return one;
    });
    const sample = make("span", { className: "charrnn-sample" }, ...spans.slice(start));
    sample.dataset.cell = cell;
    text.replaceChildren(make("b", { className: "charrnn-prompt" }, ...spans.slice(0, start)), sample);
    columns[cell].spans = spans;
    save.download = `${cell.toLowerCase()}-seed-${set.seed}.txt`;
    save.href = `data:text/plain;charset=utf-8,${encodeURIComponent(whole)}`;
    save.textContent = `Save as ${save.download}`;
    const named = known(cell).map(({ unit, name }) => button(`${name} (${unit})`, () => pick(cell, unit)));
    columns[cell].pick ??= unitOf(cell, `unit of the ${cell}`);
    columns[cell].pick.show(set.unit[cell]);
    unit.replaceChildren(columns[cell].pick, ...named);
    paint(cell);
  }

  function unitOf(cell, description) {
    const entry = { description, min: 0, max: network(cell).units - 1, step: 1, value: set.unit[cell] };
    return number(entry, (value) => pick(cell, value));
  }

  function pick(cell, value) {
    set.unit = { ...set.unit, [cell]: value };
    columns[cell].pick.show(value);
    set.colour = "unit";
    colour.choose("unit");
    keep({ ...set });
    cells.forEach(paint);
    explain();
    if (chosen?.cell === cell) inspect();
  }

  // A ground for each character: of what is chosen to colour by. Before a chosen character it is green instead, for who
  // wrote the memory that speaks for it, unless one looks at a unit.
  function paint(cell) {
    const reading = readings[cell];
    const { spans, unit, sources } = columns[cell];
    const { grounds, bold } = groundsOf(cell, reading);
    if (chosen?.cell === cell && chosen.light && set.colour !== "unit") {
      const most = Math.max(...chosen.light, 1e-9);
      chosen.light.forEach((value, at) => (grounds[at] = shade(LIT, value / most)));
      bold?.fill(false, 0, chosen.at);
    }
    spans.forEach((span, at) => {
      const inside = chosen?.cell === cell && at >= chosen.at && at < chosen.end;
      const marked = inside && chosen.end > chosen.at + 1;
      const look = [
        `background: ${marked ? shade(MARKED, 0.7) : (grounds[at] ?? "")}`,
        bold?.[at] ? "font-weight: bold" : "",
        inside && !marked ? "outline: 2px solid #000" : "",
        operations[cell]?.at === at ? "border-left: 3px double #000" : "",
      ].join(";");
      if (span.look !== look) span.style.cssText = span.look = look; // few change, and each costs
    });
    unit.hidden = set.colour !== "unit";
    sources.hidden = set.colour !== "copies";
  }

  function groundsOf(cell, reading) {
    const all = new Array(reading.ids.length).fill("");
    const verdict = judged[cell];
    if (set.colour === "surprise") {
      const degrees = Array.from(reading.surprise(), (bits, at) =>
        at < reading.start ? 0 : [1, 2, 4].filter((d) => bits >= d).length,
      );
      return { grounds: degrees.map((degree) => SURPRISES[degree]), bold: degrees.map((degree) => degree === 3) };
    }
    if (set.colour === "unit") {
      const values = reading.value(holds(cell), network(cell).layers - 1, set.unit[cell]);
      const most = Math.max(1e-9, ...values.map(Math.abs));
      return { grounds: Array.from(values, (value) => shade(value > 0 ? MORE : LESS, Math.abs(value) / most)) };
    }
    for (const { start, end } of verdict?.[set.colour] ?? [])
      all.fill(set.colour === "copies" ? "#cfe3ff" : "#f6b8a4", start, end);
    return { grounds: all };
  }

  function explain() {
    const grounds = (...pairs) => pairs.flatMap(([look, words]) => [" ", make("span", { style: look }, words)]);
    legend.replaceChildren(
      ...{
        surprise: () => [
          "Ground: the network's own surprise, before temperature, top-k and top-p.",
          ...grounds(
            ["", "below 1 bit"],
            [`background:${SURPRISES[1]}`, "1 to 2"],
            [`background:${SURPRISES[2]}`, "2 to 4"],
            [`background:${SURPRISES[3]};font-weight:bold`, "above 4, bold"],
          ),
        ],
        unit: () => [
          "Ground: one unit's value after each character.",
          ...grounds(
            [`background:${shade(MORE, 1)}`, "most above zero"],
            [`background:${shade(LESS, 1)}`, "most below"],
          ),
        ],
        copies: () => ["Ground: pieces of 50 characters or more that stand in the training text, letter for letter."],
        grammar: () => ["Ground: a word that the grammar could not write here. Choose it to be told why."],
      }[set.colour](),
    );
    const words = cells.map((cell) => {
      const bits = [...readings[cell].surprise()].slice(Math.max(1, readings[cell].start));
      if (!bits.length) return `${cell}: nothing written.`;
      const mean = bits.reduce((a, b) => a + b, 0) / bits.length;
      return (
        [`${cell}: own surprise ${mean.toFixed(2)} bits per character`, judged[cell]?.words]
          .filter(Boolean)
          .join("; ") + "."
      );
    });
    told.textContent = [...words, judged.words].filter(Boolean).join(" ");
  }

  async function judge() {
    if (!ask) return;
    const asked = readings;
    const texts = Object.fromEntries(cells.map((cell) => [cell, { text: asked[cell].text, start: asked[cell].start }]));
    const late = setTimeout(() => {
      if (asked !== readings) return;
      judged = { words: "The kernel is busy or gone: nothing is known yet of copies and grammar." };
      explain();
    }, PATIENCE);
    const found = await ask("judge", texts);
    clearTimeout(late);
    if (asked !== readings || !found) return; // another text stands there by now
    judged = found;
    for (const cell of cells) {
      const lines = (found[cell].sources ?? []).map(({ place, before, copy, after }) =>
        make(
          "li",
          {},
          `${[...copy].length} characters, from character ${place.toLocaleString("en")} of the training text on: …${before}`,
          make("mark", {}, copy),
          `${after}…`,
        ),
      );
      columns[cell].sources.replaceChildren(
        ...(lines.length ? [make("p", {}, "The longest of these pieces"), make("ol", {}, ...lines)] : []),
      );
    }
    cells.forEach(paint);
    explain();
    if (chosen) inspect();
  }

  // -------------------------------------------------------------------------------------- a character, or a span, is chosen

  function choose(cell, head, tail = null) {
    const before = chosen?.cell;
    chosen = null;
    if (cell) {
      const last = readings[cell].ids.length - 1;
      [head, tail] = [head, tail ?? head].map((at) => Math.min(Math.max(at, 1), last)); // nothing foretells the first
      if (last >= 1)
        chosen = { cell, head, tail, at: Math.min(head, tail), end: Math.max(head, tail) + 1, light: null };
    }
    const hand = operations[cell]; // the way back ends at a hand on the state
    if (chosen && chosen.end === chosen.at + 1 && !(hand && chosen.at > hand.at))
      chosen.light = (hand?.original ?? readings[cell]).written(chosen.at);
    inspect();
    for (const one of new Set([before, cell])) if (one) paint(one);
  }

  function inspect() {
    const nothing = [
      [
        "Choose a character of either text: by pointer, or left and right one, up and down ten; Shift marks; Escape ends.",
      ],
    ];
    const [words, ...more] = !chosen ? nothing : chosen.end > chosen.at + 1 ? ofSpan() : ofCharacter();
    spoken.replaceChildren(...words);
    const above = chosen && narrow() ? columns[chosen.cell].place : columns[cells[0]].place.parentNode;
    if (inspected.previousSibling !== above) above.after(inspected);
    const hadFocus = shown.contains(document.activeElement); // on a button that is made anew
    shown.replaceChildren(...more);
    if (hadFocus && chosen) columns[chosen.cell].text.focus({ preventScroll: true });
  }

  function ofCharacter() {
    const { cell, at, light } = chosen;
    const reading = readings[cell];
    const { temperature, topK, topP } = asked();
    const p = distribution(reading.logits(at - 1), temperature, topK, topP);
    const char = characters[reading.ids[at]];
    const written = `The ${cell} ${at < reading.start ? "was given" : "drew"} ${seen(char)} with a chance of ${percent(p[reading.ids[at]])}.`;
    const word = light && brightest([...reading.text], light);
    const bright = word
      ? ` Green: who wrote the memory that speaks for it. The word with most: ${seen(word.text)}, ${percent(word.share)} of the green.`
      : light
        ? ""
        : " No green: a hand has changed the state before it, or the network has several layers.";
    const slip = (judged[cell]?.grammar ?? []).find(({ start, end }) => at >= start && at < end);
    const bars = make("div", {});
    bars.append(barsOf(characters, looks, { [cell]: p }, cell));
    if (ask) {
      ask("oracle", { text: [...reading.text].slice(0, at).join("") }).then((found) => {
        if (chosen?.cell !== cell || chosen.at !== at) return;
        if (!found)
          bars.append(
            ...(spec.tales ? [make("p", {}, "The oracle is silent: no story of the grammar has begun so.")] : []),
          );
        else
          bars.replaceChildren(
            barsOf(characters, looks, { [cell]: p, oracle: characters.map((one) => found[one] ?? 0) }, cell),
          );
      });
    }
    const values = reading.values(at, holds(cell), network(cell).layers - 1);
    const names = (unit) =>
      known(cell)
        .filter((one) => one.unit === unit)
        .map(({ name }) => name)
        .join(" and ");
    const far = reading.unusual(at, holds(cell), network(cell).layers - 1);
    const most = [...far.keys()].sort((a, b) => far[b] - far[a]).slice(0, 5);
    return [
      [written + bright, ...(slip ? [" ", make("b", {}, slip.why)] : [])],
      bars,
      make(
        "p",
        {},
        `Furthest from their usual values after it, of ${holds(cell)}: `,
        ...most.flatMap((unit) => [
          button(`${names(unit) || "unit"} ${unit}: ${values[unit].toFixed(2)}`, () => pick(cell, unit)),
          " ",
        ]),
      ),
      hands(cell, at),
    ];
  }

  function ofSpan() {
    const { cell, at, end } = chosen;
    const reading = readings[cell];
    const layer = network(cell).layers - 1;
    const units = [...Array(network(cell).units).keys()].map((unit) => reading.value(holds(cell), layer, unit));
    const words = `Marked in the ${cell}'s text: ${seen([...reading.text].slice(at, end).join(""))}.`;
    const found = unitsOfSpan(units, at, end);
    if (!found) return [[`${words} Mark a shorter one, or one further in: it needs as much text on both sides.`]];
    if (!found.length) return [[`${words} No unit is on through all of it and off on both sides.`]];
    const lines = found.map(({ unit, sign, gap, chance }) =>
      make(
        "li",
        {},
        button(`unit ${unit}`, () => pick(cell, unit)),
        ` ${sign > 0 ? "above" : "below"} all that is around it by ${gap.toFixed(2)}; of 100 random spans, ${chance} find a unit as good`,
      ),
    );
    return [[`${words} On through it and off around it, of ${holds(cell)}:`], make("ol", {}, ...lines)];
  }

  // ------------------------------------------------------------------------------------------------- hands on the state

  function hands(cell, at) {
    const unit = set.unit[cell];
    const values = readings[cell].value(holds(cell), network(cell).layers - 1, unit);
    const most = Math.max(1, ...values.map(Math.abs));
    let held = Number(most.toFixed(1));
    const other = make("input", { type: "text", id: fresh(), value: ANOTHER, spellcheck: false });
    quiet(other);
    const hand = operations[cell];
    const layer = network(cell).layers - 1;
    const box = make(
      "details",
      { open: handsOpen || Boolean(hand) },
      make("summary", {}, "Hands on the state, from here on"),
      unitOf(cell, "unit"),
      number(
        { description: `hold unit ${unit} at`, min: -held, max: held, step: 0.1, value: held },
        (value) => (held = value),
      ),
      button("Hold it", () =>
        operate(cell, at, `unit ${unit} held at ${held.toFixed(1)}`, () => ({
          hold: { part: holds(cell), layer, unit, value: held, from: at - 1 },
        })),
      ),
      make("div", { className: "charrnn-row" }, make("label", { htmlFor: other.id }, "another story"), other),
      button("Give it that story's state", () =>
        operate(cell, at, `the state after ${seen(other.value)}`, () => {
          const read = network(cell).read(other.value);
          return { exchange: { state: read.state(read.ids.length - 1), at } };
        }),
      ),
      ...(hand
        ? [
            make("p", {}, `From the double line on, with ${hand.words}. As it was: `, make("q", {}, hand.was)),
            button("Undo", () => {
              delete operations[cell];
              changed(cell, hand.original, at);
            }),
          ]
        : []),
    );
    box.addEventListener("toggle", () => (handsOpen = box.open));
    return box;
  }

  function operate(cell, at, words, surgery) {
    const original = operations[cell]?.original ?? readings[cell];
    const start = Math.max(at, original.start); // what was given stays
    const was = [...original.text].slice(start, start + 80).join("");
    try {
      const reading = network(cell).write({ ...asked(), ...surgery() });
      operations[cell] = { at, words, was: `${was}…`, original };
      changed(cell, reading, at);
    } catch (problem) {
      alert.textContent = problem.message;
    }
  }

  function changed(cell, reading, at) {
    alert.textContent = "";
    readings = { ...readings, [cell]: reading };
    judged = {};
    show(cell);
    choose(cell, at);
    explain();
    judge();
  }
}
