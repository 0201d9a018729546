// The beginning of a text, as people write it: what the networks can read of it.

import { seen } from "./elements.js";

const ALIKE = { "‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", ß: "ss", æ: "ae", ø: "o", ł: "l", Ł: "L", đ: "d", ı: "i", "\t": " " };

const HOLE = "\0";

// Return {text, note}: `text` with a near letter in the place of each that the networks do not know, and sentences that
// say so, or "". What has no near letter is left out.
export function readable(prompt, characters) {
  const known = new Set(characters);
  const missing = new Set();
  const read = new Map(); // what stands for what
  const knows = (word) => [...word].every((char) => known.has(char));
  const words = prompt.normalize("NFC").replace(/\p{Lu}{2,}/gu, (word) => {
    if (knows(word)) return word;
    for (const char of word) if (!known.has(char)) missing.add(char);
    const small = Array.from(word, (char) => (known.has(char.toLowerCase()) ? char.toLowerCase() : char)).join("");
    if (knows(small)) read.set(word, small);
    return small; // as a whole: in "PIZZA" not only the P
  });
  const text = Array.from(words, (char) => {
    if (known.has(char)) return char;
    const plain = ALIKE[char] ?? char.normalize("NFKD").replace(/\p{M}/gu, "");
    const alike = [plain, plain.toLowerCase(), plain.toUpperCase()];
    const near = alike.find(knows) || HOLE;
    if (!plain || /\p{Cf}/u.test(char)) return near; // nobody sees it
    missing.add(char);
    read.set(char, near);
    return near;
  })
    .join("")
    .replace(/^ *\0[ \0]*/, "")
    .replace(/ *\0[ \0]*/g, known.has(" ") ? " " : "");
  if (!text.trim()) {
    const none = prompt.trim() ? "These networks can read none of these letters. " : "";
    return { text: "", note: `${none}Please write a beginning, for example a first sentence, so that there is something to go on from.` };
  }
  if (!read.size) return { text, note: "" };
  const letters = [...missing].slice(0, 5).map(seen).join(", ");
  const instead = ([word, near]) => (near === HOLE ? `leave out ${seen(word)}` : `read ${seen(near)} for ${seen(word)}`);
  const said = new Intl.ListFormat("en").format([...read].slice(0, 5).map(instead));
  const others = missing.size > 5 ? " and some more" : "";
  const rest = read.size > 5 ? " The other ones are treated in the same way." : "";
  return { text, note: `These networks never saw ${letters}${others}, so they ${said}.${rest}` };
}
