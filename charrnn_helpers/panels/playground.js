// The playground: an LSTM and a GRU continue one prompt side by side, in JupyterLab and in a page without a kernel.
//
// Everything is computed here, from the networks' weights (network.js). `ask(what, request)`, where a kernel answers,
// adds what only the course's Python knows: the oracle of the grammar, its verdict, and copies of the training text.

import { average } from "./analyses.js";
import { COLOURINGS } from "./colourings.js";
import { button, make, number } from "./elements.js";
import { Inspector } from "./inspector.js";
import { loadNetworks, together } from "./network.js";
import { readable } from "./prompt.js";
import { bandOf, bringToMind, fillBand, lookOf, pieceAt, runs } from "./ribbon.js";
import { colourList, drawSliders, promptBox, settingsFor, trainingSlider } from "./settings.js";
import { fromAddress, shareButton, toAddress } from "./share.js";
import { CLEAR, longest, sayBand, SPOKEN, STORIES } from "./stories.js";
import { TextColumn } from "./text_column.js";

const MARKED = "var(--marked)";
const PATIENCE = 4000; // ms that the kernel may take before a reader is told
const [FIRST, FRAME] = [12, 10]; // ms in which each text grows, and each band, at once and then in each frame
const LONG = 1500; // letters that take long enough to say so
const PAUSE = 1200; // ms between two moments of the training that are shown one after the other
const LOST = 30; // letters for which another word is in mind, after which we call the right one lost
const DRAWING =
  "Each letter is drawn at random. Another random seed gives other draws, and so another story. A low temperature makes likely " +
  "letters likelier still, and a high one gives rare letters a chance. Top-k and top-p exclude the least likely letters.";

export class Playground {
  readings = {}; // by cell: what was written, and all that the network computed meanwhile
  unchanged = {}; // by cell: the same without any hand on the state
  changes = {}; // by cell: hands on the state, in their order: {at, words, make, goal, expects, hand}
  chosen = null; // {cell, head, tail, at, end}: a character, or a span
  judged = {}; // by cell: what the kernel says of the text
  marking = false; // the next choice is the other end of a span
  story = null; // of STORIES, as long as nothing else is set

