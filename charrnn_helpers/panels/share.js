// The address of what is on the page: prompt, seed, temperature, length and the changed hero stand behind its "#".

import { button, make } from "./elements.js";
import { copied } from "./text_column.js";

const NUMBERS = { seed: "seed", temperature: "temperature", length: "length", step: "step" };

// Return what an address says: settings, and `change`, {hero, at, cell}, or null.
export function fromAddress(hash, usual) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const settings = {};
  if (given.get("prompt")) settings.prompt = given.get("prompt").slice(0, 5000);
  if (["name", "friend"].includes(given.get("kind"))) settings.kind = given.get("kind");
  for (const [name, key] of Object.entries(NUMBERS)) {
    const value = Number(given.get(name) ?? NaN);
    const [low, high] = usual.limits[key];
    if (value >= low && value <= high) settings[key] = key === "temperature" ? value : Math.round(value);
  }
  const at = Number(given.get("at") ?? NaN);
  const change = given.get("hero") && at >= 1 ? { hero: given.get("hero"), at, cell: given.get("cell") } : null;
  return { settings, change };
}

// Return the address of what is shown, without what is as usual.
export function toAddress(settings, usual, change) {
  const said = new URLSearchParams();
  for (const key of ["prompt", "kind", ...Object.keys(NUMBERS)]) {
    if (settings[key] !== usual.settings[key]) said.set(key, settings[key]);
  }
  if (change) for (const [key, value] of Object.entries(change)) if (value) said.set(key, value);
  return String(said);
}

// Return a button that hands the page's address on: by the system where it can, else to the clipboard.
export function shareButton() {
  const words = "Share this";
  const place = make("output", {});
  const say = (sentence) => {
    place.textContent = sentence;
    place.scrollIntoView({ block: "nearest" }); // on a phone it may stand below the screen
  };
  const press = button(words, async () => {
    const { href, protocol } = window.location;
    if (protocol === "file:") return say("This page is a file on your device: to share it, send the file itself.");
    try {
      if (!navigator.share) throw new Error("not here");
      await navigator.share({ title: document.title, url: href });
    } catch (problem) {
      if (problem.name === "AbortError") return; // the reader thought better of it
      say((await copied(href)) ? "The address is copied." : "Copy the address of this page to share it.");
    }
  });
  return [press, place];
}
