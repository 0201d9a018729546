// What a reader sets: prompt, seed, length, temperature, top-k, top-p, the updates of training, whom the ribbon shows,
// and how the letters are coloured.

import { COLOURINGS } from "./colourings.js";
import { button, choice, fresh, labelled, make, number, quiet } from "./elements.js";

// With this seed both first texts follow whichever of the six names is tapped. For 24 seeds, 97 % of the names that the
// LSTM wrote after a tap, and 93 % of the GRU's, were the tapped one; with seed 1 there were slips after three of them.
const SEED = 17;

// Return the settings of a playground that nobody has touched; `kept` are those that a reader has set for the same
// pair.
export function settingsFor(spec, cells, updates, kept, kernel) {
  return {
    prompt: spec.prompt,
    seed: SEED,
    length: 300,
    temperature: 0.8,
    topK: [...spec.characters].length,
    topP: 1,
    step: updates.length - 1,
    kind: "name",
    colour: !spec.minds ? "surprise" : kernel ? "grammar" : "nothing",
    unit: Object.fromEntries(cells.map((cell) => [cell, 0])),
    ...(kept.number === spec.number ? kept : {}),
    number: spec.number,
  };
}

// Return a text box for the prompt, and a button. To leave the box with another text is a change, of which `changed()`
// hears; `write(whether it is another text)` hears of the button and of Enter.
export function promptBox(settings, changed, write) {
  const box = make("textarea", { rows: 2, id: fresh(), value: settings.prompt, spellcheck: false });
  quiet(box);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    write(take());
  });
  box.addEventListener("change", () => take() && changed());
  function take() {
    const other = settings.prompt !== box.value;
    settings.prompt = box.value;
    return other;
  }
  const press = button("Write", () => write(take()));
  press.addEventListener("mousedown", (event) => event.preventDefault()); // to leave the box would move the button away
  const row = labelled("beginning", box, press);
  row.show = () => (box.value = settings.prompt);
  return row;
}

// Return the sliders that say how to draw, by what they set.
export function drawSliders(settings, characters, changed) {
  const rows = [
    ["random seed", "seed", 0, 999, 1],
    ["length", "length", 0, 1000, 10],
    ["temperature", "temperature", 0.1, 2, 0.1],
    ["top-k", "topK", 1, characters, 1],
    ["top-p", "topP", 0.05, 1, 0.05],
  ];
  return Object.fromEntries(
    rows.map(([description, key, min, max, step]) => [
      key,
      number({ description, min, max, step, value: settings[key] }, (value) => {
        settings[key] = value;
        changed();
      }),
    ]),
  );
}

// Return a slider through the `updates` of training at which the networks were kept.
export function trainingSlider(settings, updates, changed) {
  const range = { type: "range", min: 0, max: updates.length - 1, step: 1, id: fresh(), value: settings.step };
  const slider = make("input", range);
  const reached = make("span", {}); // the slider itself says it
  function show() {
    slider.value = settings.step;
    const count = updates[settings.step];
    reached.textContent = count === 1 ? "1 update" : `${count.toLocaleString("en")} updates`;
    slider.setAttribute("aria-valuetext", reached.textContent);
  }
  quiet(slider);
  slider.addEventListener("input", () => {
    settings.step = Number(slider.value);
    show();
    changed();
  });
  show();
  const row = labelled("trained for", slider, reached);
  row.show = show;
  return row;
}

// Return a list of the colourings for which there is what they need: a kernel, or the grammar of tales.
export function colourList(settings, given, changed) {
  const possible = Object.entries(COLOURINGS).filter(([, { needs = [] }]) =>
    needs.every((need) => given.includes(need)),
  );
  const words = Object.fromEntries(possible.map(([name, { words }]) => [name, words]));
  const list = choice("colour letters by", words, (value) => {
    settings.colour = value;
    changed();
  });
  list.choose(settings.colour);
  return list;
}
