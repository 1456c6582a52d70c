/** Full-text search over the catalog. */
import type { AssetKind } from '../graph/assets.ts'
import type { Store } from '../store.ts'
import { anyOf, wordGroups } from './query-words.ts'

export interface CatalogSearch {
  /** Words, parts of names, beginnings of words; `"a phrase"`, `or`, `-not`. Everything when absent or empty. */
  readonly text?: string
  /** Any of them. */
  readonly kinds?: readonly AssetKind[]
  readonly owners?: readonly string[]
  readonly tags?: readonly string[]
  /** Default 20. */
  readonly limit?: number
  readonly offset?: number
  /** Also what is no longer declared or no longer in the database. Default false. */
  readonly gone?: boolean
}

export interface CatalogHit {
  readonly kind: AssetKind
  readonly name: string
  readonly description: string | null
  readonly owners: readonly string[]
  readonly tags: readonly string[]
  /** What matched in the description, with `«` and `»` around the words; null without a text. */
  readonly snippet: string | null
  /** Columns whose name or description matched, the first few. */
  readonly columns: readonly string[]
  readonly gone: boolean
  readonly rank: number
}

export interface CatalogFacet {
  readonly value: string
  readonly count: number
}

export interface CatalogResult {
  /** How many there are in all. */
  readonly total: number
  readonly hits: readonly CatalogHit[]
  /** Of all that were found, most frequent first. */
  readonly facets: {
    readonly kinds: readonly CatalogFacet[]
    readonly owners: readonly CatalogFacet[]
    readonly tags: readonly CatalogFacet[]
  }
}

/**
 * Finds assets of the project and of the database by their names, descriptions, tags, owners, and the names and
 * descriptions of their columns, in this order of weight. Parts of names count as words: `delay_7d` is found by `delay`,
 * `vw_TrainSample` by `sample`, and each word by its beginning. One statement; any text is a search.
 *
 * @example
 * ```ts
 * const { hits, facets } = await searchCatalog(store, { text: 'delay', kinds: ['feature_view'] })
 * ```
 * ```sql
 * SELECT … FROM viewcast.asset
 * WHERE search @@ (to_tsquery('english', '''delay'':*') || to_tsquery('simple', '''delay'':*')) ORDER BY ts_rank(…) DESC
 * ```
 */
export async function searchCatalog(store: Store, search: CatalogSearch = {}): Promise<CatalogResult> {
  const text = plainText(search.text ?? '')
  const groups = wordGroups(text)
  const [row] = await store.db.rows<CatalogResult>(statement, [
    store.project,
    text === '' ? null : text,
    groups.map((g) => g.words),
    groups.map((g) => g.exact),
    anyOf(text),
    search.kinds ?? null,
    search.owners ?? null,
    search.tags ?? null,
    search.limit ?? 20,
    search.offset ?? 0,
    search.gone ?? false,
  ])
  if (!row) throw new Error('the search returned no row')
  return row
}

/** What PostgreSQL cannot hold as text goes: NUL and halves of characters. More than a page is no search. */
const plainText = (text: string): string => Buffer.from(text.replaceAll('\0', ' ').slice(0, 4000)).toString().trim()

const statement = `
  WITH asked AS MATERIALIZED (
    SELECT coalesce((
        SELECT string_agg('(' || g.query::text || ')', ' | ')::tsquery FROM (
          SELECT (to_tsquery('english', u.words) || to_tsquery('simple', u.words)) && to_tsquery('simple', u.exact) AS query
          FROM unnest($3::text[], $4::text[]) AS u(words, exact)) AS g
        WHERE numnode(g.query) > 0), ''::tsquery) AS query,
      to_tsquery('simple', $5) || to_tsquery('english', $5) AS words
  ), found AS MATERIALIZED (
    SELECT a.id, a.kind, a.name, t.told ->> 'description' AS description,
           coalesce(t.told -> 'owners', '[]') AS owners, coalesce(t.told -> 'tags', '[]') AS tags,
           a.gone_at IS NOT NULL AS gone,
           CASE WHEN $2::text IS NULL THEN 0
                ELSE ts_rank('{0.05, 0.2, 0.4, 1}', a.search, asked.query)
                     + CASE WHEN lower($2) IN (lower(a.name), lower(substr(a.name, strpos(a.name, '.') + 1))) THEN 10 ELSE 0 END
           END::float8 AS rank
    FROM viewcast.asset a CROSS JOIN asked
    CROSS JOIN LATERAL (SELECT viewcast.told(a.declared, a.edited, a.commented) AS told) t
    WHERE ($2::text IS NULL OR a.search @@ asked.query)
      AND a.namespace = CASE WHEN a.kind IN ('source', 'deployment', 'consumer') THEN 'database' ELSE $1 END
      AND a.lifecycle <> 'deleted' AND ($11::boolean OR a.gone_at IS NULL)
      AND ($6::text[] IS NULL OR a.kind = ANY ($6::text[]))
      AND ($7::text[] IS NULL OR coalesce(t.told -> 'owners', '[]') ?| $7::text[])
      AND ($8::text[] IS NULL OR coalesce(t.told -> 'tags', '[]') ?| $8::text[])
  ), page AS (
    SELECT * FROM found ORDER BY gone, rank DESC, name, kind LIMIT $9 OFFSET $10
  ), facet AS (
    SELECT 'kinds' AS facet, kind AS value, count(*)::integer AS count FROM found GROUP BY 2
    UNION ALL SELECT 'owners', o.value, count(*)::integer FROM found, jsonb_array_elements_text(owners) AS o(value) GROUP BY 2
    UNION ALL SELECT 'tags', o.value, count(*)::integer FROM found, jsonb_array_elements_text(tags) AS o(value) GROUP BY 2
  )
  SELECT (SELECT count(*)::integer FROM found) AS total,
    coalesce((SELECT jsonb_agg(jsonb_build_object(
      'kind', p.kind, 'name', p.name, 'description', p.description, 'owners', p.owners, 'tags', p.tags,
      'snippet', CASE WHEN $2::text IS NOT NULL THEN ts_headline('english', p.description, asked.words,
        'StartSel=«, StopSel=», MaxWords=24, MinWords=12') END,
      'columns', coalesce((
        SELECT jsonb_agg(m.name ORDER BY m.ordinal) FROM (
          SELECT c.name, c.ordinal FROM viewcast.asset_column c
          WHERE c.asset_id = p.id AND c.dropped_at IS NULL AND $2::text IS NOT NULL
            AND viewcast.terms(viewcast.words(c.name) || ' '
              || coalesce(viewcast.told(c.declared, c.edited, c.commented) ->> 'description', '')) @@ asked.words
          ORDER BY c.ordinal, c.name LIMIT 8) AS m), '[]'),
      'gone', p.gone, 'rank', p.rank) ORDER BY p.gone, p.rank DESC, p.name, p.kind) FROM page p CROSS JOIN asked), '[]') AS hits,
    (SELECT jsonb_object_agg(k.facet, coalesce((
      SELECT jsonb_agg(jsonb_build_object('value', f.value, 'count', f.count) ORDER BY f.count DESC, f.value)
      FROM facet f WHERE f.facet = k.facet), '[]'))
     FROM (VALUES ('kinds'), ('owners'), ('tags')) AS k(facet)) AS facets`
