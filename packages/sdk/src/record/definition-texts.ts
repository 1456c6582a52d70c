import type { ModelDef } from '@viewcast/compiler'

/** What each view says, as text: a version of a dataset tells by their hashes which of them changed. */
export const definitionTexts = ({ dataset: { sample, target, features } }: ModelDef): Record<string, string> =>
  Object.fromEntries(
    [sample, ...(target ? [target] : []), ...features.map((use) => use.view)].map((d) => [d.name, JSON.stringify(d)]),
  )
