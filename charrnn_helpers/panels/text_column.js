// The text of one network: below each line its ribbon, and a pointer, a finger or the arrow keys that choose a
// character, or a span.

import { button, make, quiet } from "./elements.js";

const LETTERS_A_SECOND = 90; // at which a text appears in front of the reader
const SHORT = 80; // letters of a beginning that a few lines on a phone show, with what a network makes of it

export class TextColumn {
  #spans = [];
  #names = [];
  #placed = ""; // which names these are
  #later = []; // letters that are still to appear
  #appearing = null; // since when, and from which letter on

  // `choose(head, tail)` hears of a choice, or of null; `chosen()` is what is chosen in this text, {head, tail, at}, or
  // null; the keys begin at `start()`; `marking()` says whether the next touch ends a span.
  constructor(cell, border, { chosen, start, choose, marking }) {
    Object.assign(this, { cell, chosen, start, choose, marking });
    this.text = make("div", { className: "charrnn-text", tabIndex: 0, dir: "auto", role: "application" });
    this.text.setAttribute("aria-label", `text of the ${cell}: arrow keys choose a character, with Shift a span`);
    this.read = make("p", { className: "charrnn-unseen" }); // a screen reader would take the text letter by letter
    quiet(this.text);
    this.save = make("a", { className: "charrnn-quiet" }, "Save");
    this.copy = button("Copy", () => this.#copy());
    this.copy.className = "charrnn-quiet";
    this.copy.setAttribute("aria-label", `Copy the text of the ${cell}`);
    this.unit = make("div", {});
    this.sources = make("div", {});
    this.verdict = make("div", { className: "charrnn-verdict" });
    const title = make("b", { role: "heading", ariaLevel: 2 }, cell);
    this.more = button("More", () => this.#open(!this.element.classList.contains("charrnn-open")));
    this.more.className = "charrnn-quiet charrnn-more";
    const head = make("div", { className: "charrnn-head" }, title, this.more, this.copy, this.save);
    const parts = [head, this.read, this.text, this.verdict, this.unit, this.sources];
    this.element = make("div", { style: `border-left: 4px ${border}` }, ...parts);
    this.#open(false);
    this.#listen();
    new ResizeObserver(() => this.placeNames()).observe(this.text);
  }

  // Show the whole text, or on a phone only its first lines, so that both networks are in sight.
  #open(whole) {
    this.element.classList.toggle("charrnn-open", whole);
    this.more.textContent = whole ? "Less" : "More";
    this.more.setAttribute("aria-label", `${this.more.textContent} of the text of the ${this.cell}`);
    if (this.#spans.length) this.#clip();
  }

  // Show a reading, as far as it has come. The text keeps its room until it is complete, so that nothing below moves up.
  show(reading) {
    this.text.style.minHeight = `${this.text.offsetHeight}px`;
    [this.#names, this.#placed, this.#spans, this.#later, this.#appearing] = [[], "", [], [], null];
    this.prompt = make("span", { className: "charrnn-prompt", ariaHidden: "true" });
    this.sample = make("span", { className: "charrnn-sample", ariaHidden: "true" });
    this.sample.dataset.cell = this.cell;
    this.text.replaceChildren(this.prompt, this.sample);
    this.extend(reading);
  }

  // Where only some lines are shown, begin with the last but one of a long beginning, and say by "…" that it began before.
  #clip() {
    const last = this.#spans[this.prompt.childElementCount - 1];
    const line = parseFloat(getComputedStyle(this.text).lineHeight) || 0;
    this.text.scrollTop = last.dataset.at < SHORT ? 0 : (Math.floor(last.offsetTop / line) - 1) * line + 6; // below the band of the line before
    this.element.classList.toggle("charrnn-begun", this.text.scrollTop > 0);
    this.element.style.setProperty("--begun", `${this.text.offsetTop - 6}px`);
  }

  // Add the letters that have come to a reading since.
  extend({ ids, start, network }) {
    const first = this.#spans.length;
    for (let at = first; at < ids.length; at++) {
      const span = make("span", {}, network.characters[ids[at]]);
      span.dataset.at = at;
      this.#spans.push(span);
    }
    this.prompt.append(...this.#spans.slice(first, start));
    this.sample.append(...this.#spans.slice(Math.max(first, start)));
    if (this.#appearing) this.#hide(first);
    this.#clip();
  }

  // Offer a text to be read and saved, once it is complete. If its room is `kept`, what stands below does not move.
  offer({ text, start }, seed, kept) {
    const characters = [...text];
    const minds = this.#names.map(({ name, start, end }) => `${name} at the letters ${start + 1} to ${end}`);
    const band = minds.length ? ` Clearly in mind: ${minds.join(", ")}.` : "";
    this.read.textContent = `Given, in bold: ${characters.slice(0, start).join("")} Written: ${characters.slice(start).join("")}${band}`;
    if (!kept) this.text.style.minHeight = "";
    this.placeNames();
    this.save.download = `${this.cell.toLowerCase()}-seed-${seed}.txt`;
    this.save.href = `data:text/plain;charset=utf-8,${encodeURIComponent(text)}`;
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
      if (span.classList.contains("charrnn-later")) classes.push("charrnn-later");
      const look = [style, classes].join(";");
      if (span.look === look) return; // few change, and each costs
      span.look = look;
      span.style.cssText = style.filter(Boolean).join(";");
      span.className = classes.filter(Boolean).join(" ");
    });
    const key = names.map(({ name, start }) => name + start).join();
    if (key === this.#placed) return names.forEach((name, n) => Object.assign(this.#names[n], name)); // no new layout
    this.#removeNames();
    [this.#names, this.#placed] = [names.map((name) => ({ ...name, span: null })), key];
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

  // Let the text appear after a position, as if it were written now, also what is still to come.
  reveal(after) {
    if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    this.#appearing = { since: performance.now(), from: after + 1 };
    this.#hide(after + 1);
  }

  #hide(from) {
    const wait = !this.#later.length;
    const hidden = this.#spans.slice(from);
    for (const span of hidden) span.classList.add("charrnn-later");
    this.#later.push(...hidden);
    if (wait && hidden.length) requestAnimationFrame((now) => this.#appear(now, this.#later));
  }

  // Show the letters whose time has come, unless another text is there by now.
  #appear(now, later) {
    if (later !== this.#later) return;
    const { since, from } = this.#appearing;
    const reached = from + ((now - since) / 1000) * LETTERS_A_SECOND;
    while (later.length && later[0].dataset.at < reached) later.shift().classList.remove("charrnn-later");
    if (later.length) requestAnimationFrame((next) => this.#appear(next, later));
  }

  // Return the rectangle that a character takes on the screen.
  boxOf(at) {
    return this.#spans[at].getBoundingClientRect();
  }

  // Bring a character into view, if the page does not show it, between `top` and `bottom`.
  bringIntoView(at, top, bottom) {
    const { offsetTop, offsetHeight } = this.#spans[at];
    const [middle, { scrollTop, clientHeight }] = [offsetTop + offsetHeight / 2, this.text];
    if (middle < scrollTop || middle > scrollTop + clientHeight) this.#open(true); // it is not among the lines shown
    const { top: above, bottom: below } = this.boxOf(at);
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
    setTimeout(() => (this.copy.textContent = words), 4000);
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
    const from = (event.shiftKey || this.marking()) && this.chosen() ? this.chosen().at : at;
    this.choose(at, from);
    const follow = (later) => {
      const to = this.#under(later);
      if (to !== null && later.buttons) this.choose(to, from);
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
