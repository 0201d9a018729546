// A number that can be typed, dragged, or moved with the arrow keys: a box and a slider that hold the same value.
// Python hears of a value when a control is released. A wrong one gets a sentence, and changes nothing.

function render({ model, el }) {
  const name = model.get("description");
  const [label, box, handle, alert] = ["label", "input", "input", "span"].map((tag) => document.createElement(tag));
  el.classList.add("charrnn-slider");
  box.type = "number";
  handle.type = "range";
  box.id = `charrnn-${Math.random().toString(36).slice(2)}`;
  label.htmlFor = box.id;
  label.textContent = name;
  handle.setAttribute("aria-label", name);
  for (const input of [box, handle]) input.dataset.lmSuppressShortcuts = "true"; // their keys are not JupyterLab's
  alert.setAttribute("role", "alert");
  el.replaceChildren(label, box, handle, alert);

  function show() {
    for (const input of [box, handle]) {
      for (const key of ["min", "max", "step"]) input[key] = model.get(key); // before the value, which they bound
      input.value = model.get("value");
    }
    accept(true);
  }

  function accept(good, sentence = "") {
    box.setAttribute("aria-invalid", String(!good));
    alert.textContent = sentence;
  }

  function take(text) {
    const [low, high, step, whole] = ["min", "max", "step", "whole"].map((key) => model.get(key));
    const value = Number(text);
    if (text === "" || value < low || value > high || (whole && !Number.isInteger(value))) {
      const kind = whole ? "a whole number" : "a number";
      const named = name[0].toUpperCase() + name.slice(1);
      accept(false, `${named}: give ${kind} from ${low} to ${high}. It is still ${model.get("value")}.`);
      return;
    }
    accept(true);
    const nearest = low + Math.round((value - low) / step) * step; // the handle knows no others
    const taken = Number(Math.min(nearest, high).toFixed(6));
    if (taken !== model.get("value")) {
      model.set("value", taken);
      model.save_changes();
    }
    show(); // the slider and the box agree, also when the value is the one they had
  }

  handle.addEventListener("input", () => (box.value = handle.value));
  handle.addEventListener("change", () => take(handle.value));
  box.addEventListener("change", () => take(box.value));
  box.addEventListener("keydown", (event) => event.key === "Enter" && take(box.value));
  const changes = "change:value change:min change:max";
  model.on(changes, show);
  show();
  return () => model.off(changes, show);
}

export default { render };
