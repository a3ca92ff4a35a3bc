// Below a cell that begins with %%derive, what the kernel says of its lines while they are typed. The text is read off
// JupyterLab's editor and never touched; on another page nothing happens.

const EMPTY = '<table aria-label="derivation"></table><div></div><p role="status"></p>';
const REST = 1000;  // milliseconds without a key: then the line with the caret is judged like any other

function initialize({ model }) {
  const { context, rendermime } = model.widget_manager;
  if (!context?.model?.cells || !rendermime?.latexTypesetter) return;
  const boxes = new Map(), leave = new AbortController();
  let editor, source, resting, asked, next;

  const drop = cell => { boxes.get(cell)?.remove(); boxes.delete(cell); };
  const lines = () => [...editor.querySelectorAll(".cm-line")], read = () => lines().map(line => line.textContent).join("\n");
  const watch = new MutationObserver(() => {
    const cell = editor.closest(".jp-Cell");
    if (source === (source = read())) return;  // its colours have changed
    clearTimeout(resting);
    if (!/^\s*%%derive\b/.test(source)) return drop(cell);
    if (![...context.model.cells].some(cell => cell.sharedModel.getSource() === source)) return;  // of another notebook
    if (!boxes.has(cell)) boxes.set(cell, null);
    const line = 1 + lines().findIndex(line => line.contains(getSelection().focusNode));
    resting = setTimeout(ask, REST, { cell, source, line, rests: true });
    ask({ cell, source, line, rests: false });
  });
  const follow = ({ target }) => {
    if (!target.matches(".jp-CodeCell .cm-content") || target === editor) return;
    watch.disconnect();
    editor = target;
    source = read();
    watch.observe(editor, { childList: true, characterData: true, subtree: true });
  };
  document.addEventListener("focusin", follow, leave);
  follow({ target: document.activeElement });  // a cell was entered while the first one ran

  function ask(question) {  // one at a time, and the last one wins
    if (asked) next = question;
    else model.send({ ...(asked = question), cell: undefined });
  }
  model.on("msg:custom", answer => {
    if (answer.run) return [...boxes.keys()].forEach(drop);  // the cell's own output is the newest
    if (!asked) return;  // another window has
    const { cell } = asked, waiting = next;
    asked = next = null;
    if (waiting && boxes.has(waiting.cell)) ask(waiting);
    if (boxes.has(cell)) answer.rows ? show(cell, answer) : drop(cell);
  });

  function show(cell, { rows, said, verdict }) {
    const box = boxes.get(cell) ?? Object.assign(document.createElement("div"), { innerHTML: EMPTY, said: [] });
    if (!boxes.get(cell)) cell.querySelector(".jp-Cell-outputWrapper").before(box);
    boxes.set(cell, box);
    box.className = `bgd-live jp-RenderedHTMLCommon ${verdict === null ? "bgd-typing" : ""}`;
    const [table, whole, status] = box.children, put = (element, html) => {
      if (element.html === html) return;
      element.innerHTML = element.html = html;
      if (html.includes("$")) rendermime.latexTypesetter.typeset(element);
    };
    rows.forEach((row, i) => put(table.rows[i] ?? table.insertRow(), row));
    while (table.rows.length > rows.length) table.deleteRow(-1);
    if (verdict === null) return;
    put(whole, verdict);
    status.textContent = said.filter(line => !box.said.includes(line)).join(" ");  // read aloud: what is new
    box.said = said;
  }

  const stop = () => { leave.abort(); watch.disconnect(); clearTimeout(resting); [...boxes.keys()].forEach(drop); };
  context.sessionContext.statusChanged.connect((_, status) => { if (/restarting|terminating|dead/.test(status)) stop(); });
  return stop;
}
export default { initialize };
