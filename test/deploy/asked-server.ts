/** What a client of the endpoint asks, and what it is told. */

/** As far as tests look into an answer. */
export type Json = ReturnType<typeof JSON.parse>

interface Server {
  readonly url: string
}

export async function post(on: Server, body: unknown, name = 'replies') {
  const response = await fetch(`${on.url}/v1/models/${name}/predict`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
  })
  return { status: response.status, headers: response.headers, body: (await response.json()) as Json }
}

export async function get(on: Server, path: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${on.url}${path}`, { headers })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json')
  return { status: response.status, headers: response.headers, text, body: (isJson ? JSON.parse(text) : {}) as Json }
}
