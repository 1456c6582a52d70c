import { type MlflowServer, type ServeMlflowOptions, type Store, serveMlflow } from '@viewcast/sdk'

export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: what a server of MLflow answers is looked into freely.
  readonly body: any
}

export interface TestServer extends MlflowServer {
  get(path: string, query?: Readonly<Record<string, unknown>>): Promise<Answer>
  post(path: string, body?: unknown): Promise<Answer>
  /** Any request, below `/api/2.0/mlflow`; text as it is. */
  send(method: string, path: string, body?: unknown): Promise<Answer>
}

/** The store served on a free port; errors that are no client's fault fail the test by way of `failures`. */
export async function serveForTest(
  store: Store,
  options: ServeMlflowOptions = {},
): Promise<TestServer & { failures: unknown[] }> {
  const failures: unknown[] = []
  const server = await serveMlflow(store, { port: 0, onError: (e) => failures.push(e), ...options })
  const send: TestServer['send'] = async (method, path, body) => {
    const response = await fetch(`${server.url}/api/2.0/mlflow/${path}`, {
      method,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      headers: { 'Content-Type': 'application/json' },
    })
    return { status: response.status, body: await response.json() }
  }
  return {
    ...server,
    failures,
    send,
    get: (path, query = {}) => {
      const fields = Object.entries(query).flatMap(([key, value]) =>
        (Array.isArray(value) ? value : [value]).map((v) => [key, String(v)] as [string, string]),
      )
      return send('GET', fields.length === 0 ? path : `${path}?${new URLSearchParams(fields)}`)
    },
    post: (path, body = {}) => send('POST', path, body),
  }
}
