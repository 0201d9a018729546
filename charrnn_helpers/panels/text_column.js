// The text of one network: below each line its ribbon, and a pointer, a finger or the arrow keys that choose a
// character, or a span.

import { button, make, quiet } from "./elements.js";

const LETTERS_A_SECOND = 90; // at which a text appears in front of the reader

export class TextColumn {
  #spans = [];
  #names = [];
  #writing = 0;

  // `choose(head, tail)` hears of a choice, or of null; `chosen()` is what is chosen in this text, {head, tail, at}, or
  // null; the keys begin at `start()`; `marking()` says whether the next touch ends a span.
  constructor(cell, border, { chosen, start, choose, marking }) {
    Object.assign(this, { cell, chosen, start, choose, marking });
    this.text = make("div", { className: "charrnn-text", tabIndex: 0, dir: "auto", role: "group" });
    this.text.setAttribute("aria-label", `text of the ${cell}: arrow keys choose a character, with Shift a span`);
    quiet(this.text);
    this.save = make("a", { className: "charrnn-quiet" });
    this.copy = button("Copy", () => this.#copy());
    this.copy.className = "charrnn-quiet";
    this.copy.setAttribute("aria-label", `Copy the text of the ${cell}`);
    this.unit = make("div", {});
    this.sources = make("div", {});
    this.verdict = make("div", { className: "charrnn-verdict" });
    const head = make("div", { className: "charrnn-head" }, make("b", {}, cell), this.copy, this.save);
    const parts = [head, this.text, this.verdict, this.unit, this.sources];
    this.element = make("div", { style: `border-left: 4px ${border}` }, ...parts);
    this.#listen();
    new ResizeObserver(() => this.placeNames()).observe(this.text);
  }

  show({ text, start }, seed) {
    cancelAnimationFrame(this.#writing);
    this.#names = [];
    this.#spans = Array.from(text, (char, at) => {
      const span = make("span", {}, char);
      span.dataset.at = at;
      return span;
    });
    const sample = make("span", { className: "charrnn-sample" }, ...this.#spans.slice(start));
    sample.dataset.cell = this.cell;
    this.text.replaceChildren(make("span", { className: "charrnn-prompt" }, ...this.#spans.slice(0, start)), sample);
    this.save.download = `${this.cell.toLowerCase()}-seed-${seed}.txt`;
    this.save.href = `data:text/plain;charset=utf-8,${encodeURIComponent(text)}`;
    this.save.textContent = "Save";
    this.save.setAttribute("aria-label", `Save as ${this.save.download}`);
  }

  // Show {ground, line, framed, cut, band} of each character: `cut` is a double line before it, and `band` its piece of
  // the ribbon, {word, sure}; and {name, start, end} of each of `names`.
  paint(marks, names) {
    this.#spans.forEach((span, at) => {
      const { ground, line, framed, cut, band } = marks[at];
      const style = [
        ground ? `--ground:${ground}` : "",
        line ? `text-decoration:underline ${line}` : "",
        band ? `--sure:${band.sure.toFixed(2)}` : "",
      ];
      const classes = [band ? `charrnn-word-${band.word}` : "", framed ? "charrnn-chosen" : "", cut ? "charrnn-cut" : ""];
      const look = [style, classes].join(";");
      if (span.look === look) return; // few change, and each costs
      span.look = look;
      span.style.cssText = style.filter(Boolean).join(";");
      span.className = classes.filter(Boolean).join(" ");
    });
    this.#removeNames();
    this.#names = names.map((name) => ({ ...name, span: null }));
    this.placeNames();
  }

  // Write each name where its stretch of the ribbon begins, or a line lower, if the line has no room for it; a stretch
  // that ends before goes without.
  placeNames() {
    const edge = this.text.clientWidth;
    this.#removeNames();
    for (const name of this.#names) {
      const first = this.#spans[name.start];
      const fits = first.offsetLeft + 8 * name.name.length + 8 < edge;
      const lower = (span) => span.offsetTop > first.offsetTop;
      name.span = fits ? first : this.#spans.slice(name.start, name.end).find(lower);
    }
    for (const { span, name } of this.#names) if (span) span.dataset.name = name;
  }

  #removeNames() {
    for (const { span } of this.#names) if (span) delete span.dataset.name;
  }

  // Let the text appear from a position on, as if it were written now. Nothing moves: it has its room already.
  reveal(from) {
    cancelAnimationFrame(this.#writing);
    if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const hidden = this.#spans.slice(from + 1);
    for (const span of hidden) span.classList.add("charrnn-later");
    let begin = null;
    const go = (now) => {
      begin ??= now;
      const count = ((now - begin) / 1000) * LETTERS_A_SECOND;
      while (hidden.length && hidden[0].order < count) hidden.shift().classList.remove("charrnn-later");
      if (hidden.length) this.#writing = requestAnimationFrame(go);
    };
    hidden.forEach((span, order) => (span.order = order));
    this.#writing = requestAnimationFrame(go);
  }

  // Bring a character into view, if the page does not show it, between `top` and `bottom`.
  bringIntoView(at, top, bottom) {
    const { top: above, bottom: below } = this.#spans[at].getBoundingClientRect();
    if (below > bottom) window.scrollBy({ top: below - bottom + 12 });
    else if (above < top) window.scrollBy({ top: above - top - 12 });
  }

  showSources(sources) {
    const lines = sources.map(({ position, before, copy, after }) => {
      const from = `from character ${position.toLocaleString("en")} of the training text on`;
      return make("li", {}, `${[...copy].length} characters, ${from}: …${before}`, make("mark", {}, copy), `${after}…`);
    });
    const list = [make("p", {}, "The longest of these pieces"), make("ol", {}, ...lines)];
    this.sources.replaceChildren(...(lines.length ? list : []));
  }

  // Say whom the grammar `expects` after a change, and what it finds wrong, each reason once; a press leads to its
  // first place.
  showVerdict(slips = [], expects = "", choose = null) {
    const reasons = [...new Set(slips.map(({ why }) => why))];
    const shown = reasons.slice(0, 4).map((why) => {
      const places = slips.filter((slip) => slip.why === why).map(({ start }) => start);
      const words = places.length > 1 ? `${why} (${places.length} times)` : why;
      return make("li", {}, button(words, () => choose(places[0])));
    });
    const more = reasons.length > shown.length ? [make("li", {}, `and ${reasons.length - shown.length} more`)] : [];
    const list = shown.length ? [make("ul", {}, ...shown, ...more)] : [];
    this.verdict.replaceChildren(...(expects ? [make("p", {}, expects)] : []), ...list);
  }

  async #copy() {
    const words = this.copy.textContent;
    this.copy.textContent = (await copied(this.text.textContent)) ? "Copied" : "Please copy by hand";
    setTimeout(() => (this.copy.textContent = words), 2000);
  }

  #listen() {
    const { text } = this;
    let touched = false; // a finger that moves scrolls; to mark a span it taps twice
    text.addEventListener("pointerdown", (event) => {
      touched = event.pointerType === "touch";
      if (!event.button && !touched) this.#mark(event);
    });
    text.addEventListener("click", (event) => {
      const at = this.#under(event);
      if (touched && at !== null) this.choose(at, this.marking() && this.chosen() ? this.chosen().at : null);
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

// Put a text on the clipboard; returns whether that was possible.
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
