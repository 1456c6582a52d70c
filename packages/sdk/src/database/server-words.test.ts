import { describe, expect, it } from 'vitest'
import { DatabaseError } from './database-error.ts'
import { serverWords } from './server-words.ts'

const said = (sqlState: string, message: string, context?: string): string =>
  serverWords(new DatabaseError(message, { sqlState, context }))

describe('serverWords', () => {
  it.each([
    ['22012', 'division by zero', 'division by zero (SQLSTATE 22012)'],
    ['22P02', 'invalid input syntax for type integer: "abc"', 'invalid input syntax for type integer (SQLSTATE 22P02)'],
    [
      '22P02',
      'invalid input syntax for type integer: "a "b"\nc"',
      'invalid input syntax for type integer (SQLSTATE 22P02)',
    ],
    [
      '22003',
      'value "99999" is out of range for type smallint',
      'value … is out of range for type smallint (SQLSTATE 22003)',
    ],
    ['22007', 'invalid value "xx" for "YYYY"', 'invalid value … (SQLSTATE 22007)'],
    ['22023', 'time zone "Mars/Secret" not recognized', 'time zone … not recognized (SQLSTATE 22023)'],
    [
      '22P02',
      'ungültige Eingabesyntax für Typ integer: »abc«'.replace(/[»«]/g, '"'),
      'ungültige Eingabesyntax für Typ integer (SQLSTATE 22P02)',
    ],
    [
      '22P02',
      'syntaxe en entrée invalide pour le type integer : « abc »',
      'syntaxe en entrée invalide pour le type integer (SQLSTATE 22P02)',
    ],
    [
      '22021',
      'invalid byte sequence for encoding "UTF8": 0xff 0xfe',
      'invalid byte sequence for encoding … (SQLSTATE 22021)',
    ],
    ['22003', 'bit index 4711 out of valid range', 'bit index … out of valid range (SQLSTATE 22003)'],
    [
      '22001',
      'value too long for type character varying(3)',
      'value too long for type character varying(3) (SQLSTATE 22001)',
    ],
    ['42501', 'permission denied for table "orders"', 'permission denied for table "orders" (SQLSTATE 42501)'],
    [
      '21000',
      'more than one row returned by a subquery used as an expression',
      'more than one row returned by a subquery used as an expression (SQLSTATE 21000)',
    ],
  ])('%s %j', (state, message, expected) => {
    expect(said(state, message)).toBe(expected)
  })

  it('names the function that raised, and nothing it said', () => {
    expect(
      said('P0001', 'account 4711 is odd', 'PL/pgSQL function checked(integer) line 3 at RAISE\nSQL statement "…"'),
    ).toBe('PL/pgSQL function checked(integer) raised an exception (SQLSTATE P0001)')
    expect(said('P0001', 'account 4711 is odd')).toBe('a function raised an exception (SQLSTATE P0001)')
  })
})
