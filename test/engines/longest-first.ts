import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What waits for processes, longest first: their size says nothing of that. Measured on two workers with both engines. */
const longest = [
  'test/rules/docs.test.ts',
  'test/packaging/packed.test.ts',
  'test/cli/story.test.ts',
  'test/deploy/faults-killed.test.ts',
  'test/properties/compile.test.ts',
  'test/sdk/import-schema.test.ts',
  'test/database/embedded.test.ts',
  'test/examples/flight-delays.test.ts',
  'test/deploy/faults-locks.test.ts',
  'test/sdk/train-in-database.test.ts',
  'test/store/run-faults.test.ts',
  'test/examples/existing-views.test.ts',
  'test/properties/nullability.test.ts',
]

/**
 * A long file that comes last keeps one worker waiting for the other. Vitest goes by how long files took the last time,
 * which a fresh clone does not know, or by their size.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const paths = sorted.map((file) => relative(file.project.config.root, file.moduleId).replaceAll('\\', '/'))
    const place = (i: number): number => {
      const at = longest.indexOf(paths[i] as string)
      return at === -1 ? longest.length : at
    }
    const order = sorted.map((_, i) => i).sort((a, b) => place(a) - place(b) || a - b)
    return order.map((i) => sorted[i] as TestSpecification)
  }
}
