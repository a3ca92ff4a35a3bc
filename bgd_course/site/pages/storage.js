// Two databases of the browser: JupyterLite's own with the notebooks, and ours with what was delivered and backups.
const BASE = new URL(".", import.meta.url).pathname;
const JUPYTER = `JupyterLite Storage - ${BASE}`;
const OURS = `Course - ${BASE}`;

function opened(name, stores, version) {
  return new Promise((done, fail) => {
    const asked = indexedDB.open(name, version);
    asked.onupgradeneeded = () => stores.forEach(store => asked.result.objectStoreNames.contains(store) || asked.result.createObjectStore(store));
    asked.onerror = () => fail(asked.error);
    asked.onblocked = () => fail(new Error("another tab of the workbook is in the way: close it, and load this page again"));
    asked.onsuccess = () => done(asked.result);
  });
}

async function database(name, stores) {
  const found = await opened(name, stores);
  if (stores.every(store => found.objectStoreNames.contains(store))) return found;
  found.close();
  return opened(name, stores, found.version + 1);
}

async function ask(name, stores, store, mode, question) {
  const found = await database(name, stores);
  found.onversionchange = () => found.close();
  try {
    return await new Promise((done, fail) => {
      const transaction = found.transaction(store, mode), request = question(transaction.objectStore(store));
      transaction.oncomplete = () => done(request.result);
      transaction.onerror = transaction.onabort = () => fail(transaction.error);
    });
  } finally {
    found.close();
  }
}

function table(name, stores, store) {
  return {
    get: key => ask(name, stores, store, "readonly", s => s.get(key)),
    keys: () => ask(name, stores, store, "readonly", s => s.getAllKeys()),
    put: (key, value) => ask(name, stores, store, "readwrite", s => s.put(value, key)),
  };
}

const files = table(JUPYTER, ["files"], "files");
export const delivered = table(OURS, ["delivered", "backups"], "delivered");
export const backups = table(OURS, ["delivered", "backups"], "backups");

// The notebooks that are stored: name to content.
export async function notebook(name) {
  return (await files.get(name))?.content;
}

export async function names() {
  return (await files.keys()).filter(name => name.endsWith(".ipynb")).sort();
}

export async function put(name, content) {
  const now = new Date().toISOString(), old = await files.get(name);
  await files.put(name, {
    name, path: name, type: "notebook", format: "json", mimetype: "application/json", writable: true, content,
    size: JSON.stringify(content).length, created: old?.created ?? now, last_modified: now,
  });
}

export async function date(name) {
  return new Date((await files.get(name))?.last_modified ?? Date.now());
}

export async function backUp(name) {
  const content = await notebook(name);
  if (!content) return;
  const known = await backups.keys(), stem = name.replace(/\.ipynb$/, "");
  let number = 1;
  while (known.includes(`${stem}.${number}.ipynb`)) number++;
  await backups.put(`${stem}.${number}.ipynb`, JSON.stringify(content));
}