  // `onPage`: the address of the page says what is shown.
  constructor(root, { spec, data, ask = null, settings = {}, keep = () => {}, onPage = false }) {
    Object.assign(this, { spec, ask, keep, onPage, networks: loadNetworks(spec, data) });
    this.characters = [...spec.characters];
    this.cells = [...new Set(this.networks.map(({ cell }) => cell))];
    const trained = this.networks.filter(({ kind }) => kind === "name");
    this.updates = [...new Set(trained.map(({ updates }) => updates))].sort((a, b) => a - b);
    this.borders = Object.fromEntries(this.cells.map((cell) => [cell, spec.cells[cell].border]));
    this.settings = this.#usual(settings);
    const address = onPage ? fromAddress(window.location.hash, this.#limits()) : {};
    Object.assign(this.settings, address.settings);
    this.columns = Object.fromEntries(this.cells.map((cell) => [cell, this.#column(cell)]));
    this.pickers = Object.fromEntries(this.cells.map((cell) => [cell, this.unitSlider(cell, `unit of the ${cell}`)]));
    this.inspector = new Inspector(this);
    this.alert = make("p", { role: "alert", className: "charrnn-alert" });
    this.says = make("p", { className: "charrnn-says", ariaHidden: "true" });
    this.heard = make("p", { role: "status", className: "charrnn-unseen" }); // the same, once it is complete
    this.told = make("p", { role: "status" });
    this.legend = make("p", { className: "charrnn-legend" });
    const columns = Object.values(this.columns).map((one) => one.element);
    this.texts = make("div", { className: "charrnn-columns" }, ...columns);
    this.root = root;
    root.classList.add("charrnn-play");
    root.classList.toggle("charrnn-page", onPage);
    root.replaceChildren(...this.#parts());
    this.story = spec.minds && !Object.keys(address.settings ?? {}).length && !address.change ? STORIES[0] : null;
    this.write({ whole: true, then: () => address.change && this.#bringFromAddress(address.change) });
  }

  #usual(kept = {}) {
    return settingsFor(this.spec, this.cells, this.updates, kept, Boolean(this.ask));
  }

  // What an address may set, and what it need not say.
  #limits() {
    const limits = { seed: [0, 999], temperature: [0.1, 2], length: [0, 1000], step: [0, this.updates.length - 1] };
    return { limits, settings: this.#usual() };
  }

  #parts() {
    const write = () => this.#set();
    const writeAndShow = (changed) => {
      if (changed) this.#set({}, true);
      if (window.matchMedia("(pointer: coarse)").matches) document.activeElement.blur(); // the keyboard covers the text
      this.#bringWordsIntoView();
    };
    const given = [this.ask && "kernel", this.spec.tales && "tales"];
    this.prompt = promptBox(this.settings, write, writeAndShow);
    this.sliders = drawSliders(this.settings, this.characters.length, write);
    this.colour = colourList(this.settings, given, () => {
      this.colourBefore = null;
      this.#recolour();
    });
    const train = () => this.#set({}, false, this.story?.trains ? this.story : null);
    this.training = this.updates.length > 1 ? trainingSlider(this.settings, this.updates, train) : make("div", {});
    const { seed, length, ...others } = this.sliders;
    const first = [seed, length]; // what a class uses stays in sight
    const summary = this.onPage ? "Your own beginning, and all settings" : "Beginning, temperature, top-k, top-p, colours";
    const folded = make(
      "details",
      {},
      make("summary", {}, summary),
      this.prompt,
      ...(this.spec.minds ? [make("p", {}, this.#sayChildren())] : []),
      ...(this.onPage ? first : []),
      ...Object.values(others),
      make("p", {}, DRAWING),
      this.colour,
    );
    this.another = button("Another story", () => {
      this.#set({ seed: (this.settings.seed + 1) % 1000 }, true);
      this.#bringWordsIntoView();
    });
    this.undo = button("Undo", () => this.#undo());
    this.undo.className = "charrnn-quiet charrnn-undo";
    const tools = make("div", { className: "charrnn-tools" }, this.another, ...(this.spec.minds ? [] : [this.undo]), ...(this.onPage ? shareButton() : []));
    const sight = make("div", { className: "charrnn-sight" }, ...(this.onPage ? [] : first), this.training);
    this.#showTraining();
    const rooms = longest().map((words) => make("p", { className: "charrnn-room" }, words));
    const told = make("div", { className: "charrnn-told" }, this.says, ...rooms); // nothing below it moves
    const minds = this.spec.minds ? [this.#storyRow(), this.heard, told, this.#nameRow()] : [];
    return [...minds, sight, this.alert, this.texts, this.legend, tools, this.inspector.element, this.told, folded];
  }

  #sayChildren() {
    const words = [...this.spec.minds.name.words];
    const last = words.pop();
    return `The stories know six children: ${words.join(", ")} and ${last}.`;
  }

  #column(cell) {
    return new TextColumn(cell, this.borders[cell], {
      chosen: () => (this.chosen?.cell === cell ? this.chosen : null),
      start: () => this.readings[cell].start,
      choose: (head, tail) => this.choose(head === null ? null : cell, head, tail),
      marking: () => this.marking,
    });
  }

  // Show the slider through training where there are networks of that kind from before its end.
  #showTraining() {
    const { kind, step } = this.settings;
    this.training.hidden = kind !== "name" || (this.onPage && step === this.updates.length - 1);
  }

  // Return the network of a cell, for the kind of word that is asked for, at the updates that are set, or the last before.
  network(cell) {
    const { kind } = this.settings;
    const own = this.networks.filter((one) => one.cell === cell && one.kind === kind).sort((a, b) => a.updates - b.updates);
    return own.findLast(({ updates }) => updates <= this.updates[this.settings.step]) ?? own[0];
  }

  // Return {name, unit} of the units whose meaning is known, which are those of the last networks.
  knownUnits(cell) {
    const last = this.settings.kind === "name" && this.settings.step === this.updates.length - 1;
    return last ? (this.spec.named?.[cell] ?? []) : [];
  }

  // ------------------------------------------------------------------------------------------- whom they have in mind

  // Return the words that the ribbon tells apart, with their looks: {words, looks}.
  mind() {
    return this.spec.minds[this.settings.kind];
  }

  // Return the band of a cell's text as far as it is computed, {word, sure} for each character, or null.
  band(cell) {
    return this.spec.minds ? bandOf(this.readings[cell], this.mind()) : null;
  }

  // Return its piece after a character, {word, sure}, or null.
  piece(cell, at) {
    return this.spec.minds ? pieceAt(this.readings[cell], this.mind(), at) : null;
  }

  // Write what is missing of the texts and of the bands, a little in every frame, and then see to what depends on it.
  #goOn() {
    const turn = (this.going = {});
    this.texts.setAttribute("aria-busy", "true");
    const go = (milliseconds) => {
      if (turn !== this.going) return; // other texts are there by now
      const complete = this.cells.map((cell) => this.#goOnWith(cell, milliseconds));
      if (!turn.written && this.cells.every((cell) => this.readings[cell].complete)) {
        turn.written = true;
        this.#showNames();
        this.#judge();
      }
      this.#showProgress();
      if (complete.every(Boolean)) this.#complete();
      else afterDrawing(() => go(FRAME));
    };
    go(FIRST);
  }

  // Go on with a text for so many milliseconds, and with its band for as many; returns whether they are complete.
  #goOnWith(cell, milliseconds) {
    const reading = this.readings[cell];
    try {
      reading.goOn(milliseconds);
    } catch (problem) {
      this.alert.textContent = problem.message;
      reading.end = reading.ids.length;
    }
    this.columns[cell].extend(reading);
    const filled = !this.spec.minds || fillBand(reading, this.mind(), milliseconds);
    this.#paint(cell);
    return reading.complete && filled;
  }

  // Show below the names how much of the bands is computed, as long as some is missing.
  #showProgress() {
    if (!this.spec.minds) return;
    const computed = this.cells.map((cell) => this.band(cell).filter(Boolean).length);
    const all = this.cells.map((cell) => this.readings[cell].end);
    this.names.parentElement.style.setProperty("--computed", average(computed) / average(all));
  }

  // See to all that depends on whole texts.
  #complete() {
    for (const cell of this.cells) this.columns[cell].offer(this.readings[cell], this.settings.seed, this.watchesTraining());
    if (this.spec.minds) this.#say();
    if (!this.playing) this.heard.textContent = this.says.textContent;
    this.#explain();
    this.#keep();
    this.texts.removeAttribute("aria-busy");
    const { playing } = this;
    if (playing) setTimeout(() => playing === this.playing && this.#playOn(), PAUSE);
  }

  // Show the next moment of the training, in a story that goes through it by itself.
  #playOn() {
    this.settings.step += 1;
    this.#showSettings();
    this.write({ playing: this.settings.step < this.updates.length - 1 ? {} : null });
  }

  // Say `words()`, now and when texts and bands are complete.
  #say(words = this.saying) {
    this.saying = words;
    this.says.textContent = words();
  }

  // Return the words of the ribbon that a text names, one after the other.
  #namesIn(text) {
    return text.match(new RegExp(`\\b(${this.mind().words.join("|")})\\b`, "g")) ?? [];
  }

  // Return the word of the ribbon that a text names first, which is the given text unless another one is passed.
  named(text = this.beginning) {
    return this.#namesIn(text)[0];
  }

  // Return the word that a network clearly has in mind before a position, if the text before it names that word, or a
  // reader has put it in mind; else null.
  #heroBefore(cell, at) {
    const { word, sure } = this.piece(cell, at - 1);
    const hero = this.mind().words[word];
    const known = this.#namesIn([...this.readings[cell].text].slice(0, at).join(""));
    known.push(...this.changes[cell].filter((change) => change.at <= at).map(({ goal }) => goal));
    return sure > CLEAR && known.includes(hero) ? hero : null;
  }

  // Return the word that a text names most often after the prompt, or after the last change, to the end of the story.
  #heroAfter(cell) {
    const { text, start } = this.readings[cell];
    const from = Math.max(start, ...this.changes[cell].map(({ at }) => at));
    const names = this.#namesIn(restOfStory(text, from));
    const count = (name) => names.filter((other) => other === name).length;
    return names.sort((a, b) => count(b) - count(a))[0] ?? this.#heroBefore(cell, from);
  }

