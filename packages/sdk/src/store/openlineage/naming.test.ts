import { expect, test } from 'vitest'
import { datasetName, jobName, tablesOf } from './naming.ts'

const postgres = (description: string) => tablesOf({ engine: 'postgres', description }, 'shop')

test('tables are where their server is, without a user', () => {
  expect(postgres('postgres://me@db.example.com:6432/shop')).toBe('postgres://db.example.com:6432')
  expect(postgres('postgresql://DB.Example.com/shop?sslmode=require')).toBe('postgres://db.example.com:5432')
  expect(postgres('postgres://me:a/b@c@db:1/shop')).toBe('postgres://db:1')
  expect(postgres('postgres://me@[::1]:5433/shop')).toBe('postgres://[::1]:5433')
  expect(postgres('postgres://me@[::1]/shop')).toBe('postgres://[::1]:5432')
  expect(postgres('postgres://me@a:1,b:2/shop')).toBe('postgres://a:1')
  expect(postgres('postgres:///shop')).toBe('postgres://localhost:5432')
  expect(postgres('postgres://%2Fvar%2Frun/shop')).toBe('postgres://localhost:5432')
  expect(tablesOf({ engine: 'pglite', description: 'embedded database data' }, 'my shop')).toBe('pglite://my%20shop')
})

test('what is declared is named within its project', () => {
  const naming = { namespace: 'n', producer: 'urn:x', tables: 'postgres://db:1', database: 'shop', serverVersion: '15' }
  const named = (kind: 'source' | 'deployment' | 'model', namespace: string, name: string) =>
    Object.values(datasetName({ kind, namespace, name }, naming)).join(' ')
  expect(named('source', 'database', 'public.orders')).toBe('postgres://db:1 shop.public.orders')
  expect(named('deployment', 'database', 'public.scores')).toBe('postgres://db:1 shop.public.scores')
  expect(named('model', 'shop', 'delay15')).toBe('viewcast://shop model.delay15')
})

test('a job has one name for all its runs', () => {
  expect(jobName({ job: 'delay15.train', experiment: 'x', kind: 'train' })).toBe('delay15.train')
  expect(jobName({ job: null, experiment: 'x', kind: 'run' })).toBe('x.run')
  expect(jobName({ job: null, experiment: null, kind: 'predict' })).toBe('predict')
})
