/** Least squares without rounding, in the process and in the database: the certified digits of NIST's reference problems. */
import { readFileSync } from 'node:fs'
import { type ModelRecord, numeric, project, trainModel } from '@viewcast/sdk'
import { beforeAll, describe, expect, test } from 'vitest'
import { describeEachEngine } from '../engines/each-engine.ts'

interface ReferenceProblem {
  readonly name: string
  readonly x: readonly (readonly number[])[]
  readonly y: readonly number[]
  /** The columns are the powers of the one in `x` up to this. */
  readonly degree?: number
  readonly coefficients: readonly number[]
  readonly standardErrors: readonly number[]
}

const data = new URL('../fixtures/nist-linear.json', import.meta.url)
const { problems: referenceProblems } = JSON.parse(readFileSync(data, 'utf8')) as {
  readonly problems: readonly ReferenceProblem[]
}

interface DB {
  rows: {
    problem: string
    row: number
    y: number
    x1: number
    x2: number
    x3: number
    x4: number
    x5: number
    x6: number
  }
}
const p = project<DB>('nist')
const row = p.entity('row', { row: 'int4' })

/** Powers of ten have no basis that high; that problem is held to its digits where the sums are made. */
const problems = referenceProblems.filter((problem) => (problem.degree ?? 1) <= 8)

const modelOf = (name: string, width: number, degree: number | undefined) => {
  const columns = ['x1', 'x2', 'x3', 'x4', 'x5', 'x6'].slice(0, width) as ('x1' | 'x2')[]
  const facts = p.featureView('facts', { entity: row }).query(({ db }) =>
    db
      .selectFrom('rows')
      .where('problem', '=', name)
      .select(['row', ...columns]),
  )
  const sample = p
    .sample('sample', { entity: row })
    .query(({ db }) => db.selectFrom('rows').where('problem', '=', name).select('row'))
  const target = p
    .target('target', { entity: row })
    .query(({ db }) => db.selectFrom('rows').where('problem', '=', name).select(['row', 'y']))
  const dataset = p.dataset('nist', { sample, target, features: [facts] })
  const spec = degree === undefined ? numeric() : { ...numeric(), basis: { kind: 'polynomial', degree } as const }
  return p
    .model('reference', { dataset, family: 'linear', label: 'y' })
    .inputs(Object.fromEntries(columns.map((c) => [c, spec])) as never)
}

const correctDigits = (record: ModelRecord, expected: readonly number[], errors: readonly number[]): void => {
  expected.forEach((e, i) => {
    const c = record.coefficients[i]
    expect(Math.abs((c?.estimate ?? 0) / e - 1)).toBeLessThan(1e-14)
    if (errors[i] !== 0) expect(Math.abs((c?.standardError ?? 0) / (errors[i] as number) - 1)).toBeLessThan(1e-14)
  })
}

describeEachEngine('exact least squares', (engine) => {
  beforeAll(async () => {
    await engine.db.execute(
      'CREATE TABLE rows (problem text, row int4, y float8, x1 float8, x2 float8, x3 float8, x4 float8, x5 float8, x6 float8)',
    )
    for (const { name, x, y } of problems) {
      const values = x.map((r, i) => `('${name}', ${i}, ${y[i]}, ${[...r, 0, 0, 0, 0, 0].slice(0, 6).join(', ')})`)
      await engine.db.execute(`INSERT INTO rows VALUES ${values.join(', ')}`)
    }
  })

  describe.each(['process', 'database'] as const)('in the %s', (where) => {
    test.each(problems)('$name: every certified digit', async ({ name, x, degree, coefficients, standardErrors }) => {
      const { record } = await trainModel(engine.db, modelOf(name, x[0]?.length ?? 0, degree), { where, exact: true })
      expect(record.fit).toMatchObject({ solver: 'exact', where })
      correctDigits(record, coefficients, standardErrors)
    })
  })

  test('a standardised column is taken as it was written, not as it was rounded', async () => {
    const model = modelOf('Longley', 6, undefined)
    const own = { ...model, inputs: Object.fromEntries(Object.keys(model.inputs).map((f) => [f, 'auto' as const])) }
    const records = await Promise.all([
      trainModel(engine.db, own, { where: 'process', exact: true }),
      trainModel(engine.db, own, { where: 'database', exact: true }),
    ])
    const longley = problems[0]?.coefficients ?? []
    for (const { record } of records) {
      record.inputs.forEach(({ encoder }, j) => {
        const slope = (record.coefficients[j + 1]?.estimate ?? 0) / (encoder.kind === 'numeric' ? encoder.scale : 1)
        expect(Math.abs(slope / (longley[j + 1] as number) - 1)).toBeLessThan(1e-14)
      })
    }
  })

  test('says what it does not do', async () => {
    const model = modelOf('Longley', 6, undefined)
    const ridge = { ...model, penalty: { l1: 0, l2: 1 } }
    for (const where of ['process', 'database'] as const) {
      await expect(trainModel(engine.db, ridge, { where, exact: true })).rejects.toMatchObject({
        diagnostics: [{ code: 'train/unsupported' }],
      })
    }
  })
})
