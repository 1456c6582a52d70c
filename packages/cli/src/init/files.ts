/** The files `viewcast init` writes; most are under `template/`, readable and checked as they are. */
import { existsSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { installedVersion, manifest, packageRoot } from '../manifest.ts'
import { writeWhole } from '../render/file.ts'

export interface ProjectFile {
  readonly path: string
  readonly text: string
  /** Left alone when it exists: the folder may be a package already. */
  readonly keep: boolean
}

const template = (path: string, keep = false): ProjectFile => ({
  path,
  keep,
  text: readFileSync(join(packageRoot(), 'template', path), 'utf8'),
})

export const setupScript = (): string => template('data/setup.sql').text

export function projectFiles(name: string): ProjectFile[] {
  return [
    template('viewcast.config.ts'),
    template('project.ts'),
    // As `viewcast types` writes them for these files.
    template('sql.gen.ts'),
    template('views.gen.ts'),
    template('views/questions.sql'),
    template('views/recency.sql'),
    template('data/setup.sql'),
    template('README.md', true),
    { path: 'package.json', text: json(packageJson(name)), keep: true },
    { path: 'tsconfig.json', text: json(tsconfig), keep: true },
    { path: '.gitignore', text: 'node_modules/\n.viewcast/\n', keep: true },
  ]
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

function packageJson(name: string) {
  const { version } = manifest()
  return {
    name:
      name
        .toLowerCase()
        .replace(/[^a-z0-9._-]+/g, '-')
        .replace(/^[._-]+/, '') || 'viewcast-project',
    private: true,
    type: 'module',
    scripts: {
      train: 'viewcast train reorder',
      predict: 'viewcast predict reorder --at 2025-12-31T00:00Z',
      types: 'viewcast types',
    },
    dependencies: { '@viewcast/sdk': version, kysely: installedVersion('kysely'), viewcast: version },
  }
}

const tsconfig = {
  compilerOptions: {
    target: 'es2023',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    types: [],
  },
  include: ['*.ts'],
}

/** Paths that would be overwritten. */
export const existingFiles = (files: readonly ProjectFile[], directory: string): string[] =>
  files.filter((f) => !f.keep && existsSync(join(directory, f.path))).map((f) => f.path)

export async function writeFiles(
  files: readonly ProjectFile[],
  directory: string,
): Promise<{ written: string[]; kept: string[] }> {
  const written: string[] = []
  const kept: string[] = []
  for (const file of files) {
    const path = join(directory, file.path)
    if (file.keep && existsSync(path)) {
      kept.push(file.path)
      continue
    }
    await mkdir(dirname(path), { recursive: true })
    await writeWhole(path, file.text)
    written.push(file.path)
  }
  return { written, kept }
}
