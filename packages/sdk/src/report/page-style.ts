/** Style of a report: one column of text and tables, charts two by two; light, dark and paper from the same markup. */
export const pageStyle = `
:root { color-scheme: light dark; --text: #1b1f24; --muted: #5b6470; --line: #d8dde3; --ground: #ffffff; --card: #f6f8fa;
  --chart-1: #1f6feb; --chart-2: #d4750c; --chart-faint: #768390; --good: #1a7f37; --bad: #cf222e; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --muted: #9aa4af; --line: #30363d; --ground: #0d1117; --card: #161b22;
    --chart-1: #58a6ff; --chart-2: #f0a44b; --chart-faint: #8b949e; --good: #3fb950; --bad: #f85149; }
}
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--ground); }
main { max-width: 62rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.6rem; margin: 0 0 .2rem; } h2 { font-size: 1.15rem; margin: 2.4rem 0 .6rem; } h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
p, figcaption { color: var(--muted); margin: .2rem 0 .6rem; max-width: 46rem; }
nav { display: flex; flex-wrap: wrap; gap: .3rem 1rem; margin: 1rem 0 0; padding: 0; }
a { color: var(--chart-1); text-decoration: none; } a:hover { text-decoration: underline; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .28rem .6rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; } thead th { color: var(--muted); font-weight: 600; }
td.range { color: var(--muted); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(24rem, 1fr)); gap: 1rem; }
figure { margin: 0; padding: .8rem; background: var(--card); border: 1px solid var(--line); border-radius: 6px; break-inside: avoid; }
figure svg { width: 100%; height: auto; overflow: visible; } figcaption { font-size: .85rem; margin: .3rem 0 0; }
.wide { grid-column: 1 / -1; }
.legend { display: flex; flex-wrap: wrap; gap: 0 1rem; font-size: .85rem; } .legend i { display: inline-block; width: .8em; height: .8em; margin-right: .35em; border-radius: 2px; vertical-align: -.05em; }
@media (max-width: 30rem) { .charts { grid-template-columns: 1fr; } }
pre { overflow: auto; max-height: 32rem; padding: .8rem; background: var(--card); border: 1px solid var(--line); border-radius: 6px; font-size: .8rem; }
@media print {
  :root { color-scheme: light; --text: #000; --muted: #444; --line: #bbb; --ground: #fff; --card: #fff;
    --chart-1: #1f4fa3; --chart-2: #a85c00; --chart-faint: #666; }
  body { font-size: 10.5pt; } main { max-width: none; padding: 0; } nav { display: none; }
  .charts { grid-template-columns: 1fr 1fr; } pre { max-height: none; white-space: pre-wrap; } h2 { break-after: avoid; }
  table, figure { break-inside: avoid; }
}`
