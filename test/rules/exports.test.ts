/** The public names, as reviewed lists: a name that appears or goes shows in the diff. `vitest -u` writes them. */
import { expect, it } from 'vitest'
import { read } from './sources.ts'

it.each([
  ['viewcast-compiler', 'packages/compiler/src/index.ts'],
  ['viewcast-compiler-diagnostics', 'packages/compiler/src/diagnostics/index.ts'],
  ['viewcast-sdk', 'packages/sdk/src/index.ts'],
  ['viewcast-sdk-database', 'packages/sdk/src/database/index.ts'],
  ['viewcast-sdk-testing', 'packages/sdk/src/testing/index.ts'],
  ['viewcast', 'packages/cli/src/index.ts'],
])('%s exports the reviewed names', async (name, path) => {
  const names = exportedNames(read(path))
  expect(names.length).toBeGreaterThan(0)
  await expect(`${names.join('\n')}\n`).toMatchFileSnapshot(`./exports/${name}.txt`)
})

/** `name` for a value, `type name` for a type. Entry points only re-export, so the text says it all. */
function exportedNames(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  expect(code, 'export * hides what is public').not.toMatch(/export\s*\*/)
  const lists = [...code.matchAll(/export\s+(type\s+)?\{([^}]*)\}/g)].flatMap(([, type, list]) =>
    (list as string)
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
      .map((item) => `${type ? 'type ' : ''}${item.replace(/^.*\sas\s+/, item.startsWith('type ') ? 'type ' : '')}`),
  )
  const own = [...code.matchAll(/export\s+(?:async\s+)?(const|function|class|interface|type)\s+(\w+)/g)].map(
    ([, form, name]) => (form === 'interface' || form === 'type' ? `type ${name}` : (name as string)),
  )
  return [...lists, ...own].sort()
}
