import { challengeRecorded, comparisons, type ModelRecord, openStore, type Store, trainRecorded } from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { model, modelOf, profile, spending, tables } from '../scenarios/shop.ts'

describeEachEngine('recorded challenges', (engine) => {
  let store: Store
  let first: ModelRecord
  let second: ModelRecord
  const heavier = modelOf([profile, spending], {}, { penalty: 20 })
  beforeAll(async () => {
    await engine.db.execute(tables)
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    first = (await trainRecorded(store, model)).record
    second = (await trainRecorded(store, heavier)).record
  })

  test('are runs that read both versions, with figures that are listed, the latest first', async () => {
    const [champion, challenger] = [
      { model, record: first },
      { model: heavier, record: second },
    ]
    const sampled = await challengeRecorded(store, champion, challenger, { spine: 'sample', part: 'all' })
    const at = '2024-02-28T00:00:00Z'
    const whole = await challengeRecorded(store, champion, challenger, { at })
    expect(whole.rows).toBe(200)
    const listed = await comparisons(store)
    expect(listed.map((c) => [c.run, c.questions, c.part, c.asOf, c.rows])).toEqual([
      [whole.run.id, 'entities', null, '2024-02-28 00:00:00+00', 200],
      [sampled.run.id, 'sample', 'all', null, 200],
    ])
    expect(listed[1]).toMatchObject({
      ...{ champion: 'replies', championVersion: 1, challenger: 'replies', challengerVersion: 2, actor: 'me' },
      ...{ output: 'probability', agreement: sampled.label?.agreement, kappa: sampled.label?.kappa },
      ...{ meanShift: sampled.outputs[0]?.meanShift, spearman: sampled.outputs[0]?.spearman, metrics: sampled.metrics },
    })
    expect(sampled.metrics.map((m) => m.metric)).toEqual(['logLoss', 'brier', 'accuracy', 'auc'])
    expect(sampled.outputs[0]?.moved).toBeGreaterThan(100)
    const read = await store.db.rows(
      `SELECT a.version, e.direction, e.role FROM viewcast.event e JOIN viewcast.artifact a ON a.id = e.artifact_id
       WHERE e.execution_id = $1 ORDER BY a.version`,
      [whole.run.id],
    )
    expect(read).toEqual([
      { version: 1, direction: 'in', role: 'champion' },
      { version: 2, direction: 'in', role: 'challenger' },
    ])
    const [run] = await store.db.rows('SELECT kind, state FROM viewcast.runs WHERE run_id = $1', [whole.run.id])
    expect(run).toEqual({ kind: 'challenge', state: 'finished' })
    const logged = await store.db.rows<{ metric: string; value: number }>(
      'SELECT metric, value FROM viewcast.run_metrics WHERE run_id = $1',
      [sampled.run.id],
    )
    expect(Object.fromEntries(logged.map((m) => [m.metric, m.value]))).toMatchObject({
      'rows.compared': 200,
      agreement: sampled.label?.agreement,
      'shift.probability': sampled.outputs[0]?.meanShift,
      'difference.logLoss': sampled.metrics[0]?.difference,
    })
    expect(await comparisons(store, { model: 'other' })).toEqual([])
    expect(await comparisons(store, { model: 'replies', limit: 1 })).toHaveLength(1)
  })

  test('that fail leave a failed run and no figures', async () => {
    const before = await comparisons(store)
    const lost = modelOf([profile])
    const challenger = { model: lost, record: second }
    await expect(challengeRecorded(store, { model, record: first }, challenger)).rejects.toThrow('model/stale')
    expect(await comparisons(store)).toEqual(before)
    const [run] = await store.db.rows(
      `SELECT state FROM viewcast.runs WHERE kind = 'challenge' ORDER BY started_at DESC LIMIT 1`,
    )
    expect(run).toEqual({ state: 'failed' })
  })
})
