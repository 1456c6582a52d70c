/** What a search tries: every combination of a grid, or some drawn at random. */
import {
  type ClassWeights,
  digest,
  fail,
  type Link,
  type ModelDef,
  type Penalty,
  type Solver,
} from '@viewcast/compiler'
import { usualSolver } from '../../define/model.ts'
import type { Axis, InputChoice, SelectionDef } from '../../define/selection.ts'

export interface Candidate {
  /** As the search changes it. Its threshold rule is left out: candidates are compared at 0.5. */
  readonly model: ModelDef
  /** What it tries, and nothing that all candidates share: `penalty 0.1, distance log1p`. */
  readonly title: string
  /** Digest of everything that decides about its fit. */
  readonly key: string
}

/** Candidates of a grid beyond which a search is refused: a mistake, or one for random search. */
const mostCandidates = 100_000

type Over = SelectionDef['over']
interface Tried extends Over {
  readonly name: string
  readonly penalty: NonNullable<Over['penalty']>
  /** Penalties are what the model declares, a path included. */
  readonly keepsPath: boolean
}

interface Choice {
  readonly l1: number
  readonly l2: number
  readonly link: Link
  readonly classWeights: ClassWeights | null
  readonly inputs: readonly (readonly [feature: string, choice: number])[]
}

/**
 * The candidates of a selection, in order and without repetition; `declared` is its model with all inputs written out.
 *
 * The grid goes through link, class weights, inputs and penalties, the penalties fastest. Random search draws each value
 * by a generator that depends on the seed alone, and gives fewer candidates than asked for when there are no more.
 *
 * Errors: `select/candidates`.
 */
export function candidatesOf(selection: SelectionDef, declared: ModelDef): Candidate[] {
  const { search, name } = selection
  const { over } = selection
  const penalty = over.penalty ?? { l1: [declared.penalty.l1], l2: [declared.penalty.l2] }
  const tried: Tried = { ...over, name, penalty, keepsPath: over.penalty === null }
  const choices = search.kind === 'grid' ? grid(tried) : drawn(tried, search.candidates, search.seed)
  const seen = new Map<string, Candidate>()
  for (const choice of choices) {
    const candidate = candidateOf(tried, declared, choice)
    if (candidate !== undefined && !seen.has(candidate.key)) seen.set(candidate.key, candidate)
  }
  if (seen.size === 0) {
    fail('select/candidates', {
      selection: name,
      detail: 'leaves every feature out of every candidate',
      hint: "Give one feature more than 'out'.",
    })
  }
  return [...seen.values()]
}

const tooMany = (selection: string): never =>
  fail('select/candidates', { selection, detail: `has more than ${mostCandidates} candidates` })

function grid({ name, ...over }: Tried): Choice[] {
  const features = Object.entries(over.inputs)
  const sizes = [over.link.length, over.classWeights.length, ...features.map(([, c]) => c.length)]
  const l1s = listOf(over.penalty.l1)
  const l2s = listOf(over.penalty.l2)
  if ([...sizes, l1s.length, l2s.length].reduce((a, b) => a * b, 1) > mostCandidates) tooMany(name)
  let inputs: Choice['inputs'][] = [[]]
  for (const [feature, choices] of features) {
    inputs = inputs.flatMap((before) => choices.map((_, i) => [...before, [feature, i] as const]))
  }
  return over.link.flatMap((link) =>
    over.classWeights.flatMap((classWeights) =>
      inputs.flatMap((chosen) =>
        l1s.flatMap((l1) => l2s.map((l2): Choice => ({ l1, l2, link, classWeights, inputs: chosen }))),
      ),
    ),
  )
}

const listOf = (axis: Axis): readonly number[] => ('kind' in axis ? [axis.from, axis.to] : axis)

/** Draws beyond which no new candidate is expected. */
const drawsPerCandidate = 50

