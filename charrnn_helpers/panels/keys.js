// Arrow keys and letters in a list belong to the list. JupyterLab would take them for commands of the notebook (an
// arrow leaves the cell, "b" adds one), unless the list itself says that it wants none of them.

function render({ el }) {
  const mark = (panel) => {
    for (const list of panel.querySelectorAll("select")) list.dataset.lmSuppressShortcuts = "true";
  };
  let watch;
  function begin() {
    const panel = el.isConnected && el.closest(".charrnn-panel");
    if (!panel) {
      waiting = requestAnimationFrame(begin); // the panel is put into the page a moment later
      return;
    }
    mark(panel);
    watch = new MutationObserver(() => mark(panel));
    watch.observe(panel, { childList: true, subtree: true });
  }
  let waiting = requestAnimationFrame(begin);
  return () => {
    cancelAnimationFrame(waiting);
    watch?.disconnect();
  };
}

export default { render };
