// Sets formulas with MathJax: each line of the input is a formula, as JSON, each line of the output its HTML. Run by formulas.py.
"use strict";

const readline = require("node:readline");

const folder = process.argv[2]; // where MathJax is
const loader = {
  load: ["adaptors/liteDOM", "input/tex", "output/svg", "a11y/assistive-mml"],
  paths: { mathjax: folder },
  versionWarnings: false,
  require,
};

async function main() {
  const MathJax = await require(`${folder}/node-main.js`).init({ loader, svg: { fontCache: "none" } });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { tex, display } = JSON.parse(line);
    const html = MathJax.startup.adaptor.outerHTML(await MathJax.tex2svgPromise(tex, { display }));
    process.stdout.write(`${JSON.stringify(html)}\n`);
  }
}

main();
