// The text of one network: a ground for each character, and a pointer, a finger or the arrow keys that choose one, or a
// span.

import { make, quiet } from "./elements.js";

export class TextColumn {
  #spans = [];

  // `choose(head, tail)` hears of a choice, or of null; `chosen()` is what is chosen in this text, {head, tail, at}, or
  // null; the keys begin at `start()`.
  constructor(cell, border, { chosen, start, choose }) {
    Object.assign(this, { cell, chosen, start, choose });
    this.text = make("div", { className: "charrnn-text", tabIndex: 0, dir: "auto", role: "group" });
    this.text.setAttribute("aria-label", `text of the ${cell}: arrow keys choose a character, with Shift a span`);
    quiet(this.text);
    this.save = make("a", {});
    this.unit = make("div", {});
    this.sources = make("div", {});
    const parts = [make("b", {}, cell), this.text, this.save, this.unit, this.sources];
    this.element = make("div", { style: `border-left: 4px ${border}` }, ...parts);
    this.#listen();
  }

  show({ text, start }, seed) {
    this.#spans = Array.from(text, (char, at) => {
      const span = make("span", {}, char);
      span.dataset.at = at;
      return span;
    });
    const sample = make("span", { className: "charrnn-sample" }, ...this.#spans.slice(start));
    sample.dataset.cell = this.cell;
    this.text.replaceChildren(make("b", { className: "charrnn-prompt" }, ...this.#spans.slice(0, start)), sample);
    this.save.download = `${this.cell.toLowerCase()}-seed-${seed}.txt`;
    this.save.href = `data:text/plain;charset=utf-8,${encodeURIComponent(text)}`;
    this.save.textContent = `Save as ${this.save.download}`;
  }

  // Show {background, bold, framed, cut} of each character; `cut` is a double line before it.
  paint(marks) {
    this.#spans.forEach((span, at) => {
      const { background, bold, framed, cut } = marks[at];
      const look = [
        `background: ${background}`,
        bold ? "font-weight: bold" : "",
        framed ? "outline: 2px solid #000" : "",
        cut ? "border-left: 3px double #000" : "",
      ].join(";");
      if (span.look !== look) span.style.cssText = span.look = look; // few change, and each costs
    });
  }

  showSources(sources) {
    const lines = sources.map(({ position, before, copy, after }) => {
      const from = `from character ${position.toLocaleString("en")} of the training text on`;
      return make("li", {}, `${[...copy].length} characters, ${from}: …${before}`, make("mark", {}, copy), `${after}…`);
    });
    const list = [make("p", {}, "The longest of these pieces"), make("ol", {}, ...lines)];
    this.sources.replaceChildren(...(lines.length ? list : []));
  }

  #listen() {
    const { text } = this;
    let touched = false; // a finger that moves scrolls, and marks nothing
    text.addEventListener("pointerdown", (event) => {
      touched = event.pointerType === "touch";
      if (!event.button && !touched) this.#mark(event);
    });
    text.addEventListener("click", (event) => {
      const at = this.#under(event);
      if (touched && at !== null) this.choose(at);
    });
    text.addEventListener("keydown", (event) => this.#press(event));
  }

  // The position of the character under a pointer, or null.
  #under(event) {
    const element = this.text.getRootNode().elementFromPoint(event.clientX, event.clientY);
    return this.text.contains(element) && element.dataset.at !== undefined ? Number(element.dataset.at) : null;
  }

  // Choose the character under the pointer, and a span as long as it is held down.
  #mark(event) {
    const at = this.#under(event);
    if (at === null) return;
    this.choose(at, event.shiftKey && this.chosen() ? this.chosen().at : at);
    const follow = (later) => {
      const to = this.#under(later);
      if (to !== null && later.buttons) this.choose(to, at);
    };
    this.text.addEventListener("pointermove", follow);
    window.addEventListener("pointerup", () => this.text.removeEventListener("pointermove", follow), { once: true });
  }

  #press(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -10, ArrowDown: 10, Home: -1e6, End: 1e6 };
    const by = steps[event.key];
    if (event.key === "Escape") this.choose(null);
    else if (by === undefined || event.ctrlKey || event.metaKey) return;
    else {
      const now = this.chosen();
      const { head, tail } = now ?? { head: this.start(), tail: this.start() };
      this.choose(now || Math.abs(by) > 10 ? head + by : head, event.shiftKey ? tail : null);
    }
    event.preventDefault();
  }
}
