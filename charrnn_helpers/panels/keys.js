// What a panel that lives changes around it.
//
// Arrow keys and letters in a list belong to the list. JupyterLab would take them for commands of the notebook (an
// arrow leaves the cell, "b" adds one), unless the list itself says that it wants none of them.
//
// The still picture in the cell below, which is for pages without a kernel, is not shown beside the panel itself.

function render({ el }) {
  const mark = (panel) => {
    for (const list of panel.querySelectorAll("select")) list.dataset.lmSuppressShortcuts = "true";
    const below = panel.closest(".jp-Cell")?.nextElementSibling;
    for (const image of below?.querySelectorAll('img[src*="panel_"]') ?? []) image.style.display = "none";
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
    const cells = panel.closest(".jp-Cell")?.parentElement;
    if (cells) watch.observe(cells, { childList: true, subtree: true }); // the cell below is drawn when it comes into view
  }
  let waiting = requestAnimationFrame(begin);
  return () => {
    cancelAnimationFrame(waiting);
    watch?.disconnect();
  };
}

export default { render };
