/** What a synchronisation finds, before it is written. */
import type { AssetKind } from '../graph/assets.ts'
import type { AssetTexts, ColumnTexts } from './texts.ts'

export interface FoundColumn {
  readonly name: string
  /** Name in pg_type; undefined where nothing tells it. */
  readonly type?: string
  /** Undefined where it is not known. */
  readonly nullable?: boolean
  readonly declared: ColumnTexts
  readonly commented: ColumnTexts
}

export interface FoundAsset {
  readonly kind: AssetKind
  readonly name: string
  readonly declared: AssetTexts
  readonly commented: AssetTexts
  /** What it is: null where there is nothing of the kind any more. */
  readonly props: AssetProps
  /** Absent when they could not be found out: those known stay. */
  readonly columns?: readonly FoundColumn[]
  readonly gone?: boolean
}

/** The entity an asset is about, with what is said of that: it has no page of its own. */
export interface EntityProp extends AssetTexts {
  readonly name: string
  readonly keys: readonly string[]
}

/** Facts of an asset that the catalog keeps in `asset.props`. */
export interface AssetProps {
  /** `static`, `history`, …, `table`, `view`. */
  readonly form?: string | null
  readonly entity?: EntityProp | null
  /** Column with the instant of a row, when a declaration names one. */
  readonly time?: string | null
  /** What it is made of itself, as `kind name`. */
  readonly reads?: readonly string[]
  /** Of a model. */
  readonly label?: string
  readonly family?: string
  /** Of a consumer: where it is. */
  readonly url?: string
}