  // Return the share of the letters of the given text, after it has named that word, at which it is in mind; null if
  // the band is not complete. With `least` it must be as sure as that.
  shareRight(cell, least = 0) {
    const named = this.named();
    const end = this.beginning.indexOf(named) + named.length;
    const after = Array.from(this.band(cell).slice(end, this.readings[cell].start));
    const right = ({ word, sure }) => Number(this.mind().words[word] === named && sure > least);
    return after.every(Boolean) ? average(after.map(right)) : null;
  }

  // Return where in its story a network turns from the word that was named last to one that nobody has named, and has it
  // clearly in mind for a while: {word, from, to}, or undefined; `word` is what it reads there.
  loss(cell) {
    const { text, start } = this.readings[cell];
    const { words } = this.mind();
    const end = start + restOfStory(text, start).length;
    const chosen = this.changes[cell].map(({ goal }) => goal);
    const clear = runs(this.band(cell).slice(0, end)).filter(({ sure }) => sure > CLEAR);
    for (const [place, run] of clear.entries()) {
      const [before, to] = [this.#namesIn(text.slice(0, run.start)), words[run.word]];
      const from = before.at(-1);
      const had = clear.slice(0, place).some(({ word }) => words[word] === from);
      const kept = run.start >= start && run.end - run.start >= LOST;
      const word = wordAt(text, run.start);
      if (had && kept && ![...before, ...chosen, ...this.#namesIn(word)].includes(to)) return { word, from, to };
    }
  }

  // Return whether a reader moves through the updates of training, and has not yet gone on to something else.
  watchesTraining() {
    return this.settings.step < this.updates.length - 1 || (this.onPage && !this.training.hidden);
  }

  // Return the hero whom a network clearly has in mind after the given text, if that text names others only.
  mistake(cell) {
    const named = this.#namesIn(this.beginning);
    const { word, sure } = this.piece(cell, this.readings[cell].start - 1);
    const hero = this.mind().words[word];
    return named.length && sure > CLEAR && !named.includes(hero) ? hero : null;
  }

  // Return the hero of whom a network writes most often, or undefined if it names none.
  chosenHero(cell) {
    const { text, start } = this.readings[cell];
    return this.#namesIn(restOfStory(text, start)).length ? this.#heroAfter(cell) : undefined;
  }

  // Return the hero of whom a network writes most often, if the given text names others only, and nobody has changed it.
  stranger(cell) {
    const named = this.#namesIn(this.beginning);
    const { complete } = this.readings[cell];
    const hero = complete && named.length && !this.changes[cell].length ? this.#heroAfter(cell) : null;
    return named.includes(hero) ? null : hero;
  }

  // Return whether a tap on a name changes what follows: it does where the networks have mean states to exchange.
  #canChange() {
    return this.cells.every((cell) => this.settings.kind in this.network(cell).means);
  }

  // Return whether all texts and bands are complete.
  complete() {
    return this.cells.every((cell) => this.band(cell).filter(Boolean).length === this.readings[cell].end);
  }

  // Return how one speaks of the words of the ribbon.
  spoken() {
    return SPOKEN[this.settings.kind];
  }

  // Return whom the networks would have in mind after the given text, if nobody had changed anything.
  usual() {
    const { [this.cells[0]]: reading } = this.unchanged;
    return this.mind().words[pieceAt(reading, this.mind(), reading.start - 1).word];
  }

  // Give the six words of the ribbon their colours and patterns.
  #wearColours() {
    this.mind().looks.forEach((look, word) => {
      for (const [name, value] of Object.entries(lookOf(look)))
        this.root.style.setProperty(`--word-${word}-${name}`, value);
    });
  }

  #storyRow() {
    this.stories = STORIES.map((story) => button(story.words, () => this.#tell(story)));
    return make("div", { className: "charrnn-stories", role: "group", ariaLabel: "stories to begin with" }, ...this.stories);
  }

  #tell(story) {
    this.#takeColoursBack();
    const { colour, unit } = this.settings;
    const kept = colour === "unit" ? { unit } : { colour, unit };
    const { prompt } = this.settings;
    const given = [this.spec.prompt, ...STORIES.map((one) => one.settings(this.spec).prompt)];
    const { kind, seed } = this.settings;
    const own = story.hero && kind === "name" && (!this.story || !given.includes(prompt));
    if (own) Object.assign(kept, { prompt, seed }); // of which the story does not know what comes
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    Object.assign(this.settings, this.#usual(), kept, story.settings(this.spec, still));
    this.#showSettings();
    this.#showTraining();
    this.story = story;
    this.watchedTraining ||= story.trains;
    this.choose(null);
    this.write({
      reveal: !story.hero && !story.trains,
      playing: story.trains && !still ? {} : null,
      then: () => story.hero && this.bringToMind(this.mind().words.indexOf(story.hero), own ? null : story),
    });
  }

  #nameRow() {
    this.nameLabel = make("span", { id: `names-${Math.random().toString(36).slice(2)}` });
    this.names = make("div", { className: "charrnn-names", role: "group" });
    this.names.setAttribute("aria-labelledby", this.nameLabel.id);
    return make("div", { className: "charrnn-cast" }, this.nameLabel, this.undo, this.names);
  }

  // Show the names to tap, and who is the hero of both texts, or in mind before the letter that is chosen.
  #showNames() {
    if (!this.spec.minds) return;
    const { words } = this.mind();
    const { cells, at } = this.#place();
    const can = this.#canChange();
    const { kind } = this.settings;
    const spoken = this.spoken();
    const shown = `${kind}${can ? ", to tap" : ""}`;
    if (this.names.dataset.shown !== shown) {
      this.names.dataset.shown = shown;
      this.#wearColours();
      const buttons = words.map((word, index) => {
        const one = can ? button(word, () => this.bringToMind(index)) : make("span", {}, word);
        one.className = `charrnn-name charrnn-word-${index}`;
        return one;
      });
      this.names.replaceChildren(...buttons);
    }
    if (!can) {
      this.nameLabel.textContent = `The colours of the six ${spoken.several}:`;
      return;
    }
    const tapped = kind === "friend" && (this.changes[cells[0]].at(-1)?.goal ?? this.named()); // one network may tell of it
    const heroes = cells.map((cell) => (this.chosen ? this.#heroBefore(cell, at) : tapped || this.#heroAfter(cell)));
    for (const one of this.names.children) {
      one.setAttribute("aria-pressed", String(heroes.every((hero) => hero === one.textContent)));
    }
    this.nameLabel.textContent = this.chosen ? `Tap to change it from ${this.#chosenWord()} on (${this.chosen.cell})` : (this.story?.label ?? spoken.tap);
  }

  // Return the word of the chosen letter, in quotation marks, or "here" for a space.
  #chosenWord() {
    const { cell, at } = this.chosen;
    const { text } = this.readings[cell];
    return text[at].trim() ? `“${wordAt(text, at)}”` : "here";
  }

  // Return where a tapped name changes the state: before the space in front of the chosen word, because a network that
  // has read this space may have settled on the word; or else after the prompt in both texts.
  #place() {
    const { chosen } = this;
    if (!chosen) return { cells: this.cells, at: this.readings[this.cells[0]].start };
    const characters = [...this.readings[chosen.cell].text];
    let { at } = chosen;
    while (at > 1 && characters[at].trim()) at -= 1;
    return { cells: [chosen.cell], at: Math.max(1, at) };
  }

