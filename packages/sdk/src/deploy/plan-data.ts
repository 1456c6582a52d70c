/** What a plan is: plain data that can be shown, saved, read again, and applied if the database has not moved since. */
import type { Column, Diagnostic } from '@viewcast/compiler'
import type { DeploymentKind } from '../define/deployment.ts'
import type { ScoreMovement } from '../predict/score-movement.ts'
import type { Interval } from '../predict/share-interval.ts'
import type { FeatureDefinition } from '../project/feature-definitions.ts'
import type { DeployedChallenger } from './challengers.ts'
import type { ObjectName } from './object-name.ts'

/**
 * `add`: the object is not there. `body`: the same columns, computed otherwise. `append`: new columns behind the old ones.
 * `breaking`: a column goes, or changes its type or its place. `remove`: the project declares it no more. `metadata`: readers,
 * comment or options alone. `none`: it is as it should be.
 */
export type ChangeClass = 'add' | 'body' | 'append' | 'breaking' | 'remove' | 'metadata' | 'none'

/**
 * How it is done: in place with tombstones for what goes; `swap`: by a new object that takes the place of the old one, which is
 * kept; `drop`: the object is put aside as the old one of a swap is, and nothing takes its place.
 */
export type Strategy = 'create' | 'in place' | 'swap' | 'drop' | 'none'

/** A column of the object after the change, in its order; and those that go. */
export interface ColumnChange {
  readonly name: string
  /** As `format_type` prints it. */
  readonly type: string
  /** Of one that is retyped its former type, of one that is renamed its former name. */
  readonly was?: string
  /** `revived`: it was a tombstone and is computed again. */
  readonly change: 'kept' | 'appended' | 'removed' | 'retyped' | 'renamed' | 'revived'
  /** Kept as a column of NULLs, so that what reads it goes on; ISO instant since when. */
  readonly tombstone?: string
}

export interface VersionOf {
  readonly model: string
  readonly version: number
  /** Of the deployment; null for one that is not yet. */
  readonly deployment: number | null
}

/**
 * How an object leaves its place, and another gets it. Its statements run last, after those of every change, because readers
 * wait from here to the commit.
 */
export interface Exchange {
  /** The new object as the statements of the change leave it, where it can be looked at; null where there is none by then. */
  readonly built: ObjectName | null
  /** Where the old object is kept, with its data and grants; null where there was none. */
  readonly keptAt: ObjectName | null
  readonly statements: readonly string[]
}

export interface PlannedChange {
  readonly class: ChangeClass
  readonly strategy: Strategy
  /** Name of the declaration. */
  readonly name: string
  readonly object: ObjectName
  readonly as: DeploymentKind
  readonly isDeclared: boolean
  readonly from?: VersionOf
  readonly to?: VersionOf
  /** Versions scored beside it. */
  readonly challengers?: readonly DeployedChallenger[]
  readonly columns: readonly ColumnChange[]
  /** What changes beside the query, in words: `grant SELECT to dashboard`, `owner becomes scorer`. */
  readonly metadata: readonly string[]
  /** Roles that have their grant from viewcast once it is applied; only theirs is ever taken back. */
  readonly granted: readonly string[]
  /** What the query reads. */
  readonly reads: readonly ReadColumn[]
  /** Of an object that was edited by hand: unified diff of what was left and what is found. */
  readonly edited?: string
  /** Run one after the other, in one transaction with those of the other changes. */
  readonly statements: readonly string[]
  /** Of a swap, and of an object that goes. */
  readonly exchange?: Exchange
  /** What makes the object where there is none; kept, so that any version can be made again. */
  readonly creation: readonly string[]
  /** The flat prediction query. */
  readonly query: string
  /** Unified diff of the flat query that is live and the one that is planned; absent where there is none, or they are the same. */
  readonly difference?: string
  /** Hash of what the object should be, by which an equal version is found. */
  readonly digest: string
  /** Why it cannot be applied; with one, nothing is. */
  readonly blockers: readonly Diagnostic[]
  readonly warnings: readonly Diagnostic[]
  readonly parameters: readonly Column[]
  /** Of a promotion: the environment it comes from, and the number its model version has there. */
  readonly origin?: { readonly environment: string; readonly version: number }
  /** The declaration as data. */
  readonly spec: Readonly<Record<string, unknown>>
  /** What stands behind the features of the model, to be kept with the version. */
  readonly definitions?: readonly FeatureDefinition[]
  readonly insight?: Insight
}

/** What the change means for those who read predictions; filled in by `deploy/insight`. */
export interface Insight {
  readonly affected: readonly AffectedModel[]
  /** `view.column` of features whose definition is what it was. */
  readonly unchanged: readonly string[]
  /** Where another version is deployed now: what differs between both. */
  readonly version?: VersionChange
  /** Where another version of the same model is deployed now that predicts the same label in the same way. */
  readonly coefficients?: CoefficientMoves
  readonly movement?: Movement
  /** Sentences with what to grant: `role deployer may not create in schema scoring`. */
  readonly privileges: readonly string[]
  /** `CREATE INDEX CONCURRENTLY …` texts. */
  readonly indexes: readonly string[]
  readonly cost?: PlanCost
  /** What else there is to know before it is applied, as sentences: row-level security, a greater cost, what could not be asked. */
  readonly notes: readonly string[]
}

