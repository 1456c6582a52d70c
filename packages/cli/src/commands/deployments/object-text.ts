import type { DeployedObject } from '@viewcast/sdk'

/** `schema.name`, unquoted. */
export const objectText = ({ object }: Pick<DeployedObject, 'object'>): string => `${object.schema}.${object.name}`
