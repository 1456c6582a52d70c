import type { DeployedObject, Store } from '@viewcast/sdk'

/**
 * The deployment of a name: that of the declaration in the environment, or the object with its schema, of any. Errors:
 * `deploy/unknown` with the nearest.
 */
export async function namedDeployment(store: Store, environment: string, name: string): Promise<DeployedObject> {
  const { fail, listDeployments, nearParameter } = await import('@viewcast/sdk')
  const all = await listDeployments(store)
  const here = all.filter((d) => d.environment === environment)
  const found = here.find((d) => d.name === name) ?? all.find((d) => full(d) === name)
  return (
    found ?? fail('deploy/unknown', { name, ...nearParameter(name, [...here.map((d) => d.name), ...all.map(full)]) })
  )
}

export const full = ({ object }: Pick<DeployedObject, 'object'>): string => `${object.schema}.${object.name}`
