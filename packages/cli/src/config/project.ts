/** Loads the modules of the project and collects their definitions. */
import { basename, relative } from 'node:path'
import type { Project } from '@viewcast/sdk'
import { shown } from '../render/path.ts'
import { expandPattern } from './glob.ts'
import { loadModule, type ModuleExports } from './modules.ts'
import type { Settings } from './resolve.ts'

export interface LoadedModule {
  /** Absolute path. */
  readonly file: string
  readonly exports: ModuleExports
}

/** Errors: `project/not-found`, `project/load`, `project/duplicate-name`. */
export async function loadProject(settings: Settings, cwd: string): Promise<Project> {
  return (await loadProjectModules(settings, cwd)).project
}

/** The project and the modules it is made of. Errors: those of {@link loadProject}. */
export async function loadProjectModules(
  settings: Settings,
  cwd: string,
): Promise<{ project: Project; modules: readonly LoadedModule[] }> {
  const { collectProject, fail } = await import('@viewcast/sdk')
  const { configFile, root } = settings
  if (configFile === undefined) return fail('project/not-found', { directory: cwd })
  const exports: Record<string, unknown> = {}
  const modules: LoadedModule[] = []
  for (const pattern of settings.project.value) {
    const files = expandPattern(pattern, root)
    if (files.length === 0)
      fail('project/load', { file: shown(configFile, cwd), detail: `project "${pattern}" matches no file` })
    for (const file of files) {
      if (modules.some((m) => m.file === file)) continue
      const own = await loadModule(file, root, cwd)
      modules.push({ file, exports: own })
      // Two modules may export different definitions under one identifier.
      for (const [name, value] of Object.entries(own)) exports[`${relative(root, file)}#${name}`] = value
    }
  }
  const loaded = modules.map((m) => relative(root, m.file)).join(', ')
  return { project: collectProject(exports, { directory: root, file: loaded, name: basename(root) }), modules }
}
