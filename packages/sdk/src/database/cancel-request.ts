/** Asks to stop what a session runs, as the protocol has it: a pooler knows by the key which session of the server that is. */
import { connect, type NetConnectOpts } from 'node:net'

const code = 80877102
const patience = 5000

/**
 * Resolves when the server has closed the connection, which is all of its answer. It is asked without TLS, which servers take:
 * the key is good for this session alone.
 */
export function requestCancel(host: string, port: number, processID: number, secretKey: number): Promise<void> {
  const request = Buffer.alloc(16)
  for (const [i, value] of [16, code, processID, secretKey].entries()) request.writeInt32BE(value, 4 * i)
  // A host that is a directory holds a socket.
  const to: NetConnectOpts = host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port }
  return new Promise((resolve, reject) => {
    const socket = connect(to, () => socket.write(request))
    socket.setTimeout(patience, () => socket.destroy(new Error('no answer')))
    socket.on('error', reject)
    socket.on('close', () => resolve())
    socket.resume()
  })
}
