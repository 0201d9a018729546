// What the playground's page is made of: elements, controls, and numbers and characters as a reader sees them.

import slider from "./slider.js";

export function make(tag, properties, ...children) {
  const { role, style, scope, ...rest } = properties;
  const one = Object.assign(document.createElement(tag), rest);
  for (const [name, value] of Object.entries({ role, style, scope }))
    if (value !== undefined) one.setAttribute(name, value);
  one.append(...children);
  return one;
}

export function fresh() {
  return `charrnn-${Math.random().toString(36).slice(2)}`;
}

export function quiet(one) {
  one.dataset.lmSuppressShortcuts = "true"; // its keys are not JupyterLab's
}

export function button(words, press) {
  const one = make("button", { type: "button", className: "charrnn-button" }, words);
  one.addEventListener("click", press);
  return one;
}

export function choice(name, options, take) {
  const list = make(
    "select",
    { id: fresh() },
    ...Object.entries(options).map(([value, words]) => make("option", { value }, words)),
  );
  quiet(list);
  list.addEventListener("change", () => take(list.value));
  const row = make("div", { className: "charrnn-row" }, make("label", { htmlFor: list.id }, name), list);
  row.choose = (value) => (list.value = value);
  return row;
}

// The slider of all panels, without a kernel behind it.
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
  el.show = (value) => ((state.value = value), listeners.forEach((listener) => listener()));
  return el;
}

export function seen(text) {
  return `“${text.replaceAll("\n", "↵")}”`;
}

export function percent(p) {
  return p > 0 && p < 0.001 ? "< 0.1 %" : `${(100 * p).toFixed(p < 0.1 ? 1 : 0)} %`;
}

export function shade(rgb, share) {
  return share < 0.02 ? "" : `rgba(${rgb}, ${(0.65 * Math.min(1, share)).toFixed(3)})`;
}

// A pointer, a finger or the arrow keys choose a character of `text`, or a span: choose(head, tail), or choose(null).
// chosen() is what is chosen in it, {head, tail, at}, or null; the keys begin at start().
export function choosable(text, { chosen, start, choose }) {
  let touched = false; // a finger that moves scrolls, and marks nothing
  const placeOf = (event) => {
    const under = text.getRootNode().elementFromPoint(event.clientX, event.clientY);
    return text.contains(under) && under.dataset.at !== undefined ? Number(under.dataset.at) : null;
  };
  text.addEventListener("pointerdown", (event) => {
    const at = placeOf(event);
    touched = event.pointerType === "touch";
    if (at === null || event.button || touched) return;
    choose(at, event.shiftKey && chosen() ? chosen().at : at);
    const follow = (later) => {
      const to = placeOf(later);
      if (to !== null && later.buttons) choose(to, at);
    };
    const end = () => {
      text.removeEventListener("pointermove", follow);
      window.removeEventListener("pointerup", end);
    };
    text.addEventListener("pointermove", follow);
    window.addEventListener("pointerup", end);
  });
  text.addEventListener("click", (event) => {
    const at = placeOf(event);
    if (touched && at !== null) choose(at);
  });
  text.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -10, ArrowDown: 10, Home: -1e6, End: 1e6 }[event.key];
    if (event.key === "Escape") choose(null);
    else if (by === undefined || event.ctrlKey || event.metaKey) return;
    else {
      const now = chosen();
      const { head, tail } = now ?? { head: start(), tail: start() };
      choose(now || Math.abs(by) > 10 ? head + by : head, event.shiftKey ? tail : null);
    }
    event.preventDefault();
  });
}
