// A second process for the lock tests: opens the embedded database given, says so, and does as it is told. It loads the
// built package.
import { createInterface } from 'node:readline'
import { connect } from '@viewcast/sdk/database'

const [directory, orders] = process.argv.slice(2)
try {
  const db = await connect(directory)
  process.stdout.write('open\n')
  if (orders === 'close at once') {
    await db.close()
    process.stdout.write('closed\n')
    process.exit(0)
  }
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === 'close') await db.close()
    else await db.execute(line)
    process.stdout.write('done\n')
  }
} catch (e) {
  process.stdout.write(`${e.message}\n`)
}
