// JupyterLite's worker of a kernel, in which Python begins to load while the page is still loading itself.
import "./python.js";
import "WORKER";
