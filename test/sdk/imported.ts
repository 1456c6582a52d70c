/** A generated module, loaded and type-checked as a user's would be. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { collectProject, type ImportResult, type Project } from '@viewcast/sdk'

const root = join(import.meta.dirname, '../..')

/** A folder below `test/`, so that imports of the packages resolve; the dot keeps it out of the other tools' sight. */
export function importFolder(files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(root, 'test/.import-'))
  const tsconfig = JSON.stringify({ extends: '../../tsconfig.json', include: ['**/*.ts'] })
  writeFiles(folder, { 'tsconfig.json': tsconfig, ...files })
  return folder
}

export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true })

/** What `tsc` says; empty when the module type-checks. */
export function typeErrors(folder: string): string {
  try {
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], { stdio: 'pipe' })
    return ''
  } catch (e) {
    return String((e as { stdout: Buffer }).stdout)
  }
}

/** Writes a result into a folder and loads the module. */
export async function loadImported(result: ImportResult, folder: string, file = 'features.ts'): Promise<Project> {
  writeFiles(folder, { [file]: result.module, ...Object.fromEntries(result.files.map((f) => [f.path, f.text])) })
  const exports = await import(/* @vite-ignore */ pathToFileURL(join(folder, file)).href)
  return collectProject(exports, { directory: folder, file })
}

export const findingsOf = (result: ImportResult): string[] =>
  result.findings.map((d) => `${d.code} ${/"(.*?)"/.exec(d.parameters['view'] ?? '')?.[1] ?? ''}`)

/** Rows as texts, sorted: their order is the query's business. */
export const sorted = (rows: readonly unknown[]): string[] => rows.map((r) => JSON.stringify(r)).sort()
