import { expect, test } from 'vitest'
import { describeEachEngine } from './each-engine.ts'

describeEachEngine('each engine', (engine) => {
  test('answers, and says what it is', async () => {
    expect(engine.db.engine).toBe(engine.name)
    expect(await engine.db.rows('SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  test('gives a second, independent database', async () => {
    await engine.db.execute('CREATE TABLE only_here (a int)')
    const other = await engine.open()
    expect((await other.introspect()).relations).toEqual([])
  })
})
