/**
 * Who may import whom. This table is the law; `architecture.test.ts` holds the sources to it, and `biome.json` repeats
 * it so that the editor objects while one types.
 *
 * Packages: cli → sdk → compiler, never back. Inside a package a folder imports itself and the folders listed above it.
 */
export interface House {
  readonly src: string
  /** Folders of `src`, lowest first. `index.ts` stands on top of them. */
  readonly order: readonly string[]
  /** Single files a folder may use although they stand higher. */
  readonly also: Readonly<Record<string, readonly string[]>>
  /** Packages of this repository it may import. */
  readonly packages: readonly string[]
}

// How names, values and types are spelt in SQL: vocabulary rather than printing, and needed by whoever splices the
// user's SQL before anything is emitted. They import each other and nothing else above `ir`.
const spelling = ['identifier', 'instant', 'literal', 'text-literal', 'type-name'].map((name) => `emit/${name}.ts`)

export const houses: readonly House[] = [
  {
    src: 'packages/compiler/src',
    order: ['diagnostics', 'ir', 'front', 'analyse', 'rewrite', 'model', 'emit', 'evaluate', 'compile'],
    also: {
      front: spelling,
      // Folding a constant is evaluating it; the interpreter says what an expression means.
      rewrite: [...spelling, 'evaluate/evaluate.ts'],
    },
    packages: [],
  },
  {
    src: 'packages/sdk/src',
    order: [
      'types',
      'define',
      'database',
      'project',
      'import',
      'store',
      'train',
      'predict',
      'report',
      'health',
      'deploy',
      'record',
      'http',
      'mlflow',
      'serve',
      'pipeline',
      'testing',
    ],
    also: {},
    packages: ['@viewcast/compiler'],
  },
  {
    src: 'packages/cli/src',
    order: [
      'io.ts',
      'manifest.ts',
      'render',
      'command.ts',
      'parse',
      'failure.ts',
      'help.ts',
      'config',
      'open.ts',
      'init',
      'types',
      'commands',
      'run.ts',
      'bin.ts',
      // What its own tests share; nothing imports it but them.
      'testing',
    ],
    also: {},
    packages: ['@viewcast/sdk'],
  },
]

/** Third-party packages that only some places may import; the others are free to any package that declares them. */
export const fenced: Readonly<Record<string, readonly string[]>> = {
  kysely: ['packages/compiler/src/front/kysely/', 'packages/sdk/src/define/', 'packages/sdk/src/types/'],
  'libpg-query': ['packages/compiler/src/front/sql/'],
  'sql-formatter': ['packages/compiler/src/emit/layout.ts'],
  // The lease of a connection names the client's type; it loads nothing.
  pg: ['packages/sdk/src/database/pg', 'packages/sdk/src/database/wire-lease.ts'],
  'pg-cursor': ['packages/sdk/src/database/pg'],
  'pg-copy-streams': ['packages/sdk/src/database/pg'],
  '@electric-sql/pglite': ['packages/sdk/src/database/pglite'],
}

/** No I/O, no clock of the machine, no process: nothing of Node. */
export const pure = 'packages/compiler/src/'