/** A version of a model in use that reads a column whose definition is another one now. */
export interface AffectedModel {
  readonly model: string
  readonly version: number
  /** Of a version other than the one that is planned. */
  readonly aliases: readonly string[]
  readonly columns: readonly AffectedColumn[]
}

export interface AffectedColumn {
  /** `view.column`. */
  readonly column: string
  /** Its name in the dataset. */
  readonly feature: string
  /** Against what is deployed; `same` where only training was on another definition. */
  readonly change: 'changed' | 'added' | 'removed' | 'same'
  /** Whether the version learned from this definition, or from another one; null where that was not kept. */
  readonly trainedOn: 'this' | 'another' | null
  /** Estimates of the version that is deployed and of the one that is planned. */
  readonly coefficients: readonly {
    readonly term: string
    readonly before: number | null
    readonly after: number | null
  }[]
  /** Share of the score that hangs on it, 0 to 1. */
  readonly share: number | null
}

/** The version that is deployed, and the one that is planned. */
export interface VersionChange {
  readonly before: DescribedVersion
  readonly after: DescribedVersion
  /** Whether both have the same text of the training query. */
  readonly sameQuery: boolean
  /** Whether both learned from equal rows; null where that was not kept. */
  readonly sameRows: boolean | null
}

export interface DescribedVersion {
  readonly model: string
  readonly version: number
  readonly label: string
  readonly family: string
  readonly link: string
  /** Probability from which on the label is given; null where there is none. */
  readonly threshold: number | null
  /** ISO instant. */
  readonly trainedAt: string
  readonly trainRows: number
}

/** Coefficients of the version that is planned beside those of the one that is deployed. */
export interface CoefficientMoves {
  /** How many differ, came or went, of how many there are. */
  readonly changed: number
  readonly of: number
  /** Those that moved furthest by their absolute difference; what came or went counts as from or to 0. */
  readonly largest: readonly { readonly term: string; readonly before: number | null; readonly after: number | null }[]
}

/** What is deployed against what is planned, for the same keys at the same moment. */
export interface Movement extends Omit<ScoreMovement, 'only'> {
  /** Keys asked for at most. */
  readonly sample: number | 'all'
  /** Keys that at least one of both versions answers, of how many there are; the same number where all were compared. */
  readonly keys: {
    readonly compared: number
    readonly of: number
    /** Whether the planner estimates how many there are: counting them would cost as much as comparing. */
    readonly isEstimate: boolean
    /** `hash`: those with the least hashes of all; `pages`: of the keys on some pages of a large table. */
    readonly chosen: 'all' | 'hash' | 'pages'
  }
  /** What the sample says of all keys; absent where all were compared. */
  readonly estimates?: MovementEstimates
  /** The key that moved furthest, by the first output; only where it was asked for. */
  readonly largestKey?: Readonly<Record<string, unknown>>
}

/** 95 % intervals: of shares Wilson's, of means by the standard deviation of the sample. */
export interface MovementEstimates {
  /** Share of keys that are another number, and how far the mean shifts. */
  readonly outputs: readonly { readonly output: string; readonly moved: Interval; readonly meanShift?: Interval }[]
  /** Share of keys whose label changes. */
  readonly label?: Interval
  /** Share of keys that one version alone answers. */
  readonly unmatched: { readonly before: Interval; readonly after: Interval }
}

/** The planner's estimate, in its own units; of a function, of one call. */
export interface PlanCost {
  readonly rows: number
  readonly total: number
  /** Of what is deployed now, planned at the same moment. */
  readonly before?: number
}

/** A column of a table or view that a query reads. */
export interface ReadColumn {
  /** `schema.name` as SQL writes it. */
  readonly relation: string
  readonly column: string
  /** As `format_type` prints it. */
  readonly type: string
}

/**
 * `version`: the one that is live; `model`: what the record of the model version says; `sources`: columns that the query reads,
 * with their types.
 */
export type FingerprintPart =
  | 'definition'
  | 'columns'
  | 'owner'
  | 'grants'
  | 'comment'
  | 'options'
  | 'dependents'
  | 'version'
  | 'model'
  | 'sources'

/** What a change rests on: a hash for each part, so that what moved can be named; parts that are not there are missing. */
export type Fingerprint = Readonly<Partial<Record<FingerprintPart, string>>>

export const planFormat = 'viewcast/plan@1'

export interface Plan {
  readonly format: typeof planFormat
  readonly project: string
  readonly environment: string
  /** Where it was made for, without secrets. */
  readonly database: string
  readonly createdAt: string
  /** What the changes rest on, by object. */
  readonly fingerprint: Readonly<Record<string, Fingerprint>>
  readonly changes: readonly PlannedChange[]
}
