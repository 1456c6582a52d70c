/** Trees of xgboost and lightgbm against the libraries' own answers for rows, many of them on a threshold or next to one. */
import { readFileSync } from 'node:fs'
import {
  importedRecord,
  importLightgbm,
  importParity,
  importXgboost,
  parityRows,
  readParityFile,
} from '@viewcast/compiler'
import { describe, expect, test } from 'vitest'

const fixture = (name: string): string => readFileSync(new URL(`../fixtures/imports/${name}`, import.meta.url), 'utf8')
const about = {
  name: 'm',
  version: 1,
  at: '2026-01-01T00:00:00.000Z',
  label: 'y',
  threshold: 0.5,
  dataset: { name: 'd', queryHash: 'f'.repeat(64) },
}

describe('xgboost', () => {
  test.each(['logistic', 'softprob', 'regression', 'poisson', 'categories'])('%s: the same bits', (name) => {
    const model = importXgboost(fixture(`xgboost-${name}.model.json`), { file: 'model.json' })
    const record = importedRecord(model, about)
    const rows = parityRows(
      readParityFile(fixture(`xgboost-${name}.rows.json`), 'rows.json'),
      model.inputs,
      model.classes?.length ?? 1,
      'rows.json',
    )
    expect(rows).toHaveLength(120)
    expect(importParity(record, rows)).toEqual({ rows: 120, mismatched: 0 })
    const reference = rows.map(({ inputs }) => ({ inputs, scores: model.reference?.(inputs) ?? [] }))
    expect(importParity(record, reference)).toEqual({ rows: 120, mismatched: 0 })
  })
})

describe('LightGBM', () => {
  test.each(['binary', 'zero-as-missing', 'nothing-missing', 'multiclass', 'poisson', 'categories', 'forest'])(
    '%s: the same bits',
    (name) => {
      const model = importLightgbm(fixture(`lightgbm-${name}.model.txt`), { file: 'model.txt' })
      const record = importedRecord(model, about)
      const rows = parityRows(
        readParityFile(fixture(`lightgbm-${name}.rows.json`), 'rows.json'),
        model.inputs,
        model.classes?.length ?? 1,
        'rows.json',
      )
      expect(importParity(record, rows)).toEqual({ rows: 120, mismatched: 0 })
      const reference = rows.map(({ inputs }) => ({ inputs, scores: model.reference?.(inputs) ?? [] }))
      expect(importParity(record, reference)).toEqual({ rows: 120, mismatched: 0 })
    },
  )

  test.each(['binary', 'categories'])('%s: text and JSON are the same model', (name) => {
    const { trees: text } = importLightgbm(fixture(`lightgbm-${name}.model.txt`), { file: 'model.txt' })
    const { trees: json } = importLightgbm(fixture(`lightgbm-${name}.dump.json`), { file: 'model.json' })
    // Gains are printed with fewer digits in one of them.
    expect({ ...json, importance: undefined }).toEqual({ ...text, importance: undefined })
  })
})
