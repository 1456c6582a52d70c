/** What a caller has of a server; without types of Node, so that the public ones need none. */
export interface Listening {
  readonly url: string
  readonly host: string
  readonly port: number
  /** Takes no more requests, answers those under way, and ends. */
  close(): Promise<void>
}
