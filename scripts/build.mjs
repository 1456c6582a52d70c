// Builds the packages that changed: JavaScript by tsup, declarations by tsc (tsup's own need TypeScript below 7).
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fingerprint, readStamp, root, writeStamp } from './fingerprint.mjs'
import { ensureInstalled } from './install.mjs'
import { main, mustRun, seconds } from './run.mjs'

// In dependency order: the declarations of each are checked against the built ones before it.
const packages = ['compiler', 'sdk', 'cli']

export async function ensureBuilt() {
  const start = performance.now()
  const stale = staleNow()
  if (stale.length === 0) return
  process.stderr.write(`building ${stale.map((p) => p.name).join(', ')}…\n`)
  await Promise.all(stale.map((p) => mustRun(process.execPath, [bin('tsup/dist/cli-default.js')], quietIn(p))))
  for (const p of stale) {
    await mustRun(process.execPath, [bin('typescript/bin/tsc'), '-p', 'tsconfig.build.json'], quietIn(p))
    writeStamp(`built-${p.name}`, p.wanted)
  }
  process.stderr.write(`built in ${seconds(start)}\n`)
}

const bin = (path) => join(root, 'node_modules', path)
const quietIn = (p) => ({ cwd: join(root, 'packages', p.name), quiet: true })

function staleNow() {
  const shared = ['tsconfig.base.json', 'pnpm-lock.yaml'].map((file) => join(root, file))
  let before = fingerprint(shared)
  const stale = []
  for (const name of packages) {
    const folder = join(root, 'packages', name)
    // The digest carries that of the packages before it: a change below rebuilds what stands on it.
    const wanted = `${before} ${fingerprint([folder])}`
    if (readStamp(`built-${name}`) !== wanted || !existsSync(join(folder, 'dist'))) stale.push({ name, wanted })
    before = wanted
  }
  return stale
}

if (process.argv[1] === import.meta.filename) {
  await main(async () => {
    await ensureInstalled()
    await ensureBuilt()
  })
}
