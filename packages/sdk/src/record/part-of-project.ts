import type { Definition, ModelDef } from '@viewcast/compiler'
import type { Project } from '../project/project.ts'
import type { Store } from '../store/store.ts'

/** A model with what it is made of, as a project: what a training knows about, whatever else the project has. */
export function partOfProject({ project }: Store, model: ModelDef, directory = '.'): Project {
  const { dataset } = model
  const { sample, target, features } = dataset
  const parts: readonly Definition[] = [
    ...features.map((use) => use.view.entity),
    sample.entity,
    sample,
    ...(target ? [target.entity, target] : []),
    ...features.map((use) => use.view),
    dataset,
    model,
  ]
  return {
    name: project,
    directory,
    definitions: new Map(parts.map((d) => [d.name, d])),
    selections: new Map(),
    deployments: new Map(),
  }
}
