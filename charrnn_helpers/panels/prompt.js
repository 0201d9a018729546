// The beginning of a text, as people write it: what the networks can read of it.

import { seen } from "./elements.js";

const ALIKE = { "‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", ß: "ss", æ: "ae", ø: "o", "\t": " " };

const HOLE = "\0";

// Return {text, note}: `text` with a near letter in the place of each that the networks do not know, and sentences that
// say so, or "". What has no near letter is left out.
export function readable(prompt, characters) {
  const known = new Set(characters);
  const strange = new Map();
  const text = Array.from(prompt.normalize("NFC"), (char) => {
    if (known.has(char)) return char;
    const plain = ALIKE[char] ?? char.normalize("NFKD").replace(/\p{M}/gu, "");
    const alike = [plain, plain.toLowerCase(), plain.toUpperCase()];
    const near = alike.find((other) => [...other].every((one) => known.has(one))) || HOLE;
    if (plain && !/\p{Cf}/u.test(char)) strange.set(char, near); // else nobody sees it
    return near;
  })
    .join("")
    .replace(/^ *\0[ \0]*/, "")
    .replace(/ *\0[ \0]*/g, known.has(" ") ? " " : "");
  if (!text.trim()) return { text: "", note: "Please write a beginning, for example a first sentence, so that there is something to go on from." };
  if (!strange.size) return { text, note: "" };
  const some = [...strange].slice(0, 5);
  const letters = some.map(([char]) => seen(char)).join(", ");
  const read = some.map(([char, near]) => (near === HOLE ? `leave out ${seen(char)}` : `read ${seen(near)} for ${seen(char)}`));
  return { text, note: `The text that these networks learnt from has no ${letters}. They ${new Intl.ListFormat("en").format(read)}.` };
}
