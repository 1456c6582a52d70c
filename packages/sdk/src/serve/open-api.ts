/** What the endpoint takes and gives, as an OpenAPI document: from the schemas that requests are held to. */
import { z } from 'zod'
import type { ServedVersion } from './served-version.ts'
import { shownSchema, valueSchema } from './value-schema.ts'

type Json = Readonly<Record<string, unknown>>

export interface OpenApiOptions {
  readonly url: string
  readonly hasToken: boolean
}

/** OpenAPI 3.1, whose schemas are those of JSON Schema 2020-12. */
export function openApi(versions: Iterable<ServedVersion>, { url, hasToken }: OpenApiOptions): Json {
  return {
    openapi: '3.1.1',
    info: {
      title: 'Predictions',
      version: '1',
      description: 'Predictions of trained models, computed in the database.',
    },
    servers: [{ url }],
    ...(hasToken ? { security: [{ token: [] }] } : {}),
    paths: {
      ...Object.fromEntries([...versions].flatMap(pathsOf)),
      '/v1/models': { get: operation('models', 'What is served', { type: 'object' }) },
      '/healthz': open('health', 'Whether the process is there', { type: 'object' }),
      '/readyz': open('ready', 'Whether predictions can be asked for: the database answers, every model was verified', {
        type: 'object',
      }),
      '/metrics': {
        get: {
          operationId: 'metrics',
          summary: 'Counters for Prometheus',
          responses: {
            '200': { description: 'Text format 0.0.4', content: { 'text/plain': { schema: { type: 'string' } } } },
          },
        },
      },
    },
    components: {
      schemas: { Problem: problem },
      responses: {
        Problem: {
          description: 'Problem details',
          content: { 'application/problem+json': { schema: ref('schemas/Problem') } },
        },
      },
      ...(hasToken ? { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } } : {}),
    },
  }
}

const ref = (to: string): Json => ({ $ref: `#/components/${to}` })

const problem: Json = {
  type: 'object',
  required: ['type', 'title', 'status', 'code'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string' },
    detail: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: { pointer: { type: 'string' }, detail: { type: 'string' } },
      },
    },
  },
}

function operation(id: string, summary: string, schema: Json, more: Json = {}): Json {
  return {
    operationId: id,
    summary,
    ...more,
    responses: {
      '200': { description: 'The answer', content: { 'application/json': { schema } } },
      default: ref('responses/Problem'),
    },
  }
}

const open = (id: string, summary: string, schema: Json): Json => ({
  get: { ...operation(id, summary, schema), security: [] },
})

const schemaOf = (schema: z.ZodType, io: 'input' | 'output' = 'input'): Json => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest
}

function pathsOf(version: ServedVersion): [string, Json][] {
  const { served, record, query, schema } = version
  const path = `/v1/models/${encodeURIComponent(served.name)}`
  const about = `Model ${record.name} version ${record.version}`
  const one = predictionSchema(version)
  const head = { model: z.string(), version: z.int() }
  const parameters = [
    ...query.questions.map((c) => parameter(c.name, schemaOf(valueSchema(c.type)), !c.nullable)),
    ...(query.hasAsOf ? [parameter('as_of', { type: 'string', format: 'date-time' }, false)] : []),
  ]
  return [
    [path, { get: operation(`model_${served.name}`, about, { type: 'object' }) }],
    [
      `${path}/predict`,
      {
        get: operation(
          `predictOne_${served.name}`,
          `${about}: a prediction for one key`,
          schemaOf(z.object({ ...head, prediction: one }), 'output'),
          { parameters },
        ),
        post: operation(
          `predict_${served.name}`,
          `${about}: predictions in the order asked`,
          schemaOf(z.object({ ...head, predictions: z.array(one) }), 'output'),
          {
            requestBody: { required: true, content: { 'application/json': { schema: schemaOf(schema.body) } } },
          },
        ),
      },
    ],
  ]
}

const parameter = (name: string, schema: Json, required: boolean): Json => ({ name, in: 'query', required, schema })

function predictionSchema({ places, outputs }: ServedVersion): z.ZodType {
  const described = new Map(outputs.map((o) => [o.name, o.description]))
  return z.object({
    key: z.object(Object.fromEntries(places.keys.map((c) => [c.name, shownSchema(c.type).nullable()]))),
    ...(places.asOf ? { as_of: shownSchema('timestamptz') } : {}),
    outputs: z.object(
      Object.fromEntries(
        places.outputs.map((c) => {
          const description = described.get(c.name)
          const schema = shownSchema(c.type).nullable()
          return [c.name, description === undefined ? schema : schema.describe(description)]
        }),
      ),
    ),
    ...(places.known === undefined
      ? {}
      : { known: z.boolean().describe('Whether the key is there; if not, it is answered with imputed values') }),
  })
}
