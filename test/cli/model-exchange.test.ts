/** `viewcast import-model` and `export-model` in the project that `init` writes. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { build, scratch, viewcast } from './viewcast.ts'

let root = ''
let shop = ''
const run = (...args: string[]) => viewcast(shop, ...args)

/** Two stumps on one feature, as xgboost writes them. */
const stumps = (feature: string) => ({
  version: [1, 7, 4],
  learner: {
    attributes: {},
    feature_names: [feature],
    feature_types: ['float'],
    objective: { name: 'binary:logistic' },
    learner_model_param: { base_score: '5E-1', num_class: '0', num_feature: '1', num_target: '1' },
    gradient_booster: {
      name: 'gbtree',
      model: {
        tree_info: [0, 0],
        trees: [50, 120].map((threshold) => ({
          left_children: [1, -1, -1],
          right_children: [2, -1, -1],
          split_indices: [0, 0, 0],
          split_conditions: [threshold, -0.25, 0.5],
          default_left: [1, 0, 0],
          loss_changes: [3, 0, 0],
        })),
      },
    },
  },
})

beforeAll(async () => {
  await build()
  root = scratch()
  shop = join(root, 'shop')
  await viewcast(root, 'init', 'shop')
  writeFileSync(join(shop, 'model.json'), JSON.stringify(stumps('spend')))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

it('refuses a model whose features are no columns, and says what to write', async () => {
  const { code, err } = await run('import-model', 'reorder', 'model.json')
  expect(code).toBe(1)
  expect(err).toContain('model/import-input')
  expect(err).toMatch(/reads "spend", which dataset "history" lacks/)
  expect(existsSync(join(shop, '.viewcast/models/reorder/1.json'))).toBe(false)
})

it('keeps a model as a version that is verified and predicts', async () => {
  const { code, out, err } = await run('import-model', 'reorder', 'model.json', '--column', 'spend=spend_90d')
  expect(code, err).toBe(0)
  expect(out).toMatch(/from\s+xgboost 1\.7\.4, 2 trees/)
  expect(out).toMatch(/400 rows beside the thresholds/)
  expect(out).toMatch(/spend_90d\s+1\.0000/)
  const verified = await run('verify', 'reorder')
  expect(verified.code, verified.err).toBe(0)
  const sql = await run('compile', 'reorder')
  expect(sql.out).toMatch(/trees:? +2; for many rows run it with SET jit = off/)
  const again = await run('import-model', 'reorder', 'model.json', '--columns', 'spend_90d', '--json')
  // The file names its features, so a list of columns is for files that do not.
  expect(again.code).toBe(1)
  const json = JSON.parse(
    (await run('import-model', 'reorder', 'model.json', '--column', 'spend=spend_90d', '--json')).out,
  )
  // The same file is the same version.
  expect(json).toMatchObject({
    version: 1,
    source: 'xgboost 1.7.4',
    trees: 2,
    inputs: [{ feature: 'spend_90d', importance: 1 }],
    parity: { rows: 400, from: 'rules' },
  })
})

it('holds a model to rows with the answers of its library', async () => {
  const answers = { columns: ['spend'], rows: [[40], [50], [60], [null], [130]], scores: [-0.5, 0.25, 0.25, -0.5, 1] }
  writeFileSync(join(shop, 'rows.json'), JSON.stringify(answers))
  const good = await run('import-model', 'reorder', 'model.json', '--column', 'spend=spend_90d', '--rows', 'rows.json')
  expect(good.code, good.err).toBe(0)
  expect(good.out).toMatch(/5 rows give what xgboost 1\.7\.4 gave for them/)
  writeFileSync(join(shop, 'rows.json'), JSON.stringify({ ...answers, scores: [0, 0.25, 0.25, 0, 1] }))
  const bad = await run('import-model', 'reorder', 'model.json', '--column', 'spend=spend_90d', '--rows', 'rows.json')
  expect(bad.code).toBe(1)
  expect(bad.err).toMatch(/2 of 5 rows are scored otherwise than by xgboost 1\.7\.4: the first is row 1/)
})

it('writes a version as a module that scores alike', async () => {
  const { code, err } = await run('export-model', 'reorder', '--version', '1', '--out', 'reorder.mjs')
  expect(code, err).toBe(0)
  const text = readFileSync(join(shop, 'reorder.mjs'), 'utf8')
  expect(text).not.toMatch(/\bimport\b.*\bfrom\b/)
  const { score, inputs } = await import(pathToFileURL(join(shop, 'reorder.mjs')).href)
  expect(inputs).toEqual(['spend_90d'])
  expect(score({ spend_90d: '130' }).probability).toBe(1 / (1 + Math.exp(-1)))
  const json = JSON.parse((await run('export-model', 'reorder', '--version', '1', '--json')).out)
  expect(json).toEqual({ model: 'reorder', version: 1, format: 'javascript', content: text })
})

it('reads PMML, held to its own terms, and writes it and ONNX', async () => {
  const pmml = `<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4"><Header><Application name="R"/></Header>
    <DataDictionary><DataField name="spend" optype="continuous" dataType="double"/>
    <DataField name="y" optype="categorical" dataType="string"><Value value="0"/><Value value="1"/></DataField></DataDictionary>
    <RegressionModel functionName="classification" normalizationMethod="logit"><MiningSchema><MiningField name="spend"/>
    <MiningField name="y" usageType="target"/></MiningSchema><RegressionTable intercept="-2" targetCategory="1">
    <NumericPredictor name="spend" coefficient="0.03"/></RegressionTable><RegressionTable intercept="0" targetCategory="0"/></RegressionModel></PMML>`
  writeFileSync(join(shop, 'reorder.pmml'), pmml)
  const read = await run('import-model', 'reorder', 'reorder.pmml', '--column', 'spend=spend_90d', '--json')
  expect(read.code, read.err).toBe(0)
  const { version, source, parity } = JSON.parse(read.out)
  expect({ source, parity }).toEqual({ source: 'PMML 4.4 of R', parity: { rows: 400, from: 'rules' } })
  expect((await run('verify', 'reorder')).code).toBe(0)
  const written = await run('export-model', 'reorder', '--version', String(version), '--as', 'pmml')
  expect(written.out).toMatch(/normalizationMethod="logit"/)
  expect((await run('export-model', 'reorder', '--as', 'onnx')).code).toBe(2)
  expect((await run('export-model', 'reorder', '--as', 'onnx', '--out', 'reorder.onnx')).code).toBe(0)
  expect(readFileSync(join(shop, 'reorder.onnx')).includes('viewcast')).toBe(true)
  writeFileSync(join(shop, 'bad.pmml'), pmml.replace('normalizationMethod="logit"', 'normalizationMethod="cauchit"'))
  expect((await run('import-model', 'reorder', 'bad.pmml')).err).toMatch(/model\/import.*cauchit|cauchit/s)
})

it('refuses options that are not written as they are read', async () => {
  expect((await run('import-model', 'reorder', 'model.json', '--column', 'spend')).code).toBe(2)
  expect((await run('import-model', 'reorder', 'model.json', '--column', 'a=b', '--columns', 'a')).code).toBe(2)
  expect((await run('import-model', 'reorder', 'none.json')).err).toContain('cli/file')
})
