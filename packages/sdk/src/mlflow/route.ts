/** A route is a record: which requests it takes, how they are read, what answers them. */
import type { z } from 'zod'
import type { Store } from '../store/store.ts'
import type { JsonObject } from './proto-json.ts'

export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'

export interface Route {
  readonly methods: readonly Method[]
  /** Below `/api/2.0/mlflow`. */
  readonly path: string
  readonly request: z.ZodType
  readonly handle: (store: Store, request: unknown) => Promise<JsonObject>
}

/** Ties the handler's request to what the schema gives. */
export function route<S extends z.ZodType>(
  methods: Method | readonly Method[],
  path: string,
  request: S,
  handle: (store: Store, request: z.output<S>) => Promise<JsonObject>,
): Route {
  return {
    methods: typeof methods === 'string' ? [methods] : methods,
    path,
    request,
    handle: handle as Route['handle'],
  }
}
