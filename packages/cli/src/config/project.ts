/** Loads the modules of the project and collects their definitions. */
import { basename, relative } from 'node:path'
import type { Project } from '@viewcast/sdk'
import { shown } from '../render/path.ts'
import { expandPattern } from './glob.ts'
import { loadModule } from './modules.ts'
import type { Settings } from './resolve.ts'

/** Errors: `project/not-found`, `project/load`, `project/duplicate-name`. */
export async function loadProject(settings: Settings, cwd: string): Promise<Project> {
  const { collectProject, fail } = await import('@viewcast/sdk')
  const { configFile, root } = settings
  if (configFile === undefined) return fail('project/not-found', { directory: cwd })
  const exports: Record<string, unknown> = {}
  const loaded: string[] = []
  for (const pattern of settings.project.value) {
    const files = expandPattern(pattern, root)
    if (files.length === 0)
      fail('project/load', { file: shown(configFile, cwd), detail: `project "${pattern}" matches no file` })
    for (const file of files) {
      const path = relative(root, file)
      if (loaded.includes(path)) continue
      loaded.push(path)
      // Two modules may export different definitions under one identifier.
      for (const [name, value] of Object.entries(await loadModule(file, root, cwd))) exports[`${path}#${name}`] = value
    }
  }
  return collectProject(exports, { directory: root, file: loaded.join(', '), name: basename(root) })
}