function drawn({ name, ...over }: Tried, count: number, seed: number): Choice[] {
  if (count > mostCandidates) tooMany(name)
  const next = generator(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T
  const draw = (axis: Axis): number =>
    'kind' in axis
      ? Number(Math.exp(Math.log(axis.from) + next() * (Math.log(axis.to) - Math.log(axis.from))).toPrecision(6))
      : pick(axis)
  const found = new Map<string, Choice>()
  for (let i = 0; i < count * drawsPerCandidate && found.size < count; i++) {
    const choice: Choice = {
      link: pick(over.link),
      classWeights: pick(over.classWeights),
      inputs: Object.entries(over.inputs).map(([f, c]) => [f, Math.floor(next() * c.length)] as const),
      l1: draw(over.penalty.l1),
      l2: draw(over.penalty.l2),
    }
    const key = JSON.stringify(choice)
    if (!found.has(key)) found.set(key, choice)
  }
  return [...found.values()]
}

/**
 * Numbers from 0 to below 1, the same for the same seed.
 *
 * Source: mulberry32 (T. Ettinger, public domain).
 */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Undefined when no feature is left. */
function candidateOf(over: Tried, declared: ModelDef, choice: Choice): Candidate | undefined {
  const inputs = { ...declared.inputs }
  const words: string[] = []
  for (const [feature, i] of choice.inputs) {
    const choices = over.inputs[feature] ?? []
    const chosen = choices[i]
    if (chosen === undefined) continue
    if (chosen === 'out') delete inputs[feature]
    else inputs[feature] = chosen
    if (choices.length > 1) words.push(inputTitle(feature, choices, i))
  }
  if (Object.keys(inputs).length === 0 && Object.keys(declared.inputs).length > 0) return undefined
  const penalty: Penalty = { l1: choice.l1, l2: choice.l2 }
  const { thresholdRule: _, classWeights: __, path: ownPath, ...rest } = declared
  const path = over.keepsPath && ownPath !== undefined ? { path: ownPath } : {}
  const { link } = choice
  const weighted = choice.classWeights === null ? {} : { classWeights: choice.classWeights }
  const solver = solverFor(declared, { penalty, link, ...path })
  // An interaction needs all of its inputs.
  const interactions = declared.interactions?.filter((features) => features.every((f) => f in inputs))
  const model: ModelDef = {
    ...rest,
    inputs,
    ...(interactions === undefined ? {} : { interactions }),
    penalty,
    link,
    solver,
    ...path,
    ...weighted,
  }
  const title = [
    ...(over.link.length > 1 ? [choice.link] : []),
    ...(over.classWeights.length > 1 ? [weightsTitle(choice.classWeights)] : []),
    ...words,
    ...(several(over.penalty.l1) ? [`l1 ${choice.l1}`] : []),
    ...(several(over.penalty.l2) ? [`${several(over.penalty.l1) ? 'l2' : 'penalty'} ${choice.l2}`] : []),
  ].join(', ')
  const { name: ___, dataset: ____, threshold: ______, ...rests } = model
  const { description: _a, owners: _b, tags: _c, updateFrequency: _d, sla: _e, ...decides } = rests
  const key = digest({ ...decides, inputs: Object.entries(inputs) })
  return { model, title: title === '' ? 'as declared' : title, key }
}

/** The usual one of what is tried, unless the model asks for another than the usual one of what it declares. */
function solverFor(declared: ModelDef, { penalty, link, path }: Pick<ModelDef, 'penalty' | 'link' | 'path'>): Solver {
  const { family, solver } = declared
  const asked = solver !== usualSolver(family, declared.link, declared)
  return asked ? solver : usualSolver(family, link, { penalty, ...(path === undefined ? {} : { path }) })
}

const several = (axis: Axis): boolean => 'kind' in axis || axis.length > 1

const weightsTitle = (weights: ClassWeights | null): string =>
  weights === null
    ? 'unweighted'
    : weights.weights === 'balanced'
      ? 'balanced'
      : Object.entries(weights.weights)
          .map(([label, w]) => `${label} ×${w}`)
          .join(' ')

/** What tells an encoder apart from the others tried for the feature: `km log1p`, `city onehot maxCategories 5`. */
function inputTitle(feature: string, choices: readonly InputChoice[], i: number): string {
  const titles = choices.map((choice) => choiceTitle(choice, choices))
  const own = titles[i] as string
  const isUnique = titles.filter((t) => t === own).length === 1
  return `${feature} ${isUnique ? own : JSON.stringify(choices[i])}`
}

function choiceTitle(choice: InputChoice, choices: readonly InputChoice[]): string {
  if (typeof choice === 'string') return choice
  const rivals = choices.filter((c) => typeof c !== 'string' && c.kind === choice.kind)
  const told = Object.entries(choice).flatMap(([name, value]: [string, unknown]) => {
    const isShared = rivals.every(
      (r) => JSON.stringify((r as unknown as Record<string, unknown>)[name]) === JSON.stringify(value),
    )
    if (name === 'kind' || isShared || value === false || value === 'none' || value === 'identity') return []
    if (typeof value === 'string') return [value]
    return [value === true ? name : `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`]
  })
  const isOnlyKind = choices.every((c) => typeof c === 'string' || c.kind === choice.kind)
  return [...(isOnlyKind && told.length > 0 && choice.kind === 'numeric' ? [] : [choice.kind]), ...told].join(' ')
}
