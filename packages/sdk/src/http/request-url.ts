import type { IncomingMessage } from 'node:http'

/**
 * Path and query of a request. A target that is no URL, such as `*`, or `//`, which would begin the name of a host, is a path
 * that nobody serves: what a client writes is no failure of the server.
 */
export function requestUrl({ url = '/' }: Pick<IncomingMessage, 'url'>): URL {
  const whole = url.startsWith('/') ? `http://localhost${url}` : url
  return URL.canParse(whole) ? new URL(whole) : new URL('http://localhost/*')
}
