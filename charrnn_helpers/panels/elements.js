// What the playground's page is made of: elements, controls, and numbers and characters as a reader sees them.

import slider from "./slider.js";

// Make an element with its properties and attributes, and with children.
export function make(tag, properties, ...children) {
  const { role, style, scope, ...rest } = properties;
  const element = Object.assign(document.createElement(tag), rest);
  for (const [name, value] of Object.entries({ role, style, scope }))
    if (value !== undefined) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// Return an id that no other element has.
export function fresh() {
  return `charrnn-${Math.random().toString(36).slice(2)}`;
}

// Keep JupyterLab from taking the keys that are pressed in an element.
export function quiet(element) {
  element.dataset.lmSuppressShortcuts = "true";
}

export function button(words, press) {
  const element = make("button", { type: "button", className: "charrnn-button" }, words);
  element.addEventListener("click", press);
  return element;
}

// Return a row of a label, the control that it names, and what stands behind it.
export function labelled(name, control, ...more) {
  return make("div", { className: "charrnn-row" }, make("label", { htmlFor: control.id }, name), control, ...more);
}

// Return a list to choose from, in a row with its name; `options` are words by value.
export function choice(name, options, take) {
  const list = make(
    "select",
    { id: fresh() },
    ...Object.entries(options).map(([value, words]) => make("option", { value }, words)),
  );
  quiet(list);
  list.addEventListener("change", () => take(list.value));
  const row = labelled(name, list);
  row.choose = (value) => (list.value = value);
  return row;
}

// Return the slider of all panels, without a kernel behind it.
export function number(entry, take) {
  const state = { whole: Number.isInteger(entry.step), ...entry };
  const listeners = [];
  const el = make("div", {});
  slider.render({
    el,
    model: {
      get: (name) => state[name],
      set: (name, value) => (state[name] = value),
      save_changes: () => take(state.value),
      on: (_, listener) => listeners.push(listener),
      off: () => listeners.splice(0),
    },
  });
  el.show = (value, max = state.max) => {
    Object.assign(state, { value, max });
    listeners.forEach((listener) => listener());
  };
  return el;
}

// Return a text as a reader sees it, in quotation marks.
export function seen(text) {
  return `“${text.replaceAll("\n", "↵")}”`;
}

// Return one character as a reader sees or hears it.
export function seenLetter(char) {
  if (char === undefined) return "the next letter";
  return { " ": "the space", "\n": "the end of the line" }[char] ?? seen(char);
}

// Return a probability in percent.
export function percent(p) {
  if (p > 0.995 && p < 1) return `> ${p > 0.999 ? 99.9 : 99}\u00a0%`;
  return p > 0 && p < 0.001 ? "< 0.1\u00a0%" : `${(100 * p).toFixed(p < 0.1 ? 1 : 0)}\u00a0%`;
}

// Return a colour for the ground of a character, the stronger the larger `share` is.
export function shade(rgb, share) {
  return share < 0.02 ? "" : `rgba(${rgb}, ${(0.65 * Math.min(1, share)).toFixed(3)})`;
}
