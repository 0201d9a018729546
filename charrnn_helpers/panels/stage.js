// The playground as a widget: the kernel gives the networks, answers questions, and remembers the settings.

import { Playground } from "./playground.js";

function render({ model, el }) {
  const waiting = new Map();
  const view = Math.random().toString(36); // another view of this widget numbers its questions, too
  let last = 0;
  const ask = (what, request) =>
    new Promise((resolve) => {
      const number = `${view} ${++last}`;
      waiting.set(number, resolve);
      model.send({ number, what, request });
    });
  const answered = ({ number, answer }) => {
    waiting.get(number)?.(answer);
    waiting.delete(number);
  };
  const begin = () =>
    new Playground(el, {
      spec: model.get("spec"),
      data: model.get("weights"),
      ask,
      settings: model.get("settings"),
      keep: (settings) => {
        model.set("settings", settings);
        model.save_changes();
      },
    });
  model.on("msg:custom", answered);
  model.on("change:spec", begin);
  begin();
  return () => {
    model.off("msg:custom", answered);
    model.off("change:spec", begin);
  };
}

export default { render };
