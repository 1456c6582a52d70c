/** What an engine has to offer; everything built on it is shared, so that engines cannot disagree. */
export interface Field {
  readonly name: string
  readonly oid: number
}

export interface WireResult {
  readonly fields: readonly Field[]
  readonly rows: readonly (readonly unknown[])[]
  readonly command: string
  /** As the server counts them in its command tag. */
  readonly affected: number
}

/** One session of a database, used by nobody else while it is leased. Throws the driver's errors. */
export interface Lease {
  /** One statement by the extended protocol; with a name it stays prepared. */
  run(sql: string, parameters?: readonly unknown[], name?: string): Promise<WireResult>
  /** Several statements by the simple protocol. */
  script(sql: string): Promise<void>
  /** Result columns of a statement, without running it. */
  describe(sql: string): Promise<readonly Field[]>
  /** Whole rows in COPY's text format, into `target`: a table with its columns. */
  load(target: string, rows: Buffer): Promise<void>
  /** The bytes of a `COPY … TO STDOUT`; nothing else may use the session meanwhile. Absent on the embedded engine. */
  readonly copyOut?: (sql: string) => AsyncIterable<Buffer>
  /** Stops whatever runs and ends the session; what it had not committed is rolled back. */
  interrupt(): void
  /** True inside a transaction, a failed one included. */
  busy(): boolean
}

export interface Sessions {
  readonly engine: 'pglite' | 'postgres'
  readonly description: string
  /** True when there is one session only, so that a stream must not keep it. */
  readonly single: boolean
  lease<T>(body: (lease: Lease) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export type Use = <T>(body: (lease: Lease) => Promise<T>) => Promise<T>
