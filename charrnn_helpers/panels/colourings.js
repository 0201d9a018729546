// The ways to colour a text: each says what the ground of a character means, and in which colours.

import { shade } from "./elements.js";

const SURPRISES = ["", "#ffefc0", "#ffd166", "#f0a500"]; // below 1 bit, 1 to 2, 2 to 4, above 4
const [ABOVE, BELOW] = ["0, 114, 178", "213, 94, 0"]; // of Okabe and Ito

// By its name in the settings: `words` for the list, what it `needs`, a `legend`, the `swatches` in it, each a style
// and words, and `marks(reading, unit, verdict)`: {background, bold} for each character of a text.
export const COLOURINGS = {
  surprise: {
    words: "its own surprise",
    legend: "Ground: the network's own surprise, before temperature, top-k and top-p.",
    swatches: [
      ["", "below 1 bit"],
      [`background:${SURPRISES[1]}`, "1 to 2"],
      [`background:${SURPRISES[2]}`, "2 to 4"],
      [`background:${SURPRISES[3]};font-weight:bold`, "above 4, bold"],
    ],
    marks: (reading) =>
      Array.from(reading.surprise(), (bits, at) => {
        const degree = at < reading.start ? 0 : [1, 2, 4].filter((border) => bits >= border).length;
        return { background: SURPRISES[degree], bold: degree === 3 };
      }),
  },
  unit: {
    words: "one unit",
    legend: "Ground: one unit's value after each character.",
    swatches: [
      [`background:${shade(ABOVE, 1)}`, "most above zero"],
      [`background:${shade(BELOW, 1)}`, "most below"],
    ],
    marks(reading, unit) {
      const values = reading.unit(unit);
      const most = Math.max(1e-9, ...values.map(Math.abs));
      return Array.from(values, (value) => ({ background: shade(value > 0 ? ABOVE : BELOW, Math.abs(value) / most) }));
    },
  },
  copies: {
    words: "what is in the training text",
    needs: ["kernel"],
    legend: "Ground: pieces of 50 characters or more that stand in the training text, letter for letter.",
    swatches: [],
    marks: (reading, _, verdict) => spans(reading, verdict?.copies, "#cfe3ff"),
  },
  grammar: {
    words: "the grammar's verdict",
    needs: ["kernel", "tales"],
    legend: "Ground: a word that the grammar could not write here. Choose it to be told why.",
    swatches: [],
    marks: (reading, _, verdict) => spans(reading, verdict?.grammar, "#f6b8a4"),
  },
};

function spans(reading, found = [], background) {
  const inside = (at) => found.some(({ start, end }) => start <= at && at < end);
  return reading.ids.map((_, at) => ({ background: inside(at) ? background : "" }));
}
