// node bench/run.mjs [name…]: runs the named benchmarks, all by default, against the built packages, and prints their
// tables. A ceiling that is missed makes the exit code 1.
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

// The command line depends on jiti; the benchmarks borrow it, as they are TypeScript and Node 20 is not.
const { createJiti } = createRequire(import.meta.resolve('viewcast/package.json'))('jiti')
const jiti = createJiti(import.meta.url, { tryNative: true })

const folder = fileURLToPath(new URL('.', import.meta.url))
const known = readdirSync(folder)
  .filter((file) => /\.ts$/.test(file) && readFileSync(folder + file, 'utf8').includes('export default'))
  .map((file) => file.slice(0, -3))
const wanted = process.argv.length > 2 ? process.argv.slice(2) : known
const unknown = wanted.filter((name) => !known.includes(name))
if (unknown.length > 0) {
  process.stderr.write(`no benchmark is named ${unknown.join(', ')}; there are ${known.join(', ')}\n`)
  process.exit(2)
}

let missed = false
for (const name of wanted) {
  const run = await jiti.import(`./${name}.ts`, { default: true })
  const { title, columns, rows, notes } = await run()
  const widths = columns.map((c, i) => Math.max(c.length, ...rows.map((r) => (r[i] ?? '').length)))
  const line = (cells) =>
    widths
      .map((w, i) => (cells[i] ?? '').padEnd(w))
      .join('  ')
      .trimEnd()
  process.stdout.write(
    [`\n${title}\n`, line(columns), line(widths.map((w) => '-'.repeat(w))), ...rows.map(line)].join('\n'),
  )
  process.stdout.write(`\n${notes.map((n) => `  ${n}\n`).join('')}`)
  if (rows.some((r) => r.includes('MISSED'))) missed = true
}
process.exitCode = missed ? 1 : 0
