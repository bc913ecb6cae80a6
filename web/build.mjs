// Bundles every island of src/ into dist/: one script (and its styles) per island, without shared chunks.
import { readdirSync } from "node:fs";
import { build } from "esbuild";

const islands = readdirSync("src").filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"));

await build({
  entryPoints: islands.filter((name) => !name.startsWith("_")).map((name) => `src/${name}`),
  outdir: "dist",
  bundle: true,
  minify: true,
  sourcemap: false,
  format: "iife",
  target: ["es2020"],
  legalComments: "linked",
  logLevel: "warning",
});
