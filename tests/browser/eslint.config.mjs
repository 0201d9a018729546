// What the JavaScript of the panels is held to: `eslint -c tests/browser/eslint.config.mjs charrnn_helpers/panels`.

const BROWSER = [
  ...["atob", "document", "window", "requestAnimationFrame", "cancelAnimationFrame", "MutationObserver", "Event"],
  ...["clearTimeout", "setTimeout", "encodeURIComponent"],
];

export default [
  {
    files: ["**/*.js"],
    languageOptions: { globals: Object.fromEntries(BROWSER.map((name) => [name, "readonly"])) },
    rules: { "no-undef": "error", "no-unused-vars": "error", "no-redeclare": "error", "prefer-const": "error" },
  },
];
