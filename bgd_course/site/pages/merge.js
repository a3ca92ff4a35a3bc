// A worker that merges notebooks as `make lab` does, with the same Python.
import {loadPyodide} from "./python.js";

self.onmessage = async ({data: jobs}) => {
  try {
    const pyodide = await loadPyodide();
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
