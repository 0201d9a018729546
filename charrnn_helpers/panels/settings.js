// What a reader sets: prompt, seed, length, temperature, top-k, top-p, the updates of training, and how a text is
// coloured.

import { COLOURINGS } from "./colourings.js";
import { choice, fresh, labelled, make, number, quiet } from "./elements.js";

// Return the settings of a playground that nobody has touched; `kept` are those that a reader has set for the same
// pair.
export function settingsFor(spec, cells, updates, kept) {
  return {
    prompt: spec.prompt,
    seed: 1,
    length: 300,
    temperature: 0.8,
    topK: [...spec.characters].length,
    topP: 1,
    step: updates.length - 1,
    colour: "surprise",
    unit: Object.fromEntries(cells.map((cell) => [cell, 0])),
    ...(kept.number === spec.number ? kept : {}),
    number: spec.number,
  };
}

// Return a text box for the prompt: Enter or leaving it is a change.
export function promptBox(settings, changed) {
  const box = make("textarea", { rows: 2, id: fresh(), value: settings.prompt, spellcheck: false });
  quiet(box);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    box.dispatchEvent(new Event("change"));
  });
  box.addEventListener("change", () => {
    settings.prompt = box.value;
    changed();
  });
  return labelled("prompt", box);
}

// Return the sliders that say how to draw.
export function drawSliders(settings, characters, changed) {
  const rows = [
    ["random seed", "seed", 0, 999, 1],
    ["length", "length", 0, 1000, 10],
    ["temperature", "temperature", 0.1, 2, 0.1],
    ["top-k", "topK", 1, characters, 1],
    ["top-p", "topP", 0.05, 1, 0.05],
  ];
  return rows.map(([description, key, min, max, step]) =>
    number({ description, min, max, step, value: settings[key] }, (value) => {
      settings[key] = value;
      changed();
    }),
  );
}

// Return a slider through the `updates` of training at which the networks were kept.
export function trainingSlider(settings, updates, changed) {
  const range = { type: "range", min: 0, max: updates.length - 1, step: 1, id: fresh(), value: settings.step };
  const slider = make("input", range);
  const reached = make("output", {});
  function show() {
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
  return labelled("after", slider, reached);
}

// Return a list of the colourings for which there is what they need: a kernel, or the grammar of tales.
export function colourList(settings, given, changed) {
  const possible = Object.entries(COLOURINGS).filter(([, { needs = [] }]) =>
    needs.every((need) => given.includes(need)),
  );
  return choice("colour by", Object.fromEntries(possible.map(([name, { words }]) => [name, words])), (value) => {
    settings.colour = value;
    changed();
  });
}
