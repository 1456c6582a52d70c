/** What MLflow refuses by size or by name, in its words. */
import { posix } from 'node:path'
import { invalid } from './failure.ts'

export const limits = {
  metricsPerBatch: 1000,
  paramsPerBatch: 100,
  tagsPerBatch: 100,
  entitiesPerBatch: 1000,
  batchBytes: 1_000_000,
  key: 250,
  param: 6000,
  tag: 8000,
  experimentName: 500,
  experimentTag: 5000,
  registryTag: 100_000,
  dataset: { name: 500, digest: 36, source: 65_535, schema: 1_048_575, profile: 16_777_215 },
} as const

const characters = (text: string): number => [...text].length

export function checkLength(what: string, limit: number, value: string): void {
  if (value.length > limit && characters(value) > limit) {
    invalid(`${what} '${value.slice(0, 250)}' had length ${characters(value)}, which exceeded length limit of ${limit}`)
  }
}

/** Names of metrics, params and tags: letters, digits and `_-. :/`, and no path that means another. */
export function checkName(what: 'metric' | 'parameter' | 'tag', name: string): void {
  if (!/^[/\p{L}\p{M}\p{N}_.\-: ]*$/u.test(name)) {
    invalid(
      `Invalid ${what} name: '${name}'. Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).`,
    )
  }
  const path = posix.normalize(name)
  if (path !== name || path === '.' || path.startsWith('..') || path.startsWith('/')) {
    invalid(
      `Invalid ${what} name: '${name}'. Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to '${path}'`,
    )
  }
}

export function checkCount(what: string, limit: number, count: number): void {
  if (count > limit) {
    invalid(
      `A batch logging request can contain at most ${limit} ${what}. Got ${count} ${what}. Please split up ${what} across multiple requests and try again.`,
    )
  }
}

export function checkParam({ key, value }: { readonly key: string; readonly value: string }): void {
  checkName('parameter', key)
  checkLength('Param key', limits.key, key)
  checkLength('Param value', limits.param, value)
}

export function checkTag({ key, value }: { readonly key: string; readonly value: string }): void {
  checkName('tag', key)
  checkLength('Tag key', limits.key, key)
  checkLength('Tag value', limits.tag, value)
}

export function checkRegistryTag(what: string, { key, value }: { readonly key: string; readonly value: string }): void {
  checkName('tag', key)
  checkLength(`${what} key`, limits.key, key)
  checkLength(`${what} value`, limits.registryTag, value)
}

/** How many results a page may have. */
export function checkPage(wanted: number, most: number): number {
  if (wanted < 1) invalid(`Invalid value for max_results. It must be a positive integer, but got ${wanted}`)
  if (wanted > most) {
    invalid(`Invalid value for request parameter max_results. It must be at most ${most}, but got value ${wanted}`)
  }
  return wanted
}
