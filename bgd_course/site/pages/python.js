// Python for a worker: Pyodide, the course's packages, and the kernel imported. Browsers start from wheels without
// bytecode, and compiling them takes most of the time: what Python compiles is kept in the cache, beside the lock that
// names all packages, and the next visit takes it from there. Each module's bytecode carries the hash of its source.
import {unzip} from "./zip.js";

const {core, lock, packages} = "PYTHON";
const HERE = new URL(".", import.meta.url), CACHE = "precache", KEPT = new URL(`${lock}.bytecode`, HERE).href;
const NOTHING = "data:application/zip;base64,UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==";  // an empty archive
const PREFIX = "/bytecode", EVERY = 15_000;
const COMPILED = `
import importlib.util, os, sys

def compiled(prefix):
    for folder, _, names in os.walk(prefix + "/lib"):
        for path in (os.path.join(folder, name) for name in names if name.endswith(".pyc")):
            source = path.removeprefix(prefix).rsplit(".", 2)[0] + ".py"
            if os.path.exists(source):
                with open(path, "rb") as file, open(source, "rb") as text:
                    code, digest = file.read()[16:], importlib.util.source_hash(text.read())
                yield path, importlib.util.MAGIC_NUMBER + (3).to_bytes(4, "little") + digest + code

lambda prefix: list(compiled(prefix))
`;

const sha256 = async bytes => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

// [path, bytes] of each module that an earlier visit has compiled; none if nothing is kept, or not as it was.
async function kept() {
  const answer = await (await caches.open(CACHE)).match(KEPT), found = [];
  if (!answer) return found;
  const all = new Uint8Array(await answer.arrayBuffer()), digest = await sha256(all.subarray(32));
  if (!digest.every((byte, i) => byte === all[i])) return found;
  const head = 36 + new DataView(all.buffer).getUint32(32);
  let at = head;
  for (const [path, size] of JSON.parse(new TextDecoder().decode(all.subarray(36, head)))) {
    found.push([path, all.subarray(at, at += size)]);
  }
  return found;
}

// Keep what is compiled by now.
async function keep(python) {
  const globals = python.globals.get("dict")(), compiled = python.runPython(COMPILED, {globals});
  const list = compiled(PREFIX), found = list.toJs();
  for (const proxy of [list, compiled, globals]) proxy.destroy();
  const names = new TextEncoder().encode(JSON.stringify(found.map(([path, bytes]) => [path, bytes.length])));
  const size = new DataView(new ArrayBuffer(4));
  size.setUint32(0, names.length);
  const body = new Uint8Array(await new Blob([size, names, ...found.map(([, bytes]) => bytes)]).arrayBuffer());
  await (await caches.open(CACHE)).put(KEPT, new Response(new Blob([await sha256(body), body])));
}

const count = node => node.isFolder ? Object.values(node.contents).reduce((sum, inner) => sum + count(inner), 0) : 1;

function write(FS, path, bytes) {
  FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
  FS.writeFile(path, bytes, {canOwn: true});
}

// With the standard library as files, for what is in an archive is compiled at each start.
async function begin() {
  const indexURL = new URL(".", new URL(core, HERE)).href, options = {indexURL, packages, lockFileURL: new URL(lock, HERE).href};
  const library = fetch(`${indexURL}python_stdlib.zip`).then(answer => answer.blob()).then(unzip).catch(() => []);  // it fails then
  const before = kept().catch(() => []);
  const {loadPyodide} = await import(new URL(core, HERE).href);
  const ready = async more => {
    const python = await loadPyodide({...options, ...more});
    python.runPython("import piplite.piplite, pyodide_kernel");
    return python;
  };
  const python = await ready({
    stdLibURL: NOTHING, env: {PYTHONPYCACHEPREFIX: PREFIX},
    fsInit: async (FS, {sitePackages}) => {
      const folder = sitePackages.replace(/\/[^/]*$/, "");
      FS.mkdirTree(PREFIX);
      for (const [path, bytes] of await library) write(FS, `${folder}/${path}`, bytes);
      for (const [path, bytes] of await before) write(FS, path, bytes);
      FS.writeFile(`${sitePackages}/sitecustomize.py`, "import sys\nsys.dont_write_bytecode = False\n");
    },
  }).catch(() => ready({}));
  let known = (await before).length;
  const more = async () => {
    const modules = count(python.FS.lookupPath(PREFIX).node);
    if (modules > known) await keep(python);
    known = modules;
  };
  const looking = setInterval(() => more().catch(() => clearInterval(looking)), EVERY);  // the first cells compile more
  if (!known) await more().catch(() => clearInterval(looking));  // a full disk, a private window
  return python;
}

const begun = begin();
begun.catch(() => {});

export async function loadPyodide({stdout, stderr} = {}) {
  const python = await begun;
  if (stdout) python.setStdout({batched: stdout});
  if (stderr) python.setStderr({batched: stderr});
  return python;
}