  // Put another word in mind, by adding the difference of mean states, and let the networks go on from there. If a story
  // tells of it, the story says what there is to see.
  bringToMind(goal, story = null) {
    const mind = this.mind();
    const { words } = mind;
    const { cells, at } = this.#place();
    if (!this.#canChange()) return; // an address can name what no tap can
    const before = cells.map((cell) => words[this.piece(cell, at - 1).word]);
    // A change at the same place is replaced, and so the hero is the one from before it.
    const replaced = (cell) => this.changes[cell].find((change) => change.at === at && change.goal);
    const heroes = cells.map((cell) => (replaced(cell) ? replaced(cell).hero : this.#heroBefore(cell, at)));
    const already = before.every((word) => word === words[goal]);
    if (already && heroes.every(Boolean) && !cells.some(replaced)) {
      this.#sayChange(cells, at, words[goal], already, heroes, story);
      return;
    }
    cells.forEach((cell, index) => {
      const make = () => bringToMind(this.network(cell), mind, goal, at);
      const expects = before[index] === words[goal] ? null : words[goal];
      this.#change(cell, { at, words: `${words[goal]} in mind`, make, goal: words[goal], hero: heroes[index], expects });
    });
    this.#sayChange(cells, at, words[goal], already, heroes, story);
    this.#goOn();
  }

  #bringFromAddress({ hero, at, cell }) {
    const goal = this.mind?.().words.indexOf(hero) ?? -1;
    if (goal < 0 || at > this.readings[this.cells[0]].ids.length) return;
    if (this.cells.includes(cell)) this.choose(cell, at);
    this.bringToMind(goal);
  }

  #sayChange(cells, at, goal, already, heroes, story) {
    if (already) {
      const names = cells.map((cell) => `the ${cell}`).join(" and ");
      const had = heroes.every(Boolean) ? `had ${this.spoken().called(goal)} in mind already` : `thought ${this.spoken().called(goal)} the likeliest already`;
      this.#say(() => `Here ${names} ${had}, so nothing changes.`);
      return;
    }
    if (story) {
      this.#say(() => story.says(this));
      return;
    }
    if (this.settings.kind === "name") this.story = STORIES.find(({ hero }) => hero);
    this.#showStories();
    const had = cells.map((cell, index) => ({ cell, hero: heroes[index] })).filter(({ hero }) => hero && hero !== goal);
    const same = had.length === cells.length && new Set(heroes).size === 1;
    const { called } = this.spoken();
    const from = same ? `, from ${called(heroes[0])}` : "";
    const each = same ? "" : had.map(({ cell, hero }) => `, in the ${cell} from ${called(hero)}`).join("");
    const pushed = `${cells.length > 1 ? "memories were" : "memory was"} changed${from || (each ? "" : ",")} to ${called(goal)}${each}.`;
    const { readings } = this;
    this.#say(() => {
      const changed = `Only the ${pushed}`;
      const complete = cells.every((cell) => readings[cell].complete);
      if (!complete) return changed;
      const next = cells.length > 1 ? this.#sayNext() : "";
      return `${changed} ${this.#sayNames(cells.map((cell) => readings[cell]), at, goal)}${this.#sayOtherHero(cells, at)}${next}`;
    });
  }

  // Say what to do after a change of both networks.
  #sayNext() {
    if (this.settings.kind !== "name") return " Tap another animal!";
    const next = this.watchedTraining ? STORIES.at(-1) : STORIES.find(({ trains }) => trains);
    return ` Now tap “${next.words}”!`;
  }

  // Say how often the name `goal`, and any other, is written from a position to the end of the story.
  #sayNames(readings, at, goal) {
    const { word } = this.spoken();
    const counts = readings.map(({ text, network: { cell } }) => {
      const names = this.#namesIn(restOfStory(text, at));
      const right = names.filter((name) => name === goal).length;
      const others = names.length - right;
      if (text === this.unchanged[cell].text) {
        const any = `the ${cell} writes ${names.join(", ")} as before, because it remembers no friend`;
        return { wrote: names.length && this.#hasNone(cell) ? any : `the text of the ${cell} stays as it was`, others };
      }
      const wrote = right ? `writes ${goal} ${times(right)}` : `does not write ${goal}`;
      const other = others === 1 ? `another ${word}` : `other ${word}s`;
      const inMind = this.mind().words[this.piece(cell, at)?.word] === goal;
      const lost = inMind ? ": the change has not lasted" : ": here the change did not work";
      const more = others ? `${right ? " and" : ", but"} ${other} ${times(others)}${right ? "" : lost}` : "";
      return { wrote: `the ${cell} ${wrote}${more}`, others };
    });
    const wrote = counts.map((one) => one.wrote).join(", and ");
    const other = counts.some(({ others }) => others) ? "" : ` No other ${word} appears in it.`;
    const another = readings.some(({ text }) => restOfStory(text, at).length < [...text].length - at);
    return `In the rest of this story ${wrote}.${other}${another ? " After an empty line another story begins." : ""}`;
  }

  // Say which networks write of another hero after a change of the friend; an empty text if none does.
  #sayOtherHero(cells, at) {
    if (this.settings.kind !== "friend") return "";
    const heroes = new RegExp(`\\b(${this.spec.minds.name.words.join("|")})\\b`, "g");
    const written = ({ text }) => restOfStory(text, at).match(heroes) ?? [];
    const said = cells.map((cell) => {
      const before = [this.beginning, ...written(this.unchanged[cell])].join(" ");
      const other = written(this.readings[cell]).find((hero) => !before.includes(hero));
      return other ? ` The ${cell} now tells of ${other} as well: the change has touched the hero, too.` : "";
    });
    return said.join("");
  }

  // Return whether the ribbon is that of the friend, and this network remembers none.
  #hasNone(cell) {
    return this.spoken().one === "friend" && !this.spec.friends[cell].known;
  }

  #showStories() {
    this.stories?.forEach((one, index) => one.setAttribute("aria-pressed", String(STORIES[index] === this.story)));
  }

  // -------------------------------------------------------------------------------------------------- the two texts

  // Return how the settings ask to draw.
  drawing() {
    const { seed, length, temperature, topK, topP } = this.settings;
    const off = { topK: topK < this.characters.length ? topK : null, topP: topP < 1 ? topP : null };
    return { prompt: this.beginning, seed, length, temperature, ...off };
  }

  // Write anew with some other settings, which belong to a story or to none.
  #set(settings = {}, reveal = false, story = null) {
    Object.assign(this.settings, settings);
    this.#showSettings();
    this.story = story;
    this.write({ reveal });
  }

  #showSettings() {
    this.prompt.show();
    this.training.show?.();
    for (const [key, slider] of Object.entries(this.sliders)) slider.show(this.settings[key]);
    this.colour.choose(this.settings.colour);
  }

  // Write both texts, `reveal` in front of the reader, or the `whole` at once; `then()` is called after the prompt. While
  // `playing`, the training goes on by itself once they are complete, until the reader does something.
  write({ reveal = false, whole = false, playing = null, then = () => {} } = {}) {
    this.playing = playing;
    const { text, note } = readable(this.settings.prompt, this.characters);
    this.alert.textContent = note;
    if (!text) return; // the last text stays
    this.beginning = text;
    const turn = (this.turn = {});
    const letters = [...text].length + this.settings.length;
    if (letters < LONG) return this.#write(reveal, whole, then);
    this.alert.textContent = `The networks are reading and writing ${letters.toLocaleString("en")} letters …`;
    afterDrawing(() => {
      if (turn !== this.turn) return; // something else is asked for by now
      this.#write(reveal, whole, then);
      this.alert.textContent = note;
    });
  }

  #write(reveal, whole, then) {
    const { chosen } = this;
    const { unit } = this.settings;
    for (const cell of this.cells) unit[cell] = Math.min(unit[cell], this.network(cell).units - 1);
    try {
      const how = whole || chosen ? "write" : "begin"; // what is chosen must be there
      this.readings = Object.fromEntries(this.cells.map((cell) => [cell, this.network(cell)[how](this.drawing())]));
    } catch (problem) {
      this.alert.textContent = problem.message;
      return; // the last text stays
    }
    Object.assign(this, { unchanged: this.readings, judged: {}, chosen: null });
    this.changes = Object.fromEntries(this.cells.map((cell) => [cell, []]));
    this.cells.forEach((cell) => this.#show(cell));
    if (reveal) for (const cell of this.cells) this.columns[cell].reveal(this.readings[cell].start);
    if (chosen) this.choose(chosen.cell, chosen.head, chosen.tail);
    else this.#inspect();
    if (this.spec.minds) this.#say(() => (this.story ? this.story.says(this) : sayBand(this)));
    this.#showStories();
    const written = this.readings;
    then();
    if (written === this.readings) this.#goOn(); // else a change has seen to it
  }

  #keep() {
    this.keep({ ...this.settings, colour: this.colourBefore ?? this.settings.colour });
    if (!this.onPage) return;
    const [cell] = this.cells.filter((one) => this.changes[one].some(({ goal }) => goal));
    const last = cell && this.changes[cell].findLast(({ goal }) => goal);
    const both = this.cells.every((one) => this.changes[one].length);
    const change = last ? { hero: last.goal, at: last.at, cell: both ? "" : cell } : null;
    const said = toAddress(this.settings, this.#limits(), change);
    window.history.replaceState(null, "", said ? `#${said}` : window.location.pathname + window.location.search);
  }

  #show(cell) {
    const column = this.columns[cell];
    column.show(this.readings[cell]);
    const remembers = this.settings.kind === "friend" && this.spec.friends?.[cell].known;
    column.element.classList.toggle("charrnn-first", Boolean(remembers) || this.story?.first === cell); // on a narrow screen
    const known = this.knownUnits(cell).map(({ unit, name }) =>
      button(`${name} (${unit})`, () => this.pick(cell, unit)),
    );
    this.pickers[cell].show(this.settings.unit[cell], this.network(cell).units - 1);
    column.unit.replaceChildren(this.pickers[cell], ...known);
    column.showVerdict();
    this.#paint(cell);
  }

  // Paint the ribbon below the text of a cell, and the ground of each letter by the colouring that is chosen.
  #paint(cell) {
    const { colour, unit } = this.settings;
    const marks = COLOURINGS[colour].marks(this.readings[cell], unit[cell], this.judged[cell]);
    const painted = marks.map((mark) => ({ ...mark }));
    const band = this.#bandAsSeen(cell);
    const { text } = this.readings[cell];
    const first = band && this.named(text);
    const { start } = this.readings[cell];
    const known = first ? Math.min(text.indexOf(first), start) : start; // before it, there is only a guess
    const shown = this.settings.kind === "friend" ? known : 0; // before that, a story may have no friend
    band?.forEach((piece, at) => (painted[at].band = at < shown ? null : piece));
    const names = runs(band ?? [])
      .map((run) => ({ ...run, name: this.mind().words[run.word], start: Math.max(run.start, known) }))
      .filter(({ name, start, end, sure }) => end - start > name.length && sure > CLEAR); // there is room
    const chosen = this.chosen?.cell === cell ? this.chosen : null;
    const span = chosen && chosen.end > chosen.at + 1;
    for (let at = chosen?.at; at < chosen?.end; at++) {
      if (span) Object.assign(painted[at], { ground: MARKED, line: "solid" });
      else painted[at].framed = true;
    }
    for (const { at } of this.changes[cell]) if (painted[at]) painted[at].cut = true;
    const column = this.columns[cell];
    column.text.classList.toggle("charrnn-ribbon", Boolean(band));
    column.paint(painted, names);
    column.unit.hidden = colour !== "unit";
    column.sources.hidden = colour !== "copies";
    const changes = Math.max(...this.cells.map((one) => this.changes[one].length));
    this.undo.hidden = !changes;
    this.undo.setAttribute("aria-label", changes > 1 ? "Undo all changes" : "Undo the change");
  }

  // Return the band, in which a change shows from the double line on: the state before it is drawn as it was.
  #bandAsSeen(cell) {
    const band = this.band(cell)?.slice() ?? null;
    for (const { at, was } of this.changes[cell]) if (band && was) band[at - 1] = was;
    return band;
  }

  #recolour() {
    this.#keep();
    this.cells.forEach((cell) => this.#paint(cell));
    this.#explain();
  }

  unitSlider(cell, description) {
    const { units } = this.network(cell);
    const entry = { description, min: 0, max: units - 1, step: 1, value: this.settings.unit[cell] };
    return number(entry, (unit) => this.pick(cell, unit));
  }

  // Colour by a unit of a cell, as long as the details are open.
  pick(cell, unit) {
    if (this.settings.colour !== "unit") this.colourBefore = this.settings.colour;
    this.settings.unit[cell] = unit;
    this.settings.colour = "unit";
    this.colour.choose("unit");
    this.pickers[cell].show(unit);
    this.#recolour();
    if (this.chosen) this.#inspect();
  }

  // Take the colours of a unit away, if the details have given them.
  #takeColoursBack() {
    if (!this.colourBefore) return;
    this.settings.colour = this.colourBefore;
    this.colourBefore = null;
    this.colour.choose(this.settings.colour);
    this.#recolour();
  }

  // Say what the colours mean, and what the kernel knows of copies.
  #explain() {
    const { legend, swatches = [] } = COLOURINGS[this.settings.colour];
    const samples = swatches.map(([{ ground, line }, words]) =>
      make("span", { style: `background:${ground};text-decoration:underline ${line}` }, words),
    );
    this.legend.hidden = !legend;
    this.legend.replaceChildren(legend ?? "", ...samples.flatMap((sample) => [" ", sample]));
    const surprises = this.settings.colour === "surprise" ? this.cells.map((cell) => this.#meanSurprise(cell)) : [];
    const copied = this.cells.map((cell) => this.judged[cell] && `Of the ${cell}'s text ${this.judged[cell].words}.`);
    this.told.textContent = [...surprises, ...copied, this.judged.words].filter(Boolean).join(" ");
  }

  #meanSurprise(cell) {
    const { start } = this.readings[cell];
    const bits = this.readings[cell].surprise().slice(Math.max(1, start));
    return bits.length ? `The ${cell}'s letters surprised it by ${average(bits).toFixed(2)} bits on average.` : "";
  }

  // Ask the kernel for copies and for the grammar's verdict.
  async #judge() {
    if (!this.ask) return;
    const { readings } = this;
    const texts = this.cells.map((cell) => {
      const { text, start } = readings[cell];
      const changed = this.changes[cell].filter(({ expects }) => expects);
      return [cell, { text, start, changes: changed.map(({ at, expects }) => [at, expects]) }];
    });
    const late = setTimeout(() => {
      if (readings !== this.readings) return;
      this.judged = { words: "The kernel is busy or gone: nothing is known yet of copies and grammar." };
      this.#explain();
    }, PATIENCE);
    const judged = await this.ask("judge", Object.fromEntries(texts));
    clearTimeout(late);
    if (readings !== this.readings || !judged) return; // another text stands there by now
    this.judged = judged;
    for (const cell of this.cells) {
      this.columns[cell].showSources(judged[cell]?.sources ?? []);
      const { grammar = [], expects = "" } = judged[cell] ?? {};
      this.columns[cell].showVerdict(grammar, expects, (at) => this.choose(cell, at));
      this.#paint(cell);
    }
    this.#explain();
    if (this.chosen) this.#inspect();
  }

  // ------------------------------------------------------------------------------ a character, or a span, is chosen

  // Choose what lies from `head` to `tail` in the text of a cell; without a cell, nothing.
  choose(cell, head, tail = null) {
    const before = this.chosen?.cell;
    const fromDetails = this.inspector.element.contains(document.activeElement);
    const last = cell ? this.readings[cell].ids.length - 1 : -1;
    this.chosen = null;
    if (cell) this.playing = null;
    if (last >= 0) {
      [head, tail] = [head, tail ?? head].map((at) => Math.min(Math.max(at, 0), last));
      this.chosen = { cell, head, tail, at: Math.min(head, tail), end: Math.max(head, tail) + 1 };
    }
    if (!cell || head !== tail) this.marking = false;
    if (!cell) this.#takeColoursBack();
    this.#inspect();
    if (!cell && before && fromDetails) this.columns[before].text.focus({ preventScroll: true }); // they have closed
    for (const painted of new Set([before, cell])) if (painted) this.#paint(painted);
    const details = this.inspector.element.getBoundingClientRect();
    if (!cell) this.inspector.element.classList.remove("charrnn-high");
    else if (!before && this.onPage)
      this.inspector.element.classList.toggle("charrnn-high", this.columns[cell].boxOf(head).bottom > details.top);
    this.showChosen();
  }

  // Keep the details, which may cover the lower part of the screen or the upper one, from covering the chosen character.
  // While a span is being marked, nothing moves below the pointer.
  showChosen() {
    if (!this.onPage) return;
    const { element } = this.inspector;
    const high = element.classList.contains("charrnn-high") ? element.offsetHeight : 0;
    this.root.style.setProperty("--high", `${high}px`);
    if (this.chosen && this.chosen.head === this.chosen.tail) this.#bringIntoView(this.chosen.cell, this.chosen.head);
  }

  // Choose the next character, or the one before; a span that is being marked gets longer or shorter.
  step(by) {
    const { cell, head, tail } = this.chosen;
    const span = this.marking || head !== tail;
    this.choose(cell, head + by, span ? tail : null);
    this.#bringIntoView(cell, this.chosen.head);
  }

  // Bring what is said of new texts into view, if it has left the screen; the names and the texts follow below it.
  #bringWordsIntoView() {
    const { top } = this.says.getBoundingClientRect();
    if (this.onPage && top < 0) window.scrollBy({ top: top - 12 });
  }

  // Bring a character out from behind the names and the details.
  #bringIntoView(cell, at) {
    const top = this.names?.getBoundingClientRect().bottom ?? 0;
    const { element } = this.inspector;
    const below = this.chosen && !element.classList.contains("charrnn-high");
    const bottom = below ? Math.min(element.getBoundingClientRect().top, window.innerHeight) : window.innerHeight;
    if (!this.onPage) return;
    this.columns[cell].bringIntoView(at, top, bottom);
  }

  // Let the next choice be the other end of a span.
  startSpan() {
    this.marking = !this.marking;
    this.#inspect();
  }

  #inspect() {
    const { chosen, inspector } = this;
    const hadFocus = inspector.shown.contains(document.activeElement); // on a button that is made anew
    inspector.show(chosen);
    this.#showNames();
    if (hadFocus && chosen) this.columns[chosen.cell].text.focus({ preventScroll: true });
  }

  // --------------------------------------------------------------------------------------------- hands on the state

  // Write the text of a cell again with a hand on its state, which `surgery()` returns, before the character `at`. If
  // that state has read of another hero or friend, `expects` is the word by which the text is judged from there on.
  operate(cell, at, words, surgery, expects = null) {
    this.#change(cell, { at, words, make: surgery, hand: true, expects });
    this.#say(() => `From the double line on: ${words}.`);
    this.#goOn();
  }

  #change(cell, change) {
    const changes = [...this.changes[cell].filter(({ at }) => at < change.at), change];
    try {
      const all = together(changes.map(({ make }) => make()));
      const how = { ...this.drawing(), change: all };
      const was = this.spec.minds && !change.hand ? this.piece(cell, change.at - 1) : null;
      const reading = this.network(cell).begin(how, this.readings[cell], change.at);
      const chosen = this.chosen?.cell === cell ? this.chosen.end : 0;
      do reading.goOn(0);
      while (!reading.complete && reading.ids.length < chosen); // what was chosen must be there
      const replaced = this.changes[cell].find(({ at }) => at === change.at);
      change.was = replaced?.was ?? was;
      this.changes[cell] = changes;
      this.#replace(cell, reading, change.at - 1);
    } catch (problem) {
      this.alert.textContent = problem.message;
    }
  }

  #undo() {
    for (const cell of this.cells) {
      if (!this.changes[cell].length) continue;
      const from = this.changes[cell][0].at - 1;
      this.changes[cell] = [];
      this.#replace(cell, this.unchanged[cell], from);
    }
    this.story = null;
    this.#showStories();
    this.#say(() => "The memories are as they were, and so are the texts.");
    this.#goOn();
  }

  #replace(cell, reading, from) {
    const { chosen } = this;
    this.alert.textContent = "";
    this.readings = { ...this.readings, [cell]: reading };
    this.judged = {};
    this.#show(cell);
    this.columns[cell].reveal(from);
    if (chosen?.cell === cell) this.choose(cell, chosen.head);
    else this.#inspect();
  }
}

function afterDrawing(then) {
  requestAnimationFrame(() => setTimeout(then));
}

// Return what stands in a text from a position on, up to the next story, which has its own hero.
function restOfStory(text, at) {
  return [...text].slice(at).join("").split("\n\n")[0];
}

// Return the word to which a character belongs, or that stands before it.
function wordAt(text, at) {
  const end = text[at].trim() ? at + 1 : at;
  return text.slice(0, end).match(/\S*$/)[0] + (end > at ? text.slice(end).match(/^\S*/)[0] : "");
}

function times(count) {
  return ["", "once", "twice"][count] ?? `${count} times`;
}
