/** Records of earlier versions of the format, brought to the present one; what is wrong in them is found afterwards. */

type Json = Readonly<Record<string, unknown>>

const isObject = (v: unknown): v is Json => typeof v === 'object' && v !== null && !Array.isArray(v)

/** The record as the present version has it; anything that is no record of an earlier version, as it is. */
export const upgradedRecord = (json: unknown): unknown =>
  isObject(json) && json.format === 'viewcast/model@1' ? fromVersion1(json) : json

/** Version 1 knew `linear` and `logistic`, one penalty, and one score and one output per verification row. */
function fromVersion1(old: Json): Json {
  const isLogistic = old.family === 'logistic'
  const { sigma, penalty, ...fit } = isObject(old.fit) ? old.fit : {}
  const output = isLogistic ? 'probability' : 'prediction'
  return {
    ...old,
    format: 'viewcast/model@2',
    family: isLogistic ? 'binomial' : old.family === 'linear' ? 'gaussian' : old.family,
    link: isLogistic ? 'logit' : 'identity',
    fit: {
      ...fit,
      where: 'process',
      penalty: { l1: 0, l2: penalty },
      residualDegrees: null,
      nullDegrees: null,
      dispersion: isLogistic ? 1 : typeof sigma === 'number' ? sigma * sigma : null,
      logLikelihood: null,
      aic: null,
    },
    verification: Array.isArray(old.verification)
      ? old.verification.map((v: unknown) =>
          isObject(v) ? { inputs: v.inputs, scores: [v.linear], outputs: { [output]: v.prediction } } : v,
        )
      : old.verification,
  }
}
