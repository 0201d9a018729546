// The playground as a widget: the kernel gives the networks, answers questions, and remembers the settings.

function render({ model, el }) {
  const waiting = new Map();
  let last = 0;
  const ask = (what, request) =>
    new Promise((resolve) => {
      waiting.set(++last, resolve);
      model.send({ number: last, what, request });
    });
  const answered = ({ number, answer }) => {
    waiting.get(number)?.(answer);
    waiting.delete(number);
  };
  const begin = () =>
    playground(el, {
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
