// Runs a Python program in Pyodide with a wheel installed: node pyodide_runs.mjs WHEEL PROGRAM [SITE_PACKAGES]
import { readFileSync } from "node:fs";
import { loadPyodide } from "../node_modules/pyodide/pyodide.mjs";

const [wheel, program, sitePackages] = process.argv.slice(2);
const pyodide = await loadPyodide();
pyodide.unpackArchive(new Uint8Array(readFileSync(wheel)), "wheel");
if (sitePackages) pyodide.mountNodeFS("/site-packages", sitePackages);
await pyodide.runPythonAsync(readFileSync(program, "utf8"));
