// The page in front of JupyterLite: what is loading and how far, the notebooks delivered and merged, saved and brought back.
import * as storage from "./storage.js";
import {unzip, zip} from "./zip.js";

const HERE = new URL(".", import.meta.url), CACHE = "precache";  // the name of JupyterLite's service worker's
const KEY = `edition of ${HERE.pathname}`, EDITION = document.body.dataset.edition;
const element = id => document.getElementById(id);

function doing(text, part) {
  element("doing").textContent = text;
  element("bar").hidden = part === undefined;
  if (part !== undefined) element("bar").value = part;
}

function say(text) {
  const line = document.createElement("li");
  line.textContent = text;
  element("said").append(line);
}

// Whether this page is of an older edition than the server's, and is loaded again.
async function outdated() {
  const answer = await fetch("api/edition.json", {cache: "no-store"}).then(found => found.json()).catch(() => null);
  if (!answer || answer.edition === EDITION || sessionStorage.getItem(KEY) === answer.edition) return false;
  sessionStorage.setItem(KEY, answer.edition);
  const cache = await caches.open(CACHE);
  for (const request of await cache.keys()) {
    const {pathname} = new URL(request.url);
    if (pathname.startsWith(HERE.pathname) && !/\.(whl|wasm|zip)$/.test(pathname)) await cache.delete(request);
  }
  await fetch(location.href, {cache: "reload"}).catch(() => {});
  location.reload();
  return true;
}

async function serviceWorker() {
  if (!navigator.serviceWorker) return;
  await navigator.serviceWorker.register("service-worker.js?enableCache=true");
  await navigator.serviceWorker.ready;
}

// Load what Python needs into the cache from which the notebooks take it.
async function load(files) {
  const cache = await caches.open(CACHE), wanted = [];
  for (const [address, size] of files) {
    const url = new URL(address, HERE).href;
    if (!await cache.match(url)) wanted.push([url, size]);
  }
  const total = wanted.reduce((sum, [, size]) => sum + size, 0), million = bytes => (bytes / 1e6).toFixed(1);
  let loaded = 0;
  const one = async ([url, size]) => {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`${url} cannot be loaded (${answer.status})`);
    const kept = cache.put(url, answer.clone()), reader = answer.body.getReader();
    let of_it = 0;
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      of_it += part.value.length;
      loaded += part.value.length;
      doing(`Loading Python, once: ${million(loaded)} of ${million(total)} MB`, Math.min(1, loaded / total));
    }
    await kept;
  };
  const queue = [...wanted].sort((a, b) => b[1] - a[1]);
  await Promise.all(Array.from({length: 6}, async () => { while (queue.length) await one(queue.shift()); }));
}

// Bring the stored notebooks up to date; as edition.deliver, the notebook first, then what was delivered.
async function deliver({notebooks}) {
  const jobs = [];
  for (const [name, {notebook}] of Object.entries(notebooks)) {
    const now = JSON.stringify(notebook), before = await storage.delivered.get(name), mine = await storage.notebook(name);
    if (mine === undefined) {
      await storage.put(name, notebook);
      await storage.delivered.put(name, now);
    } else if (before !== now) {
      jobs.push({name, before, now, mine: JSON.stringify(mine)});
    }
  }
  if (jobs.length) await merge(jobs);
}

function merge(jobs) {
  doing("The course has changed: bringing the changes in. Your answers stay.");
  const worker = new Worker("merge.js", {type: "module"});
  return new Promise((done, fail) => {
    let last = Promise.resolve();
    worker.onerror = event => fail(new Error(event.message));
    worker.onmessage = ({data}) => {
      if (data.failed) return fail(new Error(data.failed));
      last = last.then(() => data.done ? done() : merged(data, jobs)).catch(fail);
    };
    worker.postMessage(jobs);
  }).finally(() => worker.terminate());
}

async function merged({name, text, said, error}, jobs) {
  if (error) return say(`${name} cannot be merged and is left as it is: ${error}`);
  const {before, now} = jobs.find(job => job.name === name);
  await storage.backUp(name);
  await storage.put(name, JSON.parse(text));
  await storage.delivered.put(name, now);
  if (!before) say(`${name}: what the course had delivered was not known: where a cell differs, both are kept.`);
  else say(`${name}: brought up to date; your answers and cells are kept.`);
  said.forEach(line => say(`${name}: ${line}`));
}

