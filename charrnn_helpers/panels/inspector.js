// What is said of the character, or the span, that a reader has chosen; and hands on the state before it. On a phone it
// covers the lower part of the screen, or the upper one if the character stands below, so that nothing in the text moves.

import { unitsOfSpan, unusual } from "./analyses.js";
import { button, fresh, labelled, make, number, percent, quiet, seen, seenLetter } from "./elements.js";
import { distribution, exchange, hold } from "./network.js";

const HINT = "Choose any letter, and read what the network had in mind there.";
const ANOTHER = "Once a small child called Zoe lived by the mill. ";

export class Inspector {
  #open = false;

  constructor(play) {
    this.play = play;
    this.spoken = make("p", { role: "status" }); // it stays, so that a screen reader hears it change
    this.shown = make("div", {});
    this.mark = button("Mark several letters", () => play.startSpan());
    const steps = [
      button("‹ Previous", () => play.step(-1)),
      button("Next ›", () => play.step(1)),
      this.mark,
      button("Close", () => play.choose(null)),
    ];
    this.steps = make("div", { className: "charrnn-steps" }, ...steps);
    this.element = make("div", { className: "charrnn-inspect" }, this.steps, this.spoken, this.shown);
    this.element.addEventListener("keydown", ({ key }) => key === "Escape" && play.choose(null));
  }

  // Describe what is chosen, {cell, head, tail, at, end}, or say how to choose.
  show(chosen) {
    const [words, ...more] = !chosen
      ? [HINT]
      : chosen.end > chosen.at + 1
        ? this.#span(chosen)
        : this.#character(chosen);
    this.element.classList.toggle("charrnn-up", Boolean(chosen));
    this.steps.hidden = !chosen;
    this.mark.setAttribute("aria-pressed", String(this.play.marking));
    const said = make("span", {}, ...[words].flat());
    if (said.textContent !== this.spoken.textContent) this.spoken.replaceChildren(said); // what is set again is said again
    this.shown.replaceChildren(...more);
  }

  #character({ cell, at }) {
    const { play } = this;
    const reading = play.readings[cell];
    const char = seenLetter(play.characters[reading.ids[at]]);
    const said = [this.#inMind(cell, at, char)];
    if (at === 0) return [[...said, "This is the first letter, and nothing foretold it."]];
    const { temperature, topK, topP } = play.drawing();
    const p = distribution(reading.scores[at - 1], temperature, topK, topP);
    const drew = at < reading.start ? "This letter was given. The network itself would have written it with" : "This letter had";
    said.push(`${drew} a chance of ${percent(p[reading.ids[at]]).replace(">", "more than").replace("<", "less than")}.`);
    const slip = play.judged[cell]?.grammar?.find(({ start, end }) => at >= start && at < end);
    if (slip) said.push(" ", make("b", {}, slip.why));
    if (play.marking) said.push(" Now choose the last of the letters that you want to mark.");
    const units = make("p", {});
    const inside = make(
      "details",
      { open: this.#open || play.changes[cell].some(({ hand }) => hand) },
      make("summary", {}, "Look inside: what else could stand here?"),
      this.#bars(cell, at, p),
      units,
      ...this.#hands(cell, at),
    );
    const fill = () => inside.open && !units.firstChild && units.append(...this.#standOut(cell, at));
    inside.addEventListener("toggle", () => {
      this.#open = inside.open;
      fill();
      play.showChosen();
    });
    fill();
    return [said, inside];
  }

  // Whom the network has in mind after the character, as its ribbon shows.
  #inMind(cell, at, char) {
    const piece = this.play.piece(cell, at);
    if (!piece) return `${cell}, ${char}. `;
    const { words } = this.play.mind();
    const name = words[piece.word];
    const who = this.play.spoken().called(name);
    const sure = percent(piece.sure);
    if (piece.sure < 0.5) return `After ${char} the ${cell} has nobody clearly in mind: ${who} is the likeliest (${sure}). `;
    return `After ${char} the ${cell} has ${who} in mind, and is ${sure} sure. `;
  }

  // The next-character bars; beside them those of the oracle, when the kernel has answered.
  #bars(cell, at, p) {
    const { play } = this;
    const { characters } = play;
    const place = make("div", {}, barTable(characters, { [cell]: { p, border: play.borders[cell] } }));
    play.ask?.("oracle", { text: [...play.readings[cell].text].slice(0, at).join("") }).then((answer) => {
      if (answer) {
        const oracle = { p: characters.map((char) => answer[char] ?? 0), border: "dotted #777777" };
        place.replaceChildren(barTable(characters, { [cell]: { p, border: play.borders[cell] }, oracle }));
      } else if (play.spec.tales) {
        place.append(make("p", {}, "The oracle is silent: no story of the grammar begins like this."));
      }
    });
    return place;
  }

