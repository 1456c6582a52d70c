import { defineConfig } from 'vitest/config'

// Tests read the sources through the `@viewcast/source` condition: no build is needed to run one.
const conditions = ['@viewcast/source', 'node', 'import', 'default']
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
})
