// Stories that one tap shows: each sets the playground, and says what to look at.

export const CLEAR = 0.5; // of a word in mind: from here on its name is written into the ribbon

// `words` on the button; `settings(spec)` that differ from those of an untouched playground; `hero` whom to put in mind
// after the prompt; `says(play)` what there is to see, from what is drawn.
export const STORIES = [
  {
    words: "Who is it about?",
    settings: () => ({}),
    says: () =>
      "Two computer programs, called networks, have read such stories letter by letter, and now each writes one. LSTM " +
      "and GRU are the two kinds. Nobody told them what a hero is. The band shows the hero whom each has in mind: the " +
      "fuller, the surer. What it shows before a name is written is only a guess.",
  },
  {
    words: "Change the hero",
    settings: () => ({}),
    hero: "Zoe",
    says: (play) =>
      `After the first sentence we changed the memory of both from ${play.usual()} to Zoe, and not a letter of the ` +
      "text. Now read on, or tap another name.",
  },
  {
    words: "A memory is born",
    settings: (spec) => ({ step: lastButOne(spec), prompt: beginning(spec.story, 300), length: 150 }),
    says: (play) =>
      `An update is one small correction, after reading a little more. ${sayTraining(play)} Move the slider to 0, ` +
      "when they had learnt nothing, and to its end.",
  },
  {
    words: "Who forgets the friend?",
    settings: (spec) => ({ kind: "friend", prompt: beginning(spec.friend_story, 640), length: 150 }),
    says: (play) =>
      `Now the band shows the friend, here the ${play.named()}, named less often. In the bold text, once it is ` +
      `named, ${shares(play, "guesses it")}; by chance it would be 17. ${sayFriends(play)}`,
  },
];

// Return the whole sentences of a story within its first `most` characters.
function beginning(story, most) {
  return story.slice(0, story.lastIndexOf(". ", most) + 2);
}

// Return the place of the last networks that were kept before the end of training.
function lastButOne(spec) {
  return Math.max(0, new Set(spec.networks.map(({ updates }) => updates)).size - 2);
}

// Return what to say where no story is told: what the band shows, or how much is in mind after so many updates.
export function sayBand(play) {
  if (play.watchesTraining() && play.named()) return sayTraining(play);
  const thing = play.settings.kind === "friend" ? "friend" : "hero";
  return `The band below a line shows the ${thing} whom the network has in mind. The fuller it is, the surer the network.`;
}

// Return how often the right word is clearly in mind after the updates that are set.
function sayTraining(play) {
  const count = play.updates[play.settings.step];
  const when = count ? `After ${count.toLocaleString("en")} updates` : "Before the first update";
  return `${when}, in the bold text, ${shares(play, `has ${play.named()} clearly in mind`, CLEAR)}.`;
}

// Return how often the networks remember the friend in many stories, and so which of them does.
function sayFriends({ cells, spec: { friends, stories } }) {
  const shares = cells.map((cell) => Math.round(100 * friends[cell].share)).join(" and ");
  const [one, other] = [...cells].sort((a, b) => friends[a].known - friends[b].known);
  const end = !friends[other].known
    ? "both forget the friend"
    : friends[one].known
      ? "each remembers a part"
      : `the ${one} forgets the friend; the ${other} keeps a part of it`;
  return `In ${stories} stories it was ${shares}: ${end}.`;
}

// Return at how many of 100 letters the right word is in mind, and `least` so sure, for each network, as words.
function shares(play, words, least = 0) {
  const [first, ...others] = play.cells.map((cell) => {
    const share = play.shareRight(cell, least);
    return { cell, count: share === null ? "…" : Math.round(100 * share) };
  });
  const more = others.map(({ cell, count }) => `, the ${cell} at ${count}`);
  return `the ${first.cell} ${words} at ${first.count} of 100 letters${more.join("")}`;
}

// Return the longest texts of the stories, so that there is room for each.
export function longest() {
  const cells = ["LSTM", "GRU"];
  const friends = { LSTM: { share: 0.99, known: false }, GRU: { share: 0.99, known: true } };
  const usual = { usual: () => "Leo", settings: { step: 0 }, updates: [9999], cells, spec: { friends, stories: 99 } };
  const one = (named) => ({ ...usual, named: () => named, shareRight: () => 0.99 });
  return STORIES.map((story) => story.says(one(story.words.includes("friend") ? "goat" : "Leo")));
}
