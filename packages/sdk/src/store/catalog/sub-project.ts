import type { Project } from '../../project/project.ts'
import type { EntryName } from './find-entry.ts'

/** The part of a project that says what one asset is, so that a look at it does not cost a look at all. */
export function partFor(project: Project, { kind, name }: EntryName): Project {
  const definition = kind === 'source' || kind === 'deployment' ? undefined : project.definitions.get(name)
  const definitions =
    definition === undefined ? [] : definition.kind === 'model' ? [definition, definition.dataset] : [definition]
  return { ...project, definitions: new Map(definitions.map((d) => [d.name, d])), selections: new Map() }
}
