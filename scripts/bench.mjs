// npm run bench: the benchmarks read the built packages, as a user's program does.
import { join } from 'node:path'
import { ensureBuilt } from './build.mjs'
import { root } from './fingerprint.mjs'
import { ensureInstalled } from './install.mjs'
import { main, run } from './run.mjs'

await main(async () => {
  await ensureInstalled()
  await ensureBuilt()
  return run(process.execPath, [join(root, 'bench/run.mjs'), ...process.argv.slice(2)])
})