  // The five units that are furthest from their usual values in the whole text, which is written to its end for it:
  // with an average that still moves, there would be other units after the next tap.
  #standOut(cell, at) {
    const { play } = this;
    const reading = play.readings[cell];
    reading.goOn();
    const values = reading.memory(at);
    const far = unusual(reading, at);
    const most = [...far.keys()].sort((a, b) => far[b] - far[a]).slice(0, 5);
    const buttons = most.map((unit) => {
      const names = play.knownUnits(cell).filter((known) => known.unit === unit);
      const name = names.map((known) => known.name).join(" and ") || "unit";
      return button(`${name} ${unit}: ${values[unit].toFixed(2)}`, () => play.pick(cell, unit));
    });
    const { row, units } = reading.network;
    const words = `The memory ${row.memory} of the ${cell} is ${units} numbers, one in each of its units. After this letter these five are furthest from their average in this text: `;
    return [words, ...buttons.flatMap((one) => [one, " "])];
  }

  #span({ cell, at, end }) {
    const { play } = this;
    const reading = play.readings[cell];
    const units = Array.from({ length: reading.network.units }, (_, unit) => reading.unit(unit));
    const words = `Marked in the ${cell}'s text: ${seen([...reading.text].slice(at, end).join(""))}.`;
    const found = unitsOfSpan(units, at, end);
    if (!found) return [`${words} Mark fewer letters, or some further in: the same number of letters must stand on both sides.`];
    if (!found.length) return [`${words} No unit is on at all of these letters and off before and after them.`];
    const lines = found.map(({ unit, sign, gap, chance }) => {
      const side = `${sign > 0 ? "above" : "below"} all that is around it by ${gap.toFixed(2)}`;
      const luck = `of 100 stretches chosen at random, ${chance} find a unit as good`;
      return make(
        "li",
        {},
        button(`unit ${unit}`, () => play.pick(cell, unit)),
        ` ${side}; ${luck}`,
      );
    });
    const list = make("ol", {}, ...lines);
    return [`${words} These units of the memory ${reading.network.row.memory} are on at these letters and off around them:`, list];
  }

  // Hold a unit from here on, or exchange the state for that after another story.
  #hands(cell, at) {
    const { play } = this;
    const network = play.network(cell);
    const unit = play.settings.unit[cell];
    const most = Math.max(1, ...play.readings[cell].unit(unit).map(Math.abs));
    let held = Number(most.toFixed(1));
    const level = { description: `hold unit ${unit} at`, min: -held, max: held, step: 0.1, value: held };
    const other = make("input", { type: "text", id: fresh(), value: ANOTHER, spellcheck: false });
    quiet(other);
    return [
      make("p", {}, "Change the state before this letter, and let the network write on from there:"),
      play.unitSlider(cell, "unit"),
      number(level, (value) => (held = value)),
      button("Hold it", () =>
        play.operate(cell, at, `unit ${unit} held at ${held.toFixed(1)}`, () => hold(network, unit, held, at - 1)),
      ),
      labelled("another story", other),
      button("Give it that story's state", () => {
        const give = () => {
          const read = network.read(other.value);
          return exchange(read.state(read.ids.length - 1), at);
        };
        const expects = play.spec.minds && play.named(other.value);
        play.operate(cell, at, `the state after ${seen(other.value)}`, give, expects);
      }),
    ];
  }
}

// A table of the likeliest characters, with a bar for each of the `columns`: by name, {p, border}.
function barTable(characters, columns) {
  const most = (id) => Math.max(...Object.values(columns).map(({ p }) => p[id]));
  const likely = [...characters.keys()].filter((id) => most(id) > 0.0005);
  const head = ["letter", ...Object.keys(columns)].map((name) => make("th", { scope: "col" }, name));
  const rows = likely
    .sort((a, b) => most(b) - most(a))
    .slice(0, 8)
    .map((id) => {
      const bars = Object.values(columns).map(({ p, border }) => {
        const style = `border-bottom: 5px ${border}; width: ${100 * p[id]}%`;
        return make("td", {}, make("div", { style }, percent(p[id])));
      });
      return make("tr", {}, make("th", { scope: "row" }, seen(characters[id])), ...bars);
    });
  return make("table", { className: "charrnn-bars", ariaLabel: "what could stand here" }, make("tr", {}, ...head), ...rows);
}
