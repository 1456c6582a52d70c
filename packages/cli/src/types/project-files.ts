/** What the project adds to the generated types, when it loads. */
import { relative, sep } from 'node:path'
import type { Database, ModuleExport, ProjectTypes } from '@viewcast/sdk'
import { type LoadedModule, loadProjectModules } from '../config/project.ts'
import type { Settings } from '../config/resolve.ts'

export type TypesOfProject = Partial<ProjectTypes> & Pick<ProjectTypes, 'problems'>

/** No files, and problems when the project does not load: what was written for it before stays as it is. */
export async function typesOfProject(
  db: Database,
  settings: Settings,
  directory: string,
  cwd: string,
): Promise<TypesOfProject> {
  const { isViewcastError, projectTypes } = await import('@viewcast/sdk')
  try {
    const { project, modules } = await loadProjectModules(settings, cwd)
    return await projectTypes(
      db,
      project,
      modules.flatMap((m) => exportsOf(m, directory)),
    )
  } catch (error) {
    if (!isViewcastError(error)) throw error
    return { problems: error.diagnostics }
  }
}

const typed = /\.([cm]?)tsx?$/

/** JavaScript has no types to compare. */
function exportsOf({ file, exports }: LoadedModule, directory: string): ModuleExport[] {
  if (!typed.test(file)) return []
  const path = relative(directory, file).split(sep).join('/')
  const module = `${path.startsWith('.') ? '' : './'}${path.replace(typed, '.$1js')}`
  return Object.entries(exports).map(([name, value]) => ({ module, name, value }))
}
