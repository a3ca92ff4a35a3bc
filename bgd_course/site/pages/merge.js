// A worker that merges notebooks as `make lab` does, with the same Python.
self.onmessage = async ({data: {kernel, base, jobs}}) => {
  try {
    const address = new URL(kernel.pyodideUrl, base).href, options = kernel.loadPyodideOptions;
    const {loadPyodide} = await import(address);
    const pyodide = await loadPyodide({
      indexURL: address.replace(/[^/]*$/, ""), packages: options.packages, lockFileURL: new URL(options.lockFileURL, base).href,
    });
    const merge = pyodide.runPython("from bgd_course.merging import merge_texts; merge_texts");
    for (const {name, before, now, mine} of jobs) {
      try {
        const [text, said] = merge(before ?? null, now, mine).toJs();
        self.postMessage({name, text, said});
      } catch (error) {
        self.postMessage({name, error: String(error.message).trim().split("\n").at(-1)});
      }
    }
    self.postMessage({done: true});
  } catch (error) {
    self.postMessage({failed: String(error.message ?? error)});
  }
};
