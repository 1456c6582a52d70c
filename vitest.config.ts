import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/engines/longest-first.ts'

// Tests read the sources through the `@viewcast/source` condition: no build is needed to run one.
// `import` is added by those who resolve; named here it would reach Node, and `require` would get modules.
const conditions = ['@viewcast/source', 'node']
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['test/engines/postgres-server.ts', 'test/cli/first-calls.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    // Modules are loaded, and an engine is started, once for each worker: no file may leave anything behind in either.
    isolate: false,
    sequence: { sequencer: LongestFirst },
  },
})
