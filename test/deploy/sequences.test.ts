import { expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { sequenceShop } from './sequence-shop.ts'
import { runSequence } from './sequences.ts'

/** How long to go on with seeds of the clock, in minutes; without it a few seeds are run that are always the same. */
const minutes = Number(process.env['SEQUENCES_MINUTES'] ?? 0)
const seeds = (process.env['SEQUENCES'] ?? '3,5').split(',').map(Number)
const length = Number(process.env['SEQUENCE_LENGTH'] ?? 17)

describeEachEngine('any sequence of deployments', (engine) => {
  test(
    'leaves database and store agreed, and what is of others as it was',
    async () => {
      const shop = await sequenceShop(engine.db, `sequence_${engine.name}_${process.pid}`)
      let steps = 0
      const end = Date.now() + minutes * 60_000
      for (const seed of seeds) steps += (await runSequence(shop, seed, length, 'fixed')).length
      for (let seed = Date.now() % 1e9; Date.now() < end; seed++)
        steps += (await runSequence(shop, seed, 25, 'seq')).length
      if (minutes > 0) process.stderr.write(`${engine.name}: ${steps} steps\n`)
      expect(steps).toBeGreaterThanOrEqual(length * seeds.length)
    },
    180_000 + minutes * 60_000,
  )
})
