/**
 * A mistake found by the type checker, as a sentence.
 *
 * A parameter asks for it where no value could be right, so that the message of the checker holds the sentence:
 * `Property 'problem' is missing in type … but required in type 'Problem<"the query has no column \"latitud\"">'`.
 */
export interface Problem<Sentence extends string> {
  readonly problem: Sentence
}

/** `Yes` when `Wrong` is empty; otherwise a problem, which no argument satisfies. */
export type Unless<Wrong, Sentence extends string, Yes = unknown> = [Wrong] extends [never] ? Yes : Problem<Sentence>
