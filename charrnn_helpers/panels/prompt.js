// The beginning of a text, as people write it: what the networks can read of it.

import { seen } from "./elements.js";

const ALIKE = { "‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", ß: "ss", æ: "ae", ø: "o", "\t": " " };

// Return {text, note}: `text` with a near letter in the place of each that the networks do not know, and a sentence that
// says so, or "". What has no near letter is left out.
export function readable(prompt, characters) {
  const known = new Set(characters);
  const strange = new Set();
  const text = Array.from(prompt.normalize("NFC"), (char) => {
    if (known.has(char)) return char;
    strange.add(char);
    const plain = ALIKE[char] ?? char.normalize("NFKD").replace(/\p{M}/gu, "");
    const near = [plain, plain.toLowerCase(), plain.toUpperCase(), " "];
    return near.find((other) => [...other].every((one) => known.has(one))) ?? "";
  }).join("");
  if (!text.trim()) return { text: "", note: "Please write a beginning, for example a first sentence, so that there is something to go on from." };
  if (!strange.size) return { text, note: "" };
  const letters = [...strange].slice(0, 5).map(seen).join(", ");
  return { text, note: `The text that these networks learnt from has no ${letters}. They read this instead: ${seen(shortened(text))}` };
}

function shortened(text, most = 120) {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
