// Stories that one tap shows: each sets the playground, and says what to look at.

// `words` on the button; `settings(spec)` that differ from those of an untouched playground; `hero` whom to put in mind
// after the prompt; `says(play)` what there is to see, from what is drawn.
export const STORIES = [
  {
    words: "Who is it about?",
    settings: () => ({}),
    says: () =>
      "Two networks write, letter by letter. The band below a line shows the hero whom each of them has in mind. " +
      "The fuller the band, the surer the network.",
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
    words: "Before training",
    settings: (spec) => ({ step: 0, prompt: beginning(spec.story, 300), length: 150 }),
    says: () =>
      "Before training they write noise, and nobody is in mind: the band is low, because each of the six heroes is " +
      "about as likely. Move the slider, and see a memory being born.",
  },
  {
    words: "Who forgets the friend?",
    settings: (spec) => ({ kind: "friend", prompt: beginning(spec.story, 640), length: 150 }),
    says: (play) =>
      `Now the band shows the friend, who is named less often. Since the story named the ${play.named()}, it is in ` +
      `mind at ${shares(play)} of the letters. A guess would be right at 17\u00a0%.`,
  },
];

// Return the whole sentences of a story within its first `most` characters.
function beginning(story, most) {
  return story.slice(0, story.lastIndexOf(". ", most) + 2);
}

// Return what to say where no story is told: what the band shows, or how right it is after so many updates.
export function sayBand(play) {
  if (play.settings.step < play.updates.length - 1 && play.named()) {
    const updates = play.updates[play.settings.step].toLocaleString("en");
    return `After ${updates} updates the band is right at ${shares(play)} of the letters that were given.`;
  }
  const thing = play.settings.kind === "friend" ? "friend" : "hero";
  return `The band below a line shows the ${thing} whom the network has in mind. The fuller it is, the surer the network.`;
}

// Return how often the ribbon is right about the given text, for each network, as words.
function shares(play) {
  const words = (share) => (share === null ? "…" : Math.round(100 * share));
  return play.cells.map((cell) => `${words(play.shareRight(cell))}\u00a0% (${cell})`).join(" and ");
}
