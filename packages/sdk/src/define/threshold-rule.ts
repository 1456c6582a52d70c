import { type Family, fail, type ThresholdRule } from '@viewcast/compiler'

/** Errors: `define/option`. */
export function checkThresholdRule(what: string, family: Family, rule: ThresholdRule): void {
  const bad = (detail: string): never =>
    fail('define/option', {
      what,
      option: 'threshold',
      detail,
      hint: "Write a number, 'accuracy', 'f1', 'youden' or { cost: { falsePositive: 1, falseNegative: 5 } }.",
    })
  if (family !== 'binomial') bad(`is chosen by a rule, which needs probabilities, and ${family} gives none of two`)
  if (typeof rule === 'string') {
    if (!['accuracy', 'f1', 'youden'].includes(rule)) bad('is not a rule')
    return
  }
  const { falsePositive, falseNegative } = rule.cost
  const isCost = (c: number): boolean => c >= 0 && c < Number.POSITIVE_INFINITY
  if (!isCost(falsePositive) || !isCost(falseNegative) || falsePositive + falseNegative === 0) {
    bad('needs costs from 0, one of them above it')
  }
}
