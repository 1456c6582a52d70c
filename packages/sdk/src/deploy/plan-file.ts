/** A plan as a file: reviewed, carried to where it is applied, and held to what it says. */
import { readFile } from 'node:fs/promises'
import { decode, digest, encode, fail } from '@viewcast/compiler'
import { z } from 'zod'
import { replaceFile } from '../store/files/records.ts'
import type { Store } from '../store/store.ts'
import { type Plan, planFormat } from './plan-data.ts'

/**
 * Writes a plan as JSON with sorted keys, whole or not at all. It holds SQL and names; no rows and no secrets.
 *
 * @example
 * ```ts
 * await writePlan('plan.json', await planProject(store, project))
 * ```
 */
export async function writePlan(file: string, plan: Plan): Promise<void> {
  await replaceFile(file, printPlan(plan))
}

/**
 * Reads a plan for where it was made for: nothing of it is applied elsewhere. Whether the database has moved since is asked
 * when it is applied.
 *
 * Errors: `deploy/plan-file` for a file that is no plan, or was altered; `deploy/plan-elsewhere` for one of another project,
 * environment or database.
 *
 * @param environment as the configuration names it; default the one without a name.
 *
 * @example
 * ```ts
 * const plan = await readPlan(store, 'plan.json', 'production')
 * ```
 */
export async function readPlan(store: Store, file: string, environment = ''): Promise<Plan> {
  const text = await readFile(file, 'utf8').catch((e: NodeJS.ErrnoException) =>
    fail('deploy/plan-file', { file, detail: e.code === 'ENOENT' ? 'there is no such file' : e.message }),
  )
  const plan = parsePlan(text, file)
  const here = { project: store.project, environment, database: store.db.description }
  for (const what of ['project', 'environment', 'database'] as const) {
    if (place(plan[what]) === place(here[what])) continue
    fail('deploy/plan-elsewhere', { file, what, of: place(plan[what]), here: place(here[what]) })
  }
  return plan
}

/** Who is connected is not where it is: a plan of one role is applied by another. */
const place = (text: string): string => text.replace(/^(postgres(?:ql)?:\/\/)[^/@]*@/, '$1')

/** A plan as the text of its file. */
export const printPlan = (plan: Plan): string =>
  `${JSON.stringify(JSON.parse(encode({ ...plan, digest: planDigest(plan) })), null, 2)}\n`

/** By which the history names the plan that was applied. */
export const planDigest = (plan: Plan): string => digest(plan)

/** The plan of a text that {@link printPlan} wrote. Errors: `deploy/plan-file`, everything that is wrong with it. */
export function parsePlan(text: string, file: string): Plan {
  const wrong = (detail: string): never => fail('deploy/plan-file', { file, detail })
  let json: unknown
  try {
    json = decode(text)
  } catch (e) {
    return wrong((e as Error).message)
  }
  const isOurs =
    typeof json === 'object' && json !== null && 'format' in json && /^viewcast\/plan/.test(String(json.format))
  if (!isOurs) return wrong('it was not written by viewcast plan')
  const parsed = planSchema.safeParse(json)
  if (!parsed.success) {
    return wrong(parsed.error.issues.map((i) => `${i.path.join('.') || 'the file'}: ${i.message}`).join('; '))
  }
  const { digest: said, ...plan } = parsed.data
  // What is read is run: an edited statement would be one that nobody planned.
  if (said !== digest(plan)) wrong('it was altered since it was written')
  return plan as unknown as Plan
}

const object = z.looseObject({ schema: z.string().min(1), name: z.string().min(1) })
const texts = z.array(z.string())
const diagnostics = z.array(
  z.looseObject({ code: z.string(), severity: z.enum(['error', 'warning']), message: z.string() }),
)
const columns = z.array(z.looseObject({ name: z.string(), type: z.string() }))
const version = z.looseObject({ model: z.string(), version: z.number().int() })

/** What is run and written by it; the rest is as it was printed, which the digest holds. */
const change = z.looseObject({
  class: z.enum(['add', 'body', 'append', 'breaking', 'remove', 'metadata', 'none']),
  strategy: z.enum(['create', 'in place', 'swap', 'drop', 'none']),
  name: z.string().min(1),
  object,
  as: z.enum(['view', 'table', 'function']),
  isDeclared: z.boolean(),
  from: version.optional(),
  to: version.optional(),
  challengers: z.array(version).optional(),
  columns: z.array(
    z.looseObject({
      name: z.string(),
      type: z.string(),
      change: z.enum(['kept', 'appended', 'removed', 'retyped', 'renamed', 'revived']),
    }),
  ),
  metadata: texts,
  granted: texts,
  reads: z.array(z.looseObject({ relation: z.string(), column: z.string(), type: z.string() })),
  statements: texts,
  exchange: z.looseObject({ built: object.nullable(), keptAt: object.nullable(), statements: texts }).optional(),
  creation: texts,
  query: z.string(),
  digest: z.string(),
  blockers: diagnostics,
  warnings: diagnostics,
  parameters: columns,
  spec: z.record(z.string(), z.unknown()),
})

const planSchema = z.strictObject({
  format: z.literal(planFormat),
  project: z.string(),
  environment: z.string(),
  database: z.string(),
  createdAt: z.string(),
  fingerprint: z.record(z.string(), z.record(z.string(), z.string())),
  changes: z.array(change),
  digest: z.string(),
})
