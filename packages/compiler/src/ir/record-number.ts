import { z } from 'zod'

/**
 * JSON has no NaN and no infinities; they are written as strings. A literal rather than an enum: TypeScript 7 writes the
 * key `-Infinity` of an enum into declarations as an expression, which no compiler reads back.
 */
export const recordNumber = z.union([z.number(), z.literal(['NaN', 'Infinity', '-Infinity']).transform(Number)])
export const nullableNumber = recordNumber.nullable()
