import { DatabaseError, InternalError } from '@viewcast/sdk'
import { expect, it } from 'vitest'
import { reportFailure } from './failure.ts'
import { memoryIo } from './testing/memory-io.ts'

const options = { json: false, verbose: false, noColor: true, what: 'viewcast train' }

it('calls an exception nobody foresaw a bug, and shows its stack only when asked', async () => {
  const quiet = memoryIo()
  expect(await reportFailure(new TypeError('x is not a function'), quiet, options)).toBe(2)
  expect(quiet.err()).toContain('x is not a function')
  expect(quiet.err()).toContain('This is a bug in viewcast')
  expect(quiet.err()).not.toContain('failure.test.ts')

  const verbose = memoryIo()
  await reportFailure(new Error('outer', { cause: new Error('inner') }), verbose, { ...options, verbose: true })
  expect(verbose.err()).toContain('failure.test.ts')
  expect(verbose.err()).toContain('caused by Error: inner')
})

it('does not ask twice for a report', async () => {
  const io = memoryIo()
  expect(await reportFailure(new InternalError('The lease was lost'), io, options)).toBe(2)
  expect(io.err().match(/please report/g)).toHaveLength(1)
})

it('puts a bug into the JSON object too', async () => {
  const io = memoryIo()
  await reportFailure(new Error('boom'), io, { ...options, json: true })
  const { error } = JSON.parse(io.out())
  expect(error.message).toContain('boom')
  expect(error.diagnostics).toEqual([])
})

it('tells what the database reports of the data, without the data', async () => {
  const io = memoryIo()
  const error = new DatabaseError('invalid input syntax for type integer: "4111 1111"', { sqlState: '22P02' })
  expect(await reportFailure(error, io, options)).toBe(1)
  expect(io.err()).toContain('engine/failed')
  expect(io.err()).toContain('invalid input syntax for type integer (SQLSTATE 22P02)')
  expect(io.err()).not.toContain('4111')
})
