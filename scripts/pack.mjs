// Packs the three packages as they would be published, into a folder; returns the tarballs by package name.
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ensureBuilt } from './build.mjs'
import { root } from './fingerprint.mjs'
import { ensureInstalled, pnpm } from './install.mjs'
import { main, mustRun } from './run.mjs'

export async function pack(folder = join(root, 'node_modules/.viewcast/packed')) {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const packing = ['compiler', 'sdk', 'cli'].map((name) => {
    const cwd = join(root, 'packages', name)
    return mustRun('npx', [...pnpm, 'pack', '--pack-destination', folder], { cwd, quiet: true })
  })
  await Promise.all(packing)
  return readdirSync(folder).map((file) => join(folder, file))
}

if (process.argv[1] === import.meta.filename) {
  await main(async () => {
    await ensureInstalled()
    await ensureBuilt()
    for (const tarball of await pack(process.argv[2])) console.log(tarball)
  })
}
