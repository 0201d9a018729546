// The ways to colour the letters of a text: each says what the ground of a character means, and in which colours. A
// ground comes with a line below the letter, which stays where a reader's system takes colours away.

import { shade } from "./elements.js";

const [ABOVE, BELOW] = ["0, 114, 178", "213, 94, 0"]; // of Okabe and Ito

const PLAIN = { ground: "", line: "" };
const SURPRISES = [
  PLAIN,
  { ground: "var(--surprise-1)", line: "dotted" },
  { ground: "var(--surprise-2)", line: "solid" },
  { ground: "var(--surprise-3)", line: "double" },
];

// By its name in the settings: `words` for the list, what it `needs`, a `legend`, the `swatches` in it, each a mark and
// words, and `marks(reading, unit, verdict)`: {ground, line} for each character of a text.
export const COLOURINGS = {
  nothing: {
    words: "nothing",
    marks: (reading) => reading.ids.map(() => PLAIN),
  },
  surprise: {
    words: "its own surprise",
    legend: "How much the network was surprised by each letter, before temperature, top-k and top-p:",
    swatches: [
      [SURPRISES[1], "1 to 2 bits"],
      [SURPRISES[2], "2 to 4"],
      [SURPRISES[3], "above 4"],
    ],
    marks: (reading) =>
      Array.from(reading.surprise(), (bits, at) =>
        at < reading.start ? PLAIN : SURPRISES[[1, 2, 4].filter((border) => bits >= border).length],
      ),
  },
  unit: {
    words: "one unit",
    legend: "The value of one unit after each letter:",
    swatches: [
      [{ ground: shade(ABOVE, 1), line: "solid" }, "most above zero"],
      [{ ground: shade(BELOW, 1), line: "dotted" }, "most below"],
    ],
    marks(reading, unit) {
      const values = reading.unit(unit);
      const most = Math.max(1e-9, ...values.map(Math.abs));
      return Array.from(values, (value) => {
        const share = Math.abs(value) / most;
        const line = share < 0.3 ? "" : value > 0 ? "solid" : "dotted";
        return { ground: shade(value > 0 ? ABOVE : BELOW, share), line };
      });
    },
  },
  copies: {
    words: "what is in the training text",
    needs: ["kernel"],
    legend: "Pieces of 50 letters or more that stand in the training text, letter for letter:",
    swatches: [[{ ground: "var(--copied)", line: "solid" }, "copied"]],
    marks: (reading, _, verdict) => spans(reading, verdict?.copies, { ground: "var(--copied)", line: "solid" }),
  },
  grammar: {
    words: "the grammar's verdict",
    needs: ["kernel", "tales"],
    legend: "What the grammar of the stories could not have written here:",
    swatches: [[{ ground: "var(--wrong)", line: "wavy" }, "a fault, with its reason below the text"]],
    marks: (reading, _, verdict) => spans(reading, verdict?.grammar, { ground: "var(--wrong)", line: "wavy" }),
  },
};

function spans(reading, found = [], mark) {
  const inside = (at) => found.some(({ start, end }) => start <= at && at < end);
  return reading.ids.map((_, at) => (inside(at) ? mark : PLAIN));
}
