// Bundles the page into dist/ and collects the licence of every package that went into it.
import { build } from "esbuild";
import { readFileSync, readdirSync, writeFileSync, copyFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";

mkdirSync("dist", { recursive: true });
const result = await build({
  entryPoints: { page: "src/main.jsx" },
  outdir: "dist",
  bundle: true,
  minify: true,
  metafile: true,
  legalComments: "none",
  jsx: "automatic",
  target: "es2022",
  define: { "process.env.NODE_ENV": '"production"' },
});
copyFileSync("src/index.html", "dist/index.html");

const packages = new Map();
for (const input of Object.keys(result.metafile.inputs)) {
  const match = input.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//);
  if (match) packages.set(match[1], JSON.parse(readFileSync(join(match[1], "package.json"), "utf8")));
}
const licences = [...packages].sort().map(([folder, about]) => {
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  const text = file ? readFileSync(join(folder, file), "utf8").trim() : `(${about.license}; the package carries no licence text)`;
  return `${about.name} ${about.version} - ${about.license}\n\n${text}\n`;
});
writeFileSync("dist/LICENSES.txt", licences.join(`\n${"-".repeat(100)}\n\n`));
console.log(`${packages.size} packages bundled into ${dirname("dist/page.js")}`);
