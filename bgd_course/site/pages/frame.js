// In each page of JupyterLite: the way through the page in front, which delivers the notebooks, and what Python is doing.
(() => {
  const base = new URL(".", document.currentScript.src), path = new URLSearchParams(location.search).get("path") ?? "";
  const front = () => location.replace(`${base.href}index.html?open=${encodeURIComponent(path)}`);
  const here = localStorage.getItem(`edition of ${base.pathname}`);
  if (!here) return front();
  fetch(`${base.href}api/edition.json`, {cache: "no-store"}).then(answer => answer.json())
    .then(({edition}) => edition !== here && front(), () => {});  // without a network it is as it was

  if (location.pathname.startsWith(`${base.pathname}notebooks/`) && !self.crossOriginIsolated) {  // JupyterLite asks seconds later
    let early = new Worker(`${base.href}early.js`, {type: "module"});
    early.onerror = () => { early = null; };
    window.Worker = new Proxy(Worker, {construct(Plain, [address, options]) {
      const started = String(address).includes("/comlink.worker.") && early;
      if (started) early = null;
      return started || new Plain(address, options);
    }});
  }

  function clear(outputs) {  // a widget whose kernel is gone hides the picture and the words that are kept beside it
    const rest = ({"application/vnd.jupyter.widget-view+json": gone, ...data}) => data, kept = outputs?.toJSON() ?? [];
    if (!JSON.stringify(kept).includes("jupyter.widget-view")) return;
    outputs.fromJSON(kept.map(one => one.data ? {...one, data: rest(one.data)} : one));
  }

  function keep(model) {  // a save while a cell runs again would lose the guess in its output, where Python looks for it
    const guesses = new Map(), plain = model.toJSON.bind(model), states = {};
    model.toJSON = () => {
      for (const {id, executionState} of model.cells) states[id] = executionState;
      const notebook = plain();
      for (const cell of notebook.cells) {
        const guess = cell.outputs?.filter(one => Object.keys(one.data ?? {}).some(kind => kind.startsWith("application/vnd.bgd.")));
        if (guess?.length) guesses.set(cell.id, guess);
        else if (states[cell.id] === "running") cell.outputs = guesses.get(cell.id) ?? cell.outputs;
      }
      return notebook;
    };
    model.toJSON();
  }

  addEventListener("DOMContentLoaded", () => {
    const bar = document.createElement("aside"), home = document.createElement("a"), says = document.createElement("span");
    bar.setAttribute("aria-label", "Workbook");
    bar.style.cssText = "position:fixed;left:0;right:0;bottom:0;padding:3px 12px;font:14px/24px system-ui,sans-serif;white-space:nowrap;background:#1f2937;color:white";
    home.href = `${base.href}index.html`;
    home.textContent = "All notebooks, save";
    home.onclick = async event => {
      event.preventDefault();
      await window.jupyterapp?.commands.execute("docmanager:save").catch(() => {});  // else what was just written stays behind
      location.assign(home.href);
    };
    home.style.cssText = "color:white;display:inline-block;min-height:24px";
    says.setAttribute("role", "status");
    says.style.marginLeft = "10px";
    says.textContent = "Python is starting: read on.";
    bar.append(home, says);
    document.body.append(bar);
    document.head.insertAdjacentHTML("beforeend", "<style>.jp-RenderedText pre { word-break: normal !important } #main { bottom: 30px !important }</style>");
    let read = false;
    const look = setInterval(() => {
      const {context, content, sessionContext} = window.jupyterapp?.shell?.currentWidget ?? {};
      if (context?.isReady && !read) {
        keep(content.model);
        for (const model of content.model.cells) clear(model.outputs);
        read = true;
      }
      const status = sessionContext?.session?.kernel?.status;
      if (status !== "idle" && status !== "busy") return;
      says.remove();
      clearInterval(look);
    }, 250);
  });
})();
