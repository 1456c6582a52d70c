/** The beginning of a digest: enough to tell versions apart by eye. */
export const short = (digest: string): string => digest.slice(0, 12)

export const tagText = (tags: Readonly<Record<string, number>>): string =>
  Object.entries(tags)
    .map(([tag, version]) => `${tag}=${version}`)
    .join(' ')

/** `departures`, `departures@3`, `departures@golden`. */
export async function datasetReference(text: string): Promise<{ dataset: string; selector?: number | string }> {
  const { modelReference } = await import('@viewcast/sdk')
  const { model, ...rest } = modelReference(text)
  return { dataset: model, ...rest }
}

/** What a difference between two columns is, in words. */
export function differenceText({ what, before, after, relative }: Difference): string {
  switch (what) {
    case 'added':
      return `new, ${after?.type}`
    case 'removed':
      return `gone, was ${before?.type}`
    case 'type':
      return `${typed(before)} became ${typed(after)}`
    case 'values': {
      const nulls = before?.nulls === after?.nulls ? '' : `, NULLs ${before?.nulls} became ${after?.nulls}`
      const apart = relative === undefined ? '' : `, sums ${relative.toExponential(1)} apart`
      return `other values${nulls}${apart}`
    }
  }
}

const typed = (c: Column | undefined): string =>
  c?.precision === undefined ? `${c?.type}` : `${c.type} (${c.precision})`

interface Column {
  readonly type: string
  readonly nulls: number
  readonly precision?: 'exact' | 'rounded'
}

interface Difference {
  readonly what: 'added' | 'removed' | 'type' | 'values'
  readonly before?: Column
  readonly after?: Column
  readonly relative?: number
}
