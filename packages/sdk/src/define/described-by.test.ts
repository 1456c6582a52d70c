import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { describedBy } from './described-by.ts'
import { project } from './project.ts'

test('takes words and kinds from the fields, through what wraps them', () => {
  const row = z.object({
    delay: z.number().describe('minutes after the timetable'),
    state: z
      .string()
      .nullable()
      .optional()
      .meta({ description: 'US state', tags: ['place'] }),
    fare: z.number().meta({ unit: 'EUR', description: 'inner' }).nullable().describe('outer'),
    size: z.enum(['s', 'm']),
    late: z.boolean().default(false),
    count: z.int(),
    at: z.date().describe('when'),
    odd: z.union([z.string(), z.number()]),
  })
  const metas = describedBy(row)
  expect(metas).toEqual({
    delay: { kind: 'numeric', description: 'minutes after the timetable' },
    state: { kind: 'category', description: 'US state', tags: ['place'] },
    fare: { kind: 'numeric', description: 'outer', unit: 'EUR' },
    size: { kind: 'category' },
    late: { kind: 'boolean' },
    count: { kind: 'numeric' },
    at: { description: 'when' },
    odd: {},
  })
  expectTypeOf(metas.state.kind).toEqualTypeOf<'category'>()
  expectTypeOf(metas.late.kind).toEqualTypeOf<'boolean'>()
})

test('declares features, which the type checker holds to the query', () => {
  const p = project<{ airports: { iata: string; state: string | null; latitude: number } }>('flights')
  const airport = p.entity('airport', { iata: 'text' })
  const Airport = z.object({
    iata: z.string(),
    state: z.string().nullable().describe('US state'),
    latitude: z.number(),
  })
  const open = p
    .featureView('profile', { entity: airport })
    .query(({ db }) => db.selectFrom('airports').select(['iata', 'state', 'latitude']))
  const profile = open.features({
    ...describedBy(Airport.omit({ iata: true })),
    latitude: { kind: 'numeric', fill: 0 },
  })
  expect(profile.features).toEqual({
    state: { kind: 'category', description: 'US state' },
    latitude: { kind: 'numeric', fill: 0 },
  })
  // @ts-expect-error: "iata" is a key or a time, not a feature
  open.features(describedBy(Airport))
  // @ts-expect-error: the query has no column "altitude"
  open.features(describedBy(z.object({ altitude: z.number() })))
  // @ts-expect-error: latitude is a number
  open.features(describedBy(z.object({ latitude: z.string() })))
  const declared = p
    .existingView('profile_of_old', { entity: airport })
    .features(describedBy(Airport.omit({ iata: true })))
  expect(declared.features).toMatchObject({ latitude: { kind: 'numeric' } })
})
