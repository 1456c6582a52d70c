import {
  deleteExperiment,
  deleteRun,
  deleteRunTag,
  getExperiment,
  getRun,
  grantAccess,
  listFiles,
  logBatch,
  logFile,
  logInput,
  markLostRuns,
  metricHistory,
  openStore,
  readRunFile,
  reopenRun,
  restoreExperiment,
  restoreRun,
  type Store,
  setRunTags,
  startRun,
  updateExperiment,
  updateRun,
  withRun,
} from '@viewcast/sdk'
import { beforeAll, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'
import { diagnosticsOf } from '../errors/codes-of.ts'

describeEachEngine('a role that appends', (engine) => {
  let store: Store
  let role = ''
  beforeAll(async () => {
    store = await openStore(engine.db, { project: 'shop', actor: 'me' })
    const [row] = await engine.db.rows<{ name: string }>(`SELECT current_database() || '_logger' AS name`)
    role = row?.name ?? ''
    await engine.db.execute(`CREATE ROLE "${role}"`)
    await grantAccess(engine.db, role, 'append')
  })
  const asRole = <T>(body: (store: Store) => Promise<T>): Promise<T> =>
    store.db.transaction(async (tx) => {
      await tx.execute(`SET LOCAL ROLE "${role}"`)
      return body({ ...store, db: tx })
    })
  const quiet = { capture: false } as const

  test('does all that a run needs', async () => {
    const id = await asRole((inside) =>
      withRun(inside, { ...quiet, experiment: 'e', key: 'k', params: { a: 1 }, tags: { t: 'u' } }, async (run) => {
        run.log({ loss: 1 })
        await run.note('# Why')
        await run.file('a.md', 'one')
        await run.input({ name: 'rows', digest: 'd' }, 'training')
        await withRun(inside, { parent: run.id }, async (part) => part.log({ loss: 2 }))
        return run.id
      }),
    )
    await asRole(async (inside) => {
      await setRunTags(inside, id, { t: 'v', w: 'x' })
      await deleteRunTag(inside, id, 'w')
      await updateRun(inside, id, { name: 'n', state: 'failed' })
      await reopenRun(inside, id)
      await updateRun(inside, id, { state: 'failed' })
      await startRun(inside, { ...quiet, key: 'k', resume: true })
      await deleteRun(inside, id)
      await restoreRun(inside, id)
      await updateExperiment(inside, 'e', { description: 'd', tags: { a: 'b' } })
      await deleteExperiment(inside, 'e')
      await restoreExperiment(inside, 'e')
      await markLostRuns(inside)
      expect(await getExperiment(inside, 'e')).toMatchObject({ runs: 2, description: 'd' })
      expect(await getRun(inside, id)).toMatchObject({
        name: 'n',
        state: 'running',
        attempt: 3,
        note: '# Why',
        tags: { t: 'v' },
        metrics: [{ n: 1 }],
        inputs: [{ name: 'rows' }],
        children: [{ state: 'finished' }],
      })
      expect((await metricHistory(inside, id, 'loss')).points).toHaveLength(1)
      expect((await readRunFile(inside, id, 'a.md')).size).toBe(3)
    })
  })

  test('replaces no file, and takes no part of the past away', async () => {
    const { id } = await startRun(store, { ...quiet, params: { a: 1 } })
    await logBatch(store, id, { metrics: [{ name: 'loss', value: 1 }] })
    await asRole((inside) => logFile(inside, id, 'a.md', 'one'))
    await asRole((inside) => logFile(inside, id, 'a.md', 'one'))
    expect(await diagnosticsOf(() => asRole((inside) => logFile(inside, id, 'a.md', 'two')))).toMatchObject([
      { code: 'run/file', message: expect.stringContaining('may not replace') },
    ])
    for (const sql of [
      `DELETE FROM viewcast.run_file`,
      `UPDATE viewcast.param SET value = '2'`,
      `UPDATE viewcast.execution SET started_at = 'epoch'`,
      `DELETE FROM viewcast.execution`,
      `INSERT INTO viewcast.metric SELECT execution_id, key_id, 7, 7, 7 FROM viewcast.metric`,
      `UPDATE viewcast.metric_latest SET value = 0`,
    ]) {
      await expect(asRole(({ db }) => db.query(sql))).rejects.toThrow('permission denied')
    }
    expect(await listFiles(store, id)).toMatchObject([{ path: 'a.md', size: 3 }])
    await logInput(store, id, { name: 'x', digest: 'y' })
  })
})