function solved(exercises, cells) {
  const says = cell => (cell?.outputs ?? []).map(output => [output.data?.["text/plain"] ?? ""].flat().join("")).join("");
  return exercises.filter(({check}) => says(cells.find(cell => cell.id === check)).startsWith("✓ right")).length;
}

async function list({notebooks}) {
  const own = (await storage.names()).filter(name => !(name in notebooks)).map(name => [name, {title: name, exercises: []}]);
  const lines = [];
  for (const [name, {title, minutes, exercises}] of [...Object.entries(notebooks), ...own]) {
    const link = document.createElement("a"), note = document.createElement("small"), line = document.createElement("li");
    const content = await storage.notebook(name);
    link.href = `notebooks/index.html?path=${encodeURIComponent(name)}`;
    link.textContent = title;
    const parts = [minutes && `${minutes} minutes`];
    if (exercises.length) parts.push(`${solved(exercises, content?.cells ?? [])} of ${exercises.length} exercises solved`);
    note.textContent = parts.filter(Boolean).join(" · ");
    link.append(note);
    line.append(link);
    lines.push(line);
  }
  element("notebooks").replaceChildren(...lines);
}

async function save({version}) {
  const files = [];
  for (const name of await storage.names()) {
    files.push([name, JSON.stringify(await storage.notebook(name), null, 1) + "\n", await storage.date(name)]);
  }
  for (const [table, folder] of [[storage.delivered, ".course"], [storage.backups, ".course/backups"]]) {
    for (const name of await table.keys()) files.push([`${folder}/${name}`, await table.get(name), new Date()]);
  }
  const link = document.createElement("a"), day = new Date().toISOString().slice(0, 10);
  link.href = URL.createObjectURL(await zip(files));
  link.download = `my-course-${day}.zip`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  doing(`Saved: ${link.download}, ${(await storage.names()).length} notebooks, version ${version} of the course.`);
}

// The files of an archive, or the one notebook, as [path in my-course, text].
async function read(file) {
  const found = file.name.endsWith(".ipynb") ? [[file.name, await file.arrayBuffer()]] : await unzip(file);
  const ours = found.filter(([path]) => path.endsWith(".ipynb") && !/(^|\/)(__MACOSX|backups|\.ipynb_checkpoints)\//.test(path));
  if (!ours.length) throw new Error(`there is no notebook in ${file.name}`);
  return ours.map(([path, bytes]) => {
    const [, state, name] = path.match(/(\.course\/)?([^/]+)$/);
    const content = JSON.parse(new TextDecoder().decode(bytes));
    if (!Array.isArray(content.cells)) throw new Error(`${path} is no notebook`);
    return [Boolean(state), name, content];
  });
}

async function bring(file, edition) {
  const found = await read(file);
  for (const [state, name, content] of found) {
    if (state) continue;
    await storage.backUp(name);
    const before = found.find(other => other[0] && other[1] === name);
    await storage.put(name, content);
    await storage.delivered.put(name, before ? JSON.stringify(before[2]) : "");
  }
  await deliver(edition);
  await list(edition);
  doing(`${file.name} is back: ${found.filter(([state]) => !state).length} notebooks.`);
}

function attend(edition) {
  const guarded = action => async event => {
    try { await action(event); } catch (error) { doing(`This did not work: ${error.message}`); }
    element("doing").scrollIntoView({block: "nearest"});
  };
  element("save").onclick = guarded(() => save(edition));
  element("bring").onclick = () => element("file").click();
  element("file").onchange = guarded(async ({target}) => {
    if (target.files.length) await bring(target.files[0], edition);
    target.value = "";
  });
  element("save").disabled = element("bring").disabled = false;
}

async function main() {
  if (await outdated()) return;
  const address = new URL(`edition-${EDITION}.json`, HERE).href, answer = await fetch(address);
  if (answer.ok) await (await caches.open(CACHE)).put(address, answer.clone());  // with index.html, for a visit without a network
  const edition = await answer.json();
  await serviceWorker();
  await load(edition.files);
  await deliver(edition);
  localStorage.setItem(KEY, EDITION);
  navigator.storage?.persist?.();
  await list(edition);
  attend(edition);
  const name = new URLSearchParams(location.search).get("open");
  if (name && !element("said").children.length) return location.replace(`notebooks/index.html?path=${encodeURIComponent(name)}`);
  doing("Ready. Choose a notebook.");
}

main().catch(error => doing(`The workbook cannot start here: ${error.message}. Is this a private window, or is the disk full?`));
