// Stories that one tap shows: each sets the playground, and says what to look at.

export const CLEAR = 0.5; // of a word in mind: from here on its name is written into the ribbon

// How one speaks of what a ribbon shows, by kind of word: of `one`, of `several`, of the `word` that a text writes for
// it, as it is `called` in a sentence, and what the reader may `tap`.
export const SPOKEN = {
  name: { one: "hero", several: "heroes", word: "name", called: (word) => word, tap: "Tap another hero's name" },
  friend: { one: "friend", several: "friends", word: "animal", called: (word) => `the ${word}`, tap: "Tap another friend" },
};

// `words` on the button; `label` above the names, if it is not the usual one; `settings(spec)` that differ from those of
// an untouched playground; `hero` whom to put in mind after the prompt, which is the reader's own if there is one;
// `says(play)` what there is to see, from what is drawn.
export const STORIES = [
  {
    words: "Who is it about?",
    label: "The six children of these stories", // above their names, where the text says what to tap
    settings: () => ({}),
    says: () =>
      "Two small networks of different kinds, an LSTM and a GRU, were given the words in bold. They write on, letter by " +
      "letter and with mistakes. The band below a line shows whom a network has in mind. The higher the band, the surer it is. A low band is a mere guess. " +
      "Now tap “Change the hero”!",
  },
  {
    words: "Change the hero",
    settings: () => ({}),
    hero: "Zoe",
    says: (play) =>
      `At the double line we changed the memory of both networks from ${play.usual()} to Zoe, and nothing else. Nobody ` +
      "wrote Zoe into the text: the networks themselves carry on with her. Read on, or tap another name.",
  },
  {
    words: "A memory is born",
    first: "GRU", // where the texts stand one below the other: it learns first
    trains: true, // its slider moves through the training, by itself if the reader does not mind motion
    settings: (spec, still) => ({ step: still ? lastButOne(spec) : 0, prompt: beginning(spec.story, 160), length: 150, seed: 18 }),
    says: (play) => {
      const last = play.settings.step === play.updates.length - 1;
      const next = last ? ` Move the slider to go back, or tap “${STORIES.at(-1).words}”.` : play.playing ? "" : " Move the slider!";
      return `${play.playing ? "Watch them learn, by" : "A network learns by"} thousands of small corrections, called updates. ${sayTraining(play)}${next}`;
    },
  },
  {
    words: "Who remembers the friend?",
    settings: (spec) => ({ kind: "friend", prompt: spec.friend_beginning, seed: 9 }), // as in `friend_band`
    says: (play) => `The colours now mean animals. ${sayFriends(play)} ${play.complete() ? "Tap another animal!" : "The bands are being computed …"}`,
  },
];

// Return the whole sentences of a story within its first `most` characters.
function beginning(story, most) {
  return story.slice(0, story.lastIndexOf(". ", most) + 2);
}

// Return the place of the last networks that were kept before the end of training.
function lastButOne(spec) {
  const trained = spec.networks.filter(({ kind }) => kind !== "friend");
  return Math.max(0, new Set(trained.map(({ updates }) => updates)).size - 2);
}

// Return what to say where no story is told: what the band shows, or how much is in mind after so many updates.
export function sayBand(play) {
  if (play.watchesTraining() && play.named()) return sayTraining(play);
  const thing = play.spoken().one;
  if (thing === "hero" && !play.named()) return `The networks know six children only, and the beginning names none of them. ${sayChoices(play)}`;
  return `The band below a line shows the ${thing} whom the network has in mind. The higher it is, the surer the network.${thing === "hero" ? sayMistakes(play) : ""}`;
}

// Return whom each network makes the hero of a story that has none yet.
function sayChoices(play) {
  if (!play.complete()) return "So each network picks one by itself.";
  const said = play.cells.map((cell) => {
    const hero = play.chosenHero(cell);
    return hero ? `the ${cell} makes it a story about ${hero}` : `the ${cell} names nobody`;
  });
  return `So each network picks one by itself: ${said.join(", and ")}.`;
}

// Return which network has a hero in mind whom nobody has named: after the beginning, at a letter of its own text, or
// in the names that it writes.
function sayMistakes(play) {
  const said = play.cells.map((cell) => {
    const [wrong, lost] = [play.mistake(cell), play.loss(cell)];
    if (wrong) return ` After the beginning the ${cell} has ${wrong} in mind, whom nobody has named.`;
    if (lost) return ` At “${lost.word}” the ${cell} turns to ${lost.to}, whom nobody has named: it has lost ${lost.from}.`;
    const other = play.stranger(cell);
    return other ? ` The ${cell} tells of ${other}, whom nobody has named.` : "";
  });
  return said.join("");
}

// Return how often the right word is clearly in mind after the updates that are set.
function sayTraining(play) {
  const count = play.updates[play.settings.step];
  const written = (number) => number.toLocaleString("en");
  const all = play.updates.at(-1);
  const when = !count ? "Before the first update" : `After ${count < all ? `${written(count)} of` : "all"} ${written(all)} updates`;
  const shares = play.cells.map((cell) => ({ cell, share: play.shareRight(cell, CLEAR) }));
  if (shares.some(({ share }) => share === null)) return `${when}: the bands are being computed …`;
  const name = play.named();
  const none = shares.length === 2 ? "neither network" : "no network";
  if (shares.every(({ share }) => share < 0.1)) return `${when} ${none} has ${name} in mind.`;
  if (shares.every(({ share }) => share > 0.9)) return `${when} ${shares.length === 2 ? "both" : "all"} networks have ${name} in mind.`;
  const has = ({ cell, share }) => {
    if (share < 0.1) return `the ${cell} does not`;
    return `the ${cell} has ${name} in mind${share > 0.9 ? "" : ` at ${Math.round(100 * share)}\u00a0% of the letters`}`;
  };
  const surest = [...shares].sort((one, other) => other.share - one.share);
  return `${when} ${surest.map(has).join(", and ")}.`;
}

// Return which network keeps the friend, and how often each still knows the friend of other stories long after.
function sayFriends(play) {
  const { cells, spec: { friends } } = play;
  const [better, worse] = [...cells].sort((one, other) => friends[other].share - friends[one].share);
  const keeps = (cell) => `the ${cell} ${friends[cell].known ? "keeps it in mind" : "does not"}`;
  const times = (cell) => Math.round(100 * friends[cell].share);
  const guess = friends[worse].known ? "" : ", no better than a guess";
  return `When the hero’s friend, the ${play.named()}, has been named, ${keeps(better)}, and ${keeps(worse)}. Asked for the friend in many ` +
    `stories, long after it was named, the ${better} is right ${times(better)} times in 100, and the ${worse} ${times(worse)} times${guess}.`;
}

// Return the longest texts of the stories, so that there is room for each.
export function longest() {
  const cells = ["LSTM", "GRU"];
  const friends = { LSTM: { share: 0.99, known: false }, GRU: { share: 0.99, known: true } };
  const usual = { usual: () => "Leo", settings: { step: 0 }, updates: [8000, 9999], cells, spec: { friends }, complete: () => false };
  const one = (named) => ({ ...usual, named: () => named, shareRight: () => 0.5 });
  return STORIES.map((story) => story.says(one(story.words.includes("friend") ? "goat" : "Leo")));
}
