import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import wabt from 'wabt'
import { createWorkspace, packed } from './kernels.ts'

const columns = 100

// After a change of kernels.wat: npx vitest run packages/sdk/src/train/solve/kernels.test.ts --update
test('the assembled module is kernels.wat', async () => {
  const source = readFileSync(new URL('./kernels.wat', import.meta.url), 'utf8')
  const assembler = await wabt()
  const { buffer } = assembler.parseWat('kernels.wat', source, { simd: true }).toBinary({})
  const text = Buffer.from(buffer).toString('base64')
  const lines = text.match(new RegExp(`.{1,${columns}}`, 'g')) ?? []
  const code = lines.map((l, i) => `  '${l}'${i === lines.length - 1 ? '' : ' +'}`).join('\n')
  await expect(
    `/** kernels.wat, assembled; written by kernels.test.ts. */\nexport const kernelsModule =\n${code}\n`,
  ).toMatchFileSnapshot('./kernels.gen.ts')
})

const close = (actual: ArrayLike<number>, expected: ArrayLike<number>): void => {
  expect(actual.length).toBe(expected.length)
  for (let i = 0; i < expected.length; i++) {
    const e = expected[i] as number
    expect(Math.abs((actual[i] as number) - e)).toBeLessThanOrEqual(1e-12 * (1 + Math.abs(e)))
  }
}

describe('workspace', () => {
  const value = fc.oneof(fc.constant(0), fc.double({ min: -3, max: 3, noNaN: true }))
  const shape = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 1, max: 70 }))

  test('agrees with the definitions, for every width and number of rows', () => {
    fc.assert(
      fc.property(
        shape.chain(([width, rows]) =>
          fc.record({
            width: fc.constant(width),
            rows: fc.constant(rows),
            x: fc.array(value, { minLength: rows * width, maxLength: rows * width }),
            shift: fc.oneof(
              fc.constant(new Array<number>(width).fill(0)),
              fc.array(value, { minLength: width, maxLength: width }),
            ),
            theta: fc.array(value, { minLength: width + 1, maxLength: width + 1 }),
            v: fc.array(value, { minLength: rows, maxLength: rows }),
            w: fc.array(value, { minLength: rows, maxLength: rows }),
          }),
        ),
        ({ width, rows, x, shift, theta, v, w }) => {
          const z = (r: number, j: number): number =>
            j === 0 ? 1 : (x[r * width + j - 1] as number) - (shift[j - 1] as number)
          const size = width + 1
          const each = Array.from({ length: rows }, (_, r) => r)
          const workspace = createWorkspace(width, Float64Array.from(shift))
          workspace.theta.set(theta)
          const predictor: number[] = []
          for (let from = 0; from < rows; from += 17) {
            const count = Math.min(17, rows - from)
            workspace.load(Float64Array.from(x), from, count)
            workspace.predict()
            predictor.push(...workspace.predictor.subarray(0, count))
            workspace.vector.set(v.slice(from, from + count))
            workspace.weight.set(w.slice(from, from + count))
            workspace.addVector()
            workspace.addProducts()
          }
          close(
            predictor,
            each.map((r) => theta.reduce((s, t, j) => s + t * z(r, j), 0)),
          )
          close(
            workspace.vectorSum(),
            theta.map((_, j) => each.reduce((s, r) => s + (v[r] as number) * z(r, j), 0)),
          )
          const products = new Float64Array(packed(size))
          for (let i = 0; i < size; i++)
            for (let j = 0; j <= i; j++)
              products[packed(i) + j] = each.reduce((s, r) => s + (w[r] as number) * z(r, i) * z(r, j), 0)
          close(workspace.productSum(), products)
        },
      ),
      { seed: 7, numRuns: 200 },
    )
  })

  test('gives probabilities, curvature and likelihood of a logistic model', () => {
    const predictors = [
      0, -0, 1e-300, 0.1, -0.1, 1, -1, 0.34657, 5, -5, 20, -20, 36.7, -36.7, 300, -300, 707.9, -707.9, 2000, -2000, 3,
    ]
    for (const y of [0, 1]) {
      for (const length of [1, 2, predictors.length]) {
        const some = predictors.slice(-length)
        const workspace = createWorkspace(0, new Float64Array(0))
        workspace.load(new Float64Array(0), 0, length)
        workspace.predictor.set(some)
        workspace.label.fill(y)
        const { loss, furthest } = workspace.logistic()
        const t = some.map((e) => Math.exp(-Math.abs(e)))
        const expected = some.reduce((s, e, r) => s + Math.max(e, 0) - y * e + Math.log1p(t[r] as number), 0)
        close([loss], [expected])
        expect(furthest).toBe(Math.max(...some.map(Math.abs)))
        const p = some.map((e, r) => (e > 0 ? 1 : (t[r] as number)) / (1 + (t[r] as number)))
        close(
          workspace.vector.subarray(0, length),
          p.map((q) => y - q),
        )
        // Relative, down to where the curvature is held: e^−708.
        t.forEach((u, r) => {
          const curvature = u / (1 + u) ** 2
          if (u > 1e-307) expect(Math.abs((workspace.weight[r] as number) / curvature - 1)).toBeLessThan(1e-15)
          else expect(workspace.weight[r] as number).toBeLessThan(1e-307)
        })
      }
    }
  })

  test('starts again after clear', () => {
    const workspace = createWorkspace(1, new Float64Array(1))
    workspace.load(Float64Array.of(2, 3), 0, 2)
    workspace.vector.set([1, 1])
    workspace.addVector()
    workspace.clear()
    workspace.addVector()
    expect([...workspace.vectorSum()]).toEqual([2, 5])
  })
})
