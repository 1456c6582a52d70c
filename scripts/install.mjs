// Installs the workspace when it was never installed, or when a manifest or the lockfile changed since.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fingerprint, readStamp, root, writeStamp } from './fingerprint.mjs'
import { main, mustRun, seconds } from './run.mjs'

// Corepack needs a download host of its own; npx needs only the npm registry.
export const pnpm = ['-y', 'pnpm@10.34.8']

export async function ensureInstalled() {
  const wanted = fingerprint(manifests())
  if (existsSync(join(root, 'node_modules', '.modules.yaml')) && readStamp('installed') === wanted) return
  const start = performance.now()
  process.stderr.write('installing dependencies…\n')
  // CI=true: without a terminal pnpm would ask before it replaces an outdated node_modules, and stop.
  await mustRun('npx', [...pnpm, 'install', '--frozen-lockfile', '--reporter=append-only'], {
    env: { CI: 'true' },
    quiet: true,
  })
  writeStamp('installed', wanted)
  process.stderr.write(`installed in ${seconds(start)}\n`)
}

function manifests() {
  const folders = ['packages', 'examples'].flatMap((parent) =>
    existsSync(join(root, parent)) ? readdirSync(join(root, parent)).map((name) => join(parent, name)) : [],
  )
  const packages = ['.', 'test', 'bench', ...folders].map((folder) => join(root, folder, 'package.json'))
  return [...packages, join(root, 'pnpm-lock.yaml'), join(root, 'pnpm-workspace.yaml')].filter(existsSync)
}

if (process.argv[1] === import.meta.filename) await main(ensureInstalled)
